// One lane of a tile: each entry in the look of its style. What shares a column is a bar as high as
// the column is busy; everything else is exact, at least one pixel wide.

import { spanFlags, spanStyle, styleMask } from '#contract/timeline.ts';
import type { Brush } from './brush.ts';
import type { TilePart } from './scene.ts';
import { drawCounts } from './staircase.ts';
import { drawTag } from './shapes.ts';
import { texts } from './texts.ts';
import { drawQueue } from './tickets.ts';

/** Where a lane is drawn. */
export interface LaneBox {
  /** Top and height of its bars. */
  readonly y: number;
  readonly height: number;
  readonly letterOf: (lane: number) => string;
}

/** One entry, in pixels. */
export interface Entry {
  readonly x: number;
  readonly width: number;
  readonly style: number;
  readonly isDense: boolean;
  readonly isOpen: boolean;
  /** How full it is, from 0 to 1. */
  readonly busy: number;
  readonly label: string;
  readonly count: number;
  readonly value: number;
}

/** Below this part a dense entry is a bar of its own height. */
const nearlyFull = 0.75;

/** The entry at a place of a tile, cut to what can be seen; null for none. */
function entryAt({ tile, piece, left, right }: TilePart, at: number): Entry | null {
  const { start, end, style, busy } = tile;
  const scale = piece.width / (piece.toNs - piece.fromNs);
  const [startNs, endNs, flags] = [start[at]!, end[at]!, style[at]!];
  const from = Math.max(left, piece.x + (startNs - piece.fromNs) * scale);
  const to = Math.min(right, piece.x + (endNs - piece.fromNs) * scale);
  if (to < left || from > right) return null;
  return {
    x: from,
    width: Math.max(1, to - from),
    style: flags & styleMask,
    isDense: (flags & spanFlags.density) !== 0,
    isOpen: (flags & spanFlags.open) !== 0,
    busy: endNs > startNs ? Math.min(1, busy[at]! / (endNs - startNs)) : 0,
    label: tile.texts[tile.label[at]!] ?? '',
    count: tile.count[at]!,
    value: tile.value[at]!,
  };
}

type Look = (brush: Brush, box: LaneBox, entry: Entry) => void;

/** Height of a bar, by how busy a dense entry is. */
export const barHeight = ({ isDense, busy }: Entry, height: number): number =>
  isDense && busy < nearlyFull ? Math.max(3, height * (0.4 + 0.6 * Math.sqrt(busy))) : height;

/** Width of a bar: a line of ground stays between it and the next one, where there is room. */
const barWidth = ({ width }: Entry): number => (width > 4 ? width - 0.75 : width);

const run: Look = (brush, { y, height }, entry) => {
  const { palette, fonts } = brush;
  const high = barHeight(entry, height);
  if (entry.isDense) {
    return brush.column(palette.run, entry.x, y + height - high, entry.width, high);
  }
  brush.bar(palette.run, entry.x, y, barWidth(entry), height);
  if (entry.width < 20) return;
  const { x, width, label } = entry;
  brush.write(label, x + 5, y + height / 2, width - 9, palette.runInk, fonts.bar);
};

const ready: Look = (brush, { y, height }, entry) => {
  const { palette, fonts } = brush;
  const { x, width } = entry;
  if (width < 4 || entry.isDense) {
    const high = barHeight(entry, height) / 2;
    return brush.column(palette.run, x, y + (height - high) / 2, barWidth(entry), high);
  }
  brush.outline(palette.run, 1.5).rect(x + 0.75, y + 0.75, width - 1.5, height - 1.5);
  if (width > 56)
    brush.write(texts.ready, x + 6, y + height / 2, width - 10, palette.ink, fonts.bar);
};

const waits =
  (isStuck: boolean): Look =>
  (brush, { y, height }, entry) => {
    const { palette } = brush;
    const { x, label, width } = entry;
    const high = barHeight(entry, height);
    const fill = isStuck ? palette.stuckHatch : palette.waitHatch;
    const colour = isStuck ? palette.cyc : palette.wait;
    const isSlim = width < 3 || high < height;
    if (isSlim) brush.column(colour, x, y + height - high, width, high);
    else brush.bar(fill, x, y, width, height);
    if (label !== '' && width > 26) {
      brush.writeOnPlate(label, x, y + height / 2, Math.min(width - 14, 190), colour);
    }
  };

const ended: Look = (brush, { y, height }, { x }) => {
  const path = brush.outline(brush.palette.ink2, 1.3);
  const middle = y + height / 2;
  path.moveTo(x - 3, middle - 3);
  path.lineTo(x + 3, middle + 3);
  path.moveTo(x - 3, middle + 3);
  path.lineTo(x + 3, middle - 3);
};

