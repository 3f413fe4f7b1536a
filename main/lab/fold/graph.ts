// The part of the fold that is the wait graph: who holds and who waits, as main/detect/graph.ts has
// it at the same moment, and the cycles that have closed. Actors and resources are numbers of
// texts. A resource is known by its handle (main/detect/telling.ts).

import type { ResourceKind } from '#detect/graph.ts';
import type { Applies, Apply, FoldedEvent } from './event.ts';
import type { Fold } from './fold.ts';

/** A hold of anything: a lock, a reference, a place on a queue, a promise. */
export interface FoldedHold {
  readonly actor: number;
  readonly count: number;
  readonly sinceNs: number;
  /** Text: why it holds. */
  readonly why: number;
  /** For writing; every hold but a reader's. */
  readonly exclusive: boolean;
  /** The lock was handed over, and its taker has not run since. */
  readonly handed: boolean;
}

/** Somebody who waits. */
export interface FoldedWait {
  readonly actor: number;
  /** Of the first one. */
  readonly sinceNs: number;
  /** Waits of the actor for it, one inside the other. */
  readonly count: number;
}

/** What a resource is; a kind that only its own events tell of has no text. */
export interface FoldedResource {
  readonly kind: ResourceKind | null;
  /** Text of the kind, 0 where `kind` says it. */
  readonly kindText: number;
  readonly name: number;
}

/** One step of a cycle, as it was when it closed. */
export interface FoldedStep {
  readonly waiter: number;
  readonly resource: number;
  readonly holder: number;
  /** Texts: where the waiter waits, and why the holder holds. */
  readonly place: number;
  readonly why: number;
  readonly waitSinceNs: number;
  readonly holdSinceNs: number;
}

/** A cycle that has closed. */
export interface FoldedDeadlock {
  /** Number of its event. */
  readonly seq: number;
  readonly timeNs: number;
  readonly sentence: number;
  readonly stands: boolean;
  readonly steps: readonly FoldedStep[];
}

function know(fold: Fold, kind: ResourceKind, handle: number): void {
  if (fold.resources.has(handle)) return;
  fold.resources.set(handle, { kind, kindText: 0, name: handle });
}

/** Adds a hold; a second one by the same actor counts. */
export function putHold(
  fold: Fold,
  kind: ResourceKind | null,
  handle: number,
  actor: number,
  sinceNs: number,
  rest: Partial<FoldedHold> = {},
): void {
  if (kind !== null) know(fold, kind, handle);
  const holds = fold.holds.get(handle) ?? [];
  const at = holds.findIndex((hold) => hold.actor === actor);
  const found = holds[at];
  if (found === undefined) {
    const hold = { actor, count: 1, sinceNs, why: 0, exclusive: true, handed: false, ...rest };
    fold.holds.set(handle, [...holds, hold]);
    return;
  }
  fold.holds.set(handle, holds.with(at, { ...found, count: found.count + 1 }));
}

/** Takes one hold back: the actor's own, or else nobody's. */
export function dropHold(fold: Fold, handle: number, actor: number): boolean {
  const holds = fold.holds.get(handle) ?? [];
  const at = holds.findIndex((hold) => hold.actor === actor);
  const found = holds[at];
  if (found === undefined) return false;
  if (found.count > 1) fold.holds.set(handle, holds.with(at, { ...found, count: found.count - 1 }));
  else if (holds.length > 1) fold.holds.set(handle, holds.toSpliced(at, 1));
  else fold.holds.delete(handle);
  return true;
}

/** A lock says that the one who runs has it; one that was handed over has been its before. */
const taken =
  (kind: ResourceKind): Apply =>
  (fold, event) => {
    const { object, value, timeNs } = event;
    const actor = fold.names.get(event.task) ?? 0;
    const holds = fold.holds.get(object) ?? [];
    const exclusive = kind !== 'rwsem' || value === 1;
    const at = holds.findIndex((hold) => hold.actor === actor && hold.handed);
    if (at < 0) putHold(fold, kind, object, actor, timeNs, { exclusive });
    else fold.holds.set(object, holds.with(at, { ...holds[at]!, exclusive, handed: false }));
  };

/** An unlock of somebody else's spinlock frees it all the same. */
function spinUnlock(fold: Fold, { object, task }: FoldedEvent): void {
  if (dropHold(fold, object, fold.names.get(task) ?? 0)) return;
  const [first] = fold.holds.get(object) ?? [];
  if (first !== undefined) dropHold(fold, object, first.actor);
}

