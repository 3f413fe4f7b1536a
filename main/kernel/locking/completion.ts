// Completions (kernel/sched/completion.c): a counter that waiters take from, first come, first
// served. Who will complete one is not known to the kernel; somebody who has promised it
// (promiseCompletion) is its holder in the wait graph, and a completion without promises counts as
// the card's.

import { Resource } from '#detect/graph.ts';
import type { Actor } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, SleepState, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { ERESTARTSYS } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { actorOf, currentActor, might_sleep } from '../sched.ts';
import { signal_pending_state } from '../signal.ts';
import { MAX_SCHEDULE_TIMEOUT, schedule_timeout } from '../time/delay.ts';

export class Completion {
  readonly k: Kernel;
  readonly name: string;
  readonly object: number;
  /**
   * Holders are those who promised to complete it; without any it counts as released from outside.
   */
  readonly resource: Resource;
  done = 0;
  readonly waiters: Task[] = [];

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.resource = new Resource(name, 'completion', 'any');
  }
}

export const init_completion = (k: Kernel, name: string): Completion => new Completion(k, name);

export function reinit_completion(completion: Completion): void {
  completion.done = 0;
}

/**
 * Somebody promises to complete it: from now on a wait for it is a wait for that one. The promise
 * ends with the completion, or with withdrawPromise().
 */
export function promiseCompletion(completion: Completion, actor: Actor, why = 'promised'): void {
  completion.k.graph.hold(completion.resource, actor, why);
}

export function withdrawPromise(completion: Completion, actor: Actor): void {
  completion.k.graph.release(completion.resource, actor);
}

/** Wakes a waiter. It waits no longer, though it has not run yet. */
function release(completion: Completion, task: Task): void {
  const { k } = completion;
  k.graph.endWait(actorOf(k, task), completion.resource);
  k.sim.wake(task);
}

/** Lets one waiter through. */
export function* complete(completion: Completion): Atomic<void> {
  const { k } = completion;
  if (k.sim.point(K['completion.complete'], completion.object)) yield preempt;
  completion.done++;
  const first = completion.waiters.shift();
  if (first !== undefined) release(completion, first);
  keepPromise(completion);
}

/** Lets everybody through, now and later. */
export function* complete_all(completion: Completion): Atomic<void> {
  const { k } = completion;
  if (k.sim.point(K['completion.complete'], completion.object)) yield preempt;
  completion.done = Infinity;
  for (const task of completion.waiters.splice(0)) release(completion, task);
  keepPromise(completion);
}

/** The one who completes has kept its promise, if it has made one. */
function keepPromise(completion: Completion): void {
  const { k } = completion;
  const task = k.sim.currentOrNull;
  if (task === null || completion.resource.holds.length === 0) return;
  const work = k.workqueues.executedBy(task);
  if (work !== null && k.graph.release(completion.resource, work.actor)) return;
  k.graph.release(completion.resource, actorOf(k, task));
}

/** Sleeps once in the queue, at its end; gives the jiffies left. */
function* waitOnce(completion: Completion, state: SleepState, jiffies: number): MaySleep<number> {
  const { k } = completion;
  const task = k.sim.current;
  const actor = currentActor(k);
  completion.waiters.push(task);
  k.graph.wait(actor, completion.resource, jiffies !== MAX_SCHEDULE_TIMEOUT);
  const why = `completion ${completion.name}`;
  const left = yield* schedule_timeout(k, jiffies, state, why, completion.object);
  k.graph.endWait(actor, completion.resource);
  const at = completion.waiters.indexOf(task);
  if (at >= 0) completion.waiters.splice(at, 1);
  return left;
}

/** Jiffies left, at least 1, or 0 when the time ran out, or -ERESTARTSYS on a signal. */
function* __wait_for_common(
  completion: Completion,
  state: SleepState,
  timeoutJiffies: number,
): MaySleep<number> {
  const { k } = completion;
  might_sleep(k, 'kernel/sched/completion.c:101');
  if (k.sim.point(K['completion.wait'], completion.object)) yield preempt;
  let left = timeoutJiffies;
  while (completion.done === 0 && left > 0) {
    if (signal_pending_state(state, k.sim.current)) return -ERESTARTSYS;
    left = yield* waitOnce(completion, state, left);
  }
  if (completion.done === 0) return 0;
  completion.done--;
  return Math.max(1, left);
}

export function* wait_for_completion(completion: Completion): MaySleep<void> {
  yield* __wait_for_common(completion, 'D', MAX_SCHEDULE_TIMEOUT);
}

/** Jiffies left, or 0 when the time ran out. */
export function* wait_for_completion_timeout(
  completion: Completion,
  timeoutJiffies: number,
): MaySleep<number> {
  return yield* __wait_for_common(completion, 'D', timeoutJiffies);
}

/** As above; -ERESTARTSYS on a signal. */
export function* wait_for_completion_interruptible_timeout(
  completion: Completion,
  timeoutJiffies: number,
): MaySleep<number> {
  return yield* __wait_for_common(completion, 'S', timeoutJiffies);
}

/** As above without a time limit: 0, or -ERESTARTSYS on a signal. */
export function* wait_for_completion_interruptible(completion: Completion): MaySleep<number> {
  return Math.min(0, yield* __wait_for_common(completion, 'S', MAX_SCHEDULE_TIMEOUT));
}

/** As above, but only a fatal signal ends the wait. */
export function* wait_for_completion_killable(completion: Completion): MaySleep<number> {
  return Math.min(0, yield* __wait_for_common(completion, 'K', MAX_SCHEDULE_TIMEOUT));
}

/** Takes one if it is complete; never sleeps. */
export function* try_wait_for_completion(completion: Completion): Atomic<boolean> {
  const { k } = completion;
  if (k.sim.point(K['completion.wait'], completion.object)) yield preempt;
  if (completion.done === 0) return false;
  completion.done--;
  return true;
}
