// RCU as far as the slice needs it (kernel/rcu/): readers are tracked, so a grace period ends when
// those who read at its start have finished, whoever came later. A wait for one is a wait for them
// in the wait graph. Callbacks run in softirq context. Durations are the lab's choice within what
// facts/driver 7.2b allows (a barrier of 0 to 2 jiffies gives the measured counts).
// Left out: stall warnings, expedited grace periods, SRCU.

import { Resource } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep, Task } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from './kernel.ts';
import { actorOf, currentActor, might_sleep } from './sched.ts';
import { hrtimerSleep } from './time/delay.ts';
import { wait_event, wakeAll, WaitQueue } from './wait.ts';

/** Shortest grace period. */
const gracePeriodNs = 2e6;
/** What an rcu_barrier() costs when no callback is slow. */
const barrierNs = 1e6;

/** A grace period: the readers that it still waits for. */
interface GracePeriod {
  readonly readers: Set<Task>;
  readonly resource: Resource;
  /** Called when the last of them has finished. */
  over: () => void;
}

/** RCU of one machine. */
export class Rcu {
  /** Nesting by context. */
  readonly readers = new Map<Task, number>();
  readonly periods = new Set<GracePeriod>();
  /** Callbacks of call_rcu() that have not run. */
  readonly callbacks = new Set<object>();
}

export function* rcu_read_lock(k: Kernel): Atomic<void> {
  const task = k.sim.current;
  k.rcu.readers.set(task, (k.rcu.readers.get(task) ?? 0) + 1);
}

export function* rcu_read_unlock(k: Kernel): Atomic<void> {
  const task = k.sim.current;
  const depth = (k.rcu.readers.get(task) ?? 0) - 1;
  if (depth > 0) k.rcu.readers.set(task, depth);
  else exit_rcu(k, task);
}

/** The context reads no more; also called when it ends in the middle. */
export function exit_rcu(k: Kernel, task: Task): void {
  const { rcu } = k;
  if (!rcu.readers.delete(task)) return;
  for (const period of rcu.periods) {
    if (!period.readers.delete(task)) continue;
    k.graph.release(period.resource, actorOf(k, task));
    if (period.readers.size === 0) end(k, period);
  }
}

function begin(k: Kernel): GracePeriod {
  const { rcu, graph } = k;
  const period: GracePeriod = {
    readers: new Set(rcu.readers.keys()),
    resource: new Resource('RCU readers', 'flush'),
    over: () => undefined,
  };
  for (const task of period.readers) graph.hold(period.resource, actorOf(k, task), 'reads');
  if (period.readers.size > 0) rcu.periods.add(period);
  return period;
}

function end(k: Kernel, period: GracePeriod): void {
  k.rcu.periods.delete(period);
  period.over();
}

function* __wait_rcu_gp(k: Kernel): MaySleep<void> {
  const period = begin(k);
  const over = new WaitQueue(k, 'RCU grace period');
  period.over = () => {
    wakeAll(over);
  };
  const actor = currentActor(k);
  k.graph.wait(actor, period.resource);
  yield* hrtimerSleep(k, gracePeriodNs, 'D');
  yield* wait_event(over, () => period.readers.size === 0);
  k.graph.endWait(actor, period.resource);
}

/** Waits until every present reader has finished. */
export function* synchronize_rcu(k: Kernel): MaySleep<void> {
  might_sleep(k);
  if (k.sim.point(K['rcu.synchronize'], 0)) yield preempt;
  yield* __wait_rcu_gp(k);
}

/** Runs `fn` in softirq context after a grace period. May be called from anywhere. */
export function* call_rcu(k: Kernel, fn: () => Atomic<void>): Atomic<void> {
  const period = begin(k);
  const callback = {};
  k.rcu.callbacks.add(callback);
  const run = function* rcu_do_batch(): Atomic<void> {
    yield* fn();
    k.rcu.callbacks.delete(callback);
  };
  const request = (): void => {
    k.sim.cpus.request(0, 'softirq', 'rcu', run);
  };
  k.sim.after(gracePeriodNs, () => {
    if (period.readers.size === 0) request();
    else period.over = request;
  });
}

/** Waits for all RCU callbacks that are queued. */
export function* rcu_barrier(k: Kernel): MaySleep<void> {
  might_sleep(k);
  if (k.sim.point(K['rcu.barrier'], 0)) yield preempt;
  const queued = [...k.rcu.callbacks];
  do yield* hrtimerSleep(k, barrierNs, 'D');
  while (queued.some((callback) => k.rcu.callbacks.has(callback)));
}
