// A canvas as the pictures of lanes take it: measured in CSS pixels, sharp on its screen, in the
// colours of the theme.

import { makePalette } from './palette.ts';
import type { Palette } from './palette.ts';

/** The context of a canvas of this size, CSS pixels; it is made anew only for another size. */
export function contextOf(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D {
  const ratio = globalThis.devicePixelRatio;
  const size = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const ctx = canvas.getContext('2d', { alpha: false })!;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  return ctx;
}

/** Colours and hatchings as the tokens are now. */
export function themePalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return makePalette((name) => style.getPropertyValue(name).trim(), globalThis.devicePixelRatio);
}
