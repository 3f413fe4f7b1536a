// Completions: a counter that waiters take from; time limits, signals, and promises in the wait
// graph.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import {
  complete,
  complete_all,
  init_completion,
  promiseCompletion,
  reinit_completion,
  try_wait_for_completion,
  wait_for_completion,
  wait_for_completion_interruptible,
  wait_for_completion_interruptible_timeout,
  wait_for_completion_killable,
  wait_for_completion_timeout,
  withdrawPromise,
} from '#kernel/locking/completion.ts';
import type { Completion } from '#kernel/locking/completion.ts';
import { mutex_init, mutex_lock } from '#kernel/locking/mutex.ts';
import { actorOf, user_task } from '#kernel/sched.ts';
import { send_sig, SIGKILL, SIGTERM } from '#kernel/signal.ts';
import { procStackFrames, stackFrames } from '#kernel/stack.ts';
import { msleep } from '#kernel/time/delay.ts';
import { create_singlethread_workqueue, INIT_WORK, queue_work } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

function* after(k: Kernel, milliseconds: number, then: MaySleep<void>): MaySleep<void> {
  yield* msleep(k, milliseconds);
  yield* then;
}

describe('a completion', () => {
  it('lets through as many as it was completed for, first come, first served', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      thread(k, name, function* (): MaySleep<void> {
        yield* wait_for_completion(done);
        order.push(name);
      });
    }
    thread(k, 'giver', () => after(k, 4, complete(done)));
    k.sim.run(second);
    expect(order).toEqual(['a']);
    thread(k, 'giver', () => complete(done));
    k.sim.run(2 * second);
    expect(order).toEqual(['a', 'b']);
    expect(livingTasks(k)).toEqual(['c']);
  });

  it('that was completed before lets the next ones through at once, and counts', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    const answers: boolean[] = [];
    thread(k, 'only', function* (): MaySleep<void> {
      yield* complete(done);
      yield* complete(done);
      yield* wait_for_completion(done);
      answers.push(yield* try_wait_for_completion(done), yield* try_wait_for_completion(done));
    });
    expect(k.sim.run(second)).toBe('quiescent');
    expect(livingTasks(k)).toEqual([]);
    expect(answers).toEqual([true, false]);
  });

  it('that was completed for all lets everybody through until it is begun again', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    let through = 0;
    const wait = function* (): MaySleep<void> {
      yield* wait_for_completion(done);
      through++;
    };
    for (let n = 0; n < 3; n++) thread(k, `early${n}`, wait);
    thread(k, 'giver', () => after(k, 4, complete_all(done)));
    k.sim.run(second);
    expect(through).toBe(3);
    thread(k, 'late', wait);
    k.sim.run(2 * second);
    expect(through).toBe(4);
    reinit_completion(done);
    thread(k, 'again', wait);
    k.sim.run(3 * second);
    expect(through).toBe(4);
  });

  it('gives each completion to one waiter, on every schedule', () => {
    for (let seed = 1; seed <= count(100, 3000); seed++) {
      const k = bareKernel({ seed });
      const done = init_completion(k, 'c');
      let through = 0;
      for (let n = 0; n < 4; n++) {
        thread(k, `w${n}`, function* (): MaySleep<void> {
          for (let round = 0; round < 3; round++) {
            yield* wait_for_completion(done);
            through++;
            yield* k.sim.spend(500);
          }
        });
      }
      for (let n = 0; n < 2; n++) {
        thread(k, `g${n}`, function* (): MaySleep<void> {
          for (let round = 0; round < 5; round++) yield* complete(done);
        });
      }
      k.sim.run(second);
      expect(through + done.done).toBe(10);
      expect(through).toBe(10);
    }
  });

  it('may be completed by an interrupt', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    let at = 0;
    thread(k, 'waiter', function* (): MaySleep<void> {
      yield* wait_for_completion(done);
      at = k.sim.now();
    });
    k.sim.at(5e6, () => {
      k.sim.cpus.request(1, 'hardirq', 'card', () => complete(done));
    });
    k.sim.run(second);
    expect(at).toBeGreaterThanOrEqual(5e6);
    expect(at).toBeLessThan(5.01e6);
  });
});

describe('a wait with a time limit', () => {
  const timed = (limitJiffies: number, completeAfterMs: number | null): number => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    let left = -1;
    thread(k, 'waiter', function* (): MaySleep<void> {
      left = yield* wait_for_completion_timeout(done, limitJiffies);
    });
    if (completeAfterMs !== null)
      thread(k, 'giver', () => after(k, completeAfterMs, complete(done)));
    k.sim.run(100 * second);
    return left;
  };

  it('gives 0 when the time is over', () => {
    expect(timed(50, null)).toBe(0);
  });

  it('gives the jiffies that are left when it is completed in time', () => {
    // msleep(40) ends on jiffy 12 at HZ 250.
    expect(timed(50, 40)).toBe(38);
  });

  it('gives 1 when it is completed in the last moment', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    let left = -1;
    thread(k, 'waiter', function* (): MaySleep<void> {
      left = yield* wait_for_completion_timeout(done, 10);
    });
    k.sim.at(43.9e6, () => {
      k.sim.cpus.request(0, 'hardirq', 'card', () => complete(done));
    });
    k.sim.run(second);
    expect(left).toBe(1);
  });

  it('is no deadlock, whoever has promised to complete it', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    thread(k, 'self', function* (): MaySleep<void> {
      promiseCompletion(done, actorOf(k, k.sim.current));
      yield* wait_for_completion_timeout(done, 10);
    });
    k.sim.run(second);
    expect(k.graph.deadlocks).toEqual([]);
    expect(livingTasks(k)).toEqual([]);
  });
});

