// The lane of a queue: works as tickets with their names, from their queueing to their end, and
// those that wait behind them, one outline behind the other where the queue gets longer or shorter,
// with their number at the end.

import { spanStyle } from '#contract/timeline.ts';
import type { Brush } from './brush.ts';
import { barHeight } from './lane.ts';
import type { Entry, LaneBox } from './lane.ts';
import { drawTicket } from './shapes.ts';

/** Narrower works are strokes, CSS pixels. */
const ticketFrom = 7;
/** Least distance of two outlines of the queue. */
const outlineDistance = 6;
/** Room of the number of works that wait, and of the least name before it. */
const depthRoom = 92;
const nameRoom = 70;

/** Draws the entries of a queue. */
export function drawQueue(brush: Brush, box: LaneBox, entries: readonly Entry[]): void {
  const waiting = entries.filter(({ style }) => style === spanStyle.queued);
  drawWaiting(brush, box, waiting);
  const tickets = ticketsOf(entries);
  const roomy = tickets.filter(({ width }) => width > depthRoom + nameRoom);
  tickets.forEach((ticket, at) => {
    const until = tickets[at + 1]?.x ?? Infinity;
    const behind = roomy.findLast((one) => endsBeside(one, ticket)) === ticket ? waiting : [];
    drawWork(brush, box, ticket, { behind, until });
  });
}

const endOf = ({ x, width }: Entry): number => x + width;

/** They end so near to each other that there is one number for both. */
const endsBeside = (one: Entry, other: Entry): boolean =>
  Math.abs(endOf(one) - endOf(other)) < depthRoom;

/**
 * Each work together with the time that it has waited, from left to right, the longer ones last;
 * one that waits only is a ticket too.
 */
function ticketsOf(entries: readonly Entry[]): readonly Entry[] {
  const turns = entries.filter(({ style, isDense }) => style === spanStyle.turn && !isDense);
  const works = entries.filter(({ style }) => style === spanStyle.work);
  const joined = works.map((work) => {
    const at = turns.findIndex((turn) => isTurnOf(turn, work));
    const [turn] = at < 0 ? [] : turns.splice(at, 1);
    return turn === undefined ? work : { ...work, x: turn.x, width: work.x + work.width - turn.x };
  });
  return [...turns, ...joined].sort((a, b) => a.x - b.x || a.width - b.width);
}

const isTurnOf = (turn: Entry, { label, x, isDense }: Entry): boolean =>
  !isDense && turn.label === label && Math.abs(turn.x + turn.width - x) < 1;

/** What else is where a ticket is. */
interface Beside {
  /** What waits, for the one that has its number at the end; nothing for others. */
  readonly behind: readonly Entry[];
  /** Where the next ticket begins: names are not written over each other. */
  readonly until: number;
}

function drawWork(
  brush: Brush,
  { y, height }: LaneBox,
  entry: Entry,
  { behind, until }: Beside,
): void {
  const { palette, fonts } = brush;
  const { x, width, label, isDense } = entry;
  if (isDense || width < ticketFrom) {
    const high = barHeight(entry, height);
    return brush.column(palette.ink2, x, y + height - high, width, high);
  }
  drawTicket(brush.outline(palette.ink, 1.3), x, y, width, height);
  const end = endOf(entry);
  const depth = behind.findLast((one) => one.x < end && endOf(one) >= end - 1);
  const depthWidth = depth === undefined ? 0 : depthRoom;
  const room = Math.min(width - 14 - depthWidth, until - x - 10);
  brush.write(label, x + 7, y + height / 2, room, palette.ink, fonts.bar);
  if (depth === undefined) return;
  const left = end - depthRoom;
  const text = `+${depth.value} queued`;
  brush.writeOver(text, left, y + height / 2, depthRoom - 6, palette.ink2, fonts.bar);
}

function drawWaiting(brush: Brush, { y, height }: LaneBox, waiting: readonly Entry[]): void {
  const path = brush.outline(brush.palette.edge, 1);
  let last = -Infinity;
  for (const { x, width } of waiting) {
    path.moveTo(x, y + 0.5);
    path.lineTo(x + width, y + 0.5);
    path.moveTo(x, y + height - 0.5);
    path.lineTo(x + width, y + height - 0.5);
    if (x - last < outlineDistance) continue;
    last = x;
    path.moveTo(x + 0.5, y + 0.5);
    path.lineTo(x + 0.5, y + height - 0.5);
  }
}
