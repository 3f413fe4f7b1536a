// The last event of each task, kept while the trace grows. A context stands at a point before what
// the point announces, so this tells the next step of every task that stands; and whether an
// announced step of somebody else has been made.

import { K } from '#trace/kinds.ts';
import type { Trace, TraceEvent } from '#trace/trace.ts';
import { pieces } from '../record/piece.ts';

export class LastEvents {
  readonly trace: Trace;
  /** Number of the last event by task; being switched in is none of its own. */
  private readonly last = new Map<number, number>();
  /** Softirqs. */
  private readonly frames = new Set<number>();
  private seen = 0;

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** Looks at what has been added to the trace. */
  refresh(): void {
    for (const { from, count, u16, u8 } of pieces(this.trace, this.seen, this.trace.count)) {
      for (let at = 0; at < count; at++) {
        const kind = u8[at * 24 + 22];
        if (kind === K['task.switch']) continue;
        const task = u16[at * 12 + 10]!;
        if (kind === K['softirq.enter']) this.frames.add(task);
        this.last.set(task, from + at);
      }
    }
    this.seen = this.trace.count;
  }

  /** Null for a task that has not done anything. */
  of(task: number): TraceEvent | null {
    const seq = this.last.get(task);
    return seq === undefined ? null : this.trace.event(seq);
  }

  /** Timers run in softirqs. */
  isSoftirq(task: number): boolean {
    return this.frames.has(task);
  }

  /** The task of this event has not gone on since: what it announces has not been done. */
  isPending({ task, seq }: TraceEvent): boolean {
    return this.last.get(task) === seq;
  }
}
