// What the lab knows at a moment, made from the events before it and from nothing else: who runs
// and who sleeps on what, who has which lock, how many references there are, which works wait or
// run, and the last word about every port, link, bond and module. An unlock counts from the moment
// at which its doer begins it.

import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Piece } from '../record/piece.ts';

/** How a task stands. */
export type TaskState = 'runnable' | 'blocked' | 'spinning' | 'relaxing';

/** A task; numbers are those of the trace. */
export interface FoldedTask {
  readonly name: number;
  readonly state: TaskState;
  /** Object that it waits for, and the text beside it. */
  readonly object: number;
  readonly text: number;
  readonly sinceNs: number;
}

/** A work: where it is queued and which task runs it; 0 for neither. */
export interface FoldedWork {
  readonly queue: number;
  readonly task: number;
}

/** A hold of a lock. */
export interface FoldedHold {
  readonly task: number;
  readonly sinceNs: number;
  /** For writing; every hold but a reader's. */
  readonly exclusive: boolean;
}

/** Kinds of which the last word about each object is kept. */
export const noteKinds = [
  'link',
  'cable',
  'card.port',
  'card.map',
  'switch.port',
  'netdev.state',
  'bond.state',
] as const satisfies readonly KindName[];

export type NoteKind = (typeof noteKinds)[number];

const isNote: readonly boolean[] = kindTable.map(({ name }) =>
  (noteKinds as readonly string[]).includes(name),
);

type Apply = (fold: Fold, event: Event) => void;

/** One event, its fields taken apart. */
interface Event {
  timeNs: number;
  kind: number;
  task: number;
  object: number;
  value: number;
  place: number;
}

/** The state after a number of events. */
export class Fold {
  /** Events that it is made of. */
  seq = 0;
  timeNs = 0;
  /** Task that ran last; 0 before the first. */
  running = 0;
  readonly tasks = new Map<number, FoldedTask>();
  readonly locks = new Map<number, readonly FoldedHold[]>();
  readonly references = new Map<number, number>();
  readonly works = new Map<number, FoldedWork>();
  readonly modules = new Set<number>();
  /** Drivers by device. */
  readonly drivers = new Map<number, number>();
  /** Last values by kind and object. */
  readonly notes = new Map<number, Map<number, number>>();
  /** Numbers of findings, by event. */
  readonly findings: number[] = [];

  /** A copy that goes its own way. */
  copy(): Fold {
    const fold = new Fold();
    fold.seq = this.seq;
    fold.timeNs = this.timeNs;
    fold.running = this.running;
    for (const name of ['tasks', 'locks', 'references', 'works', 'drivers'] as const) {
      const to = fold[name] as Map<number, unknown>;
      for (const [key, value] of this[name]) to.set(key, value);
    }
    for (const name of this.modules) fold.modules.add(name);
    for (const [kind, values] of this.notes) fold.notes.set(kind, new Map(values));
    fold.findings.push(...this.findings);
    return fold;
  }

  /** Takes some records in a row in; they must be the next ones. */
  apply({ from, count, f64, u32, u16, u8 }: Piece): void {
    if (from !== this.seq) throw new RangeError(`event ${from} after ${this.seq} events`);
    const event: Event = { timeNs: this.timeNs, kind: 0, task: 0, object: 0, value: 0, place: 0 };
    for (let at = 0; at < count; at++) {
      const kind = u8[at * 24 + 22]!;
      event.timeNs = f64[at * 3]!;
      const change = changes[kind];
      if (change !== undefined) {
        event.kind = kind;
        event.task = u16[at * 12 + 10]!;
        event.object = u32[at * 6 + 2]!;
        event.value = u32[at * 6 + 3]!;
        event.place = u32[at * 6 + 4]!;
        change(this, event);
      }
      this.seq++;
    }
    this.timeNs = event.timeNs;
  }
}

/** How the task of an event stands from now on. */
function stand(
  fold: Fold,
  task: number,
  state: TaskState,
  object = 0,
  text = 0,
  sinceNs = 0,
): void {
  const name = fold.tasks.get(task)?.name ?? 0;
  fold.tasks.set(task, { name, state, object, text, sinceNs });
}

const take =
  (exclusive: (event: Event) => boolean): Apply =>
  ({ locks }, event) => {
    const hold = { task: event.task, sinceNs: event.timeNs, exclusive: exclusive(event) };
    locks.set(event.object, [...(locks.get(event.object) ?? []), hold]);
  };

