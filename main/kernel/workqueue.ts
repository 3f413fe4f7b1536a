// Workqueue calls (include/linux/workqueue.h, kernel/workqueue.c, facts/driver 9.4). A work item
// has one PENDING bit, cleared just before its function runs; it never runs on two workers at once.
// A sleeping work keeps its slot: in an ordered queue a blocked work blocks all later ones.

import { Resource } from '#detect/graph.ts';
import { Oops } from '#sim/shared.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from './kernel.ts';
import { KERN_WARNING, printk } from './printk.ts';
import { actorOf, currentActor, kthread_run, might_sleep } from './sched.ts';
import { del_timer, del_timer_sync, mod_timer, Timer, timer_pending } from './time/timer.ts';
import { wait_event, wait_event_idle, wakeAll, WaitQueue } from './wait.ts';
import { Workqueue } from './workqueue/pool.ts';
import type { Flush } from './workqueue/pool.ts';
import { Work } from './workqueue/work.ts';

export { Workqueue, Work as WorkStruct };

/** A work with a timer in front. */
export class DelayedWork {
  readonly work: Work;
  readonly timer: Timer;
  queue: Workqueue | null = null;

  constructor(work: Work) {
    this.work = work;
    this.timer = new Timer(work.k, `${work.name} timer`, () => this.delayed_work_timer_fn());
  }

  private *delayed_work_timer_fn(): Atomic<void> {
    if (this.queue !== null) yield* __queue_work(this.queue, this.work);
  }
}

/** Options of INIT_WORK(): the function and module that reports name. */
export interface WorkSite {
  /** Default: the name up to the first blank, `#` or `(`. */
  readonly functionName?: string;
  /** Module that the function belongs to; empty for the kernel itself. */
  readonly module?: string;
}

/** Makes a work item. `name` begins with the function's name. */
export function INIT_WORK(
  k: Kernel,
  name: string,
  fn: () => MaySleep<void>,
  site: WorkSite = {},
): Work {
  const functionName = site.functionName ?? /^[\w$]*/.exec(name)![0];
  return new Work(k, name, fn, [functionName, site.module ?? '']);
}

export const INIT_DELAYED_WORK = (
  k: Kernel,
  name: string,
  fn: () => MaySleep<void>,
  site: WorkSite = {},
): DelayedWork => new DelayedWork(INIT_WORK(k, name, fn, site));

function makeQueue(k: Kernel, name: string, instanceName: string, maxActive: number): Workqueue {
  return k.workqueues.add(new Workqueue(k, name, instanceName, maxActive));
}

/** alloc_workqueue() of an unbound or bound queue without a rescuer. */
export const alloc_workqueue = (
  k: Kernel,
  name: string,
  instanceName: string,
  maxActive: number,
): Workqueue => makeQueue(k, name, instanceName, maxActive);

/** An ordered queue: one work at a time, in the order of queueing. */
export const alloc_ordered_workqueue = (k: Kernel, name: string, instanceName: string): Workqueue =>
  makeQueue(k, name, instanceName, 1);

/** An ordered queue with a rescuer thread, which `ps` shows and which this slice never needs. */
export function create_singlethread_workqueue(
  k: Kernel,
  name: string,
  instanceName: string,
): Workqueue {
  const queue = makeQueue(k, name, instanceName, 1);
  const comm = k.is612 ? `kworker/R-${name}`.slice(0, 15) : name;
  kthread_run(k, `rescuer of ${instanceName}`, comm, () => rescuer_thread(queue));
  return queue;
}

function* rescuer_thread(queue: Workqueue): MaySleep<void> {
  yield* wait_event_idle(queue.moreWork, () => queue.destroyed);
}

function* __queue_work(queue: Workqueue, work: Work): Atomic<boolean> {
  const { k } = queue;
  if (queue.destroyed) throw new Oops(`KASAN: use-after-free in workqueue ${queue.instanceName}`);
  if (k.sim.point(K['work.queue'], work.object, queue.object)) yield preempt;
  if (work.pendingOn !== null || work.cancelling > 0) return false;
  const chained = k.workqueues.executedBy(k.sim.current)?.executingOn === queue;
  if (queue.draining && !chained) {
    printk(k, KERN_WARNING, `WARNING: queueing on draining workqueue ${queue.name}`);
    return false;
  }
  work.pendingOn = queue;
  if (queue.maxActive === 1) k.graph.wait(work.actor, queue.resource);
  queue.pending.push(work);
  k.workqueues.kick(queue);
  return true;
}

/** Queues the work; false when it was pending already. */
export function* queue_work(queue: Workqueue, work: Work): Atomic<boolean> {
  return yield* __queue_work(queue, work);
}

/** Takes a pending work off its queue. True when it was pending. */
function unqueue(work: Work): boolean {
  const queue = work.pendingOn;
  if (queue === null) return false;
  queue.pending.splice(queue.pending.indexOf(work), 1);
  queue.k.graph.endWait(work.actor, queue.resource);
  work.pendingOn = null;
  queue.k.workqueues.finished(work);
  return true;
}

