// Where the engine stands when it asks a policy, and the choices made so far. A choice names its
// place by what the last context did since the choice before: the k-th event of a kind on an
// object. One object serves every question, so that asking allocates nothing.

import type { Trace } from '#trace/trace.ts';
import type { Choice, PointInfo } from './policy.ts';
import type { Task } from './task.ts';

export class Choices implements PointInfo {
  readonly made: Choice[] = [];
  kind = 0;
  object = 0;
  /** Who runs, or ran last. */
  last: Task | null = null;

  private readonly trace: Trace;
  /** Position after the last choice. */
  private after = 0;
  /** What occurrence() was asked last, and how far it has counted. */
  private readonly counted = { task: 0, kind: 0, object: 0, since: 0, upTo: 0, count: 0 };

  constructor(trace: Trace) {
    this.trace = trace;
  }

  get from(): string {
    return this.last?.name ?? '';
  }

  get position(): number {
    return this.trace.count;
  }

  /** A policy asks for the same events again and again, so the count goes on where it ended. */
  occurrence(since: number): number {
    const { counted, trace, kind, object } = this;
    const task = this.last?.number ?? 0;
    const isSame = counted.kind === kind && counted.object === object && counted.task === task;
    if (!isSame || counted.since !== since) {
      counted.task = task;
      counted.kind = kind;
      counted.object = object;
      counted.since = since;
      counted.upTo = since;
      counted.count = 0;
    }
    counted.count += trace.countMatches(counted.upTo, trace.count, kind, object, task);
    counted.upTo = trace.count;
    return Math.max(1, counted.count);
  }

  /** Notes that the policy switched here. */
  record(to: Task): void {
    this.made.push({
      from: this.from,
      kind: this.kind,
      object: this.trace.text(this.object),
      occurrence: this.occurrence(this.after),
      to: to.name,
    });
    this.after = this.trace.count;
  }
}
