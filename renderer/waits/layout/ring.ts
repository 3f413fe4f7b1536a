// A cycle: its members on a rounded rectangle, clockwise from the task that waited first; each line
// with its number, its verb and the function; words in the middle where they have room.

import type { Cycle, Thing } from '#contract/waits.ts';
import { texts } from '../texts.ts';
import { fitted, meet, monoPx, sansPx, wrapped } from './geometry.ts';
import type { Box, Point, Size } from './geometry.ts';
import { along, lengthOf, pathOver, pieceLength, piecesBetween, pointAt } from './perimeter.ts';
import type { Label, ListPicture, PlacedNode, RingLine, RingPicture } from './picture-types.ts';
import { frameOf, isWide, labelsAbove, memberHalf, placesOf } from './ring-places.ts';

/** What a ring is drawn from. */
export interface RingInput {
  readonly cycle: Cycle;
  readonly thingOf: (id: string) => Thing | undefined;
  /** Second line of a member. */
  readonly detailOf: (id: string) => string;
  readonly size: Size;
}

const nameFor = (input: RingInput, id: string): string => {
  const thing = input.thingOf(id);
  return thing === undefined ? id : thing.shown;
};

/** Room beside a member on the right side. */
const rightRoom = (point: Point, size: Size): number => size.width - point.x - memberHalf - 12;

/** Words of a member, where its side leaves room for them. `gap`: way to the next member, px. */
function labelOf(input: RingInput, id: string, place: Placing): Label {
  const { point, frame, gap, above } = place;
  const [name, detail] = [nameFor(input, id), input.detailOf(id)];
  const isTop = point.y === frame.y;
  const isBottom = point.y === frame.y + frame.height;
  const isLeft = point.x === frame.x;
  const isRight = point.x === frame.x + frame.width;
  const cut = (px: number) => ({
    name: fitted(name, px, monoPx),
    details: detail === '' ? [] : [fitted(detail, px, sansPx)],
  });
  if (isRight || (isLeft && !isTop && !isBottom)) {
    const room = isRight ? rightRoom(point, input.size) : frame.width / 2 - 40;
    const details = wrapped(detail, room, sansPx);
    const y = point.y - (details.length > 1 ? 9 : 0);
    const x = point.x + memberHalf + 8;
    return { x, y, anchor: 'start', name: fitted(name, room, monoPx), details, inline: false };
  }
  if (isLeft && (isBottom || !above)) {
    const nameLetters = name.length * monoPx + 12;
    const room = gap - memberHalf - 20;
    const x = point.x + memberHalf + 8;
    const y = point.y + (isBottom ? 20 : -22);
    const details = [fitted(detail, Math.max(30, room - nameLetters), sansPx)].filter(Boolean);
    const fits = room - nameLetters > 50;
    const shown = fits ? details : [];
    return {
      x,
      y,
      anchor: 'start',
      name: fitted(name, room, monoPx),
      details: shown,
      inline: true,
    };
  }
  const y = isTop ? point.y - memberHalf - 22 : point.y + memberHalf + 24;
  const start = isLeft ? { x: point.x - memberHalf, anchor: 'start' as const } : null;
  const at = start ?? { x: point.x, anchor: 'middle' as const };
  return { ...at, y, ...cut(gap - 12), inline: false };
}

interface Placing {
  readonly point: Point;
  readonly frame: Box;
  readonly gap: number;
  readonly above: boolean;
}

const turnOf = (from: Point, to: Point): number =>
  Math.abs(to.x - from.x) > Math.abs(to.y - from.y)
    ? to.x > from.x
      ? 0
      : 180
    : to.y > from.y
      ? 90
      : 270;

