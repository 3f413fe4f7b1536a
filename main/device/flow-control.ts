// Flow control of an Ethernet port, as the card obeys it: a PAUSE stops all that it sends, priority
// flow control what it sends at a priority, if SET_PORT has allowed it. A queue pair that may not
// send waits with its descriptors; a link that is stopped for long is a queue that hangs. What is
// counted is the flow control page of DUMP_ETH_STATS (facts/device 5.19), times in microseconds
// (kernel documentation, mlx5 counters.rst, which has the same names). Left out: stopping the other
// end. A frame that finds no receive descriptor is dropped, as by a card whose host is too slow.

import { priorityCount, quantumBits, stopOf } from '#bus/mac-control.ts';
import { flowStats, flowStatsBytes, globalPause } from '#prm/port.ts';
import type { PauseSettings } from './port-settings.ts';

/** Time, as long as the card is not reset. */
export interface FlowClock {
  /** ns. */
  now(): number;
  after(delayNs: number, fn: () => void): void;
}

/** What is sent at one priority. */
class Priority {
  /** Until when it is stopped, ns; it is not when that is over. */
  untilNs = 0;
  stopped = false;
  sinceNs = 0;
  frames = 0;
  stoppedNs = 0;
  resumptions = 0;
  /** Who goes on when it does, by queue pair. */
  readonly waiting = new Map<object, () => void>();
}

/** The flow control of one port. */
export class FlowControl {
  private readonly clock: FlowClock;
  private priorities = Array.from({ length: priorityCount }, () => new Priority());

  constructor(clock: FlowClock) {
    this.clock = clock;
  }

  /** A MAC control frame came in; it goes no further, whatever it asks. */
  take(frame: Uint8Array, allowed: PauseSettings, speedMbps: number): void {
    const stop = stopOf(frame);
    if (stop === null) return;
    stop.quanta.forEach((quanta, priority) => {
      const isAllowed = stop.whole
        ? (allowed.pprx & globalPause) !== 0
        : ((allowed.pfcrx >> priority) & 1) !== 0;
      if (quanta !== null && isAllowed) this.stop(this.priorities[priority]!, quanta, speedMbps);
    });
  }

  /**
   * True when nothing may be sent at a priority now; `resume` is called when it may be again, the
   * last one given for each queue pair.
   */
  holds(priority: number, queuePair: object, resume: () => void): boolean {
    const one = this.priorities[priority]!;
    if (one.stopped) one.waiting.set(queuePair, resume);
    return one.stopped;
  }

  /** The link is lost, or the port is closed: what the other end asked is void. */
  release(): void {
    for (const one of this.priorities) this.resume(one);
  }

  /** The page of counts; `reset` starts them again from 0. */
  report(reset: boolean): Uint8Array {
    const into = new Uint8Array(priorityCount * flowStatsBytes);
    this.priorities.forEach((one, priority) => {
      const running = one.stopped ? this.clock.now() - one.sinceNs : 0;
      const entry = into.subarray(priority * flowStatsBytes, (priority + 1) * flowStatsBytes);
      flowStats.write(entry, {
        rx_pause: one.frames,
        rx_pause_duration: Math.floor((one.stoppedNs + running) / 1000),
        rx_pause_transition: one.resumptions,
      });
      if (!reset) return;
      one.frames = one.resumptions = one.stoppedNs = 0;
      one.sinceNs = this.clock.now();
    });
    return into;
  }

  private stop(one: Priority, quanta: number, speedMbps: number): void {
    one.frames++;
    if (quanta === 0) {
      this.resume(one);
      return;
    }
    const nowNs = this.clock.now();
    const forNs = Math.ceil((quanta * quantumBits * 1000) / speedMbps);
    if (!one.stopped) one.sinceNs = nowNs;
    one.stopped = true;
    one.untilNs = nowNs + forNs;
    this.clock.after(forNs, () => {
      if (one.stopped && this.clock.now() >= one.untilNs) this.resume(one);
    });
  }

  private resume(one: Priority): void {
    if (!one.stopped) return;
    one.stopped = false;
    one.stoppedNs += this.clock.now() - one.sinceNs;
    one.resumptions++;
    const waiting = [...one.waiting.values()];
    one.waiting.clear();
    for (const goOn of waiting) goOn();
  }
}
