// Delayed works: a timer and a work with one PENDING bit between them.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import { preempt_disable, preempt_enable } from '#kernel/locking/spinlock.ts';
import { cpu_relax } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  alloc_ordered_workqueue,
  cancel_delayed_work,
  cancel_delayed_work_sync,
  delayed_work_pending,
  flush_delayed_work,
  flush_workqueue,
  INIT_DELAYED_WORK,
  mod_delayed_work,
  queue_delayed_work,
  queue_work,
  schedule_delayed_work,
} from '#kernel/workqueue.ts';
import type { DelayedWork, Workqueue } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

interface Rig {
  readonly k: Kernel;
  readonly queue: Workqueue;
  readonly delayed: DelayedWork;
  /** Jiffies since boot at which the work ran. */
  readonly runs: number[];
}

function rig(seed?: number, length = 0): Rig {
  const k = bareKernel(seed === undefined ? {} : { seed });
  const runs: number[] = [];
  const delayed = INIT_DELAYED_WORK(k, 'w', function* (): MaySleep<void> {
    runs.push(k.jiffies + 75_000);
    if (length > 0) yield* msleep(k, length);
    else yield* k.sim.spend(100);
  });
  return { k, queue: alloc_ordered_workqueue(k, 'q', 'q'), delayed, runs };
}

const run = ({ k }: Rig, body: () => MaySleep<void>): void => {
  thread(k, 'user', body);
  k.sim.run(100 * second);
};

describe('a delayed work', () => {
  it('runs when its time has come, or at once without a delay', () => {
    const late = rig();
    run(late, function* () {
      expect(yield* queue_delayed_work(late.queue, late.delayed, 10)).toBe(true);
      expect(delayed_work_pending(late.delayed)).toBe(true);
    });
    expect(late.runs).toEqual([11]);

    const now = rig();
    run(now, function* () {
      expect(yield* queue_delayed_work(now.queue, now.delayed, 0)).toBe(true);
    });
    expect(now.runs).toEqual([0]);
  });

  it('that is pending, by its timer or in its queue, is not queued again', () => {
    const r = rig();
    const answers: boolean[] = [];
    run(r, function* () {
      yield* queue_delayed_work(r.queue, r.delayed, 10);
      answers.push(yield* queue_delayed_work(r.queue, r.delayed, 1));
      answers.push(yield* queue_work(r.queue, r.delayed.work));
      yield* msleep(r.k, 100);
      yield* queue_delayed_work(r.queue, r.delayed, 0);
      answers.push(yield* queue_delayed_work(r.queue, r.delayed, 5));
    });
    expect(answers).toEqual([false, false, false]);
    expect(r.runs).toHaveLength(2);
  });

  it('can be armed again by its own function', () => {
    const k = bareKernel();
    let rounds = 0;
    const delayed = INIT_DELAYED_WORK(k, 'w', function* (): MaySleep<void> {
      if (++rounds < 4) expect(yield* schedule_delayed_work(delayed, 5)).toBe(true);
    });
    thread(k, 'user', function* () {
      yield* schedule_delayed_work(delayed, 5);
    });
    k.sim.run(second);
    expect(rounds).toBe(4);
  });

  it('whose timer runs is not waited for by a flush of its queue', () => {
    const r = rig();
    let flushedAt = 0;
    run(r, function* () {
      yield* queue_delayed_work(r.queue, r.delayed, 100);
      yield* flush_workqueue(r.queue);
      flushedAt = r.k.sim.now();
    });
    expect(flushedAt).toBeLessThan(1e6);
    expect(r.runs).toEqual([104]);
  });

  it('is run at once, and waited for, by flush_delayed_work', () => {
    const r = rig();
    run(r, function* () {
      yield* queue_delayed_work(r.queue, r.delayed, 100);
      expect(yield* flush_delayed_work(r.delayed)).toBe(true);
      expect(r.runs).toEqual([0]);
      expect(yield* flush_delayed_work(r.delayed)).toBe(false);
    });
    expect(r.runs).toEqual([0]);
  });
});

