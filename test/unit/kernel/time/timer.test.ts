// Kernel timers: armed, moved, disarmed; del_timer_sync() waits for a callback that runs; rounding.

import { describe, expect, it } from 'vitest';
import { deadlockSentence } from '#detect/sentence.ts';
import {
  preempt_disable,
  preempt_enable,
  spin_lock,
  spin_lock_init,
  spin_unlock,
} from '#kernel/locking/spinlock.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { cpu_relax } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  add_timer,
  del_timer,
  del_timer_sync,
  mod_timer,
  msecs_to_jiffies,
  round_jiffies,
  round_jiffies_relative,
  timer_pending,
  timer_setup,
} from '#kernel/time/timer.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

/** Somebody has CPU 0, where timers run, so that everybody else is on another. */
const haveCpu0 = (k: Kernel): void => {
  thread(k, 'hog', function* (): Atomic<void> {
    yield* preempt_disable(k);
    while (k.sim.now() < 20e6) yield* cpu_relax(k);
    yield* preempt_enable(k);
  });
};

describe('a timer', () => {
  it('fires once, in softirq context, when its time has come', () => {
    const k = bareKernel();
    const fired: string[] = [];
    const timer = timer_setup(k, 't', function* () {
      fired.push(
        `${k.sim.current.kind} ${k.jiffies + 75_000} pending ${String(timer_pending(timer))}`,
      );
      yield* k.sim.spend(1);
    });
    thread(k, 'a', function* (): MaySleep<void> {
      timer.expires = k.jiffies + 10;
      yield* add_timer(timer);
      expect(timer_pending(timer)).toBe(true);
    });
    k.sim.run(second);
    expect(fired).toEqual(['softirq 11 pending false']);
  });

  it('that is moved fires at its new time only', () => {
    const k = bareKernel();
    const fired: number[] = [];
    const answers: boolean[] = [];
    const timer = timer_setup(k, 't', function* () {
      fired.push(k.jiffies + 75_000);
      yield* k.sim.spend(1);
    });
    thread(k, 'a', function* (): MaySleep<void> {
      answers.push(yield* mod_timer(timer, k.jiffies + 5));
      answers.push(yield* mod_timer(timer, k.jiffies + 30));
      yield* msleep(k, 400);
      answers.push(yield* mod_timer(timer, k.jiffies + 5));
      answers.push(yield* del_timer(timer));
      answers.push(yield* del_timer(timer));
    });
    k.sim.run(second);
    expect(fired).toEqual([31]);
    expect(answers).toEqual([false, true, false, true, false]);
  });

  it('may arm itself from its callback', () => {
    const k = bareKernel();
    let rounds = 0;
    const timer = timer_setup(k, 't', function* () {
      if (++rounds < 5) yield* mod_timer(timer, k.jiffies + 1);
    });
    thread(k, 'a', function* () {
      yield* mod_timer(timer, k.jiffies + 1);
    });
    k.sim.run(second);
    expect(rounds).toBe(5);
  });

  it('that is past fires at the next tick', () => {
    const k = bareKernel();
    let at = 0;
    const timer = timer_setup(k, 't', function* () {
      at = k.sim.now();
      yield* k.sim.spend(1);
    });
    thread(k, 'a', function* () {
      yield* mod_timer(timer, k.jiffies - 1000);
    });
    k.sim.run(second);
    expect(Math.round(at / 1e6)).toBe(4);
  });
});

