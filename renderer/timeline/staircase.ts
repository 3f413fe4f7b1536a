// The count of a reference as a staircase with numbers, and what it still needs where somebody
// waits for the last one. Stairs are logarithmic: from 2 to 4 is as high as from 94 to 188.

import { spanStyle } from '#contract/timeline.ts';
import type { Brush } from './brush.ts';
import type { Entry, LaneBox } from './lane.ts';

/** Room that a number needs, CSS pixels. */
const numberRoom = 30;
/** From the middle of a number to a line that does not strike it out, and to the lane's edge. */
const lineRoom = 7;
const edgeRoom = 4;
/** Room above and below the stairs. */
const margin = 1;
/** Stairs of less than this (in powers of two) do not fill the height of the lane. */
const flatRange = 1;

/** A netdev is freed when one reference is left, the one that its registration held. */
const needs = 1;

/** Draws the stairs of a lane, and its numbers. */
export function drawCounts(brush: Brush, { y, height }: LaneBox, entries: readonly Entry[]): void {
  const steps = entries.filter(({ style }) => style === spanStyle.count);
  const waits = entries.filter(({ style }) => style !== spanStyle.count);
  const values = steps.map(({ value }) => value);
  const least = Math.log2(1 + Math.min(...values));
  const range = Math.max(Math.log2(1 + Math.max(...values)) - least, flatRange);
  const heightOf = (value: number): number => {
    const share = (Math.log2(1 + value) - least) / range;
    return Math.round(y + height - margin - share * (height - 2 * margin)) + 0.5;
  };
  const path = brush.outline(brush.palette.ink, 1.5);
  steps.forEach(({ x, width, value }, index) => {
    if (index === 0) path.moveTo(x, heightOf(value));
    else path.lineTo(x, heightOf(value));
    path.lineTo(x + width, heightOf(value));
  });
  const numberHeight = ({ value }: Entry): number => {
    const [line, middle] = [heightOf(value), y + height / 2];
    return line >= middle
      ? Math.max(y + edgeRoom, Math.min(middle, line - lineRoom))
      : Math.min(y + height - edgeRoom, Math.max(middle, line + lineRoom));
  };
  numbers(brush, steps, waits, numberHeight);
}

/** Numbers where a level lasts, and what it needs where somebody waits for that. */
function numbers(
  brush: Brush,
  steps: readonly Entry[],
  waits: readonly Entry[],
  heightOf: (step: Entry) => number,
): void {
  const { palette, fonts } = brush;
  let free = -Infinity;
  for (const step of steps) {
    const wait = waits.findLast(({ x, width }) => x < step.x + step.width && x + width > step.x);
    const isStuck = wait?.style === spanStyle.wantedStuck;
    const x = Math.max(step.x, wait === undefined ? step.x : wait.x) + 6;
    const room = step.x + step.width - x;
    if (x < free || room < numberRoom) continue;
    const number = `${step.value}`;
    const text = wait !== undefined && room > 70 ? `${number}, needs ${needs}` : number;
    const colour = wait === undefined ? palette.ink : isStuck ? palette.cyc : palette.wait;
    brush.writeOver(text, x, heightOf(step), room, colour, fonts.letter);
    free = x + numberRoom * 3;
  }
}