/** Waits until `works` are no longer pending or executing. */
function* waitForWorks(k: Kernel, name: string, works: readonly Work[]): MaySleep<void> {
  if (works.length === 0) return;
  const flush: Flush = {
    resource: new Resource(name, 'flush'),
    remaining: new Set(works),
    done: new WaitQueue(k, `flush of ${name}`),
  };
  for (const work of works) k.graph.hold(flush.resource, work.actor, 'not finished');
  k.workqueues.flushes.add(flush);
  const actor = currentActor(k);
  k.graph.wait(actor, flush.resource);
  yield* wait_event(flush.done, () => flush.remaining.size === 0);
  k.graph.endWait(actor, flush.resource);
  k.workqueues.flushes.delete(flush);
}

/** flush_workqueue()'s body, by the name that stacks show. */
function* __flush_workqueue(queue: Workqueue): MaySleep<void> {
  const { k } = queue;
  might_sleep(k);
  if (k.sim.point(K['work.flush'], queue.object)) yield preempt;
  yield* waitForWorks(k, queue.instanceName, [...queue.executing.keys(), ...queue.pending]);
}

/** Waits for every work that was queued before the call. */
export function* flush_workqueue(queue: Workqueue): MaySleep<void> {
  yield* __flush_workqueue(queue);
}

/** Waits until the queue is empty, chained works included. */
export function* drain_workqueue(queue: Workqueue): MaySleep<void> {
  queue.draining = true;
  while (queue.pending.length + queue.executing.size > 0) yield* __flush_workqueue(queue);
  queue.draining = false;
}

/** Drains the queue and ends its workers. */
export function* destroy_workqueue(queue: Workqueue): MaySleep<void> {
  yield* drain_workqueue(queue);
  queue.destroyed = true;
  queue.k.workqueues.all.delete(queue);
  wakeAll(queue.moreWork);
}

/** Waits for the last queueing of this work. True when it had to wait. */
export function* flush_work(work: Work): MaySleep<boolean> {
  const { k } = work;
  might_sleep(k);
  if (k.sim.point(K['work.flush'], work.object)) yield preempt;
  if (work.pendingOn === null && work.executingOn === null) return false;
  yield* waitForWorks(k, work.name, [work]);
  return true;
}

/** Takes the work off its queue or waits for its execution. True when it was pending. */
export function* cancel_work_sync(work: Work): MaySleep<boolean> {
  const { k } = work;
  might_sleep(k);
  if (k.sim.point(K['work.cancel'], work.object)) yield preempt;
  work.cancelling++;
  const was = unqueue(work);
  if (work.executingOn !== null) yield* waitForWorks(k, work.name, [work]);
  work.cancelling--;
  return was;
}

/** cancel_work() without waiting. */
export function* cancel_work(work: Work): Atomic<boolean> {
  if (work.k.sim.point(K['work.cancel'], work.object)) yield preempt;
  return unqueue(work);
}

export const work_pending = (work: Work): boolean => work.pendingOn !== null;

export const delayed_work_pending = (delayed: DelayedWork): boolean =>
  timer_pending(delayed.timer) || delayed.work.pendingOn !== null;

/** Queues after `delay` jiffies (0: at once). False when it was pending already. */
export function* queue_delayed_work(
  queue: Workqueue,
  delayed: DelayedWork,
  delay: number,
): Atomic<boolean> {
  if (delayed_work_pending(delayed) || delayed.work.cancelling > 0) return false;
  delayed.queue = queue;
  if (delay === 0) return yield* __queue_work(queue, delayed.work);
  yield* mod_timer(delayed.timer, queue.k.jiffies + delay);
  return true;
}

/** As queue_delayed_work(), but a pending one gets the new delay. */
export function* mod_delayed_work(
  queue: Workqueue,
  delayed: DelayedWork,
  delay: number,
): Atomic<boolean> {
  const was = yield* cancel_delayed_work(delayed);
  yield* queue_delayed_work(queue, delayed, delay);
  return was;
}

/** Takes the timer or the queued item away; does not wait for a running one. */
export function* cancel_delayed_work(delayed: DelayedWork): Atomic<boolean> {
  const armed = yield* del_timer(delayed.timer);
  return (yield* cancel_work(delayed.work)) || armed;
}

/** As cancel_work_sync(), the timer included. */
export function* cancel_delayed_work_sync(delayed: DelayedWork): MaySleep<boolean> {
  delayed.work.cancelling++;
  const armed = yield* del_timer_sync(delayed.timer);
  delayed.work.cancelling--;
  return (yield* cancel_work_sync(delayed.work)) || armed;
}

/** Queues on system_wq. */
export function* schedule_work(work: Work): Atomic<boolean> {
  return yield* queue_work(work.k.workqueues.system_wq, work);
}

export function* schedule_delayed_work(delayed: DelayedWork, delay: number): Atomic<boolean> {
  return yield* queue_delayed_work(delayed.work.k.workqueues.system_wq, delayed, delay);
}

/** The worker's actor while it executes this work, for views. */
export const workExecutor = (work: Work): string | null => {
  const task = work.executingOn?.executing.get(work);
  return task === undefined ? null : actorOf(work.k, task).name;
};
