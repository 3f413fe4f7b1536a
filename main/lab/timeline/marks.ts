// The flags on the ruler: a cycle that has closed, crashes, what detectors and kernel said, the
// scenario's own marks, and what a person put in.

import type { Trace } from '#trace/trace.ts';
import type { LaneEvent, Takes } from './event.ts';

export type MarkKind = 'closed' | 'oops' | 'finding' | 'warning' | 'report' | 'mark' | 'input';

/** A flag. */
export interface Mark {
  readonly seq: number;
  readonly timeNs: number;
  readonly kind: MarkKind;
  readonly text: string;
}

/** Findings that have an event of their own. */
const toldElsewhere: ReadonlySet<string> = new Set(['deadlock', 'netdevReference', 'oops']);

/** Collects marks, in the order of the run. */
export class Marks {
  readonly all: Mark[] = [];
  readonly takes: Takes;
  private readonly trace: Trace;

  constructor(trace: Trace) {
    this.trace = trace;
    this.takes = {
      deadlock: (event) => this.add('closed', event, trace.text(event.object)),
      oops: (event) => this.add('oops', event, trace.text(event.object)),
      finding: (event) => this.addTold('finding', event),
      report: (event) => this.addTold('report', event),
      'ref.warning': (event) => {
        const text = `${trace.text(event.object)} has ${event.value} references`;
        this.add('warning', event, text);
      },
      step: (event) => {
        if (trace.text(event.object) === 'mark') this.add('mark', event, trace.text(event.value));
      },
      input: (event) => this.add('input', event, trace.text(event.object)),
    };
  }

  private add(kind: MarkKind, { seq, timeNs }: LaneEvent, text: string): void {
    this.all.push({ seq, timeNs, kind, text });
  }

  private addTold(kind: MarkKind, event: LaneEvent): void {
    const sort = this.trace.text(event.object);
    if (!toldElsewhere.has(sort)) this.add(kind, event, this.trace.text(event.value));
  }

  /** Number of the first mark at or after a time. */
  private firstFrom(timeNs: number): number {
    let [low, high] = [0, this.all.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.all[middle]!.timeNs < timeNs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Marks from one time up to another, the second one left out. */
  between(fromNs: number, toNs: number): readonly Mark[] {
    return this.all.slice(this.firstFrom(fromNs), this.firstFrom(toNs));
  }

  /** The next mark after a time, or the previous one before it; null when there is none. */
  next(timeNs: number, direction: 1 | -1): Mark | null {
    if (direction < 0) return this.all[this.firstFrom(timeNs) - 1] ?? null;
    for (let at = this.firstFrom(timeNs); at < this.all.length; at++) {
      if (this.all[at]!.timeNs > timeNs) return this.all[at]!;
    }
    return null;
  }
}
