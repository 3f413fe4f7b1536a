// Where the members of a cycle stand on the rounded rectangle: the first at the upper left, the
// others clockwise. From four on the corners are taken; the rest goes to the sides, where the gaps
// are widest. In a tall pane the upright sides come first, because words stand beside them.

import { clamp } from './geometry.ts';
import type { Box, Size } from './geometry.ts';
import { cornersOf, lengthOf } from './perimeter.ts';

/** Most members of a ring. */
const ringMax = 12;
/** Half of the room that a member takes, px. */
export const memberHalf = 25;
/** Least way between two members, px. */
const gapLeast = 78;

/** Header of the pane, px: the shape of a pane is that of the whole of it. */
const headerPx = 34;
const wideFrom = 1.35;

export const isWide = ({ width, height }: Size): boolean => width / (height + headerPx) > wideFrom;

/** The label of the first member stands over it, not beside it. */
export const labelsAbove = (size: Size, count: number): boolean => isWide(size) || count > 5;

/** The rectangle that leaves room for words, in whole pixels: places on a side compare equal. */
export function frameOf(size: Size, count: number): Box {
  const left = Math.round(clamp(size.width * 0.14, 46, isWide(size) ? 66 : 86));
  const right = Math.round(clamp(size.width * 0.27, 104, 158));
  const top = labelsAbove(size, count) ? 78 : 58;
  const bottom = count > 5 ? 70 : 50;
  return {
    x: left,
    y: top,
    width: Math.max(60, size.width - left - right),
    height: Math.max(60, size.height - top - bottom),
  };
}

/** Members on each side beside those in the corners: top, right, bottom, left. */
function sideCounts(frame: Box, count: number, wide: boolean): readonly number[] {
  const lengths = [frame.width, frame.height, frame.width, frame.height];
  const extra = [0, 0, 0, 0];
  const gapAfter = (side: number): number => lengths[side]! / (extra[side]! + 2);
  const order = wide ? [0, 2, 1, 3] : [1, 3, 0, 2];
  for (let left = count - 4; left > 0; left--) {
    const upright = wide ? [] : order.slice(0, 2).filter((side) => gapAfter(side) >= 100);
    const among = upright.length > 0 ? upright : order;
    const best = among.reduce((a, b) => (gapAfter(b) > gapAfter(a) + 0.5 ? b : a));
    extra[best]!++;
  }
  return extra;
}

/** Ways of the members along the rectangle, in order; null when they have no room. */
export function placesOf(frame: Box, count: number, wide: boolean): readonly number[] | null {
  const { width, height } = frame;
  if (count < 2 || count > ringMax) return null;
  const whole = lengthOf(frame);
  if (count === 2) return [whole - height / 2, whole + width + height / 2];
  if (count === 3) return [0, width, width + height + width / 2];
  const extra = sideCounts(frame, count, wide);
  const lengths = [width, height, width, height];
  const ways = cornersOf(frame).flatMap((corner, side) => {
    const gap = lengths[side]! / (extra[side]! + 1);
    return Array.from({ length: extra[side]! + 1 }, (_, at) => corner + gap * at);
  });
  const fits = ways.every((way, at) => (ways[at + 1] ?? whole) - way >= gapLeast);
  return fits ? ways : null;
}