describe('mod_delayed_work', () => {
  it('gives a pending work another time, and arms one that is not', () => {
    const r = rig();
    const answers: boolean[] = [];
    run(r, function* () {
      yield* queue_delayed_work(r.queue, r.delayed, 200);
      answers.push(yield* mod_delayed_work(r.queue, r.delayed, 10));
      yield* msleep(r.k, 100);
      answers.push(yield* mod_delayed_work(r.queue, r.delayed, 0));
      yield* flush_workqueue(r.queue);
    });
    expect(answers).toEqual([true, false]);
    expect(r.runs).toHaveLength(2);
    expect(r.runs[0]).toBe(11);
  });

  it('does nothing while somebody cancels the work', () => {
    const r = rig(undefined, 100);
    let armed = true;
    thread(r.k, 'other', function* () {
      yield* msleep(r.k, 20);
      yield* mod_delayed_work(r.queue, r.delayed, 1);
      armed = delayed_work_pending(r.delayed);
    });
    run(r, function* () {
      yield* queue_delayed_work(r.queue, r.delayed, 0);
      yield* msleep(r.k, 4);
      yield* cancel_delayed_work_sync(r.delayed);
    });
    expect(armed).toBe(false);
    expect(r.runs).toHaveLength(1);
  });
});

describe('cancelling', () => {
  it('takes the timer or the queued work away, and says whether there was one', () => {
    const r = rig();
    const answers: boolean[] = [];
    run(r, function* () {
      yield* queue_delayed_work(r.queue, r.delayed, 10);
      answers.push(yield* cancel_delayed_work(r.delayed), yield* cancel_delayed_work(r.delayed));
      yield* queue_delayed_work(r.queue, r.delayed, 0);
      answers.push(yield* cancel_delayed_work(r.delayed));
    });
    expect(answers).toEqual([true, false, true]);
    expect(r.runs).toEqual([]);
  });

  it('with _sync leaves no timer and no run of a work that arms itself, on every schedule', () => {
    let caught = { timer: 0, run: 0 };
    for (let seed = 1; seed <= count(150, 3000); seed++) {
      const k = bareKernel({ seed });
      const queue = alloc_ordered_workqueue(k, 'q', 'q');
      let gone = false;
      const delayed = INIT_DELAYED_WORK(k, 'w', function* (): MaySleep<void> {
        for (let n = 0; n < 20; n++) {
          expect(gone).toBe(false);
          yield* k.sim.spend(3000);
        }
        yield* queue_delayed_work(queue, delayed, 1);
        expect(gone).toBe(false);
      });
      thread(k, 'user', function* (): MaySleep<void> {
        yield* queue_delayed_work(queue, delayed, 1);
        yield* msleep(k, 4);
        const until = k.sim.now() + (seed % 50) * 200_000;
        while (k.sim.now() < until) yield* k.sim.spend(5000);
        caught.timer += delayed_work_pending(delayed) ? 1 : 0;
        caught.run += delayed.work.executingOn === null ? 0 : 1;
        yield* cancel_delayed_work_sync(delayed);
        gone = true;
        expect(delayed_work_pending(delayed)).toBe(false);
        expect(delayed.work.executingOn).toBeNull();
      });
      expect(k.sim.run(second)).toBe('quiescent');
      expect(livingTasks(k)).toEqual([]);
    }
    caught = { timer: Math.min(1, caught.timer), run: Math.min(1, caught.run) };
    expect(caught).toEqual({ timer: 1, run: 1 });
  });

  it('without _sync finds the work also while its timer hands it over', () => {
    let found = 0;
    for (let seed = 1; seed <= count(200, 3000); seed++) {
      const r = rig(seed);
      let cancelled = false;
      // Somebody has CPU 0, where timers run, so that the canceller can see one run.
      thread(r.k, 'hog', function* (): MaySleep<void> {
        yield* preempt_disable(r.k);
        while (r.k.sim.now() < 20e6) yield* cpu_relax(r.k);
        yield* preempt_enable(r.k);
      });
      thread(r.k, 'canceller', function* (): MaySleep<void> {
        while (r.k.sim.current.cpu === 0) yield* cpu_relax(r.k);
        yield* queue_delayed_work(r.queue, r.delayed, 1);
        while (r.delayed.timer.running === null && r.runs.length === 0) yield* cpu_relax(r.k);
        if (r.delayed.timer.running !== null && r.delayed.work.pendingOn === null) found++;
        cancelled = yield* cancel_delayed_work(r.delayed);
      });
      r.k.sim.run(second);
      expect(r.runs).toHaveLength(cancelled ? 0 : 1);
    }
    expect(found).toBeGreaterThan(0);
  });
});
