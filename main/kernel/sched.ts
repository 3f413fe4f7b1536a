// Sleeping and kernel threads (kernel/sched/core.c, kernel/kthread.c). The functions that a blocked
// task's stack shows have the kernel's names. Actors of the wait graph belong to tasks; while a
// worker executes a work item, holds and waits count for the worker, and the work points to it.

import { Actor } from '#detect/graph.ts';
import { K } from '#trace/kinds.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, SleepState, Task } from '#sim/task.ts';
import { ERESTARTNOINTR } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { KERN_ERR, printk } from './printk.ts';

/** The actor of a task in the wait graph. */
export function actorOf(k: Kernel, task: Task): Actor {
  const found = k.actors.get(task);
  if (found !== undefined) return found;
  const actor = new Actor(task.name, 'task');
  k.actors.set(task, actor);
  return actor;
}

/** The actor of the running context. */
export function currentActor(k: Kernel): Actor {
  return actorOf(k, k.sim.current);
}

/** might_sleep(): complains when the context must not sleep (facts/driver 9.12). */
export function might_sleep(k: Kernel): void {
  const task = k.sim.current;
  if (!task.atomic && task.softirqDepth === 0) return;
  const irqsOff = task.irqsOffDepth > 0 || task.kind === 'hardirq' ? 1 : 0;
  printk(
    k,
    KERN_ERR,
    [
      'BUG: sleeping function called from invalid context',
      `in_atomic(): 1, irqs_disabled(): ${irqsOff}, non_block: 0, pid: ${task.pid}, name: ${task.comm}`,
    ].join('\n'),
  );
  k.findings.push({
    kind: 'atomicSleep',
    timeNs: k.sim.now(),
    task: task.name,
    text: 'might_sleep',
  });
}

function* __schedule(k: Kernel, state: SleepState, why: string, object: number): MaySleep<void> {
  yield* k.sim.block(state, why, object);
}

/** Gives up the CPU until wake_up_process(); the caller has queued itself where a waker looks. */
export function* schedule(k: Kernel, state: SleepState, why: string, object = 0): MaySleep<void> {
  might_sleep(k);
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

/**
 * Starts a kernel thread. `name` is stable across runs, `comm` is what `ps` shows. Kernel threads
 * are children of kthreadd (pid 2).
 */
export function kthread_run(k: Kernel, name: string, comm: string, fn: () => MaySleep<void>): Task {
  const task = k.sim.spawn(name, ret_from_fork(fn));
  task.comm = comm;
  task.pid = k.nextPid();
  task.parentPid = 2;
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
