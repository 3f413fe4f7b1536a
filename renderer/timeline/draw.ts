// The picture of the timeline: ground and grid, lanes, wake-ups, folds, marks and cursor, ruler.
// The caller has sized the canvas and scaled the context by the device's pixel ratio; everything
// here is in CSS pixels. One call draws everything.

import type { Mark } from '#contract/timeline.ts';
import { Brush } from './brush.ts';
import { drawFolds } from './folds.ts';
import { drawLane } from './lane.ts';
import { isInSight, rulerHeight, stayingHeight, topOf } from './layout.ts';
import type { Row } from './layout.ts';
import type { Palette } from './palette.ts';
import { markColour, Ruler, ticks } from './ruler.ts';
import type { FlagBox } from './ruler.ts';
import { partsOf } from './scene.ts';
import type { Scene, TilePart } from './scene.ts';
import type { Fitter } from './text.ts';
import { xOf } from './view.ts';

/** Space above and below the bars of a lane, CSS pixels. */
const laneMargin = 3;

/** The bars of a row: their top and height on the canvas. */
export const barsOf = (row: Row, scroll: number): { y: number; height: number } => ({
  y: rulerHeight + topOf(row, scroll) + laneMargin,
  height: row.height - 2 * laneMargin,
});

/** Marks that have a line through all lanes. */
const isLine = ({ kind }: Mark): boolean => kind === 'closed' || kind === 'oops';

/** Draws a scene; says where the flags of the ruler are. */
export function drawTimeline(
  ctx: CanvasRenderingContext2D,
  scene: Scene,
  palette: Palette,
  fitter: Fitter,
): readonly FlagBox[] {
  const { view, height } = scene;
  ctx.textBaseline = 'middle';
  ctx.textAlign = 'left';
  ctx.fillStyle = palette.pane;
  ctx.fillRect(0, 0, view.width, height);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, rulerHeight, view.width, height - rulerHeight);
  ctx.clip();
  drawGround(ctx, scene, palette);
  const staying = stayingHeight(scene.rows);
  const brush = new Brush(ctx, palette, fitter);
  drawRows(ctx, brush, scene, { from: staying, to: height - rulerHeight, stays: false });
  if (staying > 0) {
    drawRows(ctx, brush, scene, { from: 0, to: staying, stays: true });
    ctx.fillStyle = palette.line2;
    if (scene.scroll > 0) ctx.fillRect(0, rulerHeight + staying, view.width, 1);
  }
  drawFolds(ctx, scene, palette);
  drawLines(ctx, scene, palette);
  ctx.restore();
  return new Ruler(ctx, palette, fitter).draw(scene);
}

/** Grid, and the future of a live run. */
function drawGround(ctx: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  const { view, height, pieces, liveNs } = scene;
  const future = liveNs === null ? xOf(pieces, view.endNs) : xOf(pieces, liveNs);
  if (future < view.width) {
    ctx.fillStyle = palette.desk;
    const x = Math.max(0, future);
    ctx.fillRect(x, 0, view.width - x, height);
  }
  ctx.fillStyle = palette.line;
  for (const { x } of ticks(scene)) ctx.fillRect(Math.round(x), rulerHeight, 1, height);
}

/** The rows that stay, or the others: between two heights below the ruler, and nowhere else. */
interface Band {
  readonly from: number;
  readonly to: number;
  readonly stays: boolean;
}

function drawRows(ctx: CanvasRenderingContext2D, brush: Brush, scene: Scene, band: Band): void {
  const { view, rows, scroll, height } = scene;
  const { from, to, stays } = band;
  const parts = partsOf(scene);
  ctx.save();
  ctx.beginPath();
  ctx.rect(0, rulerHeight + from, view.width, to - from);
  ctx.clip();
  for (const row of rows) {
    const room = height - rulerHeight;
    if (row.stays !== stays || !isInSight(row, scroll, room, stays ? to : from)) continue;
    if (row.lane === null) {
      ctx.fillStyle = brush.palette.line;
      const middle = rulerHeight + topOf(row, scroll) + row.height / 2;
      ctx.fillRect(0, Math.round(middle), view.width, 1);
    } else drawRow(brush, scene, row, parts);
  }
  brush.flush();
  drawArrows(brush, scene, parts, band);
  brush.flush();
  ctx.restore();
}

function drawRow(brush: Brush, scene: Scene, row: Row, parts: readonly TilePart[]): void {
  if (row.lane === null) return;
  const box = { ...barsOf(row, scene.scroll), letterOf: scene.letterOf };
  for (const part of parts) drawLane(brush, box, part, row.lane.id);
  const { focus, pieces } = scene;
  if (focus?.lane !== row.lane.id) return;
  const [from, to] = [xOf(pieces, focus.fromNs), xOf(pieces, focus.toNs)];
  const left = Math.max(-4, from);
  const right = Math.min(scene.view.width + 4, to);
  const path = brush.outline(brush.palette.cur, 2);
  path.rect(left - 1, box.y - 1, Math.max(2, right - left) + 2, box.height + 2);
}

/** Least distance of two arrows to one lane, CSS pixels: the later one is not drawn. */
const arrowDistance = 8;

/**
 * Wake-ups: from the lower (or upper) edge of one lane to the other. Among the rows that stay none
 * is drawn to a lane that has gone under them.
 */
function drawArrows(brush: Brush, scene: Scene, parts: readonly TilePart[], band: Band): void {
  const isHere = (row: Row): boolean =>
    row.stays || !band.stays || topOf(row, scene.scroll) >= band.to;
  const rows = new Map(scene.rows.flatMap((row) => (row.lane ? [[row.lane.id, row]] : [])));
  const line = brush.outline(brush.palette.ink, 1);
  const last = new Map<number, number>();
  for (const { tile, piece, left, right } of parts) {
    tile.arrowTime.forEach((timeNs, at) => {
      const from = rows.get(tile.arrowFrom[at]!);
      const to = rows.get(tile.arrowTo[at]!);
      const x = xOf([piece], timeNs);
      if (from === undefined || to === undefined || x < left || x > right) return;
      if (x - (last.get(to.y) ?? -Infinity) < arrowDistance) return;
      last.set(to.y, x);
      if (!isHere(from) || !isHere(to)) return;
      const isDown = to.y > from.y;
      const [source, target] = [barsOf(from, scene.scroll), barsOf(to, scene.scroll)];
      const end = isDown ? target.y : target.y + target.height;
      line.moveTo(x, isDown ? source.y + source.height : source.y);
      line.lineTo(x, end);
      brush.head(x, end, isDown ? 1 : -1);
    });
  }
}

/** Lines through all lanes: closed cycles, and the cursor. */
function drawLines(ctx: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  const { pieces, marks, cursorNs, view, height } = scene;
  for (const mark of marks.filter(isLine)) {
    const x = Math.round(xOf(pieces, mark.timeNs));
    if (x < 0 || x > view.width) continue;
    ctx.strokeStyle = markColour(palette, mark);
    ctx.lineWidth = 1.5;
    ctx.setLineDash([4, 3]);
    ctx.beginPath();
    ctx.moveTo(x + 0.5, rulerHeight);
    ctx.lineTo(x + 0.5, height);
    ctx.stroke();
    ctx.setLineDash([]);
  }
  if (cursorNs === null) return;
  const x = xOf(pieces, cursorNs);
  if (x < 0 || x > view.width) return;
  ctx.fillStyle = palette.cur;
  ctx.fillRect(Math.round(x) - 0.75, rulerHeight, 1.5, height);
}
