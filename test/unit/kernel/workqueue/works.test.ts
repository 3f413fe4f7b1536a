// Works and queues: order, PENDING, re-queueing, what a flush waits for, cancelling, draining, the
// end.

import { describe, expect, it } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import { spin_lock, spin_lock_init } from '#kernel/locking/spinlock.ts';
import { currentActor } from '#kernel/sched.ts';
import { stackFrames } from '#kernel/stack.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  alloc_ordered_workqueue,
  alloc_workqueue,
  cancel_work,
  cancel_work_sync,
  create_singlethread_workqueue,
  destroy_workqueue,
  drain_workqueue,
  flush_work,
  flush_workqueue,
  INIT_WORK,
  queue_work,
  schedule_work,
  work_busy,
  work_pending,
} from '#kernel/workqueue.ts';
import type { Workqueue, WorkStruct } from '#kernel/workqueue.ts';
import { vfs_read } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, logLines, thread } from '#test/support/threads.ts';

/** A work that sleeps and writes down when it begins and ends. */
const sleeper = (k: Kernel, name: string, log: string[], milliseconds = 10): WorkStruct =>
  INIT_WORK(k, name, function* (): MaySleep<void> {
    log.push(`${name}+`);
    yield* msleep(k, milliseconds);
    log.push(`${name}-`);
  });

/** Runs one thread to its end and lets the rest of the machine settle. */
function run(k: Kernel, body: () => MaySleep<void>): void {
  thread(k, 'user', body);
  k.sim.run(100 * second);
}

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

  it('is clear while the function runs, so that the work may be queued again and runs once more', () => {
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
