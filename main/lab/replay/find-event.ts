// The next event of some kinds, on or back from a moment: what the step keys of a window go to. A
// moment is before its event, so after a step on, the event found is the last one before the
// moment.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';

/** What a step goes to; `same` is the kind of the event before the moment. */
export const stepGoals = ['point', 'switch', 'blocked', 'same'] as const;
export type StepGoal = (typeof stepGoals)[number];

/** Kinds that a step from a moment goes to; null for any event. */
export function kindsOfGoal(trace: Trace, goal: StepGoal, from: number): readonly number[] | null {
  switch (goal) {
    case 'point':
      return null;
    case 'switch':
      return [K['task.switch']];
    case 'blocked':
      return [K['task.block'], K.finding];
    case 'same':
      return from === 0 ? null : [trace.event(from - 1).kind];
  }
}

/** The moment after the next such event, or before it going back; null when there is none. */
export function findEvent(
  trace: Trace,
  from: number,
  direction: 'on' | 'back',
  kinds: readonly number[] | null,
): number | null {
  const step = direction === 'on' ? 1 : -1;
  // Going back the event that ends at the moment is where one stands, not where one goes.
  let seq = direction === 'on' ? from : from - 2;
  for (; seq >= 0 && seq < trace.count; seq += step) {
    if (kinds === null || kinds.includes(trace.event(seq).kind)) return seq + 1;
  }
  return direction === 'back' && from > 0 ? 0 : null;
}
