// Who plays the parts of a run: the writer, the worker and the lock that is wanted most. A deadlock
// names them; without one, who waited longest for a lock that somebody held, and where.

import type { RunRecord } from '../record/run-record.ts';
import type { LaneTrack } from './lanes.ts';
import { timeIn } from './stretches.ts';
import { spanStyle } from './styles.ts';
import type { Timeline } from './timeline.ts';

/** Names; null where the run has nobody for a part. */
export interface Cast {
  readonly writer: string | null;
  readonly worker: string | null;
  readonly lock: string | null;
}

export const isWorker = (name: string): boolean => name.startsWith('worker of ');

/** Locks that a task sleeps on: a spinlock is held for moments only. */
export const isSleepingLock = ({ kind }: Pick<LaneTrack, 'kind'>): boolean =>
  kind === 'mutex' || kind === 'rwsem' || kind === 'semaphore';

const isPerson = (name: string): boolean => !isWorker(name) && !/^(init|idle|script)/.test(name);

/** The name with the largest weight; null when there is none. */
function most(lanes: readonly LaneTrack[], weight: (lane: LaneTrack) => number): string | null {
  let best: { readonly name: string | null; readonly weight: number } = { name: null, weight: -1 };
  for (const lane of lanes) {
    const own = weight(lane);
    if (own > best.weight) best = { name: lane.name, weight: own };
  }
  return best.name;
}

/** The parts of a run. */
export function castOf({ end }: Pick<RunRecord, 'end'>, timeline: Timeline): Cast {
  const named = end?.findings.find(({ kind }) => kind === 'deadlock')?.objects ?? [];
  const tasks = timeline.tracks.all.filter(({ kind }) => kind === 'task');
  const locks = timeline.tracks.all.filter(isSleepingLock);
  const called = (from: readonly LaneTrack[], fits: (name: string) => boolean): string | null =>
    named.find((name) => fits(name) && from.some((lane) => lane.name === name)) ?? null;
  const lockNames = new Set(locks.map(({ name }) => name));
  /** Time in waits; a wait for a lock weighs more than any other. */
  const waited = ({ id }: LaneTrack): number => {
    const stretches = timeline.stretches(id);
    const all = timeIn(stretches, spanStyle.wait, spanStyle.stuck);
    const forLocks = stretches.filter(({ text }) => lockNames.has(text));
    return all + 1000 * timeIn(forLocks, spanStyle.wait, spanStyle.stuck);
  };
  const wanted = ({ id }: LaneTrack): number =>
    timeIn(timeline.stretches(id), spanStyle.wanted, spanStyle.wantedStuck);
  const of = (fits: (name: string) => boolean): LaneTrack[] =>
    tasks.filter(({ name }) => fits(name));
  return {
    writer: called(tasks, (name) => !isWorker(name)) ?? most(of(isPerson), waited),
    worker: called(tasks, isWorker) ?? most(of(isWorker), waited),
    lock: called(locks, () => true) ?? most(locks, wanted),
  };
}