const hold: Look = (brush, { y, height, letterOf }, entry) => {
  const { palette, fonts } = brush;
  const high = barHeight(entry, height);
  const { x, width, value, label, isDense } = entry;
  if (isDense && high < height) {
    return brush.column(palette.hold, x, y + height - high, width, high);
  }
  brush.bar(palette.hold, x, y, barWidth(entry), height);
  const letter = value === 0 ? '' : letterOf(value - 1);
  const shown = letter === '' ? label : letter;
  if (width > 12) {
    // A little higher, so that the hatching below leaves it whole.
    brush.write(shown, x + 4, y + height / 2 - 1, width - 6, palette.holdInk, fonts.letter);
  }
};

/** Lower third of a hold, or a line under the stairs of a reference. */
const wanted =
  (isStuck: boolean): Look =>
  (brush, { y, height }, { x, width }) => {
    const third = Math.round(height / 3);
    const { stuckHatch, waitHatch, cyc, wait } = brush.palette;
    const [hatch, colour] = isStuck ? [stuckHatch, cyc] : [waitHatch, wait];
    brush.barOver(width < 3 ? colour : hatch, x, y + height - third, width, third);
  };

const linkUp: Look = (brush, { y, height }, { x, width, label, isDense }) => {
  const { palette, fonts } = brush;
  brush.bar(palette.hold, x, y + height - 2, width, 2);
  if (!isDense && width > 30) {
    brush.write(label, x + 5, y + height / 2 - 1, width - 9, palette.ink2, fonts.bar);
  }
};

const linkDown: Look = (brush, { y, height }, { x, width, label, isDense }) => {
  const { palette, fonts } = brush;
  const path = brush.outline(palette.edge, 1, '2 3');
  path.moveTo(x, y + height - 1);
  path.lineTo(x + width, y + height - 1);
  if (!isDense && width > 30) {
    brush.write(label, x + 5, y + height / 2 - 1, width - 9, palette.ink2, fonts.bar);
  }
};

/** Packets: higher the more of them share a column. */
const packet: Look = (brush, { y, height }, { x, width, count }) => {
  const high = Math.min(height, 4 + 3 * Math.log2(1 + count));
  brush.column(brush.palette.hold, x, y + height - high, Math.min(width, 2), high);
};

const bonded: Look = (brush, { y, height }, entry) => {
  const { palette, fonts } = brush;
  const { x, width, label } = entry;
  brush.bar(palette.hold, x, y, barWidth(entry), height);
  brush.write(label, x + 5, y + height / 2, width - 9, palette.holdInk, fonts.bar);
};

const notBonded: Look = (brush, { y, height }, { x, width, label }) => {
  const { palette, fonts } = brush;
  if (width < 4) return brush.bar(palette.edge, x, y, width, height);
  brush.outline(palette.edge, 1.2).rect(x + 0.6, y + 0.6, width - 1.2, height - 1.2);
  brush.write(label, x + 5, y + height / 2, width - 9, palette.ink, fonts.bar);
};

const command: Look = (brush, { y, height }, entry) => {
  const { palette, fonts } = brush;
  const { x, width, label, isDense } = entry;
  if (isDense || width < 9) {
    const high = isDense ? barHeight(entry, height) : height;
    return brush.column(palette.ink, x, y + height - high, width, high);
  }
  drawTag(brush.outline(palette.ink, 1.3), x, y, width, height);
  brush.write(label, x + 5, y + height / 2, width - 12, palette.ink, fonts.mono);
};

const looks: Readonly<Record<number, Look>> = {
  [spanStyle.run]: run,
  [spanStyle.ready]: ready,
  [spanStyle.wait]: waits(false),
  [spanStyle.stuck]: waits(true),
  [spanStyle.ended]: ended,
  [spanStyle.hold]: hold,
  [spanStyle.wanted]: wanted(false),
  [spanStyle.wantedStuck]: wanted(true),
  [spanStyle.linkUp]: linkUp,
  [spanStyle.linkDown]: linkDown,
  [spanStyle.packet]: packet,
  [spanStyle.bonded]: bonded,
  [spanStyle.notBonded]: notBonded,
  [spanStyle.command]: command,
};

/** Draws what a tile has of a lane. A comparison calls it for either run, in boxes of its own. */
export function drawLane(brush: Brush, box: LaneBox, part: TilePart, lane: number): void {
  const range = part.ranges.get(lane);
  if (range === undefined) return;
  const entries: Entry[] = [];
  for (let at = range[0]; at < range[1]; at++) {
    const entry = entryAt(part, at);
    if (entry !== null) entries.push(entry);
  }
  const has = (style: number): boolean => entries.some((entry) => entry.style === style);
  if (has(spanStyle.count)) return drawCounts(brush, box, entries);
  if (has(spanStyle.work) || has(spanStyle.queued)) return drawQueue(brush, box, entries);
  for (const entry of entries) looks[entry.style]?.(brush, box, entry);
}
