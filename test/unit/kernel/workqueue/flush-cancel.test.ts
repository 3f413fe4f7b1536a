// The ends of works and queues: what a flush waits for, cancelling, draining, destroying.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  alloc_ordered_workqueue,
  cancel_work,
  cancel_work_sync,
  create_singlethread_workqueue,
  destroy_workqueue,
  drain_workqueue,
  flush_work,
  flush_workqueue,
  INIT_WORK,
  queue_work,
  work_pending,
} from '#kernel/workqueue.ts';
import type { Workqueue } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';
import { run, sleeper } from './rig.ts';

describe('a flush', () => {
  const queueOf = (k: Kernel): Workqueue => alloc_ordered_workqueue(k, 'q', 'q');

  it('of a queue waits for what was queued before it, and for nothing later', () => {
    const k = bareKernel();
    const queue = queueOf(k);
    const log: string[] = [];
    run(k, function* () {
      yield* queue_work(queue, sleeper(k, 'a', log));
      yield* queue_work(queue, sleeper(k, 'b', log));
      thread(k, 'late', function* () {
        yield* msleep(k, 1);
        yield* queue_work(queue, sleeper(k, 'c', log, 1000));
      });
      yield* flush_workqueue(queue);
      log.push('flushed');
    });
    expect(log.filter((line) => line !== 'c+')).toEqual(['a+', 'a-', 'b+', 'b-', 'flushed', 'c-']);
  });

  it('of an idle queue and of an idle work does not wait', () => {
    const k = bareKernel();
    const work = sleeper(k, 'w', []);
    let waited = true;
    run(k, function* () {
      yield* flush_workqueue(queueOf(k));
      waited = yield* flush_work(work);
    });
    expect(waited).toBe(false);
    expect(livingTasks(k)).toEqual([]);
  });

  it('waits for both runs of a work that runs and is queued again', () => {
    for (const flush of ['queue', 'work'] as const) {
      const k = bareKernel();
      const queue = queueOf(k);
      const log: string[] = [];
      const work = sleeper(k, 'w', log);
      run(k, function* () {
        yield* queue_work(queue, work);
        yield* msleep(k, 4);
        yield* queue_work(queue, work);
        if (flush === 'queue') yield* flush_workqueue(queue);
        else yield* flush_work(work);
        log.push('flushed');
      });
      expect(log).toEqual(['w+', 'w-', 'w+', 'w-', 'flushed']);
    }
  });

  it('does not wait for a queueing after its call', () => {
    const k = bareKernel();
    const queue = queueOf(k);
    const log: string[] = [];
    let rounds = 0;
    const work = INIT_WORK(k, 'w', function* (): MaySleep<void> {
      yield* msleep(k, 4);
      log.push('run');
      if (++rounds < 5) yield* queue_work(queue, work);
    });
    run(k, function* () {
      yield* queue_work(queue, work);
      yield* flush_workqueue(queue);
      log.push('flushed');
    });
    expect(log.indexOf('flushed')).toBe(1);
    expect(rounds).toBe(5);
  });

  it('ends when what it waits for is cancelled', () => {
    const k = bareKernel();
    const queue = queueOf(k);
    const log: string[] = [];
    const second = sleeper(k, 'b', log, 1000);
    thread(k, 'flusher', function* () {
      yield* queue_work(queue, sleeper(k, 'a', log, 100));
      yield* queue_work(queue, second);
      yield* flush_work(second);
      log.push('flushed');
    });
    run(k, function* () {
      yield* msleep(k, 20);
      expect(yield* cancel_work(second)).toBe(true);
    });
    expect(log).toEqual(['a+', 'flushed', 'a-']);
  });

  it('of its own queue or work from inside is a deadlock', () => {
    for (const flush of ['queue', 'work'] as const) {
      const k = bareKernel();
      const queue = queueOf(k);
      const work = INIT_WORK(k, 'w', function* (): MaySleep<void> {
        if (flush === 'queue') yield* flush_workqueue(queue);
        else yield* flush_work(work);
      });
      run(k, function* () {
        yield* queue_work(queue, work);
      });
      expect(k.graph.deadlocks[0]!.steps.map((step) => step.waiter.name)).toEqual(['worker of q']);
    }
  });
});

