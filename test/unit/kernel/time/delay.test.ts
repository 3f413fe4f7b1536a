// Sleeps and delays: how long they take at each HZ, by the numbers that were measured, and what
// ends them early.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import { kill_task, user_task, wake_up_process } from '#kernel/sched.ts';
import {
  hrtimer_nanosleep,
  MAX_SCHEDULE_TIMEOUT,
  msleep,
  ndelay,
  schedule_timeout,
  schedule_timeout_interruptible,
  schedule_timeout_uninterruptible,
  ssleep,
  udelay,
  usleep,
} from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { thread } from '#test/support/threads.ts';

const ms = 1e6;

/** Times, in ms, that a sleep takes when it is repeated. */
function repeated(k: Kernel, sleep: () => MaySleep<unknown>, rounds = 6): number[] {
  const ends: number[] = [];
  thread(k, 'sleeper', function* (): MaySleep<void> {
    for (let n = 0; n < rounds; n++) {
      yield* sleep();
      ends.push(k.sim.now());
    }
  });
  k.sim.run(1000 * second);
  return ends.slice(1).map((end, n) => Math.round((end - ends[n]!) / ms));
}

describe('msleep(250), the step of the wait for netdev references (facts/driver 7.2b)', () => {
  it.each([
    [100, 270],
    [250, 288],
    [300, 267],
    [1000, 256],
  ])('at HZ %i takes %i ms again and again', (hz, milliseconds) => {
    const k = bareKernel({ hz });
    expect(new Set(repeated(k, () => msleep(k, 250)))).toEqual(new Set([milliseconds]));
  });
});

describe('other sleeps', () => {
  it('msleep sleeps at least what was asked for', () => {
    for (const hz of [100, 250, 300, 1000]) {
      for (const milliseconds of [0, 1, 3, 10, 33, 100, 777]) {
        const k = bareKernel({ hz });
        const [took] = repeated(k, () => msleep(k, milliseconds), 2);
        expect(took).toBeGreaterThanOrEqual(milliseconds);
        expect(took).toBeLessThanOrEqual(milliseconds * 1.2 + 3 * (1000 / hz));
      }
    }
  });

  it('ssleep counts seconds', () => {
    const k = bareKernel();
    const [took] = repeated(k, () => ssleep(k, 2), 2);
    expect(took).toBeGreaterThanOrEqual(2000);
    expect(took).toBeLessThan(2300);
  });

  it('high-resolution ones are exact', () => {
    const k = bareKernel();
    const times: number[] = [];
    thread(k, 'sleeper', function* (): MaySleep<void> {
      for (const sleep of [() => usleep(k, 1500), () => hrtimer_nanosleep(k, 2_345_678)]) {
        const start = k.sim.now();
        yield* sleep();
        times.push(k.sim.now() - start);
      }
    });
    k.sim.run(second);
    expect(times).toEqual([1_500_000, 2_345_678]);
  });

  it('are in the state that ps shows', () => {
    const k = bareKernel();
    const tasks = [
      thread(k, 'msleep', () => msleep(k, 1000)),
      thread(k, 'nanosleep', () => hrtimer_nanosleep(k, second)),
      thread(k, 'interruptible', function* () {
        yield* schedule_timeout_interruptible(k, 1000);
      }),
    ];
    k.sim.run(10 * ms);
    expect(tasks.map((task) => task.sleepState)).toEqual(['D', 'S', 'S']);
  });
});

describe('schedule_timeout', () => {
  it('gives 0 when its time is over, else what is left of it', () => {
    const k = bareKernel();
    const left: number[] = [];
    const sleeper = thread(k, 'sleeper', function* (): MaySleep<void> {
      left.push(yield* schedule_timeout_uninterruptible(k, 10));
      left.push(yield* schedule_timeout_uninterruptible(k, 100));
    });
    k.sim.at(120 * ms, () => {
      wake_up_process(k, sleeper);
    });
    k.sim.run(10 * second);
    // The first ends on jiffy 11 (44 ms); the second was to end on jiffy 111, woken on 30.
    expect(left).toEqual([0, 81]);
  });

  it('without a limit sleeps until somebody wakes it', () => {
    const k = bareKernel();
    let left = 0;
    const sleeper = thread(k, 'sleeper', function* (): MaySleep<void> {
      left = yield* schedule_timeout(k, MAX_SCHEDULE_TIMEOUT, 'D');
    });
    expect(k.sim.run(10 * second)).toBe('quiescent');
    wake_up_process(k, sleeper);
    k.sim.run(20 * second);
    expect(left).toBe(MAX_SCHEDULE_TIMEOUT);
  });

  it('of msleep goes on sleeping when somebody wakes it too early', () => {
    const k = bareKernel();
    let end = 0;
    const sleeper = thread(k, 'sleeper', function* (): MaySleep<void> {
      yield* msleep(k, 100);
      end = k.sim.now();
    });
    k.sim.at(20 * ms, () => {
      wake_up_process(k, sleeper);
    });
    k.sim.run(second);
    expect(end).toBeGreaterThanOrEqual(100 * ms);
  });
});

describe('a signal', () => {
  it('ends an interruptible sleep, not another', () => {
    const k = bareKernel();
    const ends = new Map<string, number>();
    const start = (name: string, sleep: () => MaySleep<unknown>) =>
      user_task(k, name, name, 1, function* () {
        yield* sleep();
        ends.set(name, Math.round(k.sim.now() / ms));
      });
    const tasks = [
      start('nanosleep', () => hrtimer_nanosleep(k, second)),
      start('interruptible', () => schedule_timeout_interruptible(k, 250)),
      start('msleep', () => msleep(k, 1000)),
    ];
    k.sim.at(10 * ms, () => {
      for (const task of tasks) kill_task(k, task);
    });
    k.sim.run(10 * second);
    expect(ends.get('nanosleep')).toBe(10);
    expect(ends.get('interruptible')).toBe(10);
    expect(ends.get('msleep')).toBeGreaterThanOrEqual(1000);
  });
});

describe('a busy wait', () => {
  it('takes its time and lets others run', () => {
    const k = bareKernel();
    const log: string[] = [];
    thread(k, 'busy', function* () {
      const start = k.sim.now();
      yield* udelay(k, 50);
      expect(k.sim.now() - start).toBeGreaterThanOrEqual(50_000);
      expect(k.sim.now() - start).toBeLessThan(51_000);
      yield* ndelay(k, 300);
      log.push('busy');
    });
    thread(k, 'other', function* () {
      yield* k.sim.spend(1000);
      log.push('other');
    });
    k.sim.run(second);
    expect(log).toEqual(['other', 'busy']);
  });

  it('ends although nothing else ever happens', () => {
    const k = bareKernel();
    thread(k, 'busy', () => udelay(k, 1e6));
    expect(k.sim.run(10 * second)).toBe('quiescent');
    expect(k.sim.pointCount).toBeLessThan(10);
  });
});