/** The line of a step. */
function lineOf(
  input: RingInput,
  step: number,
  frame: Box,
  ways: readonly [number, number],
): RingLine {
  const { relation, where } = input.cycle.steps[step]!;
  const pieces = piecesBetween(frame, ways[0] + memberHalf, ways[1] - memberHalf);
  const longest = pieces.reduce((a, b) => (pieceLength(b) > pieceLength(a) ? b : a));
  const length = pieceLength(longest);
  const turn = turnOf(longest.from, longest.to);
  const isUpright = turn === 90 || turn === 270;
  const middle = along(longest, 0.5);
  const room = isUpright
    ? longest.from.x > frame.x + 1
      ? input.size.width - middle.x - 24
      : frame.width / 2 - 20
    : length + memberHalf;
  const isTop = middle.y === frame.y;
  const label = isUpright
    ? { x: middle.x + 18, y: middle.y, anchor: 'start' as const }
    : { x: middle.x, y: middle.y + (isTop ? 29 : -30), anchor: 'middle' as const };
  return {
    step: step + 1,
    path: pathOver(pieces),
    number: along(longest, length < 60 ? 0.36 : 0.42),
    arrow: along(longest, length < 60 ? 0.86 : 0.72),
    turn,
    verb: relation,
    where: fitted(where, room, 7.2),
    label,
  };
}

/** The words in the middle: in one line, or in two where labels leave less room. */
const centres = [
  { lines: [texts.released.join(' ')], width: 272, height: 46 },
  { lines: texts.released, width: 206, height: 64 },
] as const;

/** Least room between the words and the lines of the ring, px. */
const centreMargin = 16;

/** Numbers from 0 to 1, those next to the middle first. */
const shares = Array.from({ length: 41 }, (_, at) => 0.5 + (at % 2 === 0 ? at : -at - 1) / 82);

function lineBox({ label, verb, where }: RingLine): Box {
  const width = Math.max(verb.length * sansPx, where.length * 7.2);
  const x = label.anchor === 'middle' ? label.x - width / 2 : label.x;
  return { x, y: label.y - 18, width, height: 38 };
}

/** A place in the ring that no label reaches into, next to its middle. */
function centreOf(
  frame: Box,
  lines: readonly RingLine[],
  nodes: readonly PlacedNode[],
): RingPicture['centre'] {
  const taken = [
    ...lines.map(lineBox),
    ...nodes
      .filter(({ label }) => label.anchor === 'start')
      .map(({ label }) => ({ x: label.x, y: label.y - 18, width: 150, height: 36 })),
  ];
  for (const { lines: words, width, height } of centres) {
    const roomX = frame.width - 2 * centreMargin - width;
    const roomY = frame.height - 2 * centreMargin - height;
    if (roomX < 0 || roomY < 0) continue;
    for (const down of shares) {
      for (const right of shares) {
        const x = frame.x + centreMargin + roomX * right;
        const y = frame.y + centreMargin + roomY * down;
        const box = { x, y, width, height };
        if (!taken.some((other) => meet(box, other))) return { ...box, lines: words };
      }
    }
  }
  return null;
}

/** The ring; a list when it has no room for it. */
export function ringOf(input: RingInput): RingPicture | ListPicture {
  const { steps } = input.cycle;
  const count = steps.length;
  const frame = frameOf(input.size, count);
  const places = placesOf(frame, count, isWide(input.size));
  if (places === null) return { kind: 'list' };
  const after = (at: number): number => places[at + 1] ?? places[0]! + lengthOf(frame);
  const above = labelsAbove(input.size, count);
  const nodes = steps.map(({ from }, at): PlacedNode => {
    const point = pointAt(frame, places[at]!);
    const before = at === 0 ? lengthOf(frame) - places.at(-1)! : places[at]! - places[at - 1]!;
    const gap = point.y === frame.y ? after(at) - places[at]! : before;
    const label = labelOf(input, from, { point, frame, gap, above });
    return { id: from, ...point, halfWidth: memberHalf, halfHeight: memberHalf, label };
  });
  const lines = steps.map((_, at) => lineOf(input, at, frame, [places[at]!, after(at)]));
  return { kind: 'ring', nodes, lines, centre: centreOf(frame, lines, nodes) };
}
