// A moment of a recorded run in a person's words: the number of an event, or a time with a unit.
// A moment is before its event; the last one is after all of them.

import type { Trace } from '#trace/trace.ts';
import { parseTime } from '../scenario/units.ts';

/** Number of the first event at `timeNs` or later; the count of events when there is none. */
export function seqAtTime(trace: Trace, timeNs: number): number {
  let [low, high] = [0, trace.count];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (trace.event(middle).timeNs < timeNs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The event that `6.1s` or `104000` names, at most the count of events; null for none. */
export function seqOf(trace: Trace, moment: string): number | null {
  if (/^\d{1,15}$/.test(moment)) {
    const seq = Number(moment);
    return seq <= trace.count ? seq : null;
  }
  const timeNs = parseTime(moment);
  return timeNs === undefined ? null : seqAtTime(trace, timeNs);
}
