// Waiting for works (kernel/workqueue.c: flush colours and barriers): a flush waits for the
// instances that were queued before it, and for no later one. In the wait graph their works hold
// the flush.

import { Resource } from '#detect/graph.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { actorOf, schedule } from '../sched.ts';
import { WaitQueue, wakeAll } from '../wait.ts';
import type { Instance } from './work.ts';

/** A flush that waits for some instances. */
interface Flush {
  readonly resource: Resource;
  readonly remaining: Set<Instance>;
  readonly done: WaitQueue;
}

/** Flushes in progress on one machine. */
export class Flushes {
  private readonly k: Kernel;
  private readonly waiting = new Set<Flush>();

  constructor(k: Kernel) {
    this.k = k;
  }

  /** Waits until these have ended or were cancelled. `name` is what is flushed. */
  *waitFor(name: string, instances: readonly Instance[]): MaySleep<void> {
    if (instances.length === 0) return;
    const { graph, sim, trace } = this.k;
    const flush: Flush = {
      resource: new Resource(name, 'flush'),
      remaining: new Set(instances),
      done: new WaitQueue(this.k, `flush of ${name}`),
    };
    for (const { work } of instances) graph.hold(flush.resource, work.actor, 'not finished');
    this.waiting.add(flush);
    const actor = actorOf(this.k, sim.current);
    graph.wait(actor, flush.resource);
    while (flush.remaining.size > 0) {
      flush.done.sleepers.push(sim.current);
      yield* schedule(this.k, 'D', flush.done.name, trace.intern(name));
    }
    graph.endWait(actor, flush.resource);
    this.waiting.delete(flush);
  }

  /** An instance has ended, or was cancelled. */
  finished(instance: Instance): void {
    for (const flush of this.waiting) {
      if (!flush.remaining.delete(instance)) continue;
      this.k.graph.release(flush.resource, instance.work.actor);
      if (flush.remaining.size === 0) wakeAll(flush.done);
    }
  }
}
