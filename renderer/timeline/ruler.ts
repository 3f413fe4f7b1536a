// The ruler: ticks with their times, flags of marks, the flag of the cursor, a selected stretch. A
// flag covers what is under it; a mark that has no room for its word is a short stroke.

import type { Mark, MarkKind } from '#contract/timeline.ts';
import { rulerHeight } from './layout.ts';
import type { Palette } from './palette.ts';
import type { Scene } from './scene.ts';
import type { Fitter } from './text.ts';
import { digitsFor, rulerText, tickSince, stepFor, ticksOf, tickTime } from './ticks.ts';
import { xOf } from './view.ts';
import type { ViewPiece } from './view.ts';

/** Words on flags; marks of other kinds say their own text. */
const words: Readonly<Partial<Record<MarkKind, string>>> = {
  closed: 'closed',
  oops: 'oops',
  warning: 'warning',
};

/** How a flag looks: ground and ink. */
function look(palette: Palette, kind: MarkKind): readonly [ground: string, ink: string] {
  switch (kind) {
    case 'closed':
    case 'oops':
    case 'finding':
      return [palette.cyc, palette.cycInk];
    case 'warning':
    case 'report':
      return [palette.wait, palette.waitInk];
    case 'own':
      return [palette.curDim, palette.ink];
    default:
      return [palette.plate, palette.plateInk];
  }
}

/** Colour of a mark's line and stroke. */
export const markColour = (palette: Palette, { kind }: Mark): string => look(palette, kind)[0];

/** Top and height of a flag on the ruler. */
export const flag = { y: 8, height: 17 } as const;

/** A flag that was drawn, for finding it again. */
export interface FlagBox {
  readonly x: number;
  readonly width: number;
  readonly mark: Mark | null;
}

/** Ticks of the scene: places and words. */
export function ticks(scene: Scene): { readonly x: number; readonly text: string }[] {
  const { pieces, view, originNs } = scene;
  const ruler = { originNs };
  return pieces.flatMap((piece) => {
    if (piece.kind === 'gap') return [];
    const stepNs = stepFor(view.nsPerPixel, ruler, piece.toNs);
    return ticksOf(piece.fromNs, piece.toNs, stepNs, originNs ?? 0).map((timeNs) => ({
      x: xOf([piece], timeNs),
      text: rulerText(ruler, timeNs, stepNs),
    }));
  });
}

/** The time on the cursor's flag: as exact as a pixel, in whole groups of digits. */
function cursorText({ view, originNs, cursorNs }: Scene): string {
  if (cursorNs === null) return '';
  if (originNs !== null) return tickSince(cursorNs - originNs, Math.max(1, view.nsPerPixel / 10));
  return tickTime(cursorNs, Math.max(3, 3 * Math.ceil(digitsFor(view.nsPerPixel) / 3)));
}

/** The order in which marks get their words. */
const order: readonly MarkKind[] = ['closed', 'oops', 'own', 'finding', 'report', 'mark'];
const weightOf = ({ kind }: Mark): number => {
  const at = order.indexOf(kind);
  return at < 0 ? order.length : at;
};

/** Where a mark stands; null in a fold, which tells of what is in it. One's own stand there too. */
function markPlace({ timeNs, kind }: Mark, pieces: readonly ViewPiece[]): number | null {
  const isFolded = pieces.some(
    (piece) => piece.kind === 'gap' && timeNs >= piece.fromNs && timeNs < piece.toNs,
  );
  return isFolded && kind !== 'own' ? null : xOf(pieces, timeNs);
}

/** Draws ruler and flags. */
export class Ruler {
  private readonly ctx: CanvasRenderingContext2D;
  private readonly palette: Palette;
  private readonly fitter: Fitter;
  private readonly flags: FlagBox[] = [];
  private readonly fonts: { readonly flag: string; readonly time: string };

  constructor(ctx: CanvasRenderingContext2D, palette: Palette, fitter: Fitter) {
    this.ctx = ctx;
    this.palette = palette;
    this.fitter = fitter;
    this.fonts = { flag: `600 12px ${palette.sans}`, time: `12px ${palette.mono}` };
  }

  /** Draws it, and says where the flags are. */
  draw(scene: Scene): readonly FlagBox[] {
    const { ctx, palette } = this;
    const { width } = scene.view;
    ctx.fillStyle = palette.pane;
    ctx.fillRect(0, 0, width, rulerHeight);
    ctx.fillStyle = palette.line2;
    ctx.fillRect(0, rulerHeight - 1, width, 1);
    this.selection(scene);
    this.cursor(scene);
    this.marks(scene);
    this.times(scene);
    return this.flags;
  }

