// The strip "Whole run" above the timeline: where something ran at all, warnings and what matters
// as strokes, the view as a frame, the cursor. It never folds: its scale is the whole run's.

import type { Mark, Tile } from '#contract/timeline.ts';
import { spanStyle, styleMask } from '#contract/timeline.ts';
import type { Palette } from './palette.ts';
import { markColour } from './ruler.ts';

/** Height of the strip, CSS pixels. */
export const stripHeight = 20;

/** What the strip is drawn from. */
export interface Strip {
  readonly width: number;
  /** End of the run, or as far as it is known, ns. */
  readonly endNs: number;
  /** Tasks over the whole run; null until it is there. */
  readonly tile: Tile | null;
  readonly marks: readonly Mark[];
  readonly hits: readonly number[];
  readonly view: { readonly fromNs: number; readonly toNs: number };
  readonly cursorNs: number | null;
}

const top = 4;
const height = stripHeight - 2 * top;

/** Time at a place of the strip. */
export const stripTimeAt = ({ width, endNs }: Strip, x: number): number =>
  Math.min(1, Math.max(0, x / width)) * endNs;

/** How much of each pixel somebody ran, from 0 to 1. */
function busyColumns({ width, endNs }: Strip, tile: Tile): Float64Array {
  const columns = new Float64Array(Math.max(1, Math.ceil(width)));
  const nsPerColumn = endNs / columns.length;
  for (let at = 0; at < tile.start.length; at++) {
    if ((tile.style[at]! & styleMask) !== spanStyle.run) continue;
    const [startNs, endsNs] = [tile.start[at]!, tile.end[at]!];
    const share = endsNs > startNs ? tile.busy[at]! / (endsNs - startNs) : 1;
    const last = Math.min(columns.length - 1, Math.floor(endsNs / nsPerColumn));
    for (let column = Math.floor(startNs / nsPerColumn); column <= last; column++) {
      const from = Math.max(startNs, column * nsPerColumn);
      const to = Math.min(endsNs, (column + 1) * nsPerColumn);
      const before = columns[column]!;
      columns[column] = Math.min(1, before + (Math.max(0, to - from) * share) / nsPerColumn);
    }
  }
  return columns;
}

/** Strokes of marks, the important ones over the others. */
function drawMarks(ctx: CanvasRenderingContext2D, strip: Strip, palette: Palette): void {
  const isHigh = ({ kind }: Mark): boolean => kind === 'closed' || kind === 'oops';
  // One for each pixel: the important ones, else the first.
  const strokes = new Map<number, Mark>();
  for (const mark of strip.marks) {
    if (mark.kind === 'mark' || mark.kind === 'input') continue;
    const x = Math.round((mark.timeNs / strip.endNs) * strip.width);
    const known = strokes.get(x);
    if (known === undefined || (isHigh(mark) && !isHigh(known))) strokes.set(x, mark);
  }
  const inOrder = [...strokes].sort(([, a], [, b]) => Number(isHigh(a)) - Number(isHigh(b)));
  for (const [x, mark] of inOrder) {
    ctx.fillStyle = markColour(palette, mark);
    if (isHigh(mark)) ctx.fillRect(x - 1, top - 2, 3, height + 4);
    else ctx.fillRect(x - 1, top, 2, height);
  }
  ctx.fillStyle = palette.cur;
  for (const timeNs of strip.hits) {
    ctx.fillRect((timeNs / strip.endNs) * strip.width - 0.5, stripHeight - 4, 1.5, 4);
  }
}

/** Draws the strip. */
export function drawStrip(ctx: CanvasRenderingContext2D, strip: Strip, palette: Palette): void {
  const { width, endNs, tile, view, cursorNs } = strip;
  ctx.fillStyle = palette.pane;
  ctx.fillRect(0, 0, width, stripHeight);
  ctx.fillStyle = palette.desk;
  ctx.fillRect(0, top, width, height);
  if (!(endNs > 0)) return;
  if (tile !== null) {
    ctx.fillStyle = palette.run;
    busyColumns(strip, tile).forEach((busy, x) => {
      if (busy <= 0.0005) return;
      const high = Math.max(1.5, height * Math.sqrt(busy));
      ctx.fillRect(x, top + height - high, 1, high);
    });
  }
  drawMarks(ctx, strip, palette);
  const xAt = (timeNs: number): number => (timeNs / endNs) * width;
  const from = Math.max(0, Math.min(width - 4, xAt(view.fromNs)));
  const to = Math.min(width, Math.max(from + 4, xAt(view.toNs)));
  ctx.strokeStyle = palette.cur;
  ctx.lineWidth = 2;
  ctx.strokeRect(from + 1, 1, Math.max(4, to - from) - 2, stripHeight - 2);
  if (cursorNs === null) return;
  ctx.fillStyle = palette.cur;
  ctx.fillRect(xAt(cursorNs) - 0.75, 0, 1.5, stripHeight);
}
