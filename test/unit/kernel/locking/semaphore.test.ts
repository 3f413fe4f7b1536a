// Counting semaphores: so many at once, in the order of coming, and anybody may give one back.

import { describe, expect, it } from 'vitest';
import {
  down,
  down_interruptible,
  down_trylock,
  sema_init,
  up,
} from '#kernel/locking/semaphore.ts';
import { user_task } from '#kernel/sched.ts';
import { send_sig, SIGTERM } from '#kernel/signal.ts';
import { msleep, schedule_timeout_uninterruptible } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

describe('a semaphore', () => {
  it.each([1, 2, 3])('of %i lets in so many at once and no more, on every schedule', (units) => {
    let most = 0;
    for (let seed = 1; seed <= count(60, 2000); seed++) {
      const k = bareKernel({ seed });
      const sem = sema_init(k, 's', units);
      let inside = 0;
      for (let n = 0; n < 5; n++) {
        thread(k, `t${n}`, function* (): MaySleep<void> {
          for (let round = 0; round < 5; round++) {
            yield* down(sem);
            most = Math.max(most, ++inside);
            yield* k.sim.spend(1000);
            inside--;
            yield* up(sem);
          }
        });
      }
      expect(k.sim.run(second)).toBe('quiescent');
      expect(livingTasks(k)).toEqual([]);
      expect(sem.count).toBe(units);
    }
    expect(most).toBe(units);
  });

  it('serves its waiters in the order of their coming', () => {
    const k = bareKernel();
    const sem = sema_init(k, 's', 0);
    const order: number[] = [];
    for (let n = 0; n < 4; n++) {
      thread(k, `t${n}`, function* (): MaySleep<void> {
        yield* schedule_timeout_uninterruptible(k, n + 1);
        yield* down(sem);
        order.push(n);
      });
    }
    thread(k, 'giver', function* (): MaySleep<void> {
      yield* msleep(k, 100);
      for (let n = 0; n < 4; n++) yield* up(sem);
    });
    k.sim.run(second);
    expect(order).toEqual([0, 1, 2, 3]);
    expect(sem.count).toBe(0);
  });

  it('can be given back by somebody else, who then holds it no more than before', () => {
    const k = bareKernel();
    const sem = sema_init(k, 's', 1);
    thread(k, 'taker', function* (): MaySleep<void> {
      yield* down(sem);
      yield* msleep(k, 1000);
    });
    thread(k, 'giver', function* (): MaySleep<void> {
      yield* msleep(k, 4);
      yield* up(sem);
    });
    k.sim.run(second / 10);
    expect(sem.count).toBe(1);
    expect(sem.resource.holds).toEqual([]);
  });

  it('that is only tried never makes anybody wait', () => {
    const k = bareKernel();
    const sem = sema_init(k, 's', 1);
    const answers: boolean[] = [];
    thread(k, 'trying', function* (): MaySleep<void> {
      answers.push(yield* down_trylock(sem), yield* down_trylock(sem));
      yield* up(sem);
      answers.push(yield* down_trylock(sem));
    });
    k.sim.run(second);
    expect(answers).toEqual([true, false, true]);
  });

  it('loses nothing when a waiter leaves because of a signal', () => {
    for (let seed = 1; seed <= count(100, 2000); seed++) {
      const k = bareKernel({ seed });
      const sem = sema_init(k, 's', 0);
      let got = 0;
      const victim = user_task(k, 'victim', 'victim', 1, function* (): MaySleep<void> {
        if ((yield* down_interruptible(sem)) === 0) got++;
      });
      thread(k, 'giver', function* (): MaySleep<void> {
        yield* msleep(k, 4);
        yield* up(sem);
      });
      k.sim.at(11.999e6 + seed * 10, () => {
        send_sig(k, SIGTERM, victim);
      });
      k.sim.run(second);
      expect(got + sem.count).toBe(1);
      expect(sem.waiters).toEqual([]);
    }
  });

  it('of two is no deadlock while one of its holders can go on', () => {
    const k = bareKernel();
    const sem = sema_init(k, 's', 2);
    const other = sema_init(k, 'other', 1);
    const body = (first: typeof sem, then: typeof sem) =>
      function* (): MaySleep<void> {
        yield* down(first);
        yield* msleep(k, 10);
        yield* down(then);
        yield* up(then);
        yield* up(first);
      };
    thread(k, 'a', body(sem, other));
    thread(k, 'b', body(other, sem));
    thread(k, 'c', function* (): MaySleep<void> {
      yield* down(sem);
      yield* msleep(k, 100);
      yield* up(sem);
    });
    k.sim.run(second);
    expect(livingTasks(k)).toEqual([]);
    expect(k.graph.deadlocks).toEqual([]);
  });
});
