// A work item: what struct work_struct holds, and its actor in the wait graph. Each queueing is an
// instance of its own, so that a flush waits exactly for those that were queued before it: an item
// may run and be queued again at the same time.

import { Actor } from '#detect/graph.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import type { Workqueue } from './pool.ts';

/** One queueing of a work item, from queue_work() to the end of its execution. */
export interface Instance {
  readonly work: Work;
}

export class Work {
  readonly k: Kernel;
  /** Unique among works that live together, for example `mlx4_en_bond_work#3 CHANGEUPPER(eth0)`. */
  readonly name: string;
  readonly object: number;
  readonly actor: Actor;
  readonly fn: () => MaySleep<void>;
  /** Function name and module that reports print. */
  readonly functionSite: readonly [name: string, module: string];
  /** PENDING bit: it is queued, or the timer of its delayed work runs. */
  pending = false;
  /** The queue that it waits on; null while only a timer runs. */
  pendingOn: Workqueue | null = null;
  executingOn: Workqueue | null = null;
  /** What is queued, and what is executed. */
  queued: Instance | null = null;
  executed: Instance | null = null;
  /** It was its turn while it was executed: the worker that executes it will take it up. */
  deferred = false;
  /** Somebody cancels it: queue_work() does nothing. */
  cancelling = 0;

  constructor(k: Kernel, name: string, fn: () => MaySleep<void>, site: readonly [string, string]) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.actor = new Actor(name, 'work');
    this.fn = fn;
    this.functionSite = site;
  }

  /** Name of the queue that has it, as reports print it. */
  get queueName(): string {
    return (this.executingOn ?? this.pendingOn)?.name ?? '';
  }
}
