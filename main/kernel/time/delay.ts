// Sleeps and delays (kernel/time/timer.c, hrtimer.c). msleep() goes through the wheel, so
// msleep(250) at HZ 250 takes 288 ms again and again; usleep() is a high-resolution timer and
// exact.

import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, SleepState } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from '../kernel.ts';
import { schedule } from '../sched.ts';

/** A time-out that never comes. */
export const MAX_SCHEDULE_TIMEOUT = Infinity;

/**
 * Sleeps for some jiffies, or until somebody wakes the task, which the caller has queued where a
 * waker looks. Gives the jiffies left.
 */
export function* schedule_timeout(
  k: Kernel,
  jiffies: number,
  state: SleepState,
  why = 'sleep',
  object = 0,
): MaySleep<number> {
  if (jiffies === MAX_SCHEDULE_TIMEOUT) {
    yield* schedule(k, state, why, object);
    return jiffies;
  }
  const task = k.sim.current;
  const deadline = k.jiffies + jiffies;
  const expiry = k.timers.sleepUntil(deadline, () => {
    k.sim.wake(task);
  });
  yield* schedule(k, state, why, object);
  expiry.cancel();
  return Math.max(0, deadline - k.jiffies);
}

/** Sleeps for some jiffies, in state D. */
export function* schedule_timeout_uninterruptible(k: Kernel, jiffies: number): MaySleep<number> {
  return yield* schedule_timeout(k, jiffies, 'D');
}

/** Sleeps for some jiffies, in state S; a signal ends it. Gives the jiffies left. */
export function* schedule_timeout_interruptible(k: Kernel, jiffies: number): MaySleep<number> {
  return yield* schedule_timeout(k, jiffies, 'S');
}

/** Sleeps at least `milliseconds`: ceil(ms * HZ / 1000) + 1 jiffies, and what the wheel adds. */
export function* msleep(k: Kernel, milliseconds: number): MaySleep<void> {
  let left = Math.ceil((milliseconds * k.HZ) / 1000) + 1;
  while (left > 0) left = yield* schedule_timeout_uninterruptible(k, left);
}

export function* ssleep(k: Kernel, seconds: number): MaySleep<void> {
  yield* msleep(k, seconds * 1000);
}

/** Sleeps exactly `nanoseconds` in state S, as a program's nanosleep() does; a signal ends it. */
export function* hrtimer_nanosleep(k: Kernel, nanoseconds: number): MaySleep<void> {
  yield* hrtimerSleep(k, nanoseconds, 'S');
}

/** Sleeps `microseconds` in state D, by a high-resolution timer. */
export function* usleep(k: Kernel, microseconds: number): MaySleep<void> {
  yield* hrtimerSleep(k, microseconds * 1000, 'D');
}

/** Sleeps by a high-resolution timer; no frame of its own in stacks. A signal ends state S. */
export function* hrtimerSleep(k: Kernel, nanoseconds: number, state: SleepState): MaySleep<void> {
  const task = k.sim.current;
  let over = false;
  k.sim.after(nanoseconds, () => {
    over = true;
    k.sim.wake(task);
  });
  while (!over && !(state === 'S' && task.signalPending)) yield* schedule(k, state, 'sleep');
}

/** Busy-waits `microseconds`. */
export function* udelay(k: Kernel, microseconds: number): Atomic<void> {
  yield* ndelay(k, microseconds * 1000);
}

export function* ndelay(k: Kernel, nanoseconds: number): Atomic<void> {
  const end = k.sim.now() + nanoseconds;
  k.sim.after(nanoseconds, () => undefined);
  while (k.sim.now() < end) {
    if (k.sim.point(K.preempt, 0)) yield preempt;
    if (k.sim.now() < end) yield* k.sim.relax();
  }
}