/** A second wait by the same actor, inside the first, counts. */
function beginWait(fold: Fold, { object, value, timeNs }: FoldedEvent): void {
  const waits = fold.waits.get(object) ?? [];
  const at = waits.findIndex(({ actor }) => actor === value);
  const found = waits[at];
  if (found === undefined) {
    fold.waits.set(object, [...waits, { actor: value, sinceNs: timeNs, count: 1 }]);
  } else {
    fold.waits.set(object, waits.with(at, { ...found, count: found.count + 1 }));
  }
}

function endWait(fold: Fold, { object, value }: FoldedEvent): void {
  const waits = fold.waits.get(object) ?? [];
  const at = waits.findIndex(({ actor }) => actor === value);
  const found = waits[at];
  if (found === undefined) return;
  if (found.count > 1) fold.waits.set(object, waits.with(at, { ...found, count: found.count - 1 }));
  else if (waits.length > 1) fold.waits.set(object, waits.toSpliced(at, 1));
  else fold.waits.delete(object);
}

/** The values are of the moment before the doer went on: only the first one is taken as it is. */
function count({ references }: Fold, { object, value }: FoldedEvent, change: 1 | -1): void {
  const before = references.get(object);
  references.set(object, before === undefined ? value : before + change);
}

function openCycle(fold: Fold, { object, timeNs }: FoldedEvent): void {
  const { seq } = fold;
  const deadlock = { seq, timeNs, sentence: object, stands: true, steps: [] };
  fold.deadlocks = [...fold.deadlocks, deadlock];
}

function changeLast(fold: Fold, change: (steps: readonly FoldedStep[]) => FoldedStep[]): void {
  const last = fold.deadlocks.at(-1);
  if (last === undefined) return;
  fold.deadlocks = fold.deadlocks.with(-1, { ...last, steps: change(last.steps) });
}

function cycleWait(fold: Fold, { object, value, place, timeNs }: FoldedEvent): void {
  const wait = fold.waits.get(object)?.find(({ actor }) => actor === value);
  const waitSinceNs = wait?.sinceNs ?? timeNs;
  const rest = { holder: 0, why: 0, holdSinceNs: timeNs };
  const step = { waiter: value, resource: object, place, waitSinceNs, ...rest };
  changeLast(fold, (steps) => [...steps, step]);
}

function cycleHold(fold: Fold, { object, value, place, timeNs }: FoldedEvent): void {
  const hold = fold.holds.get(object)?.find(({ actor }) => actor === value);
  const holdSinceNs = hold?.sinceNs ?? timeNs;
  changeLast(fold, (steps) =>
    steps.map((step, index) =>
      index < steps.length - 1 ? step : { ...step, holder: value, why: place, holdSinceNs },
    ),
  );
}

function endCycle(fold: Fold, { object }: FoldedEvent): void {
  const at = fold.deadlocks.findLastIndex(({ sentence, stands }) => stands && sentence === object);
  const found = fold.deadlocks[at];
  if (found !== undefined) fold.deadlocks = fold.deadlocks.with(at, { ...found, stands: false });
}

export const graphApplies: Applies = {
  'mutex.acquired': taken('mutex'),
  'spin.acquired': taken('spinlock'),
  'spin.unlock': spinUnlock,
  'rwsem.acquired': taken('rwsem'),
  'sem.acquired': taken('semaphore'),
  resource: ({ resources }, { object, value, place }) =>
    resources.set(object, { kind: null, kindText: value, name: place }),
  'hold.begin': (fold, { object, value, place, timeNs }) => {
    putHold(fold, null, object, value, timeNs, { why: place });
  },
  'hold.handed': (fold, { object, value, place, timeNs }) => {
    putHold(fold, null, object, value, timeNs, { why: place, handed: true });
  },
  'hold.end': (fold, { object, value }) => dropHold(fold, object, value),
  'wait.begin': beginWait,
  'wait.end': endWait,
  'ref.hold': (fold, event) => {
    count(fold, event, 1);
  },
  'ref.put': (fold, event) => {
    count(fold, event, -1);
  },
  deadlock: openCycle,
  'deadlock.wait': cycleWait,
  'deadlock.hold': cycleHold,
  'deadlock.end': endCycle,
};
