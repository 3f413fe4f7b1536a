// What a person sees who chooses the next task: for each that can run what it would do next, why it
// can run and what it holds; and who cannot run. A context stands at a point before what the point
// announces, so the last event of each tells its next step. Nothing is said about what comes of it.

import type { Task } from '#sim/task.ts';
import { K, kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import type { Fold } from '../fold/fold.ts';
import { lockKinds, resourceKind, resourceName } from '../fold/naming.ts';
import { waitsNow } from '../fold/waiting.ts';
import { objectText, TaskNames } from '../record/words.ts';

/** A task that can be picked. */
export interface ChoiceCard {
  readonly task: string;
  /** What the window calls it. */
  readonly shown: string;
  /** It runs already: picking it is going on. */
  readonly current: boolean;
  /** What it would do next: `take` and `intf_mutex`. */
  readonly verb: string;
  readonly object: string;
  /** Name of the event's kind; empty for a task that begins. */
  readonly kind: KindName | '';
  readonly because: string;
  /** Locks that it has. */
  readonly holds: readonly string[];
}

/** A task that waits and cannot be picked. */
export interface WaitingTask {
  readonly task: string;
  readonly shown: string;
  readonly waitsFor: string;
  readonly sinceNs: number;
}

/** The question that is open. */
export interface OpenQuestion {
  readonly cards: readonly ChoiceCard[];
  readonly waiting: readonly WaitingTask[];
}

/** What the point of a kind is about to do, as one says it to somebody. */
const verbs: Readonly<Partial<Record<KindName, string>>> = {
  'mutex.lock': 'take',
  'mutex.trylock': 'try',
  'mutex.unlock': 'release',
  'spin.lock': 'take',
  'spin.unlock': 'release',
  'rwsem.read': 'take for reading',
  'rwsem.write': 'take for writing',
  'rwsem.release': 'release',
  'sem.down': 'take',
  'sem.up': 'release',
  'completion.wait': 'look at',
  'completion.complete': 'complete',
  'ref.hold': 'hold',
  'ref.put': 'put',
  'work.queue': 'queue',
  'work.start': 'start',
  'work.cancel': 'cancel',
  'work.flush': 'flush',
  'notifier.call': 'call',
  'cell.read': 'read',
  'cell.write': 'write',
  'timer.arm': 'arm',
  'timer.cancel': 'disarm',
  'mmio.read': 'read',
  'mmio.write': 'write',
};

/** The last event of a task before the end of the trace, or null. */
function lastEventOf(trace: Trace, task: number): TraceEvent | null {
  for (let seq = trace.count - 1; seq >= 0; seq--) {
    const event = trace.event(seq);
    if (event.task === task && event.kind !== K['task.switch']) return event;
  }
  return null;
}

/** Who woke a task last, after event `since`; null for a timer or the card. */
function wakerOf(trace: Trace, names: TaskNames, task: number, since: number): string | null {
  for (let seq = trace.count - 1; seq > since; seq--) {
    if (!trace.matches(seq, K['task.wake'], task)) continue;
    const { task: waker } = trace.event(seq);
    return waker === 0 ? null : names.shownOf(waker);
  }
  return null;
}

/** Cards for the tasks of a question; `current` runs, or nobody does. */
export function questionOf(
  trace: Trace,
  fold: Fold,
  eligible: readonly Task[],
  current: Task | null,
): OpenQuestion {
  const names = new TaskNames(trace);
  names.refresh();
  return {
    cards: eligible.map((task) => cardOf(trace, fold, names, task, task === current)),
    waiting: waitingTasks(trace, fold, names),
  };
}

/** Tasks in the wait graph, each once, with what it began to wait for first. */
function waitingTasks(trace: Trace, fold: Fold, names: TaskNames): WaitingTask[] {
  const waits = waitsNow(trace, fold).sort((a, b) => a.sinceNs - b.sinceNs);
  return [...fold.tasks].flatMap(([number, { name }]) => {
    const wait = waits.find(({ actor }) => actor === name);
    if (wait === undefined) return [];
    const waitsFor = resourceName(trace, fold, wait.handle).replace(/^netdev /, '');
    const task = trace.text(name);
    return [{ task, shown: names.shownOf(number), waitsFor, sinceNs: wait.sinceNs }];
  });
}

function cardOf(
  trace: Trace,
  fold: Fold,
  names: TaskNames,
  task: Task,
  current: boolean,
): ChoiceCard {
  const actor = trace.intern(task.name);
  const holds = [...fold.holds]
    .filter(([, held]) => held.some((hold) => hold.actor === actor))
    .filter(([handle]) => lockKinds.has(resourceKind(trace, fold, handle)))
    .map(([handle]) => resourceName(trace, fold, handle));
  const event = lastEventOf(trace, task.number);
  const base = { task: task.name, shown: names.shownOf(task.number), current, holds };
  if (event === null) {
    return { ...base, verb: 'begin', object: '', kind: '', because: 'it was just made' };
  }
  const kind = kindTable[event.kind]?.name ?? 'none';
  const object = objectText(trace, names, event);
  if (kind === 'task.block') {
    const waited = trace.text(event.value === 0 ? event.object : event.value);
    const waker = wakerOf(trace, names, task.number, event.seq);
    // An idle worker sleeps under its own name.
    if (waited === task.name) {
      const why = waker === null ? 'there may be work' : `${waker} woke it`;
      return { ...base, verb: 'look for', object: 'work', kind, because: why };
    }
    const because = waker === null ? `${waited} is over` : `${waker} woke it`;
    return { ...base, verb: 'go on after', object: waited, kind, because };
  }
  const because = current ? 'nothing stops it' : 'it was only made to wait its turn';
  return { ...base, verb: verbs[kind] ?? 'go on after', object, kind, because };
}
