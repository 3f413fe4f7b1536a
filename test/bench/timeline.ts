// How fast a run becomes a timeline, what it takes in memory, and what a tile of it costs: forty of
// its busiest lanes, a thousand pixels, anywhere and at any zoom.

import type { RunRecord } from '#lab/record/run-record.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { Random } from '#test/support/card/random.ts';
import { cpuSeconds } from './clock.ts';

/** What a timeline costs. */
export interface TimelineCost {
  /** CPU seconds for a million events. */
  readonly buildSeconds: number;
  readonly bytesPerEvent: number;
  /** The slowest but one in twenty of many tiles, CPU ms. */
  readonly tileMs: number;
  /** A tile of the whole run, CPU ms. */
  readonly wholeMs: number;
}

const tiles = 200;

/** Makes the timeline of a run, and tiles of it. */
export function timelineCost({ trace }: RunRecord): TimelineCost {
  const start = cpuSeconds();
  const timeline = new Timeline(trace);
  const took = cpuSeconds() - start;
  const heavy = timeline.lanes().sort((a, b) => b.weight - a.weight);
  const lanes = heavy.slice(0, 40).map(({ id }) => id);
  const tileMs = (fromNs: number, toNs: number): number => {
    const before = cpuSeconds();
    timeline.tile({ lanes, fromNs, toNs, columns: 1000 });
    return (cpuSeconds() - before) * 1000;
  };
  const { nowNs } = timeline;
  const random = new Random(1);
  const times = Array.from({ length: tiles }, () => {
    const lengthNs = nowNs / 2 ** random.below(24);
    const fromNs = (random.below(1000) / 1000) * (nowNs - lengthNs);
    return tileMs(fromNs, fromNs + lengthNs);
  });
  const whole = Array.from({ length: 20 }, () => tileMs(0, nowNs));
  return {
    buildSeconds: (took / trace.count) * 1e6,
    bytesPerEvent: timeline.bytes / trace.count,
    tileMs: times.sort((a, b) => a - b)[Math.floor(tiles * 0.95)]!,
    wholeMs: whole.sort((a, b) => a - b)[10]!,
  };
}
