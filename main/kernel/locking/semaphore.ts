// Counting semaphores (kernel/locking/semaphore.c): FIFO, up() hands over to the first waiter.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EINTR } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { actorOf, currentActor, might_sleep, schedule } from '../sched.ts';

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

function* __down(sem: Semaphore, state: 'D' | 'S'): MaySleep<number> {
  const { k } = sem;
  might_sleep(k);
  if (k.sim.point(K['sem.down'], sem.object)) yield preempt;
  const actor = currentActor(k);
  if (sem.count > 0) {
    sem.count--;
    k.graph.hold(sem.resource, actor, '');
    return 0;
  }
  const waiter: Waiter = { task: k.sim.current, up: false };
  sem.waiters.push(waiter);
  k.graph.wait(actor, sem.resource);
  while (!waiter.up && !(state === 'S' && waiter.task.signalPending)) {
    yield* schedule(k, state, `semaphore ${sem.name}`, sem.object);
  }
  k.graph.endWait(actor, sem.resource);
  if (waiter.up) return 0;
  sem.waiters.splice(sem.waiters.indexOf(waiter), 1);
  return -EINTR;
}

/** Takes one; sleeps uninterruptibly while there is none. */
export function* down(sem: Semaphore): MaySleep<void> {
  yield* __down(sem, 'D');
}

/** Takes one; a signal ends the wait with -EINTR. */
export function* down_interruptible(sem: Semaphore): MaySleep<number> {
  return yield* __down(sem, 'S');
}

/** Gives one back, to the first waiter if there is one. Anybody may call it. */
export function* up(sem: Semaphore): Atomic<void> {
  const { k } = sem;
  if (k.sim.point(K['sem.up'], sem.object)) yield preempt;
  k.graph.release(sem.resource, currentActor(k));
  const first = sem.waiters.shift();
  if (first === undefined) {
    sem.count++;
    return;
  }
  first.up = true;
  k.graph.endWait(actorOf(k, first.task), sem.resource);
  k.graph.hold(sem.resource, actorOf(k, first.task), '');
  k.sim.wake(first.task);
}
