// Who plays the parts of a run: the writer, the worker and the lock that is wanted most. A deadlock
// names them; without one, who waited longest for a lock that somebody held, and where.

import type { RunRecord } from '../record/run-record.ts';
import { timeIn } from './spans.ts';
import type { Lane } from './spans.ts';

/** Names; null where the run has nobody for a part. */
export interface Cast {
  readonly writer: string | null;
  readonly worker: string | null;
  readonly lock: string | null;
}

export const isWorker = (name: string): boolean => name.startsWith('worker of ');

const most = (lanes: readonly Lane[], weight: (lane: Lane) => number): string | null => {
  const found = lanes.reduce<{ name: string | null; weight: number }>(
    (best, lane) => {
      const own = weight(lane);
      return own > best.weight ? { name: lane.name, weight: own } : best;
    },
    { name: null, weight: -1 },
  );
  return found.name;
};

/** The parts of a run. */
export function castOf({ end }: Pick<RunRecord, 'end'>, lanes: readonly Lane[]): Cast {
  const named = end?.findings.find(({ kind }) => kind === 'deadlock')?.objects ?? [];
  const tasks = lanes.filter(({ kind }) => kind === 'task');
  const locks = lanes.filter(({ kind }) => kind === 'lock');
  const called = (from: readonly Lane[], fits: (name: string) => boolean): string | null =>
    named.find((name) => fits(name) && from.some((lane) => lane.name === name)) ?? null;
  const waited = (lane: Lane): number => timeIn(lane, 'wait', 'stuck');
  const lockNames = new Set(locks.map(({ name }) => name));
  const waitedForLocks = (lane: Lane): number =>
    lane.spans.reduce(
      (sum, { fromNs, toNs, text }) => sum + (lockNames.has(text) ? toNs - fromNs : 0),
      0,
    );
  const weight = (lane: Lane): number => 1000 * waitedForLocks(lane) + waited(lane);
  const isHuman = (name: string): boolean => !isWorker(name) && !/^(init|idle|script)/.test(name);
  return {
    writer:
      called(tasks, (name) => !isWorker(name)) ??
      most(
        tasks.filter((l) => isHuman(l.name)),
        weight,
      ),
    worker:
      called(tasks, isWorker) ??
      most(
        tasks.filter((l) => isWorker(l.name)),
        weight,
      ),
    lock: called(locks, () => true) ?? most(locks, (lane) => timeIn(lane, 'wanted')),
  };
}
