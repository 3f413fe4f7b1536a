// Wait queues: sleepers look at their condition again when somebody wakes them; time limits;
// signals.

import { describe, expect, it } from 'vitest';
import { user_task } from '#kernel/sched.ts';
import { send_sig, SIGKILL, SIGTERM } from '#kernel/signal.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  init_waitqueue,
  wait_event,
  wait_event_idle,
  wait_event_interruptible,
  wait_event_interruptible_timeout,
  wait_event_killable,
  wait_event_timeout,
  wake_up,
  wakeAll,
  wakeOne,
} from '#kernel/wait.ts';
import type { WaitQueue } from '#kernel/wait.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

describe('a wait', () => {
  it('that is for something true already does not sleep', () => {
    const k = bareKernel();
    const queue = init_waitqueue(k, 'q');
    thread(k, 'a', () => wait_event(queue, () => true));
    expect(k.sim.run(second)).toBe('quiescent');
    expect(livingTasks(k)).toEqual([]);
  });

  it('goes on only when its condition holds, however often it is woken', () => {
    const k = bareKernel();
    const queue = init_waitqueue(k, 'q');
    let value = 0;
    let seen = 0;
    thread(k, 'waiter', function* (): MaySleep<void> {
      yield* wait_event(queue, () => value >= 3);
      seen = value;
    });
    thread(k, 'waker', function* (): MaySleep<void> {
      for (let n = 0; n < 3; n++) {
        yield* msleep(k, 4);
        value++;
        yield* wake_up(queue);
      }
    });
    k.sim.run(second);
    expect(seen).toBe(3);
  });

  it('loses no wake-up, on every schedule', () => {
    for (let seed = 1; seed <= count(100, 3000); seed++) {
      const k = bareKernel({ seed });
      const queue = init_waitqueue(k, 'q');
      let items = 0;
      let taken = 0;
      for (let n = 0; n < 3; n++) {
        thread(k, `consumer${n}`, function* (): MaySleep<void> {
          for (let round = 0; round < 4; round++) {
            yield* wait_event(queue, () => items > 0);
            items--;
            taken++;
            yield* k.sim.spend(200);
          }
        });
      }
      thread(k, 'producer', function* (): MaySleep<void> {
        for (let n = 0; n < 12; n++) {
          yield* k.sim.spend(100);
          items++;
          yield* wake_up(queue);
        }
      });
      expect(k.sim.run(second)).toBe('quiescent');
      expect([taken, items, queue.sleepers.length]).toEqual([12, 0, 0]);
    }
  });

  it('of an idle thread is no blocked task', () => {
    const k = bareKernel();
    const queue = init_waitqueue(k, 'q');
    const task = thread(k, 'a', () => wait_event_idle(queue, () => false));
    k.sim.run(second);
    expect(task.sleepState).toBe('I');
  });
});

it('one sleeper is woken, the first, or all of them', () => {
  const k = bareKernel();
  const queue = init_waitqueue(k, 'q');
  const awake: number[] = [];
  for (let n = 0; n < 4; n++) {
    thread(k, `t${n}`, function* (): MaySleep<void> {
      let woken = false;
      yield* wait_event(queue, () => {
        const was = woken;
        woken = true;
        return was;
      });
      awake.push(n);
    });
  }
  k.sim.run(second);
  wakeOne(queue);
  k.sim.run(2 * second);
  expect(awake).toEqual([0]);
  wakeAll(queue);
  k.sim.run(3 * second);
  expect(awake).toEqual([0, 1, 2, 3]);
  wakeOne(queue);
});

describe('a wait with a time limit', () => {
  const run = (holdsAfterMs: number | null, limit: number): number => {
    const k = bareKernel();
    const queue = init_waitqueue(k, 'q');
    let holds = false;
    let answer = -1;
    thread(k, 'waiter', function* (): MaySleep<void> {
      answer = yield* wait_event_timeout(queue, () => holds, limit);
    });
    if (holdsAfterMs !== null) {
      thread(k, 'waker', function* (): MaySleep<void> {
        yield* msleep(k, holdsAfterMs);
        holds = true;
        yield* wake_up(queue);
      });
    }
    k.sim.run(100 * second);
    return answer;
  };

  it('gives 0 when the time is over and the condition does not hold', () => {
    expect(run(null, 20)).toBe(0);
  });

  it('gives what is left of the time when it holds', () => {
    expect(run(40, 50)).toBe(38);
  });

  it('gives 1 at least when it holds, also when it held from the start', () => {
    const k = bareKernel();
    const queue = init_waitqueue(k, 'q');
    const answers: number[] = [];
    thread(k, 'a', function* (): MaySleep<void> {
      answers.push(yield* wait_event_timeout(queue, () => true, 20));
      answers.push(yield* wait_event_timeout(queue, () => true, 0));
    });
    k.sim.run(second);
    expect(answers).toEqual([20, 1]);
  });
});

describe('a signal', () => {
  const waits: [string, (queue: WaitQueue) => MaySleep<number>, number[]][] = [
    ['interruptible', (q) => wait_event_interruptible(q, () => false), [SIGTERM, SIGKILL]],
    [
      'interruptible with a limit',
      (q) => wait_event_interruptible_timeout(q, () => false, 1e6),
      [SIGTERM, SIGKILL],
    ],
    ['killable', (q) => wait_event_killable(q, () => false), [SIGKILL]],
  ];
  it.each(waits)('ends a wait that is %s', (_name, wait, signals) => {
    for (const signal of [SIGTERM, SIGKILL]) {
      const k = bareKernel();
      const queue = init_waitqueue(k, 'q');
      let answer = 1;
      const task = user_task(k, 'a', 'a', 1, function* (): MaySleep<void> {
        answer = yield* wait(queue);
      });
      task.signalHandlers.add(SIGTERM);
      k.sim.run(second / 10);
      send_sig(k, signal, task);
      k.sim.run(second);
      expect(answer).toBe(signals.includes(signal) ? -512 : 1);
      expect(queue.sleepers).toHaveLength(signals.includes(signal) ? 0 : 1);
    }
  });

  it('that is there already ends the wait before it begins, unless the condition holds', () => {
    const k = bareKernel();
    const queue = init_waitqueue(k, 'q');
    const answers: number[] = [];
    const task = user_task(k, 'a', 'a', 1, function* (): MaySleep<void> {
      answers.push(yield* wait_event_interruptible(queue, () => true));
      answers.push(yield* wait_event_interruptible(queue, () => false));
    });
    send_sig(k, SIGTERM, task);
    k.sim.run(second);
    expect(answers).toEqual([0, -512]);
  });
});
