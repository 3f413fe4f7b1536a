// Workqueues of one machine and their workers (kernel/workqueue.c, facts/driver 9.4). Each queue
// has workers of its own, so that a worker's name is stable; their comm is that of the shared
// pools' threads. A queue has as many workers as works that could run: one more whenever a work is
// ready and every worker is busy. So a sleeping work keeps its slot of max_active, and holds up
// nobody else. Left out: the limit of one running worker for each CPU of a bound pool; idle workers
// that end.

import { Resource } from '#detect/graph.ts';
import type { MaySleep, Task } from '#sim/task.ts';
import { preempt } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { dump_stack, preempt_count } from '../dump-stack.ts';
import type { Kernel } from '../kernel.ts';
import { KERN_ERR, printk } from '../printk.ts';
import { actorOf, kthread_run } from '../sched.ts';
import { wait_event_idle, wakeOne, WaitQueue } from '../wait.ts';
import { Flushes } from './flush.ts';
import type { Work } from './work.ts';

/** A workqueue. */
export class Workqueue {
  readonly k: Kernel;
  /** As `ps` and reports show it, for example `mlx4_en`. */
  readonly name: string;
  /** Unique in the machine, for example `mlx4_en@card0`. */
  readonly instanceName: string;
  /** Most works that execute at once; 1 is an ordered queue. */
  readonly maxActive: number;
  /** WQ_UNBOUND: its workers belong to no CPU. */
  readonly unbound: boolean;
  readonly object: number;
  /** Held by executing works; works beyond max_active wait for it. */
  readonly resource: Resource;
  readonly pending: Work[] = [];
  readonly executing = new Map<Work, Task>();
  /** Works that were taken up while another worker still executed them. */
  readonly deferred: Work[] = [];
  readonly moreWork: WaitQueue;
  /** Where the rescuer waits for the end. */
  readonly rescue: WaitQueue;
  workers = 0;
  /** Workers that execute something. */
  busyWorkers = 0;
  destroyed = false;
  /** Callers of drain_workqueue(): only chained works may be queued. */
  drainers = 0;

  constructor(
    k: Kernel,
    name: string,
    instanceName: string,
    maxActive: number,
    unbound = maxActive === 1,
  ) {
    this.k = k;
    this.name = name;
    this.instanceName = instanceName;
    this.maxActive = maxActive;
    this.unbound = unbound;
    this.object = k.trace.intern(instanceName);
    this.resource = new Resource(instanceName, 'workqueue', maxActive === 1 ? 'all' : 'any');
    this.moreWork = new WaitQueue(k, `worker of ${instanceName}`);
    this.rescue = new WaitQueue(k, `rescuer of ${instanceName}`);
  }

  /** Pending works that may run now, the first ones. */
  get startable(): number {
    const free = this.maxActive - this.executing.size - this.deferred.length;
    return Math.max(0, Math.min(free, this.pending.length));
  }
}

export class Workqueues {
  /** Every queue that lives. */
  readonly all = new Set<Workqueue>();
  readonly flushes: Flushes;
  private readonly k: Kernel;
  private readonly byWorker = new Map<Task, Work>();
  private readonly threads = new Map<string, number>();
  private shared: Workqueue | null = null;
  private unbound: Workqueue | null = null;

  constructor(k: Kernel) {
    this.k = k;
    this.flushes = new Flushes(k);
  }

  /** The work that a worker executes, or null. */
  executedBy(task: Task): Work | null {
    return this.byWorker.get(task) ?? null;
  }

  /** system_wq, `events`. */
  get system_wq(): Workqueue {
    this.shared ??= this.add(new Workqueue(this.k, 'events', 'events', 256));
    return this.shared;
  }

  /** system_unbound_wq. */
  get system_unbound_wq(): Workqueue {
    const name = 'events_unbound';
    this.unbound ??= this.add(new Workqueue(this.k, name, name, 512, true));
    return this.unbound;
  }

  add(queue: Workqueue): Workqueue {
    this.all.add(queue);
    return queue;
  }

  /** Makes sure that every work that may run finds a worker. */
  kick(queue: Workqueue): void {
    const { moreWork } = queue;
    const looking = queue.workers - queue.busyWorkers - moreWork.sleepers.length;
    for (let missing = queue.startable - looking; missing > 0; missing--) {
      if (moreWork.sleepers.length > 0) wakeOne(moreWork);
      else this.create_worker(queue);
    }
  }