describe('del_timer_sync', () => {
  /** A callback of 50 us that must not run any more when `gone` is set. */
  const setUp = (seed: number, again: boolean) => {
    const k = bareKernel({ seed });
    const state = { gone: false, runs: 0 };
    const timer = timer_setup(k, 't', function* (): Atomic<void> {
      state.runs++;
      for (let n = 0; n < 50; n++) {
        expect(state.gone).toBe(false);
        yield* k.sim.spend(1000);
      }
      if (again) yield* mod_timer(timer, k.jiffies + 1);
      expect(state.gone).toBe(false);
    });
    return { k, state, timer };
  };

  /** Where the callback stood when somebody disarmed the timer. */
  type Moment = 'before' | 'during' | 'after';

  /** Disarms at an instant of the seed's own. */
  const disarm = (seed: number, again: boolean): Moment => {
    const { k, state, timer } = setUp(seed, again);
    // The timer fires at 12 ms; most callbacks are over 70 us later. All instants come in turn.
    const atNs = 12e6 + ((seed * 37) % 250) * 300;
    let moment: Moment = 'before';
    haveCpu0(k);
    thread(k, 'owner', function* (): MaySleep<void> {
      while (k.sim.current.cpu === 0) yield* cpu_relax(k);
      yield* mod_timer(timer, k.jiffies + 2);
      yield* msleep(k, 4);
      while (k.sim.now() < atNs) yield* k.sim.spend(300);
      if (timer.running !== null) moment = 'during';
      else if (state.runs > 0) moment = 'after';
      yield* del_timer_sync(timer);
      state.gone = true;
      expect(timer_pending(timer)).toBe(false);
      expect(timer.running).toBeNull();
    });
    expect(k.sim.run(second)).toBe('quiescent');
    expect(livingTasks(k)).toEqual([]);
    return moment;
  };

  // An idle machine needs 0.3 s, in a long run 3 s; a loaded one may be a hundred times slower.
  const timeout = count(60_000, 300_000);

  it(
    'comes back only when the callback is over and the timer off, on every schedule',
    { timeout },
    () => {
      const seen = { before: 0, during: 0, after: 0 };
      for (let seed = 1; seed <= count(40, 2000); seed++) {
        for (const again of [false, true]) seen[disarm(seed, again)]++;
      }
      expect(Math.min(seen.before, seen.after)).toBeGreaterThan(0);
      expect(seen.during).toBeGreaterThan(20);
    },
  );

  it('says whether it was armed', () => {
    const k = bareKernel();
    const answers: boolean[] = [];
    const timer = timer_setup(k, 't', function* () {
      yield* k.sim.spend(1);
    });
    thread(k, 'a', function* (): MaySleep<void> {
      yield* mod_timer(timer, k.jiffies + 10);
      answers.push(yield* del_timer_sync(timer), yield* del_timer_sync(timer));
    });
    k.sim.run(second);
    expect(answers).toEqual([true, false]);
  });

  it('with a lock that the callback takes is a deadlock', () => {
    const k = bareKernel({ seed: 2 });
    const lock = spin_lock_init(k, 's');
    const timer = timer_setup(k, 'catas poll', function* () {
      yield* spin_lock(lock);
      yield* spin_unlock(lock);
    });
    haveCpu0(k);
    thread(k, 'owner', function* (): MaySleep<void> {
      while (k.sim.current.cpu === 0) yield* cpu_relax(k);
      yield* mod_timer(timer, k.jiffies + 1);
      yield* spin_lock(lock);
      while (timer.running === null) yield* cpu_relax(k);
      yield* del_timer_sync(timer);
    });
    k.sim.run(0.1 * second);
    expect(k.graph.deadlocks).toHaveLength(1);
    expect(deadlockSentence(k.graph.deadlocks[0]!)).toContain('waits for the flush of catas poll');
  });

  it('from the callback itself is a deadlock of one', () => {
    const k = bareKernel();
    const timer = timer_setup(k, 't', function* () {
      yield* del_timer_sync(timer);
    });
    thread(k, 'a', function* () {
      yield* mod_timer(timer, k.jiffies + 1);
    });
    k.sim.run(0.05 * second);
    expect(k.graph.deadlocks[0]!.steps.map((step) => step.waiter.name)).toEqual(['timer on CPU 0']);
  });
});

describe('jiffies', () => {
  it('round down when less than a quarter of a second over, else up; never into the past', () => {
    const k = bareKernel();
    k.sim.run(500 * second);
    const now = k.jiffies;
    const full = Math.ceil(now / 250) * 250;
    expect(round_jiffies(k, full + 300)).toBe(full + 250);
    expect(round_jiffies(k, full + 250 + 62)).toBe(full + 250);
    expect(round_jiffies(k, full + 250 + 63)).toBe(full + 500);
    expect(round_jiffies(k, now + 1)).toBe(now + 1);
    expect(round_jiffies_relative(k, 750)).toBe(round_jiffies(k, now + 750) - now);
  });

  it.each([
    [100, 1, 1],
    [100, 11, 2],
    [250, 1, 1],
    [250, 250, 63],
    [1000, 250, 250],
  ])('at HZ %i: %i ms are %i', (hz, milliseconds, jiffies) => {
    expect(msecs_to_jiffies(bareKernel({ hz }), milliseconds)).toBe(jiffies);
  });
});
