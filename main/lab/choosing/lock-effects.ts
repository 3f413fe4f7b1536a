// What taking and giving back a lock does in one step, by the rules of main/kernel/locking: who has
// it, who is woken, who is given it. Where the trace does not tell (how many a semaphore has left)
// nothing is said.

import { K } from '#trace/kinds.ts';
import type { FoldedHold } from '../fold/graph.ts';
import type { Effect } from './effects.ts';
import { actorSign, isAsleep, lockSign } from './stand.ts';
import type { Stand } from './stand.ts';

type Effects = (stand: Stand) => Effect[];

const holdsOf = ({ naming, event }: Stand): readonly FoldedHold[] =>
  naming.fold.holds.get(event.object) ?? [];

/** Names of those who wait for the lock, the first one first. */
const waitersOf = ({ naming, event }: Stand): number[] =>
  (naming.fold.waits.get(event.object) ?? []).map(({ actor }) => actor);

const takes = (stand: Stand): Effect => ({
  kind: 'takes',
  lock: lockSign(stand, stand.event.object),
});

const frees = (stand: Stand): Effect => ({
  kind: 'frees',
  lock: lockSign(stand, stand.event.object),
});

const gives = (stand: Stand, actors: readonly number[]): Effect => ({
  kind: 'gives',
  lock: lockSign(stand, stand.event.object),
  to: actors.map((actor) => actorSign(stand, actor)),
});

const held = (stand: Stand, kind: 'waits' | 'fails', by: number): Effect => ({
  kind,
  lock: lockSign(stand, stand.event.object),
  holder: actorSign(stand, by),
});

/** Of these those who sleep are woken. */
export function wakes(stand: Stand, actors: readonly number[]): Effect[] {
  const sleepers = actors.filter((actor) => isAsleep(stand, actor));
  if (sleepers.length === 0) return [];
  return [{ kind: 'wakes', tasks: sleepers.map((actor) => actorSign(stand, actor)) }];
}

const lockMutex: Effects = (stand) => {
  const [hold] = holdsOf(stand);
  return [hold === undefined ? takes(stand) : held(stand, 'waits', hold.actor)];
};

const tryMutex: Effects = (stand) => {
  const [hold] = holdsOf(stand);
  return [hold === undefined ? takes(stand) : held(stand, 'fails', hold.actor)];
};

/** A waiter that woke in vain and slept again has asked for the lock to be handed over to it. */
function isHandedOver({ naming, event }: Stand, waiter: number): boolean {
  const { trace } = naming;
  let sleeps = 0;
  for (let seq = trace.count - 1; seq >= 0; seq--) {
    if (trace.matches(seq, K['wait.begin'], event.object)) {
      if (trace.event(seq).value === waiter) break;
    } else if (trace.matches(seq, K['task.block'], event.object)) {
      if (naming.fold.names.get(trace.event(seq).task) === waiter) sleeps++;
    }
  }
  return sleeps > 1;
}

const unlockMutex: Effects = (stand) => {
  if (!holdsOf(stand).some(({ actor }) => actor === stand.actor)) return [];
  const [first] = waitersOf(stand);
  if (first === undefined) return [frees(stand)];
  return [
    isHandedOver(stand, first) ? gives(stand, [first]) : frees(stand),
    ...wakes(stand, [first]),
  ];
};

/** A hold for writing; one that was handed over says so by its reason only. */
const isWriter = ({ naming }: Stand, { exclusive, why }: FoldedHold): boolean =>
  exclusive && naming.trace.text(why) !== 'read';

/** What a waiter of a read-write semaphore wants it for: the last that it said. */
function wantsToWrite({ naming, event }: Stand, waiter: number): boolean {
  const { trace } = naming;
  for (let seq = trace.count - 1; seq >= 0; seq--) {
    const write = trace.matches(seq, K['rwsem.write'], event.object);
    if (!write && !trace.matches(seq, K['rwsem.read'], event.object)) continue;
    if (naming.fold.names.get(trace.event(seq).task) === waiter) return write;
  }
  return false;
}

/** Who stands in the way; a waiter holds up those who come later. */
function enter(stand: Stand, isInTheWay: (hold: FoldedHold) => boolean): Effect[] {
  const holder = holdsOf(stand).find(isInTheWay)?.actor;
  if (holder !== undefined) return [held(stand, 'waits', holder)];
  const [first] = waitersOf(stand);
  if (first === undefined) return [takes(stand)];
  const lock = lockSign(stand, stand.event.object);
  return [{ kind: 'lines up', lock, behind: actorSign(stand, first) }];
}

const leave: Effects = (stand) => {
  const rest = holdsOf(stand).filter(({ actor }) => actor !== stand.actor);
  const own = holdsOf(stand).find(({ actor }) => actor === stand.actor);
  if (own === undefined) return [];
  const lock = lockSign(stand, stand.event.object);
  const readers = rest.length + own.count - 1;
  if (readers > 0) return [{ kind: 'leaves', lock, readers }];
  const waiters = waitersOf(stand);
  const [first] = waiters;
  if (first === undefined) return [frees(stand)];
  const next = wantsToWrite(stand, first)
    ? [first]
    : waiters.filter((waiter) => !wantsToWrite(stand, waiter));
  return [gives(stand, next), ...wakes(stand, next)];
};

/** Of a semaphore only its takers are known, not how many it has left. */
const down: Effects = (stand) => {
  const [hold] = holdsOf(stand);
  if (waitersOf(stand).length === 0 || hold === undefined) return [];
  return [held(stand, 'waits', hold.actor)];
};

const up: Effects = (stand) => {
  const [first] = waitersOf(stand);
  return first === undefined ? [frees(stand)] : [gives(stand, [first]), ...wakes(stand, [first])];
};

/** It slept for a lock and was woken: a mutex it has to take, other locks were given to it. */
export const wokenFor: Effects = (stand) => {
  const { naming, event, actor } = stand;
  const holds = holdsOf(stand);
  if (holds.some((hold) => hold.actor === actor)) {
    return [{ kind: 'has', lock: lockSign(stand, event.object) }];
  }
  return naming.kindOf(event.object) === 'mutex' ? lockMutex(stand) : [];
};

/** By kind of the point. A spinlock is free again before its point. */
export const lockEffects = {
  'mutex.lock': lockMutex,
  'mutex.trylock': tryMutex,
  'mutex.unlock': unlockMutex,
  'spin.lock': lockMutex,
  'rwsem.read': (stand) => enter(stand, (hold) => isWriter(stand, hold)),
  'rwsem.write': (stand) => enter(stand, () => true),
  'rwsem.release': leave,
  'sem.down': down,
  'sem.up': up,
} as const satisfies Record<string, Effects>;
