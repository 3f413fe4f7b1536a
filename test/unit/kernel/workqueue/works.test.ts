// Works and queues: order, how many at once, PENDING, re-queueing, workers, and what the wait graph
// knows of them.

import { describe, expect, it } from 'vitest';
import { spin_lock, spin_lock_init } from '#kernel/locking/spinlock.ts';
import { currentActor } from '#kernel/sched.ts';
import { stackFrames } from '#kernel/stack.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  alloc_ordered_workqueue,
  alloc_workqueue,
  cancel_work,
  create_singlethread_workqueue,
  flush_work,
  flush_workqueue,
  INIT_WORK,
  queue_work,
  schedule_work,
  work_busy,
  work_pending,
} from '#kernel/workqueue.ts';
import type { WorkStruct } from '#kernel/workqueue.ts';
import { vfs_read } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel } from '#test/support/machine.ts';
import { livingTasks, logLines } from '#test/support/threads.ts';
import { run, sleeper } from './rig.ts';

describe('an ordered queue', () => {
  it('runs one work at a time, in the order of queueing', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q@test');
    const log: string[] = [];
    const works = ['a', 'b', 'c'].map((name) => sleeper(k, name, log));
    run(k, function* () {
      for (const work of works) yield* queue_work(queue, work);
    });
    expect(log).toEqual(['a+', 'a-', 'b+', 'b-', 'c+', 'c-']);
    expect(queue.workers).toBe(1);
  });

  it('lets a blocked work block all later ones', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q@test');
    const log: string[] = [];
    const blocked = INIT_WORK(k, 'blocked', () => k.sim.block('D', 'for ever'));
    run(k, function* () {
      yield* queue_work(queue, blocked);
      yield* queue_work(queue, sleeper(k, 'late', log));
    });
    expect(log).toEqual([]);
    expect(queue.pending).toHaveLength(1);
  });
});

describe('a queue for several works', () => {
  it('runs others while one sleeps, up to its limit', () => {
    const k = bareKernel();
    const queue = alloc_workqueue(k, 'q', 'q@test', 3);
    const log: string[] = [];
    run(k, function* () {
      for (const name of ['a', 'b', 'c', 'd']) yield* queue_work(queue, sleeper(k, name, log));
    });
    expect(log.slice(0, 3)).toEqual(['a+', 'b+', 'c+']);
    expect(log.indexOf('d+')).toBeGreaterThan(log.indexOf('a-'));
    expect(queue.workers).toBe(3);
  });

  it('makes no more workers than it needs', () => {
    const k = bareKernel();
    const queue = alloc_workqueue(k, 'q', 'q@test', 256);
    run(k, function* () {
      for (let n = 0; n < 20; n++) {
        const work = INIT_WORK(k, `w${n}`, () => k.sim.spend(100));
        yield* queue_work(queue, work);
        yield* flush_work(work);
      }
    });
    expect(queue.workers).toBe(1);
  });

  it('lets a work wait for a later one', () => {
    const k = bareKernel();
    const log: string[] = [];
    const later = sleeper(k, 'later', log);
    const first = INIT_WORK(k, 'first', function* (): MaySleep<void> {
      yield* flush_work(later);
      log.push('first ends');
    });
    run(k, function* () {
      yield* schedule_work(first);
      yield* schedule_work(later);
    });
    expect(log).toEqual(['later+', 'later-', 'first ends']);
  });
});

describe('a work that is queued again while it runs', () => {
  it('leaves the slot that comes free between its runs to the next in line', () => {
    const k = bareKernel();
    const queue = alloc_workqueue(k, 'q', 'q', 2);
    const log: string[] = [];
    const next = sleeper(k, 'next', log);
    let runs = 0;
    const again = INIT_WORK(k, 'again', function* (): MaySleep<void> {
      const isFirst = ++runs === 1;
      log.push('again+');
      if (isFirst) yield* msleep(k, 100);
      else yield* flush_work(next);
      log.push('again-');
    });
    run(k, function* () {
      yield* queue_work(queue, again);
      yield* msleep(k, 20);
      yield* queue_work(queue, again);
      yield* msleep(k, 20);
      // One slot is taken by the run, the other by the next run, which waits for its own worker.
      expect(queue.deferred).toEqual([again]);
      yield* queue_work(queue, next);
      expect(next.actor.waits).toEqual([queue.resource]);
    });
    expect(log).toEqual(['again+', 'again-', 'again+', 'next+', 'next-', 'again-']);
    expect(livingTasks(k)).toEqual([]);
    expect(k.graph.deadlocks).toEqual([]);
  });
});

