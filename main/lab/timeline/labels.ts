// Labels of spans as numbers: a text of the trace by its own number, a text that the timeline made
// up (`fw SET_PORT`, `40 Gb/s`) by a number from 2^31 on. 0 is no label.

import type { Trace } from '#trace/trace.ts';

/** Numbers from here on are the timeline's own. */
const ownFrom = 0x80000000;

/** The labels of one run. */
export class Labels {
  private readonly trace: Trace;
  private readonly own: string[] = [];
  private readonly numbers = new Map<string, number>();

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** Number of a made-up label. */
  of(text: string): number {
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = ownFrom + this.own.push(text) - 1;
    this.numbers.set(text, number);
    return number;
  }

  /** What a label says. */
  text(label: number): string {
    return label < ownFrom ? this.trace.text(label) : (this.own[label - ownFrom] ?? '');
  }
}
