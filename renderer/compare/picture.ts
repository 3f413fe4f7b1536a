// The picture of a comparison: left of the seam the runs are one and drawn once; at the seam every
// lane splits like a switch, the first run's row above, the second's below. Bars, stairs and
// tickets are the timeline's own. Everything here is in CSS pixels; one call draws all of it.

import { Brush } from '../timeline/brush.ts';
import { drawLane } from '../timeline/lane.ts';
import type { Palette } from '../timeline/palette.ts';
import { rangesOf } from '../timeline/scene.ts';
import type { TilePart } from '../timeline/scene.ts';
import type { Fitter } from '../timeline/text.ts';
import { placeOf } from './axis.ts';
import type { Lane, Side } from './axis.ts';
import { drawRuler } from './ruler.ts';
import { headHeight, laneHeight, switchWidth } from './scene.ts';
import type { Picture } from './scene.ts';

/** Height of one run's row in a lane. */
const rowHeight = 20;

/** Lanes that can be seen: from one up to another. */
function shownLanes({ scroll, height, lanes }: Picture): readonly [from: number, to: number] {
  const from = Math.max(0, Math.floor(scroll / laneHeight));
  return [from, Math.min(lanes.length, Math.ceil((scroll + height - headHeight) / laneHeight))];
}

/** Top of a lane on the canvas. */
const topOf = (lane: number, scroll: number): number => headHeight + lane * laneHeight - scroll;

/** A run's tile between two places; null where there is nothing of it. */
function partOf(picture: Picture, side: Side, left: number, right: number): TilePart | null {
  const { view, width, bases } = picture;
  const tile = picture.tiles[side];
  if (tile === null || right <= left) return null;
  const base = bases[side];
  const piece = {
    kind: 'time' as const,
    fromNs: base + view.from,
    toNs: base + view.to,
    x: 0,
    width,
    said: '',
  };
  const place = (at: number): number => placeOf(at - base, view, width);
  const from = Math.max(left, place(tile.fromNs));
  const to = Math.min(right, place(tile.toNs));
  return to <= from ? null : { tile, ranges: rangesOf(tile), piece, left: from, right: to };
}

/** Draws it. */
export function drawPicture(
  ctx: CanvasRenderingContext2D,
  picture: Picture,
  palette: Palette,
  fitter: Fitter,
): void {
  const { width, height, view, lanes, scroll } = picture;
  const seam = placeOf(0, view, width);
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.fillStyle = palette.pane;
  ctx.fillRect(0, 0, width, height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, headHeight, width, height - headHeight);
  ctx.clip();
  const [first, last] = shownLanes(picture);
  for (let at = first; at < last; at++) {
    const isLine = !plain.has(lanes[at]!.kind);
    drawGround(ctx, palette, { y: topOf(at, scroll), seam, width, isLine });
  }
  drawGrid(ctx, picture, palette);
  const brush = new Brush(ctx, palette, fitter);
  const parts = {
    before: partOf(picture, 'a', 0, Math.min(width, seam - switchWidth)),
    a: partOf(picture, 'a', Math.max(0, seam), width),
    b: partOf(picture, 'b', Math.max(0, seam), width),
  };
  const row = (part: TilePart | null, side: Side, id: number | null, y: number): void => {
    if (part === null || id === null) return;
    drawLane(brush, { y, height: rowHeight, letterOf: picture.letterOf[side] }, part, id);
  };
  for (let at = first; at < last; at++) {
    const { ids } = lanes[at]!;
    const y = topOf(at, scroll);
    row(parts.before, 'a', ids.a, y + 14);
    row(parts.a, 'a', ids.a, y + 3);
    row(parts.b, 'b', ids.b, y + 26);
  }
  brush.flush();
  drawFocus(ctx, picture, palette, seam);
  ctx.restore();
  drawRuler(ctx, picture, palette, fitter);
}

/** Lanes of stairs, outlines and words: a line through their middle would strike them out. */
const plain: ReadonlySet<Lane['kind']> = new Set<Lane['kind']>([
  'reference',
  'activeReference',
  'queue',
  'port',
]);

/** Where a lane is drawn, and whether a line stands for it where nothing is. */
interface Ground {
  readonly y: number;
  readonly seam: number;
  readonly width: number;
  readonly isLine: boolean;
}

/** A lane without its bars: the second run's ground, the line before the seam, the switch. */
function drawGround(
  ctx: CanvasRenderingContext2D,
  palette: Palette,
  { y, seam, width, isLine }: Ground,
): void {
  const left = Math.max(0, seam);
  const middle = y + laneHeight / 2;
  ctx.fillStyle = palette.hover;
  ctx.fillRect(left, middle, width - left, laneHeight / 2 - 1);
  ctx.fillStyle = palette.line;
  ctx.fillRect(0, y + laneHeight - 1, width, 1);
  if (seam <= 0) return;
  const start = seam - switchWidth;
  ctx.strokeStyle = palette.line2;
  ctx.lineWidth = 1.4;
  ctx.beginPath();
  if (isLine) {
    ctx.moveTo(0, middle);
    ctx.lineTo(start, middle);
  }
  for (const end of [y + 13, y + 36]) {
    ctx.moveTo(start, middle);
    ctx.bezierCurveTo(seam - 14, middle, seam - 24, end, seam, end);
  }
  ctx.stroke();
}

function drawGrid(
  ctx: CanvasRenderingContext2D,
  { ticks, view, width, height }: Picture,
  palette: Palette,
): void {
  ctx.fillStyle = palette.line;
  for (const { after } of ticks) {
    ctx.fillRect(Math.round(placeOf(after, view, width)), headHeight, 1, height);
  }
}

/** A frame around the row that the keyboard is at. */
function drawFocus(
  ctx: CanvasRenderingContext2D,
  { focus, scroll, width }: Picture,
  palette: Palette,
  seam: number,
): void {
  if (focus === null) return;
  const y = topOf(focus.lane, scroll);
  const [top, height] = {
    lane: [1, laneHeight - 3],
    a: [1, laneHeight / 2 - 1],
    b: [laneHeight / 2, laneHeight / 2 - 2],
  }[focus.part] as [number, number];
  const left = focus.part === 'lane' ? 0 : Math.max(0, seam);
  ctx.strokeStyle = palette.cur;
  ctx.lineWidth = 2;
  ctx.strokeRect(left + 1, y + top, width - left - 2, height);
}
