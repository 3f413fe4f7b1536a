// Works under random programs and schedules: never twice at once, each queueing runs exactly once,
// an ordered queue keeps its order, a flush waits for what was queued before it and for nothing
// else.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Kernel } from '#kernel/kernel.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  alloc_workqueue,
  cancel_work_sync,
  flush_work,
  flush_workqueue,
  INIT_WORK,
  queue_work,
} from '#kernel/workqueue.ts';
import type { Workqueue, WorkStruct } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

interface Step {
  readonly kind: 'queue' | 'flushQueue' | 'flushWork' | 'cancel' | 'sleep' | 'spend';
  readonly work: number;
}

interface Program {
  /** The steps of each task. */
  readonly tasks: readonly (readonly Step[])[];
  readonly maxActive: number;
  readonly workSleeps: boolean;
  readonly seed: number;
}

const step = fc.record({
  kind: fc.constantFrom<Step['kind']>(
    'queue',
    'queue',
    'queue',
    'flushQueue',
    'flushWork',
    'cancel',
    'sleep',
    'spend',
  ),
  work: fc.nat(2),
});

const programs: fc.Arbitrary<Program> = fc.record({
  tasks: fc.array(fc.array(step, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
  maxActive: fc.constantFrom(1, 2, 3),
  workSleeps: fc.boolean(),
  seed: fc.nat(10_000),
});

/** One queueing: when it was accepted, and when its run began and ended; -1 while it has not. */
interface Run {
  readonly work: number;
  readonly queued: number;
  begun: number;
  ended: number;
  cancelled: boolean;
}

class Witness {
  readonly runs: Run[] = [];
  clock = 0;
  readonly running = new Set<number>();
  most = 0;

  queued(work: number, isTakenUp: boolean): void {
    const last = this.runs.findLast((run) => run.work === work);
    // PENDING was clear: the queueing before this one was taken up, or cancelled.
    if (last !== undefined) expect(last.begun >= 0 || last.cancelled || isTakenUp).toBe(true);
    this.runs.push({ work, queued: ++this.clock, begun: -1, ended: -1, cancelled: false });
  }

  begin(work: number): Run {
    expect(this.running.has(work)).toBe(false);
    this.running.add(work);
    this.most = Math.max(this.most, this.running.size);
    const run = this.runs.find((each) => each.work === work && each.begun < 0 && !each.cancelled)!;
    run.begun = ++this.clock;
    return run;
  }

  end(run: Run): void {
    run.ended = ++this.clock;
    this.running.delete(run.work);
  }

  /** Queueings that a flush which begins now must wait for. */
  open(work?: number): Run[] {
    return this.runs.filter(
      (run) => run.ended < 0 && !run.cancelled && (work === undefined || run.work === work),
    );
  }
}

/** A program on a kernel of its own; everything it does goes past the witness. */
class Trial {
  private readonly program: Program;
  private readonly k: Kernel;
  private readonly queue: Workqueue;
  private readonly works: readonly WorkStruct[];
  private readonly witness = new Witness();

  constructor(program: Program) {
    this.program = program;
    this.k = bareKernel({ seed: program.seed });
    this.queue = alloc_workqueue(this.k, 'q', 'q', program.maxActive);
    this.works = [0, 1, 2].map((n) => INIT_WORK(this.k, `w${n}`, () => this.body(n)));
  }

  /** Runs all tasks of the program to their end. */
  run(): void {
    const { k } = this;
    this.program.tasks.forEach((steps, n) => {
      thread(k, `t${n}`, () => this.perform(steps));
    });
    expect(k.sim.run(100 * second)).toBe('quiescent');
    expect(livingTasks(k)).toEqual([]);
  }

  /** Each queueing has had its run, never more at once than allowed, one after another if one. */
  check(): void {
    const { witness } = this;
    const { maxActive } = this.program;
    expect(witness.open()).toEqual([]);
    expect(witness.most).toBeLessThanOrEqual(maxActive);
    if (maxActive > 1) return;
    const order = witness.runs.filter((run) => !run.cancelled).sort((a, b) => a.begun - b.begun);
    expect(order.map((run) => run.queued)).toEqual(
      order.map((run) => run.queued).toSorted((a, b) => a - b),
    );
  }

  private *body(n: number): MaySleep<void> {
    const run = this.witness.begin(n);
    if (this.program.workSleeps) yield* msleep(this.k, 1 + n);
    else yield* this.k.sim.spend(700);
    this.witness.end(run);
  }

  private *perform(steps: readonly Step[]): MaySleep<void> {
    for (const { kind, work } of steps) {
      switch (kind) {
        case 'queue':
          yield* this.enqueue(work);
          break;
        case 'flushQueue':
          yield* this.flushQueue();
          break;
        case 'flushWork':
          yield* this.flushWork(work);
          break;
        case 'cancel':
          yield* this.cancel(work);
          break;
        case 'sleep':
          yield* msleep(this.k, 2);
          break;
        case 'spend':
          yield* this.k.sim.spend(500);
          break;
      }
    }
  }

  private *enqueue(work: number): MaySleep<void> {
    const item = this.works[work]!;
    if (yield* queue_work(this.queue, item)) this.witness.queued(work, item.executingOn !== null);
  }

  private *flushQueue(): MaySleep<void> {
    const before = this.witness.open();
    yield* flush_workqueue(this.queue);
    for (const run of before) expect(this.isOver(run)).toBe(true);
  }

  private *flushWork(work: number): MaySleep<void> {
    // The last queueing counts: if it is cancelled, a run before it may still go on.
    const last = this.witness.open(work).at(-1);
    yield* flush_work(this.works[work]!);
    if (last !== undefined) expect(this.isOver(last)).toBe(true);
  }

  private *cancel(work: number): MaySleep<void> {
    const { runs } = this.witness;
    const was = yield* cancel_work_sync(this.works[work]!);
    if (!was) return;
    const last = runs.findLast((run) => run.work === work && run.begun < 0);
    if (last !== undefined) last.cancelled = true;
    expect(runs.some((run) => run.cancelled)).toBe(true);
  }

  private isOver(run: Run): boolean {
    return run.ended >= 0 || run.cancelled || this.works[run.work]!.cancelling > 0;
  }
}

test('works run as often as they were queued, never twice at once, and flushes are exact', () => {
  fc.assert(
    fc.property(programs, (program) => {
      const trial = new Trial(program);
      trial.run();
      trial.check();
    }),
    { numRuns: count(200, 10_000) },
  );
});

test('a flush ends as soon as what was queued before it has ended', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 1, max: 4 }),
      fc.nat(1000),
      (before, after, seed) => {
        const k = bareKernel({ seed });
        const queue = alloc_workqueue(k, 'q', 'q', 1);
        const ended: string[] = [];
        const make = (name: string): WorkStruct =>
          INIT_WORK(k, name, function* (): MaySleep<void> {
            yield* msleep(k, 4);
            ended.push(name);
          });
        thread(k, 'flusher', function* (): MaySleep<void> {
          for (let n = 0; n < before; n++) yield* queue_work(queue, make(`before${n}`));
          thread(k, 'later', function* (): MaySleep<void> {
            yield* msleep(k, 1);
            for (let n = 0; n < after; n++) yield* queue_work(queue, make(`after${n}`));
          });
          yield* flush_workqueue(queue);
          expect(ended).toHaveLength(before);
        });
        expect(k.sim.run(100 * second)).toBe('quiescent');
        expect(ended).toHaveLength(before + after);
      },
    ),
    { numRuns: count(60, 2000) },
  );
});
