// Wait queues (kernel/sched/wait.c): sleepers that look at a condition again when somebody calls
// wake_up.

import type { Atomic, MaySleep, SleepState, Task } from '#sim/task.ts';
import { ERESTARTSYS } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { might_sleep, schedule } from './sched.ts';
import { signal_pending_state } from './signal.ts';

export class WaitQueue {
  readonly k: Kernel;
  readonly name: string;
  readonly object: number;
  readonly sleepers: Task[] = [];

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
  }
}

export const init_waitqueue = (k: Kernel, name: string): WaitQueue => new WaitQueue(k, name);

function* sleepOn(
  queue: WaitQueue,
  condition: () => boolean,
  state: SleepState,
  isOver: () => boolean = () => false,
): MaySleep<number> {
  const { k } = queue;
  might_sleep(k);
  const task = k.sim.current;
  while (!condition()) {
    if (signal_pending_state(state, task)) return -ERESTARTSYS;
    if (isOver()) return 0;
    queue.sleepers.push(task);
    yield* schedule(k, state, queue.name, queue.object);
    const at = queue.sleepers.indexOf(task);
    if (at >= 0) queue.sleepers.splice(at, 1);
  }
  return 1;
}

/**
 * As sleepOn(), for so many jiffies at most: 0 when they are over, else what is left, 1 at least.
 */
function* sleepFor(
  queue: WaitQueue,
  condition: () => boolean,
  state: SleepState,
  timeoutJiffies: number,
): MaySleep<number> {
  const { k } = queue;
  const task = k.sim.current;
  const deadline = k.jiffies + timeoutJiffies;
  let expired = false;
  const timer = k.timers.sleepUntil(deadline, () => {
    expired = true;
    k.sim.wake(task);
  });
  const answer = yield* sleepOn(queue, condition, state, () => expired);
  timer.cancel();
  return answer <= 0 ? answer : Math.max(1, deadline - k.jiffies);
}

/** Sleeps uninterruptibly until the condition holds. */
export function* wait_event(queue: WaitQueue, condition: () => boolean): MaySleep<void> {
  yield* sleepOn(queue, condition, 'D');
}

/** Sleeps as an idle kernel thread does: not counted as blocked. */
export function* wait_event_idle(queue: WaitQueue, condition: () => boolean): MaySleep<void> {
  yield* sleepOn(queue, condition, 'I');
}

/** Sleeps until the condition holds or a signal comes (-ERESTARTSYS). */
export function* wait_event_interruptible(
  queue: WaitQueue,
  condition: () => boolean,
): MaySleep<number> {
  return Math.min(0, yield* sleepOn(queue, condition, 'S'));
}

/** As above, but only a fatal signal ends the sleep. */
export function* wait_event_killable(queue: WaitQueue, condition: () => boolean): MaySleep<number> {
  return Math.min(0, yield* sleepOn(queue, condition, 'K'));
}

/** Sleeps for so many jiffies at most. 0 when they are over, else what is left, 1 at least. */
export const wait_event_timeout = (
  queue: WaitQueue,
  condition: () => boolean,
  timeoutJiffies: number,
): MaySleep<number> => sleepFor(queue, condition, 'D', timeoutJiffies);

/** As above; -ERESTARTSYS on a signal. */
export const wait_event_interruptible_timeout = (
  queue: WaitQueue,
  condition: () => boolean,
  timeoutJiffies: number,
): MaySleep<number> => sleepFor(queue, condition, 'S', timeoutJiffies);

/** Wakes every sleeper. */
export function* wake_up(queue: WaitQueue): Atomic<void> {
  wakeAll(queue);
}

/** Wakes the one that has slept longest. */
export function wakeOne(queue: WaitQueue): void {
  const task = queue.sleepers.shift();
  if (task !== undefined) queue.k.sim.wake(task);
}

/** wake_up() for plain code that runs outside a context (hardware callbacks). */
export function wakeAll(queue: WaitQueue): void {
  for (const task of queue.sleepers.splice(0)) queue.k.sim.wake(task);
}