describe('the PENDING bit', () => {
  it('makes a second queueing nothing, on any queue', () => {
    const k = bareKernel();
    const [queue, other] = ['q', 'r'].map((name) => alloc_ordered_workqueue(k, name, name));
    const answers: boolean[] = [];
    let runs = 0;
    const work = INIT_WORK(k, 'w', function* () {
      runs++;
      yield* k.sim.spend(100);
    });
    run(k, function* () {
      answers.push(yield* queue_work(queue!, work), yield* queue_work(queue!, work));
      answers.push(yield* queue_work(other!, work), work_pending(work));
    });
    expect(answers).toEqual([true, false, false, true]);
    expect(runs).toBe(1);
    expect(work_pending(work)).toBe(false);
  });

  it('is clear while the function runs: the work may be queued again, and runs once more', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q');
    const log: string[] = [];
    const work = INIT_WORK(k, 'w', function* (): MaySleep<void> {
      log.push(`pending ${String(work_pending(work))}, busy ${String(work_busy(work))}`);
      if (log.length < 3) expect(yield* queue_work(queue, work)).toBe(true);
      expect(work_pending(work)).toBe(log.length < 3);
    });
    run(k, function* () {
      yield* queue_work(queue, work);
    });
    expect(log).toEqual(Array.from({ length: 3 }, () => 'pending false, busy true'));
    expect(work_busy(work)).toBe(false);
  });

  it('a work that is queued while it runs waits for its own worker, not for a free one', () => {
    const k = bareKernel();
    const queue = alloc_workqueue(k, 'q', 'q', 4);
    const log: string[] = [];
    const work = sleeper(k, 'w', log);
    const other = sleeper(k, 'other', log, 1);
    run(k, function* () {
      yield* queue_work(queue, work);
      yield* msleep(k, 4);
      yield* queue_work(queue, work);
      yield* queue_work(queue, other);
    });
    expect(log.filter((line) => line.startsWith('w'))).toEqual(['w+', 'w-', 'w+', 'w-']);
    expect(log.indexOf('other+')).toBeLessThan(log.indexOf('w-'));
  });

  it('also when it is queued on another queue meanwhile', () => {
    const k = bareKernel();
    const queues = ['q', 'r'].map((name) => alloc_ordered_workqueue(k, name, name));
    const log: string[] = [];
    const work = sleeper(k, 'w', log);
    run(k, function* () {
      yield* queue_work(queues[0]!, work);
      yield* msleep(k, 4);
      yield* queue_work(queues[1]!, work);
      yield* queue_work(queues[1]!, sleeper(k, 'behind', log));
      yield* flush_workqueue(queues[1]!);
      log.push('flushed');
    });
    expect(log).toEqual(['w+', 'w-', 'w+', 'w-', 'behind+', 'behind-', 'flushed']);
  });
});

