// RCU as far as the slice needs it (kernel/rcu/): readers are tracked, so a grace period ends only
// when those who read at its start have finished. Durations are the lab's choice within what
// facts/driver
// 7.2b allows (a barrier of 0 to 2 jiffies gives the measured counts).

import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from './kernel.ts';
import { might_sleep } from './sched.ts';
import { hrtimerSleep } from './time/delay.ts';

/** Shortest grace period. */
const gracePeriodNs = 2e6;
/** What an rcu_barrier() costs when no callback is slow. */
const barrierNs = 1e6;

/** Readers of one machine. */
export class Rcu {
  /** Nesting by context. */
  readonly readers = new Map<Task, number>();
}

export function* rcu_read_lock(k: Kernel): Atomic<void> {
  const task = k.sim.current;
  k.rcu.readers.set(task, (k.rcu.readers.get(task) ?? 0) + 1);
}

export function* rcu_read_unlock(k: Kernel): Atomic<void> {
  const task = k.sim.current;
  const depth = (k.rcu.readers.get(task) ?? 0) - 1;
  if (depth > 0) k.rcu.readers.set(task, depth);
  else k.rcu.readers.delete(task);
}

/** Waits until every present reader has finished. */
export function* synchronize_rcu(k: Kernel): MaySleep<void> {
  might_sleep(k);
  if (k.sim.point(K['rcu.synchronize'], 0)) yield preempt;
  const present = [...k.rcu.readers.keys()];
  do {
    yield* hrtimerSleep(k, gracePeriodNs, 'D');
  } while (present.some((task) => k.rcu.readers.has(task)));
}

/** Waits for all queued RCU callbacks. */
export function* rcu_barrier(k: Kernel): MaySleep<void> {
  might_sleep(k);
  if (k.sim.point(K['rcu.barrier'], 0)) yield preempt;
  yield* hrtimerSleep(k, barrierNs, 'D');
}
