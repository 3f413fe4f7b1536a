// Random programs over the kernel's locks and works, for properties of engine, wait graph and
// replay. A program is data; running it makes real locks, tasks and works. Every lock that is taken
// is given back in the end, so whoever is left when the machine is quiet is stuck for ever.

import fc from 'fast-check';
import type { Kernel } from '#kernel/kernel.ts';
import {
  complete_all,
  init_completion,
  promiseCompletion,
  wait_for_completion,
} from '#kernel/locking/completion.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { down_read, down_write, init_rwsem, up_read, up_write } from '#kernel/locking/rwsem.ts';
import { down, sema_init, up } from '#kernel/locking/semaphore.ts';
import { spin_lock_bh, spin_lock_init, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { actorOf } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  alloc_ordered_workqueue,
  alloc_workqueue,
  cancel_work_sync,
  flush_work,
  flush_workqueue,
  INIT_WORK,
  queue_work,
} from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { thread } from './threads.ts';

/** Numbers of the objects that a program has of each kind. */
const locks = 3;
const works = 3;

export type Op =
  | { readonly op: 'spend' | 'sleep' | 'flushQueue' }
  | {
      readonly op: 'mutex' | 'read' | 'write' | 'semaphore';
      readonly n: number;
      readonly body: Op[];
    }
  | { readonly op: 'spin'; readonly n: number }
  | { readonly op: 'queue' | 'flush' | 'cancel' | 'await'; readonly n: number };

export interface Program {
  readonly tasks: readonly (readonly Op[])[];
  readonly works: readonly (readonly Op[])[];
  readonly semaphoreCounts: readonly number[];
  /** Works that execute at once. */
  readonly maxActive: number;
}

const lockNumber = fc.nat(locks - 1);

const { block } = fc.letrec<{ block: Op[]; op: Op }>((tie) => ({
  block: fc.array(tie('op'), { maxLength: 3, depthIdentifier: 'op' }),
  op: fc.oneof(
    { depthIdentifier: 'op', maxDepth: 3 },
    { weight: 2, arbitrary: fc.record({ op: fc.constantFrom('spend', 'sleep') }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('spin'), n: lockNumber }) },
    {
      weight: 3,
      arbitrary: fc.record({
        op: fc.constantFrom('queue', 'queue', 'flush', 'cancel'),
        n: lockNumber,
      }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('flushQueue') }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('await'), n: fc.nat(3) }) },
    {
      weight: 6,
      arbitrary: fc.record({
        op: fc.constantFrom('mutex', 'mutex', 'read', 'write', 'semaphore'),
        n: lockNumber,
        body: tie('block'),
      }),
    },
  ),
}));

/** Programs of two to four tasks. */
export const programs: fc.Arbitrary<Program> = fc.record({
  tasks: fc.array(block, { minLength: 2, maxLength: 4 }),
  works: fc.array(block, { minLength: works, maxLength: works }),
  semaphoreCounts: fc.array(fc.integer({ min: 1, max: 2 }), { minLength: locks, maxLength: locks }),
  maxActive: fc.constantFrom(1, 1, 2, 4),
});

/** The objects of one running program. */
class Machine {
  private readonly k: Kernel;
  private readonly mutexes;
  private readonly rwsems;
  private readonly semaphores;
  private readonly spinlocks;
  private readonly queue;
  private readonly works;
  private readonly ends;
  /** Queueings left: works that queue each other must come to an end. */
  private queueings = 40;

  constructor(k: Kernel, program: Program) {
    const numbers = Array.from({ length: locks }, (_, n) => n);
    this.k = k;
    this.mutexes = numbers.map((n) => mutex_init(k, `mutex${n}`));
    this.rwsems = numbers.map((n) => init_rwsem(k, `rwsem${n}`));
    this.semaphores = numbers.map((n) =>
      sema_init(k, `semaphore${n}`, program.semaphoreCounts[n]!),
    );
    this.spinlocks = numbers.map((n) => spin_lock_init(k, `spinlock${n}`));
    this.queue =
      program.maxActive === 1
        ? alloc_ordered_workqueue(k, 'queue', 'queue')
        : alloc_workqueue(k, 'queue', 'queue', program.maxActive);
    this.works = program.works.map((ops, n) => INIT_WORK(k, `work${n}`, () => this.run(ops)));
    this.ends = program.tasks.map((_, n) => init_completion(k, `end of t${n}`));
    program.tasks.forEach((ops, n) => {
      const task = thread(k, `t${n}`, () => this.runTask(ops, n));
      promiseCompletion(this.ends[n]!, actorOf(k, task));
    });
  }

  private *runTask(ops: readonly Op[], n: number): MaySleep<void> {
    yield* this.run(ops);
    yield* complete_all(this.ends[n]!);
  }

  private *run(ops: readonly Op[]): MaySleep<void> {
    for (const op of ops) yield* this.one(op);
  }

  private *one(op: Op): MaySleep<void> {
    switch (op.op) {
      case 'spend':
        return yield* this.k.sim.spend(300);
      case 'sleep':
        return yield* msleep(this.k, 1);
      case 'flushQueue':
        return yield* flush_workqueue(this.queue);
      case 'spin':
        return yield* this.spin(op.n);
      case 'queue':
        if (this.queueings-- > 0) yield* queue_work(this.queue, this.works[op.n]!);
        return;
      case 'flush':
        yield* flush_work(this.works[op.n]!);
        return;
      case 'cancel':
        yield* cancel_work_sync(this.works[op.n]!);
        return;
      case 'await':
        return yield* wait_for_completion(this.ends[op.n % this.ends.length]!);
      default:
        return yield* this.locked(op.op, op.n, op.body);
    }
  }

  private *spin(n: number): MaySleep<void> {
    yield* spin_lock_bh(this.spinlocks[n]!);
    yield* this.k.sim.spend(200);
    yield* spin_unlock_bh(this.spinlocks[n]!);
  }

  private *locked(
    kind: 'mutex' | 'read' | 'write' | 'semaphore',
    n: number,
    body: readonly Op[],
  ): MaySleep<void> {
    const take = {
      mutex: () => mutex_lock(this.mutexes[n]!),
      read: () => down_read(this.rwsems[n]!),
      write: () => down_write(this.rwsems[n]!),
      semaphore: () => down(this.semaphores[n]!),
    };
    const give = {
      mutex: () => mutex_unlock(this.mutexes[n]!),
      read: () => up_read(this.rwsems[n]!),
      write: () => up_write(this.rwsems[n]!),
      semaphore: () => up(this.semaphores[n]!),
    };
    yield* take[kind]();
    yield* this.run(body);
    yield* give[kind]();
  }
}

/** Starts a program's tasks on a machine. */
export function startProgram(k: Kernel, program: Program): void {
  new Machine(k, program);
}
