// How many of those who wait cannot go on: tasks of cycles that stand.

import type { Waits } from '#contract/waits.ts';

/** Tasks that are in a cycle that stands. */
export function cycleTasks({ things, cycles }: Pick<Waits, 'things' | 'cycles'>): number {
  const inCycle = new Set(
    cycles.filter(({ stands }) => stands).flatMap(({ steps }) => steps.map(({ from }) => from)),
  );
  return things.filter(({ kind, id }) => kind === 'task' && inCycle.has(id)).length;
}
