// Read-write semaphores (kernel/locking/rwsem.c): many readers or one writer. A waiting writer
// stops later readers; when it is the readers' turn, all that wait enter together, whatever stands
// between them (phase-fair). Locks are handed over, so nobody steals.
// Left out: stealing and optimistic spinning, the limit of 256 readers for one wake-up.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EINTR } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { actorOf, currentActor, might_sleep, schedule_preempt_disabled } from '../sched.ts';
import { signal_pending_state } from '../signal.ts';

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

function count(sem: RwSemaphore, task: Task, write: boolean): void {
  if (write) sem.writer = task;
  else sem.readers++;
}

const modeOf = (write: boolean): string => (write ? 'write' : 'read');

function enter(sem: RwSemaphore, task: Task, write: boolean): void {
  count(sem, task, write);
  sem.k.graph.hold(sem.resource, actorOf(sem.k, task), modeOf(write));
}

/** Waits for the lock: 0, or -EINTR when a signal came first. */
function* waitForTurn(sem: RwSemaphore, write: boolean, state: 'D' | 'K'): MaySleep<number> {
  const { k } = sem;
  const task = k.sim.current;
  const waiter: Waiter = { task, write, granted: false };
  const actor = currentActor(k);
  sem.waiters.push(waiter);
  k.graph.wait(actor, sem.resource);
  while (!waiter.granted && !signal_pending_state(state, task)) {
    yield* schedule_preempt_disabled(k, state, `rwsem ${sem.name}`, sem.object);
  }
  k.graph.endWait(actor, sem.resource);
  if (waiter.granted) return 0;
  sem.waiters.splice(sem.waiters.indexOf(waiter), 1);
  letIn(sem);
  return -EINTR;
}

function* rwsem_down_read_slowpath(sem: RwSemaphore): MaySleep<number> {
  return yield* waitForTurn(sem, false, 'D');
}

function* rwsem_down_write_slowpath(sem: RwSemaphore, state: 'D' | 'K'): MaySleep<number> {
  return yield* waitForTurn(sem, true, state);
}

/** Takes the lock when nobody has it or waits for it. */
function tryEnter(sem: RwSemaphore, write: boolean): boolean {
  if (sem.waiters.length > 0 || !canEnter(sem, write)) return false;
  enter(sem, sem.k.sim.current, write);
  return true;
}

function* downAny(
  sem: RwSemaphore,
  write: boolean,
  state: 'D' | 'K',
  place: string,
): MaySleep<number> {
  const { k } = sem;
  might_sleep(k, place);
  if (k.sim.point(write ? K['rwsem.write'] : K['rwsem.read'], sem.object)) yield preempt;
  let error = 0;
  if (!tryEnter(sem, write)) {
    error = yield* write ? rwsem_down_write_slowpath(sem, state) : rwsem_down_read_slowpath(sem);
  }
  if (error === 0) k.trace.emit(K['rwsem.acquired'], sem.object, write ? 1 : 0);
  return error;
}

function* upAny(sem: RwSemaphore, write: boolean): Atomic<void> {
  const { k } = sem;
  if (k.sim.point(K['rwsem.release'], sem.object)) yield preempt;
  if (write) sem.writer = null;
  else sem.readers--;
  k.graph.release(sem.resource, currentActor(k));
  letIn(sem);
}

function grant(sem: RwSemaphore, waiter: Waiter): void {
  const { k } = sem;
  waiter.granted = true;
  const actor = actorOf(k, waiter.task);
  k.graph.endWait(actor, sem.resource);
  count(sem, waiter.task, waiter.write);
  k.graph.handOver(sem.resource, actor, modeOf(waiter.write));
  k.sim.wake(waiter.task);
}

/** Lets in whoever may enter now: the first, if a writer, or every reader that waits. */
function letIn(sem: RwSemaphore): void {
  const first = sem.waiters[0];
  if (first === undefined || !canEnter(sem, first.write)) return;
  const entering = first.write ? [first] : sem.waiters.filter((waiter) => !waiter.write);
  const staying = sem.waiters.filter((waiter) => !entering.includes(waiter));
  sem.waiters.splice(0, sem.waiters.length, ...staying);
  for (const waiter of entering) grant(sem, waiter);
}

export function* down_read(sem: RwSemaphore): MaySleep<void> {
  yield* downAny(sem, false, 'D', 'kernel/locking/rwsem.c:1519');
}

/** Takes it for reading if that needs no wait. */
export function* down_read_trylock(sem: RwSemaphore): Atomic<boolean> {
  if (sem.k.sim.point(K['rwsem.read'], sem.object)) yield preempt;
  const taken = tryEnter(sem, false);
  if (taken) sem.k.trace.emit(K['rwsem.acquired'], sem.object, 0);
  return taken;
}

export function* up_read(sem: RwSemaphore): Atomic<void> {
  yield* upAny(sem, false);
}

export function* down_write(sem: RwSemaphore): MaySleep<void> {
  yield* downAny(sem, true, 'D', 'kernel/locking/rwsem.c:1572');
}

/** As down_write(), but a fatal signal ends the wait with -EINTR. */
export function* down_write_killable(sem: RwSemaphore): MaySleep<number> {
  return yield* downAny(sem, true, 'K', 'kernel/locking/rwsem.c:1583');
}

export function* up_write(sem: RwSemaphore): Atomic<void> {
  yield* upAny(sem, true);
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
  k.trace.emit(K['rwsem.acquired'], sem.object, 0);
  letIn(sem);
}
