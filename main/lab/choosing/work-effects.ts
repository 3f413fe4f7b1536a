// What queueing, starting, cancelling and flushing a work does in one step, by the rules of
// main/kernel/workqueue.ts. The trace tells that it is tried; whether it comes to anything depends
// on the PENDING bit, so that is followed from deed to deed.

import { K } from '#trace/kinds.ts';
import type { TraceEvent } from '#trace/trace.ts';
import type { Effect } from './effects.ts';
import { actorSign, standsIn, workSign } from './stand.ts';
import type { Stand } from './stand.ts';

type Effects = (stand: Stand) => Effect[];

/** Where the PENDING bit has the work: nowhere, at its timer, on its queue. */
type Pending = 'no' | 'armed' | 'queued';

/** After one more deed. A pending work is queued again by nobody but its own timer. */
function pendingAfter({ last }: Stand, before: Pending, { kind, task }: TraceEvent): Pending {
  if (kind === K['timer.arm']) return before === 'no' ? 'armed' : before;
  if (kind !== K['work.queue']) return 'no';
  return before === 'armed' && !last.isSoftirq(task) ? 'armed' : 'queued';
}

const deeds = [K['work.queue'], K['work.start'], K['work.cancel'], K['timer.arm']] as const;

/** What the work is, with the last deed that put it there. What is only announced is not done. */
function pendingOf(stand: Stand, work: number): [Pending, TraceEvent | null] {
  const { naming, last, event } = stand;
  const { trace } = naming;
  const done: TraceEvent[] = [];
  for (let seq = trace.count - 1; seq >= 0; seq--) {
    if (seq === event.seq || !deeds.some((kind) => trace.matches(seq, kind, work))) continue;
    const deed = trace.event(seq);
    // Where a work is taken up its bit is cleared before the point.
    if (deed.kind === K['work.start']) break;
    if (last.isPending(deed)) continue;
    if (deed.kind === K['work.cancel']) break;
    done.unshift(deed);
  }
  let [pending, by]: [Pending, TraceEvent | null] = ['no', null];
  for (const deed of done) {
    const after = pendingAfter(stand, pending, deed);
    if (after !== pending) by = deed;
    pending = after;
  }
  return [pending, by];
}

/** Works that wait on a queue. */
const worksOn = (stand: Stand, queue: number): number[] =>
  [...stand.naming.fold.works.keys()].filter((work) => {
    const [pending, by] = pendingOf(stand, work);
    return pending === 'queued' && by?.value === queue;
  });

const queue: Effects = (stand) => {
  const { naming, event } = stand;
  const { object, value } = event;
  const work = workSign(stand, object);
  if (pendingOf(stand, object)[0] !== 'no') return [{ kind: 'stays queued', work }];
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
  const [pending, by] = pendingOf(stand, object);
  const effects: Effect[] = [];
  if (pending === 'queued') {
    effects.push({ kind: 'takes off', work, queue: naming.trace.text(by?.value ?? 0) });
  } else if (pending === 'armed') effects.push({ kind: 'disarms', work });
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
    const isQueued = pendingOf(stand, object)[0] === 'queued';
    return [{ kind: isQueued ? 'awaits turn' : 'nothing to do', work }];
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
