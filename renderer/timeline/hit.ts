// What is at a place of the picture: a flag, the cursor's flag, the ruler, a fold, a span of a
// lane. Spans are found among the entries that were drawn, so what is hit is what is seen.

import { spanFlags, spanStyle, styleMask } from '#contract/timeline.ts';
import type { Lane, Mark } from '#contract/timeline.ts';
import { rowAt, rulerHeight } from './layout.ts';
import type { FlagBox } from './ruler.ts';
import { flag } from './ruler.ts';
import { partsOf } from './scene.ts';
import type { Scene, TilePart } from './scene.ts';
import type { ViewPiece } from './view.ts';
import { timeAt, xOf } from './view.ts';

/** How far from a thing it still counts as hit, CSS pixels. */
const near = 3;

/** An entry of a tile that was hit. */
export interface HitEntry {
  readonly style: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly label: string;
  readonly value: number;
  /** More than 1: several spans that share a pixel. */
  readonly count: number;
  readonly isOpen: boolean;
}

/** What is at a place. */
export type Target =
  | { readonly at: 'nothing' }
  | { readonly at: 'ruler'; readonly timeNs: number }
  | { readonly at: 'cursor'; readonly timeNs: number }
  | { readonly at: 'mark'; readonly timeNs: number; readonly mark: Mark }
  | { readonly at: 'fold'; readonly piece: ViewPiece }
  | {
      readonly at: 'lane';
      readonly timeNs: number;
      readonly lane: Lane;
      readonly entry: HitEntry | null;
    };

/** Says what is at a place; `flags` is what drawTimeline() gave. */
export function targetAt(scene: Scene, flags: readonly FlagBox[], x: number, y: number): Target {
  const { pieces, cursorNs } = scene;
  const timeNs = timeAt(pieces, x);
  if (y < rulerHeight) {
    const box = y < flag.y ? undefined : flags.find((one) => x >= one.x && x <= one.x + one.width);
    if (box === undefined) return { at: 'ruler', timeNs };
    return box.mark === null ? { at: 'cursor', timeNs } : { at: 'mark', timeNs, mark: box.mark };
  }
  if (cursorNs !== null && Math.abs(xOf(pieces, cursorNs) - x) <= near) {
    return { at: 'cursor', timeNs };
  }
  const piece = pieces.find((one) => x >= one.x && x < one.x + one.width);
  if (piece?.kind === 'gap') return { at: 'fold', piece };
  const row = rowAt(scene.rows, y - rulerHeight, scene.scroll);
  const lane = row?.lane ?? null;
  if (lane === null) return { at: 'nothing' };
  const part = partsOf(scene).find((one) => one.piece === piece);
  const entry = part === undefined ? null : entryNear(part, lane.id, x);
  return { at: 'lane', timeNs, lane, entry };
}

/** The smallest entry under a place; marks without length count for a few pixels around them. */
function entryNear(part: TilePart, lane: number, x: number): HitEntry | null {
  const range = part.ranges.get(lane);
  if (range === undefined) return null;
  const { tile, piece } = part;
  const nsPerPixel = (piece.toNs - piece.fromNs) / piece.width;
  const timeNs = timeAt([piece], x);
  let best = -1;
  let bestNs = Infinity;
  for (let at = range[0]; at < range[1]; at++) {
    const [startNs, endNs] = [tile.start[at]!, tile.end[at]!];
    const slackNs = Math.max(0, near * nsPerPixel - (endNs - startNs) / 2);
    if (timeNs < startNs - slackNs || timeNs > endNs + slackNs) continue;
    const style = tile.style[at]! & styleMask;
    // What lies under the bars is said only where there is no bar.
    const isUnder = style === spanStyle.wanted || style === spanStyle.wantedStuck;
    const lengthNs = isUnder ? Number.MAX_VALUE : endNs - startNs;
    if (lengthNs < bestNs) [best, bestNs] = [at, lengthNs];
  }
  if (best < 0) return null;
  return {
    style: tile.style[best]! & styleMask,
    startNs: tile.start[best]!,
    endNs: tile.end[best]!,
    label: tile.texts[tile.label[best]!] ?? '',
    value: tile.value[best]!,
    count: tile.count[best]!,
    isOpen: (tile.style[best]! & spanFlags.open) !== 0,
  };
}
