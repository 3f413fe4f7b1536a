// Time of a guest and its card: the host's own, from the moment the guest was made. The emulator
// follows it too, so that driver and firmware agree how long a second is.

import type { Clock } from '#bus/clock.ts';
import type { Trace } from '#trace/trace.ts';

interface Due {
  readonly atNs: number;
  readonly order: number;
  readonly fn: () => void;
}

const isBefore = (a: Due, b: Due): boolean =>
  a.atNs < b.atNs || (a.atNs === b.atNs && a.order < b.order);

/** Calls that come sooner than a timer of Node's can be set, ns. */
const timerNs = 1e6;
const nsPerMs = 1e6;

export class HostClock implements Clock {
  private readonly trace: Trace;
  private readonly beginMs = performance.now();
  private heap: Due[] = [];
  private asked = 0;
  private isRunning = false;
  private soon: NodeJS.Immediate | null = null;
  private later: NodeJS.Timeout | null = null;
  private laterNs = Infinity;
  private stopped = false;

  /** Events of the trace get this clock's time. */
  constructor(trace: Trace) {
    this.trace = trace;
  }

  now(): number {
    const nowNs = Math.floor((performance.now() - this.beginMs) * nsPerMs);
    this.trace.nowNs = nowNs;
    return nowNs;
  }

  after(delayNs: number, fn: () => void): void {
    if (this.stopped) return;
    this.push({ atNs: this.now() + delayNs, order: this.asked++, fn });
    if (!this.isRunning) this.wake();
  }

  /** Calls all whose time has come. Never from inside a register access. */
  run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    while (this.heap.length > 0 && this.heap[0]!.atNs <= this.now()) this.pop().fn();
    this.isRunning = false;
    this.wake();
  }

  /** Nothing is called any more. */
  stop(): void {
    this.stopped = true;
    this.heap = [];
    if (this.soon !== null) clearImmediate(this.soon);
    if (this.later !== null) clearTimeout(this.later);
  }

  /** Sees to it that run() is called when the first one is due. */
  private wake(): void {
    const first = this.heap[0];
    if (first === undefined) return;
    const inNs = first.atNs - this.now();
    if (inNs < timerNs) {
      this.soon ??= setImmediate(() => {
        this.soon = null;
        this.run();
      });
    } else if (this.later === null || first.atNs < this.laterNs) {
      if (this.later !== null) clearTimeout(this.later);
      this.laterNs = first.atNs;
      this.later = setTimeout(
        () => {
          this.later = null;
          this.run();
        },
        Math.ceil(inNs / nsPerMs),
      );
    }
  }

  private push(due: Due): void {
    const { heap } = this;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!isBefore(due, heap[up]!)) break;
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = due;
  }

  private pop(): Due {
    const { heap } = this;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      if (down >= heap.length) break;
      if (down + 1 < heap.length && isBefore(heap[down + 1]!, heap[down]!)) down++;
      if (!isBefore(heap[down]!, last)) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}
