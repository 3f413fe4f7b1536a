// Counting semaphores (kernel/locking/semaphore.c): first come, first served; up() hands over to
// the first waiter. Who took one need not be who gives it back: in the wait graph the one who gives
// back loses a hold, and if it has none the oldest holder does.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EINTR } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { actorOf, currentActor, might_sleep, schedule } from '../sched.ts';
import { signal_pending_state } from '../signal.ts';

interface Waiter {
  readonly task: Task;
  up: boolean;
}

export class Semaphore {
  readonly k: Kernel;
  readonly name: string;
  readonly object: number;
  readonly resource: Resource;
  count: number;
  readonly waiters: Waiter[] = [];

  constructor(k: Kernel, name: string, count: number) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.resource = new Resource(name, 'semaphore', 'any');
    this.count = count;
  }
}

export const sema_init = (k: Kernel, name: string, count: number): Semaphore =>
  new Semaphore(k, name, count);

/** Takes one if there is one. */
function take(sem: Semaphore): boolean {
  if (sem.count === 0) return false;
  sem.count--;
  sem.k.graph.hold(sem.resource, currentActor(sem.k), '');
  sem.k.trace.emit(K['sem.acquired'], sem.object, 0);
  return true;
}

/** Waits for one: 0, or -EINTR when a signal came first. */
function* __down_common(sem: Semaphore, state: 'D' | 'S'): MaySleep<number> {
  const { k } = sem;
  const actor = currentActor(k);
  const waiter: Waiter = { task: k.sim.current, up: false };
  sem.waiters.push(waiter);
  k.graph.wait(actor, sem.resource);
  while (!waiter.up && !signal_pending_state(state, waiter.task)) {
    yield* schedule(k, state, `semaphore ${sem.name}`, sem.object);
  }
  k.graph.endWait(actor, sem.resource);
  if (waiter.up) {
    k.trace.emit(K['sem.acquired'], sem.object, 0);
    return 0;
  }
  sem.waiters.splice(sem.waiters.indexOf(waiter), 1);
  return -EINTR;
}

function* __down(sem: Semaphore): MaySleep<void> {
  yield* __down_common(sem, 'D');
}

function* __down_interruptible(sem: Semaphore): MaySleep<number> {
  return yield* __down_common(sem, 'S');
}

/** Takes one; sleeps uninterruptibly while there is none. */
export function* down(sem: Semaphore): MaySleep<void> {
  might_sleep(sem.k, 'kernel/locking/semaphore.c:59');
  if (sem.k.sim.point(K['sem.down'], sem.object)) yield preempt;
  if (!take(sem)) yield* __down(sem);
}

/** Takes one if there is one; never sleeps. (The C function answers 0 for success.) */
export function* down_trylock(sem: Semaphore): Atomic<boolean> {
  if (sem.k.sim.point(K['sem.down'], sem.object)) yield preempt;
  return take(sem);
}

/** Takes one; a signal ends the wait with -EINTR. */
export function* down_interruptible(sem: Semaphore): MaySleep<number> {
  might_sleep(sem.k, 'kernel/locking/semaphore.c:83');
  if (sem.k.sim.point(K['sem.down'], sem.object)) yield preempt;
  return take(sem) ? 0 : yield* __down_interruptible(sem);
}

/** Gives one back, to the first waiter if there is one. Anybody may call it. */
export function* up(sem: Semaphore): Atomic<void> {
  const { k } = sem;
  if (k.sim.point(K['sem.up'], sem.object)) yield preempt;
  const first = sem.waiters.shift();
  if (first === undefined) sem.count++;
  else handOver(sem, first);
  // Only now: while a waiter still waits for it, the unit must not seem lost.
  giveBack(sem);
}

function handOver(sem: Semaphore, waiter: Waiter): void {
  const { k } = sem;
  const actor = actorOf(k, waiter.task);
  waiter.up = true;
  k.graph.endWait(actor, sem.resource);
  k.graph.handOver(sem.resource, actor, '');
  k.sim.wake(waiter.task);
}

/** Takes a hold off the graph: the giver's, or else the oldest. */
function giveBack(sem: Semaphore): void {
  const { k } = sem;
  if (k.graph.release(sem.resource, currentActor(k))) return;
  const oldest = sem.resource.holds[0];
  if (oldest !== undefined) k.graph.release(sem.resource, oldest.actor);
}
