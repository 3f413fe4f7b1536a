// Workqueue calls (include/linux/workqueue.h, kernel/workqueue.c, facts/driver 9.4). A work item
// has one PENDING bit, cleared just before its function runs; it never runs on two workers at once.
// A sleeping work keeps its slot: in an ordered queue a blocked work blocks all later ones.
// Left out: a rescuer that cannot be made, freezing, priorities, per-CPU queueing.

import { Oops } from '#sim/shared.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from './kernel.ts';
import { pr_warn } from './printk.ts';
import { actorOf, cpu_relax, kthread_run, might_sleep } from './sched.ts';
import { __mod_timer, del_timer_sync, detach_if_pending, Timer } from './time/timer.ts';
import { wait_event_idle, wakeAll } from './wait.ts';
import { warn_on_once } from './warn.ts';
import { Workqueue } from './workqueue/pool.ts';
import { Work } from './workqueue/work.ts';
import type { Instance } from './workqueue/work.ts';

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

  /** PENDING is set since the timer was armed, so this queues without asking. */
  private *delayed_work_timer_fn(): Atomic<void> {
    const { queue, work } = this;
    if (queue === null) return;
    if (work.k.sim.point(K['work.queue'], work.object, queue.object)) yield preempt;
    __queue_work(queue, work);
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

/** Options of alloc_workqueue(). */
export interface WorkqueueFlags {
  /** WQ_UNBOUND: by default works run on the CPU where they were queued. */
  readonly unbound?: boolean;
}

/** alloc_workqueue() of a queue without a rescuer. */
export const alloc_workqueue = (
  k: Kernel,
  name: string,
  instanceName: string,
  maxActive: number,
  flags: WorkqueueFlags = {},
): Workqueue => {
  const unbound = flags.unbound ?? maxActive === 1;
  return k.workqueues.add(new Workqueue(k, name, instanceName, maxActive, unbound));
};

/** An ordered queue: one work at a time, in the order of queueing. */
export const alloc_ordered_workqueue = (k: Kernel, name: string, instanceName: string): Workqueue =>
  k.workqueues.add(new Workqueue(k, name, instanceName, 1, true));

/** An ordered queue with a rescuer thread, which `ps` shows and which this slice never needs. */
export function create_singlethread_workqueue(
  k: Kernel,
  name: string,
  instanceName: string,
): Workqueue {
  const queue = alloc_ordered_workqueue(k, name, instanceName);
  const comm = (k.is612 ? `kworker/R-${name}` : name).slice(0, 15);
  kthread_run(k, `rescuer of ${instanceName}`, comm, () => rescuer_thread(queue));
  return queue;
}

function* rescuer_thread(queue: Workqueue): MaySleep<void> {
  yield* wait_event_idle(queue.rescue, () => queue.destroyed);
}

const is_chained_work = (queue: Workqueue): boolean => {
  const task = queue.k.sim.currentOrNull;
  return task !== null && queue.k.workqueues.executedBy(task)?.executingOn === queue;
};

/** Puts a work whose PENDING bit the caller has set on its queue. */
function __queue_work(queue: Workqueue, work: Work): void {
  const { k, pending } = queue;
  if (queue.destroyed) throw new Oops('KASAN: slab-use-after-free in __queue_work');
  if (queue.drainers > 0 && !is_chained_work(queue)) {
    // Dropped: PENDING stays set and the work never runs, as in the kernel.
    const message = k.is612
      ? `workqueue: cannot queue ${work.functionSite[0]} on wq ${queue.name}`
      : '';
    warn_on_once(k, 'kernel/workqueue.c:1441', '__queue_work', message);
    return;
  }
  work.pendingOn = queue;
  work.queued = { work };
  pending.push(work);
  if (queue.startable < pending.length) k.graph.wait(work.actor, queue.resource);
  k.workqueues.kick(queue);
}

/** Sets the PENDING bit; false when it was set, or somebody cancels the work. */
function setPending(work: Work): boolean {
  if (work.pending || work.cancelling > 0) return false;
  work.pending = true;
  return true;
}

/** Queues the work; false when it was pending already. */
export function* queue_work(queue: Workqueue, work: Work): Atomic<boolean> {
  if (queue.k.sim.point(K['work.queue'], work.object, queue.object)) yield preempt;
  if (!setPending(work)) return false;
  __queue_work(queue, work);
  return true;
}

/** Takes a work off its queue; PENDING is the caller's then. False when it is on none. */
function takeOff(work: Work): boolean {
  const queue = work.pendingOn;
  if (queue === null) return false;
  const { workqueues } = queue.k;
  if (work.deferred) workqueues.undefer(queue, work);
  else queue.pending.splice(queue.pending.indexOf(work), 1);
  const instance = work.queued;
  work.pendingOn = null;
  work.queued = null;
  workqueues.unlisted(queue, work);
  if (instance !== null) workqueues.flushes.finished(instance);
  workqueues.kick(queue);
  return true;
}

/** flush_workqueue()'s body, by the name that stacks show. */
function* __flush_workqueue(queue: Workqueue): MaySleep<void> {
  const { k } = queue;
  might_sleep(k, 'kernel/locking/mutex.c:283');
  if (k.sim.point(K['work.flush'], queue.object)) yield preempt;
  const running = [...queue.executing.keys()].map((work) => work.executed);
  const queued = [...queue.deferred, ...queue.pending].map((work) => work.queued);
  const before = [...running, ...queued].filter((each) => each !== null);
  yield* k.workqueues.flushes.waitFor(queue.instanceName, before);
}

/** Waits for every work that was queued before the call. */
export function* flush_workqueue(queue: Workqueue): MaySleep<void> {
  yield* __flush_workqueue(queue);
}

/** Waits until the queue is empty, chained works included. */
export function* drain_workqueue(queue: Workqueue): MaySleep<void> {
  queue.drainers++;
  for (let tries = 1; ; tries++) {
    yield* __flush_workqueue(queue);
    if (queue.pending.length + queue.deferred.length + queue.executing.size === 0) break;
    if (tries !== 10 && (tries % 100 !== 0 || tries > 1000)) continue;
    const text = `drain_workqueue() isn't complete after ${tries} tries`;
    pr_warn(queue.k, `workqueue ${queue.name}: ${text}`);
  }
  queue.drainers--;
}

/** Drains the queue and ends its workers. */
export function* destroy_workqueue(queue: Workqueue): MaySleep<void> {
  yield* drain_workqueue(queue);
  queue.destroyed = true;
  queue.k.workqueues.all.delete(queue);
  wakeAll(queue.moreWork);
  wakeAll(queue.rescue);
}

/** Waits for the last queueing of this work. True when it had to wait. */
export function* flush_work(work: Work): MaySleep<boolean> {
  might_sleep(work.k, 'kernel/workqueue.c:3013');
  if (work.k.sim.point(K['work.flush'], work.object)) yield preempt;
  return yield* __flush_work(work, work.queued ?? work.executed);
}

function* __flush_work(work: Work, instance: Instance | null): MaySleep<boolean> {
  if (instance === null) return false;
  yield* work.k.workqueues.flushes.waitFor(work.name, [instance]);
  return true;
}

/** Takes the work off its queue or waits for its execution. True when it was pending. */
export function* cancel_work_sync(work: Work): MaySleep<boolean> {
  might_sleep(work.k, 'kernel/workqueue.c:3013');
  if (work.k.sim.point(K['work.cancel'], work.object)) yield preempt;
  return yield* __cancel_work_timer(work, null);
}

/** Nobody can queue the work while this waits for its execution. */
function* __cancel_work_timer(work: Work, delayed: DelayedWork | null): MaySleep<boolean> {
  work.cancelling++;
  const was = yield* try_to_grab_pending(work, delayed);
  yield* __flush_work(work, work.executed);
  work.cancelling--;
  return was;
}

/**
 * Takes the work from its timer or its queue, and PENDING with it. While the timer's callback is on
 * its way to the queue this looks again and again.
 */
function* try_to_grab_pending(work: Work, delayed: DelayedWork | null): Atomic<boolean> {
  for (;;) {
    const taken = (delayed !== null && detach_if_pending(delayed.timer)) || takeOff(work);
    const comes = !taken && work.pending && delayed !== null && delayed.timer.running !== null;
    if (comes) {
      yield* cpu_relax(work.k);
      continue;
    }
    const was = work.pending;
    work.pending = false;
    return was;
  }
}

/** cancel_work() without waiting. */
export function* cancel_work(work: Work): Atomic<boolean> {
  if (work.k.sim.point(K['work.cancel'], work.object)) yield preempt;
  return yield* try_to_grab_pending(work, null);
}

export const work_pending = (work: Work): boolean => work.pending;

/** True when it is pending or executed. */
export const work_busy = (work: Work): boolean => work.pending || work.executingOn !== null;

export const delayed_work_pending = (delayed: DelayedWork): boolean => delayed.work.pending;

/** Arms the timer, or queues at once, a work whose PENDING bit the caller has set. */
function __queue_delayed_work(queue: Workqueue, delayed: DelayedWork, delay: number): void {
  delayed.queue = queue;
  if (delay === 0) __queue_work(queue, delayed.work);
  else __mod_timer(delayed.timer, queue.k.jiffies + delay);
}

/** Queues after `delay` jiffies (0: at once). False when it was pending already. */
export function* queue_delayed_work(
  queue: Workqueue,
  delayed: DelayedWork,
  delay: number,
): Atomic<boolean> {
  const kind = delay === 0 ? K['work.queue'] : K['timer.arm'];
  if (queue.k.sim.point(kind, delayed.work.object, queue.object)) yield preempt;
  if (!setPending(delayed.work)) return false;
  __queue_delayed_work(queue, delayed, delay);
  return true;
}

/** As queue_delayed_work(), but a pending one gets the new delay. True when it was pending. */
export function* mod_delayed_work(
  queue: Workqueue,
  delayed: DelayedWork,
  delay: number,
): Atomic<boolean> {
  if (queue.k.sim.point(K['timer.arm'], delayed.work.object, queue.object)) yield preempt;
  const was = yield* try_to_grab_pending(delayed.work, delayed);
  if (setPending(delayed.work)) __queue_delayed_work(queue, delayed, delay);
  return was;
}

/** Takes the timer or the queued item away; does not wait for a running one. */
export function* cancel_delayed_work(delayed: DelayedWork): Atomic<boolean> {
  if (delayed.work.k.sim.point(K['work.cancel'], delayed.work.object)) yield preempt;
  return yield* try_to_grab_pending(delayed.work, delayed);
}

/** As cancel_work_sync(), the timer included. */
export function* cancel_delayed_work_sync(delayed: DelayedWork): MaySleep<boolean> {
  const { work } = delayed;
  might_sleep(work.k, 'kernel/workqueue.c:3013');
  if (work.k.sim.point(K['work.cancel'], work.object)) yield preempt;
  return yield* __cancel_work_timer(work, delayed);
}

/** Queues at once what its timer would queue, and waits for it. */
export function* flush_delayed_work(delayed: DelayedWork): MaySleep<boolean> {
  const { work, queue } = delayed;
  if ((yield* del_timer_sync(delayed.timer)) && queue !== null) __queue_work(queue, work);
  return yield* flush_work(work);
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
