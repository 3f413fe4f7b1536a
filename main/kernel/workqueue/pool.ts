// Workqueues of one machine and their workers (kernel/workqueue.c, facts/driver 9.4). Each queue
// has workers of its own, so that a worker's name is stable; their comm is that of the shared
// pool's threads.

import { Resource } from '#detect/graph.ts';
import type { MaySleep, Task } from '#sim/task.ts';
import { preempt } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from '../kernel.ts';
import { KERN_ERR, printk } from '../printk.ts';
import { actorOf, kthread_run } from '../sched.ts';
import { wait_event_idle, wakeAll, WaitQueue } from '../wait.ts';
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
  readonly object: number;
  /** Held by executing works; pending works of an ordered queue wait for it. */
  readonly resource: Resource;
  readonly pending: Work[] = [];
  readonly executing = new Map<Work, Task>();
  readonly moreWork: WaitQueue;
  workers = 0;
  idleWorkers = 0;
  destroyed = false;
  /** Set while destroy_workqueue() drains: only chained works may be queued. */
  draining = false;

  constructor(k: Kernel, name: string, instanceName: string, maxActive: number) {
    this.k = k;
    this.name = name;
    this.instanceName = instanceName;
    this.maxActive = maxActive;
    this.object = k.trace.intern(instanceName);
    this.resource = new Resource(instanceName, 'workqueue', maxActive === 1 ? 'all' : 'any');
    this.moreWork = new WaitQueue(k, `worker of ${instanceName}`);
  }
}

/** A flush that waits for some works. */
export interface Flush {
  readonly resource: Resource;
  readonly remaining: Set<Work>;
  readonly done: WaitQueue;
}

export class Workqueues {
  /** Every queue that lives. */
  readonly all = new Set<Workqueue>();
  readonly flushes = new Set<Flush>();
  private readonly k: Kernel;
  private readonly byWorker = new Map<Task, Work>();
  private threads = 0;
  private shared: Workqueue | null = null;
  private unbound: Workqueue | null = null;

  constructor(k: Kernel) {
    this.k = k;
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
    this.unbound ??= this.add(new Workqueue(this.k, 'events_unbound', 'events_unbound', 512));
    return this.unbound;
  }

  add(queue: Workqueue): Workqueue {
    this.all.add(queue);
    return queue;
  }

  /** Makes sure that somebody will look at the queue. */
  kick(queue: Workqueue): void {
    if (queue.idleWorkers > 0) wakeAll(queue.moreWork);
    else if (queue.workers < queue.maxActive) this.create_worker(queue);
  }

  private create_worker(queue: Workqueue): void {
    queue.workers++;
    const number = queue.workers === 1 ? '' : `${queue.workers} `;
    const pool = 2 * Math.max(this.k.options.cpus, 2);
    const comm = `kworker/u${pool}:${this.threads++}`;
    kthread_run(this.k, `worker ${number}of ${queue.instanceName}`, comm, () =>
      this.worker_thread(queue, comm),
    );
  }

  private *worker_thread(queue: Workqueue, comm: string): MaySleep<void> {
    const ready = (): boolean =>
      queue.destroyed || (queue.pending.length > 0 && queue.executing.size < queue.maxActive);
    for (;;) {
      if (!ready()) {
        queue.idleWorkers++;
        yield* wait_event_idle(queue.moreWork, ready);
        queue.idleWorkers--;
      }
      const work = queue.pending.shift();
      if (work === undefined) {
        if (queue.destroyed) break;
        continue;
      }
      yield* this.process_one_work(queue, work, comm);
    }
    queue.workers--;
  }

  private *process_one_work(queue: Workqueue, work: Work, comm: string): MaySleep<void> {
    const { k } = this;
    const { graph, sim } = k;
    const task = sim.current;
    const actor = actorOf(k, task);
    graph.endWait(work.actor, queue.resource);
    queue.executing.set(work, task);
    this.byWorker.set(task, work);
    work.pendingOn = null;
    work.executingOn = queue;
    graph.execute(work.actor, actor);
    graph.hold(queue.resource, work.actor, 'executing');
    task.comm = `${comm}+${queue.name}`;
    if (sim.point(K['work.start'], work.object, k.trace.intern(queue.instanceName))) yield preempt;
    yield* work.fn();
    k.trace.emit(K['work.end'], work.object, k.trace.intern(queue.instanceName));
    if (task.atomic) {
      const [name] = work.functionSite;
      printk(k, KERN_ERR, `BUG: workqueue leaked lock or atomic: ${task.comm}/${task.pid} ${name}`);
    }
    task.comm = comm;
    graph.release(queue.resource, work.actor);
    graph.execute(work.actor, null);
    queue.executing.delete(work);
    this.byWorker.delete(task);
    work.executingOn = null;
    this.finished(work);
  }

  /** Tells everybody who waits for this work. */
  finished(work: Work): void {
    for (const flush of this.flushes) {
      if (!flush.remaining.delete(work)) continue;
      this.k.graph.release(flush.resource, work.actor);
      if (flush.remaining.size === 0) wakeAll(flush.done);
    }
    wakeAll(work.idle);
  }
}
