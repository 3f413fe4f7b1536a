// What queueing, starting, cancelling and flushing a work does in one step, by the rules of
// main/kernel/workqueue.ts. The fold takes a work as queued when that is announced; here it counts
// when it was done.

import { K } from '#trace/kinds.ts';
import type { TraceEvent } from '#trace/trace.ts';
import type { Effect } from './effects.ts';
import { actorSign, standsIn, workSign } from './stand.ts';
import type { Stand } from './stand.ts';

type Effects = (stand: Stand) => Effect[];

/** What can have been done to a work before. */
const deeds = [K['work.queue'], K['work.start'], K['work.cancel'], K['timer.arm']] as const;

/** The last thing that was done to the work before the task's own point. */
function lastDeed({ naming, last, event }: Stand, work: number): TraceEvent | null {
  const { trace } = naming;
  for (let seq = trace.count - 1; seq >= 0; seq--) {
    if (seq === event.seq || !deeds.some((kind) => trace.matches(seq, kind, work))) continue;
    const deed = trace.event(seq);
    // Where a work is taken up its bit is cleared before the point.
    if (deed.kind === K['work.start'] || !last.isPending(deed)) return deed;
  }
  return null;
}

/** It waits on a queue, or for its timer: queueing it again does nothing. */
const isPending = (deed: TraceEvent | null): boolean =>
  deed?.kind === K['work.queue'] || deed?.kind === K['timer.arm'];

/** Works that wait on a queue, without those of which that is only announced. */
function worksOn({ naming, last }: Stand, queue: number): number[] {
  const { trace, fold } = naming;
  const announced = new Set<number>();
  for (const number of fold.tasks.keys()) {
    const event = last.of(number);
    if (event?.kind === K['work.queue']) announced.add(event.object);
  }
  return [...fold.works]
    .filter(([, { queue: on, armed }]) => on === queue && !armed)
    .map(([work]) => work)
    .filter((work) => trace.text(work) !== '' && !announced.has(work));
}

const queue: Effects = (stand) => {
  const { naming, event } = stand;
  const { object, value } = event;
  const work = workSign(stand, object);
  if (isPending(lastDeed(stand, object))) return [{ kind: 'stays queued', work }];
  const before = worksOn(stand, value).length;
  return [{ kind: 'queues', work, queue: naming.trace.text(value), before }];
};

/** Who runs the work, or null. */
function runnerOf({ naming }: Stand, work: number): number | null {
  const task = naming.fold.works.get(work)?.task ?? 0;
  return task === 0 ? null : (naming.fold.names.get(task) ?? 0);
}

const cancel: Effects = (stand) => {
  const { naming, event } = stand;
  const { object } = event;
  const work = workSign(stand, object);
  const deed = lastDeed(stand, object);
  const effects: Effect[] = [];
  if (deed?.kind === K['work.queue']) {
    effects.push({ kind: 'takes off', work, queue: naming.trace.text(deed.value) });
  } else if (deed?.kind === K['timer.arm']) effects.push({ kind: 'disarms', work });
  const runner = runnerOf(stand, object);
  if (runner !== null && standsIn(stand, /^cancel_(delayed_)?work_sync$/)) {
    effects.push({ kind: 'awaits run', work, runner: actorSign(stand, runner) });
  }
  return effects.length > 0 ? effects : [{ kind: 'nothing to do', work }];
};

/** Of a work, or of everything that a queue has. */
const flush: Effects = (stand) => {
  const { naming, event } = stand;
  const { fold } = naming;
  const { object } = event;
  if (naming.isWork(object)) {
    const work = workSign(stand, object);
    const runner = runnerOf(stand, object);
    if (runner !== null) return [{ kind: 'awaits run', work, runner: actorSign(stand, runner) }];
    const { queue: on = 0, armed = false } = fold.works.get(object) ?? {};
    return [on === 0 || armed ? { kind: 'nothing to do', work } : { kind: 'awaits turn', work }];
  }
  const running = [...fold.works.values()].filter(({ from, task }) => from === object && task > 0);
  const count = running.length + worksOn(stand, object).length;
  return [{ kind: 'awaits all', queue: naming.trace.text(object), count }];
};

/** By kind of the point. */
export const workEffects = {
  'work.queue': queue,
  'work.start': (stand) => [{ kind: 'starts', work: workSign(stand, stand.event.object) }],
  'work.cancel': cancel,
  'work.flush': flush,
} as const satisfies Record<string, Effects>;
