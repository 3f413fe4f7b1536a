// The timer wheel: when a timer really fires. An independent simulation of the wheel (buckets and
// an advancing clock, as kernel/time/timer.c has them) is the witness for the formula.

import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { wheelExpiry } from '#kernel/time/timer-wheel.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';

/**
 * Levels of 64 buckets, each 8 times as coarse; a bucket runs when the clock comes to its start.
 */
function fireByBuckets(now: number, delay: number): number {
  const expires = now + Math.max(0, delay);
  let level = 0;
  while (level < 8 && expires - now >= 63 * 8 ** level) level++;
  const bucket = (Math.floor(expires / 8 ** level) + 1) % 64;
  for (let clock = now + 1; ; clock++) {
    if (clock % 8 ** level !== 0) continue;
    if ((clock / 8 ** level) % 64 === bucket) return clock;
  }
}

test('a timer fires when the clock comes to its bucket', () => {
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.integer({ min: -5, max: 4000 }), (now, delay) => {
      expect(wheelExpiry(now, delay)).toBe(fireByBuckets(now, delay));
    }),
    { numRuns: count(300, 5000) },
  );
});

test.each([
  [1, 1, 2],
  [62, 1, 63],
  [63, 8, 64],
  [64, 8, 72],
  [503, 8, 504],
  [504, 64, 512],
  [4031, 64, 4032],
  [4032, 512, 4096],
  [30_000, 512, 30_208],
])('a delay of %i jiffies is rounded to %i', (delay, granularity, at) => {
  expect(wheelExpiry(0, delay)).toBe(at);
  for (const now of [1, 77, 5000, -75_000]) {
    const fires = wheelExpiry(now, delay);
    expect(fires % granularity === 0).toBe(true);
    expect(fires).toBeGreaterThan(now + delay);
    expect(fires).toBeLessThanOrEqual(now + delay + granularity);
  }
});

describe('jiffies', () => {
  it.each([100, 250, 300, 1000])('count from -300 * HZ, exactly, at HZ %i', (hz) => {
    const k = bareKernel({ hz });
    k.sim.at(1e15, () => undefined);
    expect(k.jiffies).toBe(-300 * hz);
    for (const seconds of [1, 7, 123, 100_000]) {
      k.sim.run(seconds * second);
      expect(k.jiffies).toBe((seconds - 300) * hz);
      k.sim.run(seconds * second + Math.ceil(second / hz) - 1);
      expect(k.jiffies).toBe((seconds - 300) * hz);
      k.sim.run(seconds * second + Math.ceil(second / hz));
      expect(k.jiffies).toBe((seconds - 300) * hz + 1);
    }
  });

  it.each([100, 250, 300, 1000])('are those of the moment at which a timer fires (HZ %i)', (hz) => {
    const k = bareKernel({ hz });
    const late: number[] = [];
    for (let delay = 0; delay < 200; delay++) {
      const fires = wheelExpiry(k.jiffies, delay);
      k.timers.sleepUntil(k.jiffies + delay, () => {
        late.push(k.jiffies - fires);
      });
    }
    k.sim.run(10 * second);
    expect(late).toHaveLength(200);
    expect(new Set(late)).toEqual(new Set([0]));
  });
});

it('a cancelled timer does not fire, also when another of its bucket does', () => {
  const k = bareKernel();
  const fired: string[] = [];
  const first = k.timers.sleepUntil(k.jiffies + 10, () => fired.push('first'));
  k.timers.sleepUntil(k.jiffies + 10, () => fired.push('second'));
  first.cancel();
  k.sim.run(second);
  expect(fired).toEqual(['second']);
});
