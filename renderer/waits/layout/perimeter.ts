// The rounded rectangle of a ring: places on it, by the way along it clockwise from its upper left
// corner, and the path between two places.

import type { Box, Point } from './geometry.ts';

const cornerPx = 18;

/** Ways to the corners: upper left, upper right, lower right, lower left. */
export const cornersOf = ({ width, height }: Box): readonly number[] => [
  0,
  width,
  width + height,
  2 * width + height,
];

export const lengthOf = ({ width, height }: Box): number => 2 * (width + height);

/** The point at a way. */
export function pointAt(frame: Box, way: number): Point {
  const { x, y, width, height } = frame;
  const at = ((way % lengthOf(frame)) + lengthOf(frame)) % lengthOf(frame);
  if (at <= width) return { x: x + at, y };
  if (at <= width + height) return { x: x + width, y: y + at - width };
  if (at <= 2 * width + height) return { x: x + 2 * width + height - at, y: y + height };
  return { x, y: y + lengthOf(frame) - at };
}

/** A straight piece of a path. */
export interface Piece {
  readonly from: Point;
  readonly to: Point;
}

export const pieceLength = ({ from, to }: Piece): number =>
  Math.abs(to.x - from.x) + Math.abs(to.y - from.y);

/** The point at a share of a piece. */
export const along = ({ from, to }: Piece, share: number): Point => ({
  x: from.x + (to.x - from.x) * share,
  y: from.y + (to.y - from.y) * share,
});

/** Straight pieces clockwise from a way to a later one. */
export function piecesBetween(frame: Box, from: number, to: number): readonly Piece[] {
  const whole = lengthOf(frame);
  const corners = cornersOf(frame)
    .flatMap((corner) => [corner, corner + whole])
    .filter((corner) => corner > from + 1 && corner < to - 1)
    .sort((a, b) => a - b);
  const points = [from, ...corners, to].map((way) => pointAt(frame, way));
  return points.slice(1).map((point, at) => ({ from: points[at]!, to: point }));
}

/** The path over some pieces, round at the corners between them. */
export function pathOver(pieces: readonly Piece[]): string {
  const [first] = pieces;
  if (first === undefined) return '';
  const text = ({ x, y }: Point): string => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const parts = pieces.map((piece, at) => {
    const next = pieces[at + 1];
    if (next === undefined) return `L${text(piece.to)}`;
    const radius = Math.min(cornerPx, pieceLength(piece) / 2, pieceLength(next) / 2);
    const before = along(piece, 1 - radius / pieceLength(piece));
    const after = along(next, radius / pieceLength(next));
    return `L${text(before)}Q${text(piece.to)} ${text(after)}`;
  });
  return `M${text(first.from)}${parts.join('')}`;
}
