// Time of a guest and its card: the host's own, from the moment the guest was made. The emulator
// follows it too, so that driver and firmware agree how long a second is.

import type { Clock } from '#bus/clock.ts';
import type { Trace } from '#trace/trace.ts';

interface Due {
  readonly atNs: number;
  readonly fn: () => void;
}

/** Calls that come sooner than a timer of Node's can be set, ns. */
const timerNs = 1e6;
const nsPerMs = 1e6;

export class HostClock implements Clock {
  private readonly trace: Trace;
  private readonly beginMs = performance.now();
  /** By time, then in the order in which they were asked for. Few wait at a time. */
  private due: Due[] = [];
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
    const atNs = this.now() + delayNs;
    const at = this.due.findLastIndex((one) => one.atNs <= atNs) + 1;
    this.due.splice(at, 0, { atNs, fn });
    if (!this.isRunning) this.wake();
  }

  /** Calls all whose time has come. Never from inside a register access. */
  run(): void {
    if (this.isRunning) return;
    this.isRunning = true;
    try {
      while (this.due.length > 0 && this.due[0]!.atNs <= this.now()) this.due.shift()!.fn();
    } finally {
      this.isRunning = false;
      this.wake();
    }
  }

  /** Nothing is called any more. */
  stop(): void {
    this.stopped = true;
    this.due = [];
    if (this.soon !== null) clearImmediate(this.soon);
    if (this.later !== null) clearTimeout(this.later);
  }

  /** Sees to it that run() is called when the first one is due. */
  private wake(): void {
    const [first] = this.due;
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
}
