// A cycle that has closed: its members on a rounded rectangle, clockwise from the task that waited
// first, at the upper left. A wide pane gets one more on top than below.

import type { Cycle, Placed, Point, Side, Size, Thing } from './placed.ts';

/** Most members that are drawn as a ring; more are a list. */
export const ringMembersMax = 12;
/** Wider than this many heights: more on top. */
const wideRatio = 1.35;
/** Room for words around the ring, px. */
const margin = { top: 84, bottom: 66, left: 92, right: 158 } as const;
const least = 120;

/** A side of the ring: members in order, and where their words stand. */
interface Run {
  readonly from: Point;
  readonly to: Point;
  readonly count: number;
  readonly words: Side;
  /** The corners at its ends belong to it. */
  readonly corners: boolean;
}

/** How many stand on top, at the right, below, at the left. */
export function sidesOf(
  count: number,
  isWide: boolean,
): readonly [top: number, right: number, bottom: number, left: number] {
  if (count <= 2) return [count, 0, 0, 0];
  if (count === 3) return [2, 0, 1, 0];
  if (isWide) {
    const top = Math.ceil(count / 2);
    return [top, 0, count - top, 0];
  }
  const rest = count - 4;
  if (rest <= 0) return [2, 0, 2, 0];
  const right = Math.ceil(rest / 2);
  return [2, right, 2, rest - right];
}

const between = (from: Point, to: Point, part: number): Point => ({
  x: from.x + (to.x - from.x) * part,
  y: from.y + (to.y - from.y) * part,
});

function pointsOf({ from, to, count, words, corners }: Run): { at: Point; words: Side }[] {
  return Array.from({ length: count }, (_, index) => {
    const part = corners ? (count === 1 ? 0.5 : index / (count - 1)) : (index + 1) / (count + 1);
    return { at: between(from, to, part), words };
  });
}

/** Places in the order of the cycle. */
export function ringPlaces(count: number, { width, height }: Size): { at: Point; words: Side }[] {
  const right = Math.max(margin.left + least, width - margin.right);
  const bottom = Math.max(margin.top + least, height - margin.bottom);
  const corner = {
    topLeft: { x: margin.left, y: margin.top },
    topRight: { x: right, y: margin.top },
    bottomRight: { x: right, y: bottom },
    bottomLeft: { x: margin.left, y: bottom },
  };
  const [onTop, onRight, below, onLeft] = sidesOf(count, width / height > wideRatio);
  return [
    ...pointsOf({
      from: corner.topLeft,
      to: corner.topRight,
      count: onTop,
      words: 'above',
      corners: true,
    }),
    ...pointsOf({
      from: corner.topRight,
      to: corner.bottomRight,
      count: onRight,
      words: 'right',
      corners: false,
    }),
    ...pointsOf({
      from: corner.bottomRight,
      to: corner.bottomLeft,
      count: below,
      words: 'below',
      corners: true,
    }),
    ...pointsOf({
      from: corner.bottomLeft,
      to: corner.topLeft,
      count: onLeft,
      words: 'left',
      corners: false,
    }),
  ];
}

/** A line of the cycle with its ends. */
export interface RingLine {
  readonly number: number;
  readonly from: Point;
  readonly to: Point;
  readonly verb: string;
  readonly where: string;
}

/** A cycle as it is drawn; null when it has too many members for a ring. */
export function inRing(
  cycle: Cycle,
  things: readonly Thing[],
  size: Size,
): { readonly placed: readonly Placed[]; readonly lines: readonly RingLine[] } | null {
  const { steps } = cycle;
  if (steps.length > ringMembersMax) return null;
  const places = ringPlaces(steps.length, size);
  const placed = steps.flatMap(({ from }, index): Placed[] => {
    const thing = things.find(({ id }) => id === from);
    return thing === undefined ? [] : [{ thing, ...places[index]! }];
  });
  const lines = steps.map(({ relation, where }, index) => ({
    number: index + 1,
    from: places[index]!.at,
    to: places[(index + 1) % places.length]!.at,
    verb: relation,
    where,
  }));
  return { placed, lines };
}
