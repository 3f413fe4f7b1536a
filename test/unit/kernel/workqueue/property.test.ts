// Works under random programs and schedules: never twice at once, each queueing runs exactly once,
// an ordered queue keeps its order, a flush waits for what was queued before it and for nothing
// else.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { msleep } from '#kernel/time/delay.ts';
import {
  alloc_workqueue,
  cancel_work_sync,
  flush_work,
  flush_workqueue,
  INIT_WORK,
  queue_work,
} from '#kernel/workqueue.ts';
import type { WorkStruct } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { bareKernel, second } from '#test/support/machine.ts';
import { livingTasks, thread } from '#test/support/threads.ts';

type Step = 'queue' | 'flushQueue' | 'flushWork' | 'cancel' | 'sleep' | 'spend';

const step = fc.record({
  kind: fc.constantFrom<Step>(
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

const programs = fc.record({
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

test('works run as often as they were queued, never twice at once, and flushes are exact', () => {
  fc.assert(
    fc.property(programs, ({ tasks, maxActive, workSleeps, seed }) => {
      const k = bareKernel({ seed });
      const queue = alloc_workqueue(k, 'q', 'q', maxActive);
      const witness = new Witness();
      const works: WorkStruct[] = [0, 1, 2].map((n) =>
        INIT_WORK(k, `w${n}`, function* (): MaySleep<void> {
          const run = witness.begin(n);
          if (workSleeps) yield* msleep(k, 1 + n);
          else yield* k.sim.spend(700);
          witness.end(run);
        }),
      );
      const one = function* ({ kind, work }: { kind: Step; work: number }): MaySleep<void> {
        switch (kind) {
          case 'queue':
            if (yield* queue_work(queue, works[work]!)) {
              witness.queued(work, works[work]!.executingOn !== null);
            }
            return;
          case 'flushQueue': {
            const before = witness.open();
            yield* flush_workqueue(queue);
            for (const run of before) expect(isOver(run)).toBe(true);
            return;
          }
          case 'flushWork': {
            // The last queueing counts: if it is cancelled, a run before it may still go on.
            const last = witness.open(work).at(-1);
            yield* flush_work(works[work]!);
            if (last !== undefined) expect(isOver(last)).toBe(true);
            return;
          }
          case 'cancel': {
            const was = yield* cancelNoting(work);
            if (was) expect(witness.runs.some((run) => run.cancelled)).toBe(true);
            return;
          }
          case 'sleep':
            return yield* msleep(k, 2);
          case 'spend':
            return yield* k.sim.spend(500);
        }
      };
      const isOver = (run: Run): boolean =>
        run.ended >= 0 || run.cancelled || works[run.work]!.cancelling > 0;
      const cancelNoting = function* (work: number): MaySleep<boolean> {
        const item = works[work]!;
        const was = yield* cancel_work_sync(item);
        const last = witness.runs.findLast((run) => run.work === work && run.begun < 0);
        if (was && last !== undefined) last.cancelled = true;
        return was;
      };
      tasks.forEach((steps, n) => {
        thread(k, `t${n}`, function* (): MaySleep<void> {
          for (const each of steps) yield* one(each);
        });
      });
      expect(k.sim.run(100 * second)).toBe('quiescent');
      expect(livingTasks(k)).toEqual([]);
      expect(witness.open()).toEqual([]);
      expect(witness.most).toBeLessThanOrEqual(maxActive);
      if (maxActive > 1) return;
      const order = witness.runs.filter((run) => !run.cancelled).sort((a, b) => a.begun - b.begun);
      expect(order.map((run) => run.queued)).toEqual(
        order.map((run) => run.queued).toSorted((a, b) => a - b),
      );
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
