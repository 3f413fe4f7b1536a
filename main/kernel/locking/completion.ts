// Completions (kernel/sched/completion.c): a counter that waiters take from, FIFO.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, SleepState, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { ERESTARTSYS } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { currentActor, might_sleep, schedule } from '../sched.ts';

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
    this.resource = new Resource(name, 'completion');
  }
}

export const init_completion = (k: Kernel, name: string): Completion => new Completion(k, name);

export function reinit_completion(completion: Completion): void {
  completion.done = 0;
}

/** Lets one waiter through. */
export function* complete(completion: Completion): Atomic<void> {
  const { k } = completion;
  if (k.sim.point(K['completion.complete'], completion.object)) yield preempt;
  completion.done++;
  const first = completion.waiters.shift();
  if (first !== undefined) k.sim.wake(first);
}

/** Lets everybody through, now and later. */
export function* complete_all(completion: Completion): Atomic<void> {
  const { k } = completion;
  if (k.sim.point(K['completion.complete'], completion.object)) yield preempt;
  completion.done = Infinity;
  for (const task of completion.waiters.splice(0)) k.sim.wake(task);
}

/**
 * Waits; with a time limit gives the jiffies left, or 0 on time-out, or -ERESTARTSYS on a signal.
 */
function* wait_for_common(
  completion: Completion,
  state: SleepState,
  timeoutJiffies: number,
): MaySleep<number> {
  const { k } = completion;
  might_sleep(k);
  if (k.sim.point(K['completion.wait'], completion.object)) yield preempt;
  const task = k.sim.current;
  const actor = currentActor(k);
  const deadline = k.jiffies + timeoutJiffies;
  let expired = false;
  const timer =
    timeoutJiffies === Infinity
      ? null
      : k.timers.sleepUntil(deadline, () => {
          expired = true;
          k.sim.wake(task);
        });
  k.graph.wait(actor, completion.resource);
  while (completion.done === 0 && !expired && !(state === 'S' && task.signalPending)) {
    completion.waiters.push(task);
    yield* schedule(k, state, `completion ${completion.name}`, completion.object);
    const at = completion.waiters.indexOf(task);
    if (at >= 0) completion.waiters.splice(at, 1);
  }
  k.graph.endWait(actor, completion.resource);
  timer?.cancel();
  if (completion.done === 0) return expired ? 0 : -ERESTARTSYS;
  completion.done--;
  return timeoutJiffies === Infinity ? 1 : Math.max(1, deadline - k.jiffies);
}

export function* wait_for_completion(completion: Completion): MaySleep<void> {
  yield* wait_for_common(completion, 'D', Infinity);
}

/** Jiffies left, or 0 when the time ran out. */
export function* wait_for_completion_timeout(
  completion: Completion,
  timeoutJiffies: number,
): MaySleep<number> {
  return yield* wait_for_common(completion, 'D', timeoutJiffies);
}

/** As above; -ERESTARTSYS on a signal. */
export function* wait_for_completion_interruptible_timeout(
  completion: Completion,
  timeoutJiffies: number,
): MaySleep<number> {
  return yield* wait_for_common(completion, 'S', timeoutJiffies);
}

/** As above without a time limit: 0, or -ERESTARTSYS on a signal. */
export function* wait_for_completion_interruptible(completion: Completion): MaySleep<number> {
  return Math.min(0, yield* wait_for_common(completion, 'S', Infinity));
}