  /** Works whose turn has come wait no longer, though no worker has taken them up yet. */
  private giveTurns(queue: Workqueue): void {
    for (const work of queue.pending.slice(0, queue.startable)) {
      this.k.graph.endWait(work.actor, queue.resource);
    }
  }

  /** A work has left the pending list. */
  unlisted(queue: Workqueue, work: Work): void {
    this.k.graph.endWait(work.actor, queue.resource);
    this.giveTurns(queue);
  }

  private create_worker(queue: Workqueue): void {
    queue.workers++;
    const number = queue.workers === 1 ? '' : `${queue.workers} `;
    const pool = queue.unbound ? `u${2 * Math.max(this.k.options.cpus, 2)}` : '0';
    const id = this.threads.get(pool) ?? 0;
    this.threads.set(pool, id + 1);
    kthread_run(this.k, `worker ${number}of ${queue.instanceName}`, `kworker/${pool}:${id}`, () =>
      this.worker_thread(queue),
    );
  }

  private *worker_thread(queue: Workqueue): MaySleep<void> {
    const ready = (): boolean => queue.destroyed || queue.startable > 0;
    for (;;) {
      if (!ready()) yield* wait_event_idle(queue.moreWork, ready);
      if (queue.startable === 0) break;
      const work = queue.pending.shift()!;
      if (work.executingOn === null) yield* this.executeAll(queue, work);
      else {
        work.deferred = true;
        queue.deferred.push(work);
      }
    }
    queue.workers--;
  }

  /** Executes a work, and again if it was taken up meanwhile by another worker. */
  private *executeAll(queue: Workqueue, work: Work): MaySleep<void> {
    queue.busyWorkers++;
    yield* this.process_one_work(queue, work);
    while (work.deferred) {
      // This worker stays busy: another one must take what the free slot lets in.
      this.kick(queue);
      const other = work.pendingOn!;
      this.undefer(other, work);
      yield* this.process_one_work(other, work);
      this.kick(other);
    }
    queue.busyWorkers--;
    this.kick(queue);
  }

  /** The work is no longer kept for the worker that executes it. */
  undefer(queue: Workqueue, work: Work): void {
    work.deferred = false;
    queue.deferred.splice(queue.deferred.indexOf(work), 1);
  }

  private *process_one_work(queue: Workqueue, work: Work): MaySleep<void> {
    const { sim, trace } = this.k;
    const task = sim.current;
    this.begin(queue, work, task);
    const where = trace.intern(queue.instanceName);
    if (sim.point(K['work.start'], work.object, where)) yield preempt;
    yield* work.fn();
    trace.emit(K['work.end'], work.object, where);
    if (preempt_count(task) > 0) this.complainOfLeak(task, work);
    this.end(queue, work, task);
  }

  /** PENDING is cleared just before the function runs. */
  private begin(queue: Workqueue, work: Work, task: Task): void {
    const { graph } = this.k;
    work.pending = false;
    work.pendingOn = null;
    work.executingOn = queue;
    work.executed = work.queued;
    work.queued = null;
    queue.executing.set(work, task);
    this.byWorker.set(task, work);
    graph.endWait(work.actor, queue.resource);
    graph.execute(work.actor, actorOf(this.k, task));
    graph.hold(queue.resource, work.actor, 'executing');
    task.commSuffix = `+${queue.name}`;
  }

  private end(queue: Workqueue, work: Work, task: Task): void {
    const { graph } = this.k;
    const instance = work.executed;
    task.commSuffix = `-${queue.name}`;
    queue.executing.delete(work);
    this.byWorker.delete(task);
    work.executingOn = null;
    work.executed = null;
    graph.execute(work.actor, null);
    this.giveTurns(queue);
    graph.release(queue.resource, work.actor);
    if (instance !== null) this.flushes.finished(instance);
  }

  private complainOfLeak(task: Task, work: Work): void {
    const { k } = this;
    const count = preempt_count(task).toString(16).padStart(8, '0');
    const text = k.is612
      ? `BUG: workqueue leaked atomic, lock or RCU: ${task.comm}[${task.pid}]`
      : `BUG: workqueue leaked lock or atomic: ${task.comm}/0x${count}/${task.pid}`;
    printk(k, KERN_ERR, `${text}\n     last function: ${work.functionSite[0]}`);
    dump_stack(k, ['complainOfLeak']);
  }
}
