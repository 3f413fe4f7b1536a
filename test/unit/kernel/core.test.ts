// The kernel core on its own: locks, sleeps, works, interrupts, and what the wait graph makes of
// them.

import { describe, expect, it } from 'vitest';
import { deadlockSentence } from '#detect/sentence.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { spin_lock_init, spin_lock_irq, spin_unlock_irq } from '#kernel/locking/spinlock.ts';
import { kthread_run } from '#kernel/sched.ts';
import { msleep, schedule_timeout_uninterruptible } from '#kernel/time/delay.ts';
import { wheelExpiry } from '#kernel/time/timer-wheel.ts';
import { mod_timer, timer_setup } from '#kernel/time/timer.ts';
import {
  alloc_ordered_workqueue,
  flush_workqueue,
  INIT_WORK,
  queue_work,
} from '#kernel/workqueue.ts';
import { Reference } from '#kernel/reference.ts';
import { currentActor } from '#kernel/sched.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';

describe('sleeping', () => {
  it('msleep(250) takes 288 ms at HZ 250 once it is on the wheel grid', () => {
    const k = bareKernel();
    const times: number[] = [];
    kthread_run(k, 'sleeper', 'sleeper', function* (): MaySleep<void> {
      for (let round = 0; round < 4; round++) {
        yield* msleep(k, 250);
        times.push(k.sim.now());
      }
    });
    k.sim.run(10 * second);
    expect(times.slice(1).map((t, i) => Math.round((t - times[i]!) / 1e6))).toEqual([
      288, 288, 288,
    ]);
  });

  it('rounds by level as the timer wheel does', () => {
    expect(wheelExpiry(0, 1)).toBe(2);
    expect(wheelExpiry(0, 62)).toBe(63);
    expect(wheelExpiry(0, 64)).toBe(72);
    expect(wheelExpiry(8, 30_000) % 512).toBe(0);
  });
});

describe('mutexes', () => {
  it('are exclusive under random schedules', () => {
    for (let seed = 0; seed < 50; seed++) {
      const k = bareKernel({ seed });
      const lock = mutex_init(k, 'm');
      let inside = 0;
      let most = 0;
      for (let n = 0; n < 5; n++) {
        kthread_run(k, `t${n}`, `t${n}`, function* (): MaySleep<void> {
          for (let round = 0; round < 20; round++) {
            yield* mutex_lock(lock);
            inside++;
            most = Math.max(most, inside);
            yield* k.sim.spend(300);
            inside--;
            yield* mutex_unlock(lock);
          }
        });
      }
      expect(k.sim.run(second)).toBe('quiescent');
      expect(most).toBe(1);
      expect(k.graph.deadlocks).toEqual([]);
    }
  });

  it('an AB-BA deadlock is found at the moment it closes, and named', () => {
    const k = bareKernel();
    const a = mutex_init(k, 'a');
    const b = mutex_init(k, 'b');
    const body = (first: typeof a, then: typeof a) =>
      function* (): MaySleep<void> {
        yield* mutex_lock(first);
        yield* msleep(k, 10);
        yield* mutex_lock(then);
      };
    kthread_run(k, 'left', 'left', body(a, b));
    kthread_run(k, 'right', 'right', body(b, a));
    k.sim.run(second);
    expect(k.graph.deadlocks).toHaveLength(1);
    const sentence = deadlockSentence(k.graph.deadlocks[0]!);
    for (const name of ['left', 'right', 'the mutex a', 'the mutex b']) {
      expect(sentence).toContain(name);
    }
    const stuck = [...k.sim.tasks.values()].find((task) => task.name === 'left')!;
    expect(stuck.stack.map((site) => site.split('@')[0])).toEqual(
      expect.arrayContaining(['mutex_lock', 'schedule', 'kthread', 'ret_from_fork']),
    );
  });
});

describe('workqueues', () => {
  it('an ordered queue runs one work at a time, in order; a flush waits for earlier ones', () => {
    for (const seed of [undefined, 1, 2, 3, 4, 5]) {
      const k = bareKernel(seed === undefined ? {} : { seed });
      const queue = alloc_ordered_workqueue(k, 'q', 'q@test');
      const log: string[] = [];
      kthread_run(k, 'user', 'user', function* (): MaySleep<void> {
        for (let n = 0; n < 4; n++) {
          const work = INIT_WORK(k, `w#${n}`, function* (): MaySleep<void> {
            log.push(`start ${n}`);
            yield* msleep(k, 5);
            log.push(`end ${n}`);
          });
          expect(yield* queue_work(queue, work)).toBe(true);
        }
        yield* flush_workqueue(queue);
        log.push('flushed');
      });
      k.sim.run(second);
      const expected = [0, 1, 2, 3].flatMap((n) => [`start ${n}`, `end ${n}`]);
      expect(log).toEqual([...expected, 'flushed']);
    }
  });

  it('the shape of the story: mutex, reference and work in one cycle', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'intf_mutex');
    const reference = new Reference(k, 'netdev p1');
    const queue = alloc_ordered_workqueue(k, 'mlx4_en', 'mlx4_en@card0');
    kthread_run(k, 'writer', 'sh', function* (): MaySleep<void> {
      yield* mutex_lock(lock);
      const work = INIT_WORK(k, 'mlx4_en_bond_work#1', function* (): MaySleep<void> {
        yield* mutex_lock(lock);
        yield* mutex_unlock(lock);
        yield* reference.put(work.actor);
      });
      yield* reference.hold(work.actor, 'CHANGEUPPER');
      yield* queue_work(queue, work);
      const me = currentActor(k);
      while (reference.count > 1) {
        k.graph.wait(me, reference.resource);
        yield* msleep(k, 1);
        k.graph.endWait(me, reference.resource);
      }
      yield* mutex_unlock(lock);
    });
    k.sim.run(second);
    expect(k.graph.deadlocks).toHaveLength(1);
    const sentence = deadlockSentence(k.graph.deadlocks[0]!);
    expect(sentence).toContain('writer waits for the last reference on netdev p1');
    expect(sentence).toContain('the mutex intf_mutex');
    expect(sentence).toContain('run by worker of mlx4_en@card0');
  });
});

describe('interrupts', () => {
  it('a timer callback waits while interrupts are off on its CPU', () => {
    const k = bareKernel({ cpus: 1 });
    const lock = spin_lock_init(k, 's');
    const log: string[] = [];
    kthread_run(k, 'user', 'user', function* (): MaySleep<void> {
      const timer = timer_setup(k, 't', function* () {
        log.push('timer');
        yield* k.sim.spend(100);
      });
      yield* mod_timer(timer, k.jiffies + 1);
      yield* spin_lock_irq(lock);
      for (let n = 0; n < 200; n++) yield* k.sim.spend(100_000);
      log.push('unlock');
      yield* spin_unlock_irq(lock);
      yield* schedule_timeout_uninterruptible(k, 1);
    });
    k.sim.run(second);
    expect(log).toEqual(['unlock', 'timer']);
  });
});
