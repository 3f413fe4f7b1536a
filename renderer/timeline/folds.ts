// Folded time: a gap with toothed edges, and along it what it holds. Drawn over the lanes, so that
// nothing of them is left in it.

import { rulerHeight } from './layout.ts';
import type { Palette } from './palette.ts';
import type { Scene } from './scene.ts';
import type { ViewPiece } from './view.ts';

const tooth = 5;

/** One edge of a gap, from top to bottom; `leans` says to which side its first tooth points. */
function edge(path: Path2D, x: number, height: number, isBack: boolean): void {
  const count = Math.ceil(height / tooth);
  for (let n = 0; n <= count; n++) {
    const step = isBack ? count - n : n;
    path.lineTo(x + (step % 2 === 0 ? -tooth / 2 : tooth / 2), rulerHeight + step * tooth);
  }
}

function drawFold(
  ctx: CanvasRenderingContext2D,
  { x, width, said }: ViewPiece,
  height: number,
  palette: Palette,
): void {
  const body = new Path2D();
  edge(body, x + tooth / 2, height, false);
  edge(body, x + width - tooth / 2, height, true);
  body.closePath();
  ctx.fillStyle = palette.desk;
  ctx.fill(body);
  for (const side of [x + tooth / 2, x + width - tooth / 2]) {
    const line = new Path2D();
    edge(line, side, height, false);
    ctx.strokeStyle = palette.line2;
    ctx.lineWidth = 1;
    ctx.stroke(line);
  }
  ctx.save();
  ctx.translate(x + width / 2, rulerHeight + (height - rulerHeight) / 2);
  ctx.rotate(-Math.PI / 2);
  ctx.textAlign = 'center';
  ctx.font = `11.5px ${palette.sans}`;
  ctx.fillStyle = palette.ink2;
  ctx.fillText(said, 0, 0.5, height - rulerHeight - 12);
  ctx.restore();
}

/** Draws the folds of a scene. */
export function drawFolds(ctx: CanvasRenderingContext2D, scene: Scene, palette: Palette): void {
  for (const piece of scene.pieces) {
    if (piece.kind === 'gap') drawFold(ctx, piece, scene.height, palette);
  }
}
