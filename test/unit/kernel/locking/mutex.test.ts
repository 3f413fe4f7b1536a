// Mutexes: one owner, a queue that is almost first come, first served, hand-over for who was passed
// over, and what signals and wrong uses do.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import {
  mutex_init,
  mutex_is_locked,
  mutex_lock,
  mutex_lock_interruptible,
  mutex_lock_killable,
  mutex_trylock,
  mutex_unlock,
} from '#kernel/locking/mutex.ts';
import type { Mutex } from '#kernel/locking/mutex.ts';
import { send_sig, SIGKILL, SIGTERM } from '#kernel/signal.ts';
import { user_task } from '#kernel/sched.ts';
import { msleep, schedule_timeout_uninterruptible } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { functionNames, livingTasks, logLines, thread } from '#test/support/threads.ts';
import { stackFrames, procStackFrames } from '#kernel/stack.ts';

/** Holds the lock for a while. */
function* holdFor(k: Kernel, lock: Mutex, milliseconds: number): MaySleep<void> {
  yield* mutex_lock(lock);
  yield* msleep(k, milliseconds);
  yield* mutex_unlock(lock);
}

describe('a mutex', () => {
  it('has one owner at a time, loses no wake-up, and ends free, on every schedule', () => {
    for (let seed = 1; seed <= count(100, 3000); seed++) {
      const k = bareKernel({ seed });
      const lock = mutex_init(k, 'm');
      let inside = 0;
      for (let n = 0; n < 5; n++) {
        thread(k, `t${n}`, function* (): MaySleep<void> {
          for (let round = 0; round < 10; round++) {
            if (round % 4 === 3) {
              if (!(yield* mutex_trylock(lock))) continue;
            } else yield* mutex_lock(lock);
            expect(++inside).toBe(1);
            yield* k.sim.spend(300);
            if (round % 5 === 4) yield* msleep(k, 1);
            inside--;
            yield* mutex_unlock(lock);
          }
        });
      }
      expect(k.sim.run(100 * second)).toBe('quiescent');
      expect(livingTasks(k)).toEqual([]);
      expect(mutex_is_locked(lock)).toBe(false);
      expect(lock.waiters).toEqual([]);
      expect(k.graph.deadlocks).toEqual([]);
    }
  });

  it('goes to its waiters in the order of their coming', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    const order: number[] = [];
    thread(k, 'owner', () => holdFor(k, lock, 50));
    for (let n = 0; n < 5; n++) {
      thread(k, `t${n}`, function* (): MaySleep<void> {
        yield* schedule_timeout_uninterruptible(k, n + 1);
        yield* mutex_lock(lock);
        order.push(n);
        yield* mutex_unlock(lock);
      });
    }
    k.sim.run(second);
    expect(order).toEqual([0, 1, 2, 3, 4]);
  });

  it('can be taken by a running task before the one that was woken, but only once', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    const order: string[] = [];
    thread(k, 'greedy', function* (): MaySleep<void> {
      yield* mutex_lock(lock);
      yield* msleep(k, 10);
      for (let n = 0; n < 3; n++) {
        yield* mutex_unlock(lock);
        yield* mutex_lock(lock);
        order.push(`greedy ${n}`);
        yield* msleep(k, 10);
      }
      yield* mutex_unlock(lock);
    });
    thread(k, 'patient', function* (): MaySleep<void> {
      yield* msleep(k, 1);
      yield* mutex_lock(lock);
      order.push('patient');
      yield* mutex_unlock(lock);
    });
    k.sim.run(second);
    expect(order).toEqual(['greedy 0', 'patient', 'greedy 1', 'greedy 2']);
  });

  it('that was handed over is nobody else’s meanwhile', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    const log: string[] = [];
    thread(k, 'greedy', function* (): MaySleep<void> {
      yield* mutex_lock(lock);
      yield* msleep(k, 10);
      yield* mutex_unlock(lock);
      yield* mutex_lock(lock);
      yield* msleep(k, 10);
      yield* mutex_unlock(lock);
      log.push(`trylock ${String(yield* mutex_trylock(lock))}`);
    });
    thread(k, 'patient', function* (): MaySleep<void> {
      yield* msleep(k, 1);
      yield* mutex_lock(lock);
      log.push('patient has it');
      yield* mutex_unlock(lock);
    });
    k.sim.run(second);
    expect(log).toEqual(['trylock false', 'patient has it']);
  });

  it('tells the attempt and the moment of getting it', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    thread(k, 'a', () => holdFor(k, lock, 4));
    thread(k, 'b', () => holdFor(k, lock, 4));
    k.sim.run(second);
    const kinds = [K['mutex.lock'], K['mutex.acquired'], K['mutex.unlock']];
    const seen = [...k.trace.events()]
      .filter((event) => event.object === lock.object && kinds.includes(event.kind))
      .map((event) => `${event.task}${['lock', 'acquired', 'unlock'][kinds.indexOf(event.kind)]!}`);
    expect(seen).toEqual(['1lock', '1acquired', '2lock', '1unlock', '2acquired', '2unlock']);
  });
});

