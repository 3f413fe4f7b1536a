// The wait graph against the truth: random programs of real locks and works under random schedules.
// When the machine is quiet, whoever is left is stuck for ever; the graph must have said so, at the
// moment it happened, and must never have said it of anybody else. One way out is left open to
// somebody outside a cycle: to cancel a work that is waited for and still in its queue.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stillStands } from '#detect/graph.ts';
import type { Actor, Deadlock } from '#detect/graph.ts';
import { deadlockSentence } from '#detect/sentence.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { Task } from '#sim/task.ts';
import { count } from '#test/support/counts.ts';
import { programs, startProgram } from '#test/support/lock-programs.ts';
import { bareKernel } from '#test/support/machine.ts';
import { livingTasks } from '#test/support/threads.ts';

const taskOf = (k: Kernel, actor: Actor): Task | undefined =>
  [...k.sim.tasks.values()].find((task) => task.name === (actor.executor ?? actor).name);

const namesOf = (actors: Iterable<Actor>): string[] =>
  [...actors].filter((actor) => actor.kind === 'task').map((actor) => actor.name);

/** True if the cycle has a work in it that could be cancelled. */
const canBeCancelled = ({ steps }: Deadlock): boolean =>
  steps.some(({ resource, holder }) => resource.kind === 'flush' && holder.kind === 'work');

/** Last moment at which a waiter of the cycle went to sleep. */
const closedAt = (k: Kernel, deadlock: Deadlock): number =>
  Math.max(...deadlock.steps.map(({ waiter }) => taskOf(k, waiter)?.blockedAtNs ?? 0));

test('a deadlock is reported if and only if somebody is stuck for ever', () => {
  let stuckRuns = 0;
  fc.assert(
    fc.property(programs, fc.nat(1000), (program, seed) => {
      const k = bareKernel({ seed, pointsMax: 200_000 });
      startProgram(k, program);
      expect(k.sim.run(1e12)).toBe('quiescent');
      const left = livingTasks(k);
      if (left.length > 0) stuckRuns++;
      expect(namesOf(k.graph.stuck()).sort()).toEqual(left.toSorted());
      expect(k.graph.deadlocks.some(stillStands)).toBe(left.length > 0);
      for (const each of k.graph.deadlocks) {
        expect(stillStands(each) || canBeCancelled(each)).toBe(true);
      }
    }),
    { numRuns: count(300, 20_000) },
  );
  expect(stuckRuns).toBeGreaterThan(20);
});

test('every waiter of a reported cycle is stuck, and the report came when it closed', () => {
  fc.assert(
    fc.property(programs, fc.nat(1000), (program, seed) => {
      const k = bareKernel({ seed, pointsMax: 200_000 });
      startProgram(k, program);
      k.sim.run(1e12);
      const left = livingTasks(k);
      for (const deadlock of k.graph.deadlocks.filter(stillStands)) {
        const holders = deadlock.steps.map((step) => step.holder.executor ?? step.holder);
        const waiters = deadlock.steps.map((step) => step.waiter);
        expect(holders).toEqual([...waiters.slice(1), waiters[0]]);
        for (const name of namesOf(waiters)) expect(left).toContain(name);
        expect(deadlock.timeNs).toBeLessThanOrEqual(closedAt(k, deadlock));
        const sentence = deadlockSentence(deadlock);
        for (const { waiter, resource } of deadlock.steps) {
          expect(sentence).toContain(waiter.name);
          expect(sentence).toContain(resource.name);
        }
      }
    }),
    { numRuns: count(300, 20_000) },
  );
});

test('the graph is empty when everybody has ended', () => {
  fc.assert(
    fc.property(programs, fc.nat(1000), (program, seed) => {
      const k = bareKernel({ seed, pointsMax: 200_000 });
      startProgram(k, program);
      k.sim.run(1e12);
      if (livingTasks(k).length > 0) return;
      expect([...k.graph.actors]).toEqual([]);
      expect([...k.graph.resources]).toEqual([]);
      for (const task of k.actors.keys()) expect(task.runState).not.toBe('dead');
    }),
    { numRuns: count(100, 5000) },
  );
});