describe('cancelling', () => {
  it('takes a work off its queue', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q');
    const log: string[] = [];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => sleeper(k, name, log));
    const answers: boolean[] = [];
    run(k, function* () {
      for (const work of [a, b, c]) yield* queue_work(queue, work!);
      answers.push(yield* cancel_work(b!), yield* cancel_work(b!));
    });
    expect(answers).toEqual([true, false]);
    expect(log).toEqual(['a+', 'a-', 'c+', 'c-']);
  });

  it('with _sync waits for a run, without it does not', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q');
    const log: string[] = [];
    const work = sleeper(k, 'w', log, 100);
    run(k, function* () {
      yield* queue_work(queue, work);
      yield* msleep(k, 4);
      log.push(`cancel ${String(yield* cancel_work(work))}`);
      log.push(`sync ${String(yield* cancel_work_sync(work))}`);
    });
    expect(log).toEqual(['w+', 'cancel false', 'w-', 'sync false']);
  });

  it('with _sync keeps everybody from queueing it meanwhile', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q');
    const log: string[] = [];
    const work = INIT_WORK(k, 'w', function* (): MaySleep<void> {
      log.push('run');
      yield* msleep(k, 50);
      if (log.length === 1) log.push(`again ${String(yield* queue_work(queue, work))}`);
    });
    run(k, function* () {
      yield* queue_work(queue, work);
      yield* msleep(k, 4);
      yield* queue_work(queue, work);
      expect(yield* cancel_work_sync(work)).toBe(true);
      log.push('cancelled');
      expect(yield* queue_work(queue, work)).toBe(true);
    });
    expect(log).toEqual(['run', 'again false', 'cancelled', 'run']);
  });

  it('a work from inside itself with _sync is a deadlock', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q');
    const work = INIT_WORK(k, 'w', function* (): MaySleep<void> {
      yield* cancel_work_sync(work);
    });
    run(k, function* () {
      yield* queue_work(queue, work);
    });
    expect(k.graph.deadlocks).toHaveLength(1);
  });
});

describe('draining', () => {
  it('waits for works that queue each other, and lets nobody else in', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q');
    const log: string[] = [];
    let left = 3;
    const chain = INIT_WORK(k, 'chain', function* (): MaySleep<void> {
      yield* msleep(k, 4);
      log.push('chained');
      if (--left > 0) expect(yield* queue_work(queue, chain)).toBe(true);
    });
    const stranger = sleeper(k, 'stranger', log);
    thread(k, 'outside', function* () {
      yield* msleep(k, 8);
      yield* queue_work(queue, stranger);
    });
    run(k, function* () {
      yield* queue_work(queue, chain);
      yield* drain_workqueue(queue);
      log.push('drained');
    });
    expect(log).toEqual(['chained', 'chained', 'chained', 'drained']);
    expect(logLines(k).filter((line) => line.startsWith('WARNING:'))).toHaveLength(1);
    // The kernel drops it with PENDING set: it will never run.
    expect(work_pending(stranger)).toBe(true);
  });

  it('complains when it takes very long', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'mlx4_en', 'q');
    let left = 150;
    const chain = INIT_WORK(k, 'chain', function* (): MaySleep<void> {
      yield* msleep(k, 1);
      if (--left > 0) yield* queue_work(queue, chain);
    });
    run(k, function* () {
      yield* queue_work(queue, chain);
      yield* drain_workqueue(queue);
    });
    expect(logLines(k)).toEqual([
      "workqueue mlx4_en: drain_workqueue() isn't complete after 10 tries",
      "workqueue mlx4_en: drain_workqueue() isn't complete after 100 tries",
    ]);
  });
});

describe('destroying', () => {
  it('runs what is queued, and ends workers and rescuer', () => {
    const k = bareKernel();
    const queue = create_singlethread_workqueue(k, 'mlx4_en', 'mlx4_en@card0');
    const log: string[] = [];
    run(k, function* () {
      for (const name of ['a', 'b']) yield* queue_work(queue, sleeper(k, name, log));
      yield* destroy_workqueue(queue);
      log.push('destroyed');
    });
    expect(log).toEqual(['a+', 'a-', 'b+', 'b-', 'destroyed']);
    expect([...k.sim.tasks.values()].filter((task) => task.kind === 'task')).toEqual([]);
    expect(k.workqueues.all.has(queue)).toBe(false);
  });

  it('makes a later queueing a use after free', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q');
    run(k, function* () {
      yield* destroy_workqueue(queue);
      yield* queue_work(queue, sleeper(k, 'w', []));
    });
    expect(k.findings.map((finding) => finding.text)).toEqual([
      'KASAN: slab-use-after-free in __queue_work',
    ]);
  });
});
