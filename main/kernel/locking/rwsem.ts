// Read-write semaphores (kernel/locking/rwsem.c): many readers or one writer, FIFO, so a waiting
// writer stops later readers.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from '../kernel.ts';
import { actorOf, currentActor, might_sleep, schedule } from '../sched.ts';

interface Waiter {
  readonly task: Task;
  readonly write: boolean;
  granted: boolean;
}

export class RwSemaphore {
  readonly k: Kernel;
  readonly name: string;
  readonly object: number;
  readonly resource: Resource;
  readers = 0;
  writer: Task | null = null;
  readonly waiters: Waiter[] = [];

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.resource = new Resource(name, 'rwsem');
  }
}

export const init_rwsem = (k: Kernel, name: string): RwSemaphore => new RwSemaphore(k, name);

const canEnter = (sem: RwSemaphore, write: boolean): boolean =>
  write ? sem.readers === 0 && sem.writer === null : sem.writer === null;

function enter(sem: RwSemaphore, task: Task, write: boolean): void {
  if (write) sem.writer = task;
  else sem.readers++;
  sem.k.graph.hold(sem.resource, actorOf(sem.k, task), write ? 'write' : 'read');
}

function* rwsem_down(sem: RwSemaphore, write: boolean): MaySleep<void> {
  const { k } = sem;
  might_sleep(k);
  if (k.sim.point(write ? K['rwsem.write'] : K['rwsem.read'], sem.object)) yield preempt;
  const task = k.sim.current;
  if (sem.waiters.length === 0 && canEnter(sem, write)) {
    enter(sem, task, write);
    return;
  }
  const waiter: Waiter = { task, write, granted: false };
  const actor = currentActor(k);
  sem.waiters.push(waiter);
  k.graph.wait(actor, sem.resource);
  while (!waiter.granted) yield* schedule(k, 'D', `rwsem ${sem.name}`, sem.object);
  k.graph.endWait(actor, sem.resource);
}

function* rwsem_up(sem: RwSemaphore, write: boolean): Atomic<void> {
  const { k } = sem;
  if (k.sim.point(K['rwsem.release'], sem.object)) yield preempt;
  if (write) sem.writer = null;
  else sem.readers--;
  k.graph.release(sem.resource, currentActor(k));
  letIn(sem);
}

/** Lets in whoever may enter now, in the order of their coming. */
function letIn(sem: RwSemaphore): void {
  const { k } = sem;
  while (sem.waiters.length > 0 && canEnter(sem, sem.waiters[0]!.write)) {
    const first = sem.waiters.shift()!;
    first.granted = true;
    k.graph.endWait(actorOf(k, first.task), sem.resource);
    enter(sem, first.task, first.write);
    k.sim.wake(first.task);
  }
}

export function* down_read(sem: RwSemaphore): MaySleep<void> {
  yield* rwsem_down(sem, false);
}

export function* up_read(sem: RwSemaphore): Atomic<void> {
  yield* rwsem_up(sem, false);
}

export function* down_write(sem: RwSemaphore): MaySleep<void> {
  yield* rwsem_down(sem, true);
}

export function* up_write(sem: RwSemaphore): Atomic<void> {
  yield* rwsem_up(sem, true);
}

/**
 * Turns the writer's hold into a reader's, with no moment in between at which a writer could enter.
 */
export function* downgrade_write(sem: RwSemaphore): Atomic<void> {
  const { k } = sem;
  if (k.sim.point(K['rwsem.release'], sem.object)) yield preempt;
  k.graph.release(sem.resource, currentActor(k));
  sem.writer = null;
  enter(sem, k.sim.current, false);
  letIn(sem);
}
