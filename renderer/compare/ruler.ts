// The head of a comparison's picture: the ruler with its flags, which row is whose, and the lines
// that go down from it: the seam, the cursor, what was found.

import type { Palette } from '../timeline/palette.ts';
import type { Fitter } from '../timeline/text.ts';
import { placeOf } from './axis.ts';
import { headHeight, switchWidth } from './scene.ts';
import type { Picture } from './scene.ts';

/** Height of the ruler alone. */
const rulerHeight = 28;
const flag = { y: 4, height: 20 } as const;

/** A stretch of the ruler that is taken. */
export interface Box {
  readonly left: number;
  readonly right: number;
}

/** Between a flag and what stands beside it. */
const gap = 4;

/** A flag whose middle is at `x`, kept within the picture. */
export function flagAt(x: number, textWidth: number, width: number): Box {
  const own = textWidth + 16;
  const left = Math.max(1, Math.min(width - own - 1, x - own / 2));
  return { left, right: left + own };
}

/** A flag moved out of the way of another one; null where there is no room for it. */
export function asideOf(box: Box, other: Box | null, width: number): Box | null {
  if (other === null || box.right + gap < other.left || box.left > other.right + gap) return box;
  const own = box.right - box.left;
  const isLeft = box.left + box.right <= other.left + other.right;
  const left = isLeft ? other.left - gap - own : other.right + gap;
  return left < 1 || left + own > width - 1 ? null : { left, right: left + own };
}

function drawFlag(
  ctx: CanvasRenderingContext2D,
  text: string,
  { left, right }: Box,
  colours: readonly [ground: string, ink: string],
): void {
  ctx.fillStyle = colours[0];
  ctx.beginPath();
  ctx.roundRect(left, flag.y, right - left, flag.height, 3);
  ctx.fill();
  ctx.fillStyle = colours[1];
  ctx.fillText(text, left + 8, flag.y + flag.height / 2 + 0.5);
}

/** Draws ruler, flags and lines over what is there. */
export function drawRuler(
  ctx: CanvasRenderingContext2D,
  picture: Picture,
  palette: Palette,
  fitter: Fitter,
): void {
  const { width, height, view, cursor, words } = picture;
  const seam = placeOf(0, view, width);
  const x = placeOf(cursor, view, width);
  ctx.fillStyle = palette.pane;
  ctx.fillRect(0, 0, width, headHeight);
  ctx.fillStyle = palette.line;
  ctx.fillRect(0, rulerHeight - 1, width, 1);
  ctx.fillRect(0, headHeight - 1, width, 1);
  drawNotes(ctx, picture, palette, fitter, seam);
  drawHits(ctx, picture, palette);
  const isIn = (place: number): boolean => place >= 0 && place <= width;
  ctx.fillStyle = palette.cur;
  if (isIn(seam)) ctx.fillRect(Math.round(seam) - 1, rulerHeight, 2, height);
  ctx.fillStyle = palette.ink;
  if (isIn(x)) ctx.fillRect(Math.round(x) - 0.75, rulerHeight, 1.5, height);
  ctx.font = `600 12px ${palette.sans}`;
  const flagOf = (text: string, place: number): Box | null =>
    isIn(place) ? flagAt(place, fitter.width(ctx, ctx.font, text), width) : null;
  const now = cursor === 0 ? null : flagOf(words.cursor, x);
  const parting = flagOf(words.part, seam);
  const part = parting && asideOf(parting, now, width);
  if (part !== null) drawFlag(ctx, words.part, part, [palette.cur, palette.curInk]);
  if (now !== null) drawFlag(ctx, words.cursor, now, [palette.ink, palette.pane]);
  const taken = [part, now].filter((box) => box !== null);
  drawTicks(ctx, picture, palette, fitter, taken);
}

function drawTicks(
  ctx: CanvasRenderingContext2D,
  { ticks, view, width }: Picture,
  palette: Palette,
  fitter: Fitter,
  taken: readonly Box[],
): void {
  ctx.font = `12px ${palette.mono}`;
  ctx.fillStyle = palette.ink2;
  let free = 2;
  for (const { after, text } of ticks) {
    const room = fitter.width(ctx, ctx.font, text);
    const left = placeOf(after, view, width) - room / 2;
    const isFree = taken.every((box) => left + room + gap < box.left || left > box.right + gap);
    if (left < free || left + room > width - 2 || !isFree) continue;
    ctx.fillText(text, left, flag.y + flag.height / 2 + 0.5);
    free = left + room + 6;
  }
}

/** Which part is the same in both, and which row is whose. */
function drawNotes(
  ctx: CanvasRenderingContext2D,
  { words, width }: Picture,
  palette: Palette,
  fitter: Fitter,
  seam: number,
): void {
  const y = (rulerHeight + headHeight) / 2;
  ctx.font = `12px ${palette.sans}`;
  ctx.fillStyle = palette.ink2;
  ctx.fillText(fitter.fit(ctx, ctx.font, words.before, seam - switchWidth - 6), 6, y);
  const left = Math.max(0, seam) + 8;
  const [upper, lower] = words.rows;
  const first = fitter.width(ctx, ctx.font, upper);
  const second = fitter.width(ctx, ctx.font, lower) + 12;
  if (left + first + second + 24 > width) return;
  ctx.fillText(upper, left, y);
  ctx.fillStyle = palette.hover;
  ctx.fillRect(left + first + 14, y - 9, second, 18);
  ctx.fillStyle = palette.ink2;
  ctx.fillText(lower, left + first + 20, y);
}

/** What was found: ticks under the ruler. */
function drawHits(
  ctx: CanvasRenderingContext2D,
  { hits, view, width }: Picture,
  palette: Palette,
): void {
  ctx.fillStyle = palette.cur;
  for (const after of hits) {
    const x = placeOf(after, view, width);
    if (x >= 0 && x <= width) ctx.fillRect(x - 0.75, rulerHeight - 6, 1.5, 6);
  }
}
