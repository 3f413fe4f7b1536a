// The timer wheel (kernel/time/timer.c, facts/driver 7.2b and 9.5): a timer armed at jiffy j for d
// jiffies goes to level n, the smallest with d < 63 * 8^n, and fires at jiffy (floor((j + d) / 8^n)
// + 1) * 8^n. That rounding gives the measured times of the story, so it is kept exactly. Left out:
// the delay of deferrable timers on an idle CPU (they fire on their own grid here).

import { K } from '#trace/kinds.ts';
import type { Atomic } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';

/** One expiry: a kernel timer's callback, or a plain wake-up. */
export interface Expiry {
  cancelled: boolean;
  cancel(): void;
}

interface Entry extends Expiry {
  readonly fire: (() => Atomic<void>) | null;
  readonly wake: (() => void) | null;
}

const levelsMax = 8;

/** Jiffy at which a timer armed at `now` for `delay` jiffies really fires. */
export function wheelExpiry(now: number, delay: number): number {
  const d = Math.max(delay, 0);
  let granularity = 1;
  for (let level = 0; level < levelsMax && d >= 63 * granularity; level++) granularity *= 8;
  return (Math.floor((now + d) / granularity) + 1) * granularity;
}

export class TimerWheel {
  private readonly k: Kernel;
  private readonly buckets = new Map<number, Entry[]>();
  private readonly initial: number;

  constructor(k: Kernel) {
    this.k = k;
    this.initial = -300 * k.HZ;
  }

  /**
   * The jiffies counter; it starts at -300 * HZ, as in the kernel, which places the wheel's grids.
   */
  get jiffies(): number {
    const now = this.k.sim.now();
    const { HZ } = this.k;
    const seconds = Math.floor(now / 1e9);
    return this.initial + seconds * HZ + Math.floor(((now - seconds * 1e9) * HZ) / 1e9);
  }

  /** When a jiffy begins, ns: exact also where HZ does not divide a second into whole ns. */
  private startNs(jiffy: number): number {
    const { HZ } = this.k;
    const ticks = jiffy - this.initial;
    const seconds = Math.floor(ticks / HZ);
    return seconds * 1e9 + Math.ceil(((ticks - seconds * HZ) * 1e9) / HZ);
  }

  /** Calls `wake` when a timer for that jiffy would fire. For sleeps; runs outside any context. */
  sleepUntil(expires: number, wake: () => void): Expiry {
    return this.add(expires, { fire: null, wake });
  }

  /** Runs `fire` in softirq context when a timer for that jiffy would fire. */
  arm(expires: number, fire: () => Atomic<void>): Expiry {
    return this.add(expires, { fire, wake: null });
  }

  private add(expires: number, what: Pick<Entry, 'fire' | 'wake'>): Expiry {
    const now = this.jiffies;
    const at = wheelExpiry(now, expires - now);
    const entry: Entry = {
      ...what,
      cancelled: false,
      cancel() {
        this.cancelled = true;
      },
    };
    const bucket = this.buckets.get(at);
    if (bucket !== undefined) bucket.push(entry);
    else {
      this.buckets.set(at, [entry]);
      this.k.sim.at(this.startNs(at), () => {
        this.expire(at);
      });
    }
    return entry;
  }

  private expire(at: number): void {
    const bucket = this.buckets.get(at) ?? [];
    this.buckets.delete(at);
    const callbacks = bucket.filter((entry) => !entry.cancelled && entry.fire !== null);
    for (const entry of bucket) {
      if (!entry.cancelled) entry.wake?.();
    }
    if (callbacks.length === 0) return;
    this.k.sim.cpus.request(0, 'softirq', 'timer', () => this.run_timer_softirq(callbacks));
  }

  private *run_timer_softirq(entries: readonly Entry[]): Atomic<void> {
    for (const entry of entries) {
      if (!entry.cancelled && entry.fire !== null) yield* entry.fire();
    }
    this.k.trace.emit(K['timer.fire'], 0, 0);
  }
}
