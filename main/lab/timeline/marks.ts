// The flags on the ruler: a cycle that has closed, crashes, what detectors and kernel said, the
// scenario's own marks, what a person put in, and what a person has marked with a note.

import type { Trace } from '#trace/trace.ts';
import type { LaneEvent, Takes } from './event.ts';

export type MarkKind =
  'closed' | 'oops' | 'finding' | 'warning' | 'report' | 'mark' | 'input' | 'own';

/** A flag. */
export interface Mark {
  readonly seq: number;
  readonly timeNs: number;
  readonly kind: MarkKind;
  readonly text: string;
  /** Of a person's own mark: which one. */
  readonly number?: number;
}

/** A person's mark of a moment: before event `seq`, at the time of the event before that. */
export interface OwnMark {
  /** Tells it from the others; stays its own. */
  readonly number: number;
  readonly seq: number;
  readonly text: string;
}

/** Findings that have an event of their own. */
const toldElsewhere: ReadonlySet<string> = new Set(['deadlock', 'netdevReference', 'oops']);

/** Collects marks, in the order of the run. */
export class Marks {
  readonly all: Mark[] = [];
  readonly takes: Takes;
  private readonly trace: Trace;
  private ownOnes: readonly Mark[] = [];

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

  /** A person's marks; they may be of any moments, in any order. */
  set own(marks: readonly OwnMark[]) {
    this.ownOnes = marks
      .map(({ seq, text, number }): Mark => {
        const timeNs = seq > 0 ? this.trace.event(seq - 1).timeNs : 0;
        return { seq, timeNs, kind: 'own', text, number };
      })
      .sort((a, b) => a.seq - b.seq);
  }

  /** Marks from one time up to another, the second one left out. */
  between(fromNs: number, toNs: number): readonly Mark[] {
    const told = slice(this.all, fromNs, toNs);
    const own = slice(this.ownOnes, fromNs, toNs);
    return own.length === 0 ? told : [...told, ...own].sort((a, b) => a.seq - b.seq);
  }

  /** The mark after a moment, or the one before it; null when there is none. */
  next(seq: number, direction: 1 | -1): Mark | null {
    const near = [this.all, this.ownOnes].flatMap((marks) => {
      const mark =
        direction > 0
          ? marks[firstFrom(marks, 'seq', seq + 1)]
          : marks[firstFrom(marks, 'seq', seq) - 1];
      return mark ?? [];
    });
    return near.sort((a, b) => (a.seq - b.seq) * direction)[0] ?? null;
  }
}

/** Number of the first mark at or after a time or event. */
function firstFrom(marks: readonly Mark[], by: 'timeNs' | 'seq', least: number): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (marks[middle]![by] < least) low = middle + 1;
    else high = middle;
  }
  return low;
}

const slice = (marks: readonly Mark[], fromNs: number, toNs: number): readonly Mark[] =>
  marks.slice(firstFrom(marks, 'timeNs', fromNs), firstFrom(marks, 'timeNs', toNs));
