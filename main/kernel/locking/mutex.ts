// Mutexes (kernel/locking/mutex.c, facts/driver 9.1): an owner and a FIFO of waiters. unlock wakes
// the first waiter but does not give it the lock, so a running task may take it first; a waiter
// that woke in vain asks for hand-over, so nobody starves. The trace tells the attempt (mutex.lock)
// and the moment of getting it (mutex.acquired).
// Left out: optimistic spinning, which changes no order here; ww mutexes.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EINTR } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { KERN_WARNING, printk } from '../printk.ts';
import { actorOf, currentActor, might_sleep, schedule_preempt_disabled } from '../sched.ts';
import { signal_pending_state } from '../signal.ts';

type SleepLetter = 'D' | 'K' | 'S';

export class Mutex {
  readonly k: Kernel;
  readonly name: string;
  readonly object: number;
  readonly resource: Resource;
  owner: Task | null = null;
  readonly waiters: Task[] = [];
  /** The first waiter woke once in vain: the next unlock gives it the lock. */
  handoff = false;
  /** The waiter that was given the lock and has not run since. */
  pickup: Task | null = null;

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.resource = new Resource(name, 'mutex');
  }
}

/** mutex_init(): `name` is unique in the machine, for example `state_lock(mlx4_en@card0)`. */
export const mutex_init = (k: Kernel, name: string): Mutex => new Mutex(k, name);

export const mutex_is_locked = (lock: Mutex): boolean => lock.owner !== null;

function take(lock: Mutex, task: Task): void {
  lock.owner = task;
  lock.k.graph.hold(lock.resource, actorOf(lock.k, task), '');
}

/** The fast path: takes a lock that is free and not about to be handed over. */
function __mutex_trylock_fast(lock: Mutex): boolean {
  if (lock.owner !== null || lock.handoff) return false;
  take(lock, lock.k.sim.current);
  lock.k.trace.emit(K['mutex.acquired'], lock.object, 0);
  return true;
}

/** Takes the lock; sleeps uninterruptibly (D) while somebody else has it. */
export function* mutex_lock(lock: Mutex): MaySleep<void> {
  might_sleep(lock.k, 'kernel/locking/mutex.c:283');
  if (lock.k.sim.point(K['mutex.lock'], lock.object)) yield preempt;
  if (!__mutex_trylock_fast(lock)) yield* __mutex_lock_slowpath(lock);
}

function* __mutex_lock_slowpath(lock: Mutex): MaySleep<void> {
  yield* __mutex_lock(lock, 'D');
}

function* __mutex_lock_interruptible_slowpath(lock: Mutex): MaySleep<number> {
  return yield* __mutex_lock(lock, 'S');
}

function* __mutex_lock_killable_slowpath(lock: Mutex): MaySleep<number> {
  return yield* __mutex_lock(lock, 'K');
}

function* __mutex_lock(lock: Mutex, state: SleepLetter): MaySleep<number> {
  const { k } = lock;
  const task = k.sim.current;
  const actor = currentActor(k);
  lock.waiters.push(task);
  k.graph.wait(actor, lock.resource);
  let woken = false;
  while (lock.owner !== null && lock.pickup !== task) {
    if (signal_pending_state(state, task)) break;
    if (woken && lock.waiters[0] === task) lock.handoff = true;
    yield* schedule_preempt_disabled(k, state, `mutex ${lock.name}`, lock.object);
    woken = true;
  }
  k.graph.endWait(actor, lock.resource);
  lock.waiters.splice(lock.waiters.indexOf(task), 1);
  if (lock.waiters.length === 0) lock.handoff = false;
  if (lock.owner !== null && lock.pickup !== task) return -EINTR;
  if (lock.owner === null) take(lock, task);
  lock.pickup = null;
  k.trace.emit(K['mutex.acquired'], lock.object, 0);
  return 0;
}

/** As mutex_lock(), but a signal ends the wait with -EINTR. */
export function* mutex_lock_interruptible(lock: Mutex): MaySleep<number> {
  might_sleep(lock.k, 'kernel/locking/mutex.c:979');
  if (lock.k.sim.point(K['mutex.lock'], lock.object)) yield preempt;
  return __mutex_trylock_fast(lock) ? 0 : yield* __mutex_lock_interruptible_slowpath(lock);
}

/** As mutex_lock(), but a fatal signal ends the wait with -EINTR. */
export function* mutex_lock_killable(lock: Mutex): MaySleep<number> {
  might_sleep(lock.k, 'kernel/locking/mutex.c:1003');
  if (lock.k.sim.point(K['mutex.lock'], lock.object)) yield preempt;
  return __mutex_trylock_fast(lock) ? 0 : yield* __mutex_lock_killable_slowpath(lock);
}

/** Takes the lock if it is free; never sleeps. */
export function* mutex_trylock(lock: Mutex): Atomic<boolean> {
  if (lock.k.sim.point(K['mutex.trylock'], lock.object)) yield preempt;
  return __mutex_trylock_fast(lock);
}

/** Gives the lock back. An unlock by somebody else is reported and has no effect. */
export function* mutex_unlock(lock: Mutex): Atomic<void> {
  const { k } = lock;
  if (k.sim.point(K['mutex.unlock'], lock.object)) yield preempt;
  if (lock.owner !== k.sim.current) {
    printk(k, KERN_WARNING, `DEBUG_LOCKS_WARN_ON(__owner_task(owner) != current): ${lock.name}`);
    return;
  }
  k.graph.release(lock.resource, currentActor(k));
  lock.owner = null;
  const first = lock.waiters[0];
  if (first === undefined) return;
  if (lock.handoff) {
    lock.handoff = false;
    k.graph.endWait(actorOf(k, first), lock.resource);
    lock.owner = first;
    k.graph.handOver(lock.resource, actorOf(k, first), '');
    lock.pickup = first;
  }
  k.sim.wake(first);
}
