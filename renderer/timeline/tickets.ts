// The lane of a queue: the works that run, as tickets with their names, and those that wait behind
// them, one outline behind the other where the queue gets longer or shorter, with their number at
// the end.

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
  for (const entry of entries) {
    if (entry.style === spanStyle.work) drawWork(brush, box, entry, waiting);
  }
}

function drawWork(
  brush: Brush,
  { y, height }: LaneBox,
  entry: Entry,
  waiting: readonly Entry[],
): void {
  const { palette, fonts } = brush;
  const { x, width, label, isDense } = entry;
  if (isDense || width < ticketFrom) {
    const high = barHeight(entry, height);
    return brush.column(palette.ink2, x, y + height - high, width, high);
  }
  drawTicket(brush.outline(palette.ink, 1.3), x, y, width, height);
  const behind = waiting.findLast((one) => one.x < x + width && one.x + one.width >= x + width - 1);
  const hasDepth = behind !== undefined && width > depthRoom + nameRoom;
  const room = width - 14 - (hasDepth ? depthRoom : 0);
  brush.write(label, x + 7, y + height / 2, room, palette.ink, fonts.bar);
  if (!hasDepth) return;
  const left = x + width - depthRoom;
  const text = `+${behind.value} queued`;
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