  /** The marks in sight; what matters most first: it gets its word. */
  private marks({ marks, pieces, view }: Scene): void {
    const seen = marks.flatMap((mark) => {
      const x = markPlace(mark, pieces);
      return x === null || x < 0 || x > view.width ? [] : [{ mark, x }];
    });
    seen.sort((a, b) => weightOf(a.mark) - weightOf(b.mark));
    const { ctx, palette } = this;
    ctx.font = this.fonts.flag;
    /** Strokes by pixel: more of them in one place are no more to be seen. */
    const strokes = new Map<number, string>();
    for (const { mark, x } of seen) {
      const isFlag = this.mark(mark, x, view.width);
      const pixel = Math.floor(x);
      if (!isFlag && !strokes.has(pixel)) strokes.set(pixel, look(palette, mark.kind)[0]);
    }
    for (const [x, ground] of strokes) {
      ctx.fillStyle = ground;
      ctx.fillRect(x, rulerHeight - 8, 2, 7);
    }
  }

  private isFree(x: number, width: number): boolean {
    return this.flags.every((box) => x + width + 3 < box.x || x > box.x + box.width + 3);
  }

  private selection({ selection, pieces }: Scene): void {
    if (selection === null) return;
    const [from, to] = [xOf(pieces, selection.fromNs), xOf(pieces, selection.toNs)];
    this.ctx.fillStyle = this.palette.curDim;
    this.ctx.fillRect(from, 0, to - from, rulerHeight - 1);
  }

  private box(x: number, width: number, ground: string): void {
    const { ctx } = this;
    ctx.fillStyle = ground;
    ctx.beginPath();
    ctx.roundRect(x, flag.y, width, flag.height, 3);
    ctx.fill();
  }

  private cursor(scene: Scene): void {
    const { cursorNs, pieces, view } = scene;
    if (cursorNs === null) return;
    const { ctx, palette, fitter } = this;
    const text = cursorText(scene);
    ctx.font = this.fonts.time;
    const x = xOf(pieces, cursorNs);
    const isLeft = x < 0;
    const isOut = isLeft || x > view.width;
    const width = fitter.width(ctx, this.fonts.time, text) + 14 + (isOut ? 12 : 0);
    const left = Math.max(2, Math.min(view.width - width - 2, x - width / 2));
    this.box(left, width, palette.cur);
    ctx.fillStyle = palette.curInk;
    ctx.fillText(text, left + 7 + (isOut && isLeft ? 12 : 0), flag.y + flag.height / 2 + 0.5);
    if (isOut) this.arrow(isLeft ? left + 6 : left + width - 6, isLeft ? -1 : 1);
    this.flags.push({ x: left, width, mark: null });
  }

  /** The cursor is out of sight, there. */
  private arrow(x: number, to: 1 | -1): void {
    const { ctx } = this;
    const y = flag.y + flag.height / 2;
    ctx.beginPath();
    ctx.moveTo(x + 3.5 * to, y);
    ctx.lineTo(x - 3 * to, y - 4);
    ctx.lineTo(x - 3 * to, y + 4);
    ctx.fill();
  }

  /** Draws a mark as a flag; false when there is no room for one. */
  private mark(mark: Mark, x: number, roomTo: number): boolean {
    const { ctx, palette, fitter } = this;
    if (!this.isFree(x, 14)) return false;
    const [ground, ink] = look(palette, mark.kind);
    const text = fitter.fit(ctx, this.fonts.flag, words[mark.kind] ?? mark.text, 150);
    const width = fitter.width(ctx, this.fonts.flag, text) + 14;
    if (text === '' || x + width > roomTo || !this.isFree(x, width)) return false;
    this.box(x, width, ground);
    ctx.fillStyle = ink;
    ctx.fillText(text, x + 7, flag.y + flag.height / 2 + 0.5);
    this.flags.push({ x, width, mark });
    return true;
  }

  private times(scene: Scene): void {
    const { ctx, palette, fitter } = this;
    ctx.font = this.fonts.time;
    ctx.fillStyle = palette.ink2;
    for (const { x, text } of ticks(scene)) {
      const width = fitter.width(ctx, this.fonts.time, text);
      const left = x - width / 2;
      if (left < 2 || left + width > scene.view.width - 2) continue;
      if (this.isFree(left, width)) ctx.fillText(text, left, flag.y + flag.height / 2 + 0.5);
    }
  }
}
