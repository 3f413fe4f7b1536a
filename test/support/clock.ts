// A Clock for tests of hardware models without an engine: a heap ordered by time, then by the order
// in which events were asked for. Given a Trace, it keeps the time of the next trace event current.

import type { Clock } from '#bus/clock.ts';
import type { Trace } from '#trace/trace.ts';

interface Entry {
  readonly atNs: number;
  readonly order: number;
  readonly fn: () => void;
}

const before = (a: Entry, b: Entry) => a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);

/** A deterministic clock that moves only when told to. */
export class TestClock implements Clock {
  private readonly heap: Entry[] = [];
  private readonly trace: Trace | null;
  private nowNs = 0;
  private asked = 0;

  constructor(trace: Trace | null = null) {
    this.trace = trace;
  }

  now(): number {
    return this.nowNs;
  }

  after(delayNs: number, fn: () => void): void {
    if (!Number.isInteger(delayNs) || delayNs < 0) throw new RangeError(`delay ${delayNs}`);
    this.push({ atNs: this.nowNs + delayNs, order: this.asked++, fn });
  }

  /** Events that wait. */
  get pending(): number {
    return this.heap.length;
  }

  /** Runs the next event. False when there is none. */
  step(): boolean {
    const next = this.pop();
    if (next === undefined) return false;
    this.setNow(next.atNs);
    next.fn();
    return true;
  }

  /** Runs every event up to and including `atNs`, then stands at `atNs`. */
  runUntil(atNs: number): void {
    while (this.heap.length > 0 && this.heap[0]!.atNs <= atNs) this.step();
    if (atNs > this.nowNs) this.setNow(atNs);
  }

  /** Runs for `durationNs` from now. */
  runFor(durationNs: number): void {
    this.runUntil(this.nowNs + durationNs);
  }

  private setNow(atNs: number): void {
    this.nowNs = atNs;
    if (this.trace !== null) this.trace.nowNs = atNs;
  }

  private push(entry: Entry): void {
    const heap = this.heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(entry, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  private pop(): Entry | undefined {
    const heap = this.heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return top;
  }
}
