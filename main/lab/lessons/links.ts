// The links of the first cycle of a run, read from its trace: who waits for what, and who has that.
// So a trainee's answers are held against what happened, live or recorded.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';

/** One link: what comes after `of`. */
export interface CycleLink {
  /** A member that waits, or a thing that is held. */
  readonly of: string;
  /** `of` waits for it; else it holds `of`. */
  readonly waits: boolean;
  readonly answer: string;
}

/** Reads a trace that still grows. */
export class CycleLinks {
  private readonly trace: Trace;
  private links: CycleLink[] = [];
  private next = 0;
  /** Steps of the cycle that are not read yet; null before a cycle has closed. */
  private left: number | null = null;

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** The links so far; empty before a cycle has closed. */
  read(): readonly CycleLink[] {
    const { trace } = this;
    for (; this.next < trace.count && this.left !== 0; this.next++) {
      const { kind, object, value } = trace.event(this.next);
      if (kind === K.deadlock) this.left ??= value;
      if (this.left === null) continue;
      const [thing, actor] = [trace.text(object), trace.text(value)];
      if (kind === K['deadlock.wait']) this.links.push({ of: actor, waits: true, answer: thing });
      if (kind !== K['deadlock.hold']) continue;
      this.links.push({ of: thing, waits: false, answer: actor });
      this.left--;
    }
    return this.links;
  }

  /** Names to choose from. */
  get names(): string[] {
    const links = this.read();
    return [...new Set(links.flatMap(({ of, answer }) => [of, answer]))].sort();
  }
}