/** The doer's own hold; of a semaphore, which anybody may give back, else the oldest. */
function giveBack({ locks }: Fold, { object, task }: Event): void {
  const holds = locks.get(object) ?? [];
  const own = holds.findIndex((hold) => hold.task === task);
  const left = holds.filter((_, index) => index !== Math.max(0, own));
  if (left.length > 0) locks.set(object, left);
  else locks.delete(object);
}

/** The values are of the moment before the doer went on: only the first one is taken as it is. */
function count({ references }: Fold, { object, value }: Event, change: 1 | -1): void {
  const before = references.get(object);
  references.set(object, before === undefined ? value : before + change);
}

/** What is known of it goes with it. */
function rename({ references, notes }: Fold, { object, value }: Event): void {
  for (const map of [references, ...notes.values()]) {
    const known = map.get(object);
    if (known === undefined) continue;
    map.delete(object);
    map.set(value, known);
  }
}

function work({ works }: Fold, object: number, change: Partial<FoldedWork>): void {
  const after = { ...(works.get(object) ?? { queue: 0, task: 0 }), ...change };
  if (after.queue === 0 && after.task === 0) works.delete(object);
  else works.set(object, after);
}

function note({ notes }: Fold, { kind, object, value }: Event): void {
  const values = notes.get(kind) ?? new Map<number, number>();
  notes.set(kind, values.set(object, value));
}

const byName: Readonly<Partial<Record<KindName, Apply>>> = {
  'task.create': ({ tasks }, { object, place, timeNs }) =>
    tasks.set(object, { name: place, state: 'runnable', object: 0, text: 0, sinceNs: timeNs }),
  'task.exit': ({ tasks }, { object }) => tasks.delete(object),
  'irq.exit': ({ tasks }, { task }) => tasks.delete(task),
  'softirq.exit': ({ tasks }, { task }) => tasks.delete(task),
  'task.switch': (fold, { object, timeNs }) => {
    fold.running = object;
    if (fold.tasks.get(object)?.state !== 'runnable') stand(fold, object, 'runnable', 0, 0, timeNs);
  },
  'task.block': (fold, { task, object, value, timeNs }) =>
    stand(fold, task, 'blocked', object, value, timeNs),
  'task.wake': (fold, { object, timeNs }) => stand(fold, object, 'runnable', 0, 0, timeNs),
  'task.spin': (fold, { task, object, timeNs }) => stand(fold, task, 'spinning', object, 0, timeNs),
  'task.relax': (fold, { task, timeNs }) => stand(fold, task, 'relaxing', 0, 0, timeNs),
  'mutex.acquired': take(() => true),
  'mutex.unlock': giveBack,
  'spin.acquired': take(() => true),
  'spin.unlock': giveBack,
  'rwsem.acquired': take(({ value }) => value === 1),
  'rwsem.release': giveBack,
  'sem.acquired': take(() => true),
  'sem.up': giveBack,
  'ref.hold': (fold, event) => count(fold, event, 1),
  'ref.put': (fold, event) => count(fold, event, -1),
  'ref.rename': rename,
  'work.queue': (fold, { object, value }) => work(fold, object, { queue: value }),
  'timer.arm': (fold, { object, value }) => {
    // A delayed work is armed with the queue that it goes to.
    if (value !== 0) work(fold, object, { queue: value });
  },
  'work.start': (fold, { object, task }) => work(fold, object, { queue: 0, task }),
  'work.end': (fold, { object }) => work(fold, object, { task: 0 }),
  'work.cancel': (fold, { object }) => work(fold, object, { queue: 0 }),
  'module.load': ({ modules }, { object }) => modules.add(object),
  'module.unload': ({ modules }, { object }) => modules.delete(object),
  'device.bind': ({ drivers }, { object, value }) => drivers.set(object, value),
  'device.unbind': ({ drivers }, { object }) => drivers.delete(object),
  finding: ({ findings, seq }) => findings.push(seq),
  oops: ({ findings, seq }) => findings.push(seq),
};

/** By kind; a kind that changes nothing has none. */
const changes: readonly (Apply | undefined)[] = kindTable.map(({ name }, kind) =>
  isNote[kind] === true ? note : byName[name],
);
