// Sleeping and kernel threads (kernel/sched/core.c, kernel/kthread.c). The functions that a blocked
// task's stack shows have the kernel's names. Actors of the wait graph belong to tasks; while a
// worker executes a work item, holds and waits count for the worker, and the work points to it.

import { Actor } from '#detect/graph.ts';
import { Oops } from '#sim/shared.ts';
import { captureStack } from '#sim/stack.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, SleepState, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { preempt_count } from './dump-stack.ts';
import { ERESTARTNOINTR } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { __schedule_bug, might_sleep } from './might-sleep.ts';
import { placeOf } from './stack.ts';

export { might_sleep } from './might-sleep.ts';

/** The actor of a task in the wait graph. */
export function actorOf(k: Kernel, task: Task): Actor {
  const found = k.actors.get(task);
  if (found !== undefined) return found;
  const actor = new Actor(task.name, 'task');
  actor.place = () => placeOf(k.sim.currentOrNull === task ? captureStack() : task.stack);
  k.actors.set(task, actor);
  return actor;
}

/** The actor of the running context. */
export function currentActor(k: Kernel): Actor {
  return actorOf(k, k.sim.current);
}

function* __schedule(k: Kernel, state: SleepState, why: string, object: number): MaySleep<void> {
  yield* k.sim.block(state, why, object);
}

/** Gives up the CPU until wake_up_process(); the caller has queued itself where a waker looks. */
export function* schedule(k: Kernel, state: SleepState, why: string, object = 0): MaySleep<void> {
  const task = k.sim.current;
  if (preempt_count(task) > 0) __schedule_bug(k);
  if (task.kind !== 'task') throw new Oops('scheduling in an interrupt');
  // Whoever runs next runs with interrupts on, and so does this task when it comes back.
  if (task.irqsOffDepth > 0) k.sim.cpus.unpin(task);
  yield* __schedule(k, state, why, object);
}

/** schedule() as mutexes call it. */
export function* schedule_preempt_disabled(
  k: Kernel,
  state: SleepState,
  why: string,
  object: number,
): MaySleep<void> {
  yield* schedule(k, state, why, object);
}

/** Makes a sleeping task runnable. */
export function wake_up_process(k: Kernel, task: Task): boolean {
  return k.sim.wake(task);
}

/** Lets others run. */
export function* cond_resched(k: Kernel): MaySleep<void> {
  might_sleep(k);
  yield* k.sim.relax();
}

/** A pause in a busy loop; legal in atomic context. */
export function* cpu_relax(k: Kernel): Atomic<void> {
  yield* k.sim.relax();
}

/** A point of no other meaning, with its virtual cost. */
export function* cpu_work(k: Kernel, costNs: number): Atomic<void> {
  yield* k.sim.spend(costNs);
}

function* kthread(fn: () => MaySleep<void>): MaySleep<void> {
  yield* fn();
}

function* ret_from_fork(fn: () => MaySleep<void>): MaySleep<void> {
  yield* kthread(fn);
}

function tellComm({ trace }: Kernel, { number, comm, pid }: Task): void {
  trace.emit(K['task.comm'], number, trace.intern(comm), trace.intern(String(pid)));
}

/**
 * Starts a kernel thread. `name` is stable across runs, `comm` is what `ps` shows. Kernel threads
 * are children of kthreadd (pid 2).
 */
export function kthread_run(k: Kernel, name: string, comm: string, fn: () => MaySleep<void>): Task {
  const task = k.sim.spawn(name, ret_from_fork(fn));
  task.comm = comm;
  task.pid = k.nextPid();
  task.parentPid = 2;
  tellComm(k, task);
  return task;
}

/** Starts a user task: a program whose body is `fn`. */
export function user_task(
  k: Kernel,
  name: string,
  comm: string,
  parentPid: number,
  fn: () => MaySleep<void>,
): Task {
  const task = k.sim.spawn(name, fn());
  task.comm = comm;
  task.pid = k.nextPid();
  task.parentPid = parentPid;
  tellComm(k, task);
  return task;
}

/**
 * What a sysfs store returns when it could not take a lock without waiting: the call comes again
 * from the start, with nothing held meanwhile.
 */
export const restart_syscall = (): number => -ERESTARTNOINTR;

/**
 * send_sig(SIGKILL): a task that sleeps interruptibly or killably wakes; one in state D does not.
 */
export function kill_task(k: Kernel, task: Task): void {
  task.signalPending = true;
  if (task.sleepState === 'S' || task.sleepState === 'K') k.sim.wake(task);
}

/** Records that the running context passed a point with this meaning. */
export function* point(k: Kernel, kind: keyof typeof K, object: number): Atomic<void> {
  if (k.sim.point(K[kind], object)) yield preempt;
}