describe('workers', () => {
  it('are called as in the kernel: bound and unbound pools, and the queue they work for', () => {
    const k = bareKernel();
    const unbound = alloc_ordered_workqueue(k, 'mlx4_en', 'mlx4_en@card0');
    const comms: string[] = [];
    const seen: (string | number)[] = [];
    const work = (name: string): WorkStruct =>
      INIT_WORK(k, name, function* (): MaySleep<void> {
        comms.push(k.sim.current.comm);
        seen.push(yield* vfs_read(k, `/proc/${k.sim.current.pid}/comm`));
      });
    run(k, function* () {
      yield* queue_work(unbound, work('a'));
      yield* flush_workqueue(unbound);
      yield* schedule_work(work('b'));
      yield* flush_workqueue(k.workqueues.system_wq);
      const worker = [...k.sim.tasks.values()].find(
        (task) => task.name === 'worker of mlx4_en@card0',
      )!;
      seen.push(yield* vfs_read(k, `/proc/${worker.pid}/comm`));
    });
    expect(comms).toEqual(['kworker/u8:0', 'kworker/0:0']);
    expect(seen).toEqual([
      'kworker/u8:0+mlx4_en\n',
      'kworker/0:0+events\n',
      'kworker/u8:0-mlx4_en\n',
    ]);
  });

  it('have the stack of the kernel, and the rescuer its name', () => {
    const k = bareKernel();
    const queue = create_singlethread_workqueue(k, 'mlx4_en', 'mlx4_en@card0');
    function* mlx4_en_bond_work(): MaySleep<void> {
      yield* msleep(k, 1000);
    }
    run(k, function* () {
      yield* queue_work(queue, INIT_WORK(k, 'mlx4_en_bond_work', mlx4_en_bond_work));
      yield* msleep(k, 10);
      const worker = [...k.sim.tasks.values()].find(
        (task) => task.name === 'worker of mlx4_en@card0',
      )!;
      expect(stackFrames(worker.stack).slice(-6)).toEqual([
        'msleep',
        'mlx4_en_bond_work',
        'process_one_work',
        'worker_thread',
        'kthread',
        'ret_from_fork',
      ]);
    });
    const names = [...k.sim.tasks.values()].map((task) => `${task.name}: ${task.comm}`);
    expect(names).toContain('rescuer of mlx4_en@card0: mlx4_en');
    const newer = bareKernel({ profile: '6.12' });
    create_singlethread_workqueue(newer, 'mlx4_en_long_name', 'x');
    expect([...newer.sim.tasks.values()][0]!.comm).toBe('kworker/R-mlx4_');
  });

  it('say when a work comes back with preemption off', () => {
    for (const [profile, line] of [
      ['6.1', /^BUG: workqueue leaked lock or atomic: kworker\/u8:0\/0x00000001\/\d+$/],
      ['6.12', /^BUG: workqueue leaked atomic, lock or RCU: kworker\/u8:0\[\d+\]$/],
    ] as const) {
      const k = bareKernel({ profile });
      const queue = alloc_ordered_workqueue(k, 'q', 'q');
      const lock = spin_lock_init(k, 's');
      run(k, function* () {
        yield* queue_work(
          queue,
          INIT_WORK(k, 'leaky', () => spin_lock(lock)),
        );
      });
      expect(logLines(k)[0]).toMatch(line);
      expect(logLines(k)[1]).toBe('     last function: leaky');
    }
  });
});

describe('the wait graph', () => {
  it('knows a work behind another in an ordered queue, and the flush of both', () => {
    const k = bareKernel();
    const queue = alloc_ordered_workqueue(k, 'q', 'q');
    const [first, second] = ['first', 'second'].map((name) => sleeper(k, name, [], 1000));
    run(k, function* () {
      yield* queue_work(queue, first!);
      yield* queue_work(queue, second!);
      yield* msleep(k, 4);
      expect(second!.actor.waits).toEqual([queue.resource]);
      expect(queue.resource.holds.map((hold) => hold.actor.name)).toEqual(['first']);
      expect(first!.actor.executor?.name).toBe('worker of q');
      expect(currentActor(k).waits).toEqual([]);
    });
    expect(k.graph.actors.size).toBe(0);
  });

  it('lets no work wait while the queue has room', () => {
    const k = bareKernel();
    const queue = alloc_workqueue(k, 'q', 'q', 2);
    const works = ['a', 'b', 'c'].map((name) => sleeper(k, name, [], 100));
    run(k, function* () {
      for (const work of works) yield* queue_work(queue, work);
      expect(works.map((work) => work.actor.waits.length)).toEqual([0, 0, 1]);
      yield* cancel_work(works[0]!);
      expect(works.map((work) => work.actor.waits.length)).toEqual([0, 0, 0]);
    });
  });
});