describe('a signal', () => {
  const cases: [string, (done: Completion) => MaySleep<number>, number][] = [
    ['interruptible', wait_for_completion_interruptible, SIGTERM],
    [
      'interruptible with a limit',
      (c) => wait_for_completion_interruptible_timeout(c, 1000),
      SIGTERM,
    ],
    ['killable', wait_for_completion_killable, SIGKILL],
  ];
  it.each(cases)('ends a wait that is %s', (_name, wait, signal) => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    let answer = 1;
    const waiter = user_task(k, 'waiter', 'waiter', 1, function* (): MaySleep<void> {
      answer = yield* wait(done);
    });
    k.sim.run(second / 100);
    send_sig(k, signal, waiter);
    k.sim.run(second / 50);
    expect(answer).toBe(-512);
    expect(done.waiters).toEqual([]);
  });

  it('does not end one that is not', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    const waiter = user_task(k, 'waiter', 'waiter', 1, () => wait_for_completion(done));
    k.sim.run(second / 100);
    send_sig(k, SIGKILL, waiter);
    k.sim.run(second);
    expect(waiter.runState).toBe('blocked');
    expect(waiter.sleepState).toBe('D');
  });

  it('that comes with the completion does not lose it', () => {
    for (let seed = 1; seed <= count(100, 2000); seed++) {
      const k = bareKernel({ seed });
      const done = init_completion(k, 'c');
      let answer = 1;
      const waiter = user_task(k, 'waiter', 'waiter', 1, function* (): MaySleep<void> {
        answer = yield* wait_for_completion_interruptible(done);
      });
      thread(k, 'giver', () => after(k, 4, complete(done)));
      k.sim.at(11.9995e6 + seed * 10, () => {
        send_sig(k, SIGTERM, waiter);
      });
      k.sim.run(second);
      expect([answer, done.done]).toEqual(answer === 0 ? [0, 0] : [-512, 1]);
    }
  });
});

describe('a promise', () => {
  it('makes the wait one for the task that gave it', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    const lock = mutex_init(k, 'm');
    thread(k, 'waiter', function* (): MaySleep<void> {
      yield* mutex_lock(lock);
      yield* wait_for_completion(done);
    });
    const helper = thread(k, 'helper', function* (): MaySleep<void> {
      yield* msleep(k, 4);
      yield* mutex_lock(lock);
      yield* complete(done);
    });
    promiseCompletion(done, actorOf(k, helper));
    k.sim.run(second);
    expect(k.graph.deadlocks[0]!.steps.map((step) => step.resource.name)).toEqual(['m', 'c']);
  });

  it('is kept by the completion, also from a work', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    const queue = create_singlethread_workqueue(k, 'q', 'q');
    const work = INIT_WORK(k, 'work', () => complete(done));
    promiseCompletion(done, work.actor);
    thread(k, 'user', function* (): MaySleep<void> {
      yield* queue_work(queue, work);
      yield* wait_for_completion(done);
    });
    k.sim.run(second);
    expect(livingTasks(k)).toEqual([]);
    expect(done.resource.holds).toEqual([]);
  });

  it('can be taken back', () => {
    const k = bareKernel();
    const done = init_completion(k, 'c');
    const task = thread(k, 'waiter', function* (): MaySleep<void> {
      yield* wait_for_completion(done);
    });
    promiseCompletion(done, actorOf(k, task));
    withdrawPromise(done, actorOf(k, task));
    k.sim.run(second);
    expect(k.graph.deadlocks).toEqual([]);
  });

  it('does not count for a waiter that was completed and has not run yet', () => {
    const k = bareKernel();
    const [done, more] = [init_completion(k, 'c'), init_completion(k, 'd')];
    const waiter = thread(k, 'waiter', function* (): MaySleep<void> {
      yield* wait_for_completion(done);
      yield* complete(more);
    });
    const giver = thread(k, 'giver', function* (): MaySleep<void> {
      yield* msleep(k, 4);
      yield* complete(done);
      yield* wait_for_completion(more);
    });
    promiseCompletion(done, actorOf(k, giver));
    promiseCompletion(done, actorOf(k, giver));
    promiseCompletion(more, actorOf(k, waiter));
    k.sim.run(second);
    expect(k.graph.deadlocks).toEqual([]);
    expect(livingTasks(k)).toEqual([]);
  });
});

it('a wait has the stack of the kernel, of which /proc leaves out the scheduler’s part', () => {
  const k = bareKernel();
  const done = init_completion(k, 'c');
  function* mlx4_cmd_wait(): MaySleep<void> {
    yield* wait_for_completion(done);
  }
  const waiter = thread(k, 'waiter', mlx4_cmd_wait);
  k.sim.run(second);
  expect(stackFrames(waiter.stack).slice(0, 6)).toEqual([
    '__schedule',
    'schedule',
    'schedule_timeout',
    '__wait_for_common',
    'wait_for_completion',
    'mlx4_cmd_wait',
  ]);
  expect(procStackFrames(waiter.stack)[0]).toBe('mlx4_cmd_wait');
});
