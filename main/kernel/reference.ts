// Named reference counts: every hold names its owner (a task or a work item) and why, so that a
// wait for the last reference shows in the wait graph (design section 7).

import { Resource } from '#detect/graph.ts';
import type { Actor } from '#detect/graph.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { Kernel } from './kernel.ts';

export class Reference {
  readonly k: Kernel;
  name: string;
  object: number;
  readonly resource: Resource;
  private countNow: number;

  /**
   * `name` as the sentence says it, for example `netdev p1`; `base` references belong to nobody.
   */
  constructor(k: Kernel, name: string, base = 1) {
    this.k = k;
    this.name = name;
    this.object = k.trace.intern(name);
    this.resource = new Resource(name, 'reference');
    this.countNow = base;
  }

  /** The object got another name; graph and trace use it from now on. */
  rename(name: string): void {
    const { trace } = this.k;
    const before = this.object;
    this.name = name;
    this.object = trace.intern(name);
    this.resource.rename(name);
    if (before !== this.object) trace.emit(K['ref.rename'], before, this.object);
  }

  /** The count, the base references included. */
  get count(): number {
    return this.countNow;
  }

  /**
   * Takes one for `actor`, or for nobody in particular (null: bookkeeping of the object itself).
   */
  *hold(actor: Actor | null, why: string): Atomic<void> {
    if (this.k.sim.point(K['ref.hold'], this.object, this.countNow + 1)) yield preempt;
    this.countNow++;
    if (actor !== null) this.k.graph.hold(this.resource, actor, why);
  }

  /**
   * Takes one in the same step in which the caller found the object: for walks of lists that hold
   * what they look at.
   */
  *grab(actor: Actor | null, why: string): Atomic<void> {
    this.countNow++;
    if (actor !== null) this.k.graph.hold(this.resource, actor, why);
    if (this.k.sim.point(K['ref.hold'], this.object, this.countNow)) yield preempt;
  }

  /** Gives one back and returns what is left. */
  *put(actor: Actor | null): Atomic<number> {
    if (this.k.sim.point(K['ref.put'], this.object, Math.max(0, this.countNow - 1))) yield preempt;
    this.countNow--;
    if (actor !== null) this.k.graph.release(this.resource, actor);
    return this.countNow;
  }
}
