// The kernel text that belongs to a report: the line that has its words, and what the same task
// printed on from there. Reports stand beside their lines, before or after them.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';

/** Events between a report and its first line. */
const reachEvents = 32;
/** Most lines that are given. */
const linesMax = 30;

/** Event of the line that says what the report says, or -1. */
function firstLine(trace: Trace, report: number, end: number): number {
  const { task, value } = trace.event(report);
  const said = trace.text(value);
  for (let by = 1; by <= reachEvents; by++) {
    for (const seq of [report + by, report - by]) {
      if (seq < 0 || seq >= end) continue;
      const event = trace.event(seq);
      if (event.kind === K.printk && event.task === task && trace.text(event.object).includes(said))
        return seq;
    }
  }
  return -1;
}

/** What was printed for the report with this event, of the events before `end`. */
export function printedFor(trace: Trace, report: number, end: number): string[] {
  const { task } = trace.event(report);
  const first = firstLine(trace, report, end);
  const lines: string[] = [];
  for (let seq = first; seq >= 0 && seq < end && lines.length < linesMax; seq++) {
    const event = trace.event(seq);
    // The report is over when somebody else runs, and when its task goes on to other things.
    if (event.task !== task || seq > first + reachEvents) break;
    if (event.kind === K.printk) lines.push(...trace.text(event.object).split('\n'));
  }
  return lines.slice(0, linesMax);
}
