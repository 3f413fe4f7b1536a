// A work item: what struct work_struct holds, and its actor in the wait graph.

import { Actor, Resource } from '#detect/graph.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { WaitQueue } from '../wait.ts';
import type { Workqueue } from './pool.ts';

export class Work {
  readonly k: Kernel;
  /** Unique among works that live together, for example `mlx4_en_bond_work#3 CHANGEUPPER(eth0)`. */
  readonly name: string;
  readonly object: number;
  readonly actor: Actor;
  /** For cancel_work_sync() and flush_work(): held by the work while it is pending or runs. */
  readonly resource: Resource;
  readonly fn: () => MaySleep<void>;
  /** Function name and module that reports print. */
  readonly functionSite: readonly [name: string, module: string];
  /** PENDING bit: the queue it waits on. */
  pendingOn: Workqueue | null = null;
  executingOn: Workqueue | null = null;
  /** Somebody cancels it: queue_work() does nothing. */
  cancelling = 0;
  readonly idle: WaitQueue;

  constructor(k: Kernel, name: string, fn: () => MaySleep<void>, site: readonly [string, string]) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.actor = new Actor(name, 'work');
    this.resource = new Resource(name, 'flush');
    this.fn = fn;
    this.functionSite = site;
    this.idle = new WaitQueue(k, `work ${name}`);
  }

  /** Name of the queue that has it, as reports print it. */
  get queueName(): string {
    return (this.executingOn ?? this.pendingOn)?.name ?? '';
  }
}
