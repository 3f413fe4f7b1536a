// How many of those who wait cannot go on: tasks of cycles that stand. One that polls is among
// them, though it does not wait at every moment.

import type { Waits } from '#contract/waits.ts';

/** Tasks that are in a cycle that stands. */
export function cycleTasks({ things, cycles }: Pick<Waits, 'things' | 'cycles'>): number {
  const inCycle = new Set(
    cycles.filter(({ stands }) => stands).flatMap(({ steps }) => steps.map(({ from }) => from)),
  );
  return things.filter(({ kind, id }) => kind === 'task' && inCycle.has(id)).length;
}
