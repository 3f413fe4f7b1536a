// Wait queues (kernel/sched/wait.c): sleepers that look at a condition again when somebody calls
// wake_up.

import type { Atomic, MaySleep, SleepState, Task } from '#sim/task.ts';
import { ERESTARTSYS } from './errno.ts';
import type { Kernel } from './kernel.ts';
import { might_sleep, schedule } from './sched.ts';

export class WaitQueue {
  readonly k: Kernel;
  readonly name: string;
  readonly sleepers: Task[] = [];

  constructor(k: Kernel, name: string) {
    this.k = k;
    this.name = name;
  }
}

export const init_waitqueue = (k: Kernel, name: string): WaitQueue => new WaitQueue(k, name);

function* sleepOn(queue: WaitQueue, condition: () => boolean, state: SleepState): MaySleep<number> {
  const { k } = queue;
  might_sleep(k);
  const task = k.sim.current;
  while (!condition()) {
    if (state === 'S' && task.signalPending) return -ERESTARTSYS;
    queue.sleepers.push(task);
    yield* schedule(k, state, queue.name);
    const at = queue.sleepers.indexOf(task);
    if (at >= 0) queue.sleepers.splice(at, 1);
  }
  return 0;
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
  return yield* sleepOn(queue, condition, 'S');
}

/** Wakes every sleeper. */
export function* wake_up(queue: WaitQueue): Atomic<void> {
  wakeAll(queue);
}

/** wake_up() for plain code that runs outside a context (hardware callbacks). */
export function wakeAll(queue: WaitQueue): void {
  for (const task of queue.sleepers.splice(0)) queue.k.sim.wake(task);
}