describe('a wait for a mutex', () => {
  it('has the stack of the kernel', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    thread(k, 'owner', () => holdFor(k, lock, 1000));
    function* mlx4_do_bond(): MaySleep<void> {
      yield* mutex_lock(lock);
    }
    const waiter = thread(k, 'waiter', mlx4_do_bond);
    k.sim.run(second / 10);
    expect(waiter.sleepState).toBe('D');
    expect(stackFrames(waiter.stack)).toEqual([
      '__schedule',
      'schedule',
      'schedule_preempt_disabled',
      '__mutex_lock.constprop.0',
      '__mutex_lock_slowpath',
      'mutex_lock',
      'mlx4_do_bond',
      'kthread',
      'ret_from_fork',
    ]);
    expect(procStackFrames(waiter.stack)).toEqual(['mlx4_do_bond', 'kthread', 'ret_from_fork']);
  });

  it('that is interruptible ends with any signal, one that is killable with a fatal one', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    const results = new Map<string, number>();
    const body = (name: string, take: (lock: Mutex) => MaySleep<number>) =>
      function* (): MaySleep<void> {
        results.set(name, yield* take(lock));
      };
    thread(k, 'owner', () => holdFor(k, lock, 1000));
    const soft = user_task(k, 'soft', 'soft', 1, body('soft', mutex_lock_interruptible));
    const hard = user_task(k, 'hard', 'hard', 1, body('hard', mutex_lock_killable));
    hard.signalHandlers.add(SIGTERM);
    k.sim.run(second / 100);
    expect([soft.sleepState, hard.sleepState]).toEqual(['S', 'K']);
    send_sig(k, SIGTERM, soft);
    send_sig(k, SIGTERM, hard);
    k.sim.run(second / 50);
    expect([...results]).toEqual([['soft', -4]]);
    send_sig(k, SIGKILL, hard);
    k.sim.run(second / 40);
    expect([...results]).toEqual([
      ['soft', -4],
      ['hard', -4],
    ]);
    expect(lock.waiters).toEqual([]);
    expect(k.graph.actors.size).toBe(0);
  });

  it('that ends with a signal passes the lock on to the next', () => {
    for (let seed = 1; seed <= count(100, 2000); seed++) {
      const k = bareKernel({ seed });
      const lock = mutex_init(k, 'm');
      let got = false;
      thread(k, 'owner', () => holdFor(k, lock, 8));
      const victim = user_task(k, 'victim', 'victim', 1, function* (): MaySleep<void> {
        yield* msleep(k, 1);
        if ((yield* mutex_lock_interruptible(lock)) === 0) yield* mutex_unlock(lock);
      });
      thread(k, 'next', function* (): MaySleep<void> {
        yield* msleep(k, 4);
        yield* mutex_lock(lock);
        got = true;
        yield* mutex_unlock(lock);
      });
      k.sim.at(15e6 + seed * 50, () => {
        send_sig(k, SIGKILL, victim);
      });
      expect(k.sim.run(second)).toBe('quiescent');
      expect(got).toBe(true);
      expect(mutex_is_locked(lock)).toBe(false);
    }
  });

  it('for a lock that one has already is a deadlock of one', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    function* foolish_function(): MaySleep<void> {
      yield* mutex_lock(lock);
      yield* mutex_lock(lock);
    }
    thread(k, 'fool', foolish_function);
    k.sim.run(second);
    expect(livingTasks(k)).toEqual(['fool']);
    expect(k.graph.deadlocks[0]!.steps.map((step) => step.holder.name)).toEqual(['fool']);
    const places = k.graph.deadlocks[0]!.steps.map((step) => step.place);
    expect(functionNames(places)).toEqual(['foolish_function']);
  });
});

describe('an unlock', () => {
  it('by somebody else is said and changes nothing', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    thread(k, 'owner', () => holdFor(k, lock, 100));
    thread(k, 'other', () => mutex_unlock(lock));
    k.sim.run(second / 100);
    expect(mutex_is_locked(lock)).toBe(true);
    expect(logLines(k)).toEqual(['DEBUG_LOCKS_WARN_ON(__owner_task(owner) != current): m']);
  });

  it('that is forgotten leaves the lock taken after the owner has ended, and says so', () => {
    const k = bareKernel();
    const lock = mutex_init(k, 'm');
    thread(k, 'careless', () => mutex_lock(lock));
    thread(k, 'victim', () => mutex_lock(lock));
    k.sim.run(second);
    expect(livingTasks(k)).toEqual(['victim']);
    expect(k.graph.deadlocks).toEqual([]);
    expect(k.graph.abandoned.map(({ step }) => step.waiter.name)).toEqual(['victim']);
  });
});
