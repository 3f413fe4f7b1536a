// Where the step keys lead: on and back, over the same places, and never past the ends of a run.
// A moment is before its event, so what a step went to is the event before the moment.

import { beforeAll, expect, test } from 'vitest';
import { findEvent, kindsOfGoal, stepGoals } from '#lab/replay/find-event.ts';
import type { StepGoal } from '#lab/replay/find-event.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { recordScenario } from '#test/support/run-record.ts';

let trace: Trace;

beforeAll(() => {
  ({ trace } = recordScenario('bond-deadlock', { variant: 'naive', untilNs: 2e9 }));
});

const step = (goal: StepGoal, from: number, direction: 'on' | 'back'): number | null =>
  findEvent(trace, from, direction, kindsOfGoal(trace, goal, from));

/** Moments that steps on lead to, from the begin of the run. */
function walk(goal: StepGoal, most: number): number[] {
  const moments: number[] = [];
  for (let at = step(goal, 0, 'on'); at !== null && moments.length < most;) {
    moments.push(at);
    at = step(goal, at, 'on');
  }
  return moments;
}

test('a point is one event on, or one back', () => {
  expect(walk('point', 5)).toEqual([1, 2, 3, 4, 5]);
  expect(step('point', 5, 'back')).toBe(4);
});

test('a switch is the moment after a task has been switched to', () => {
  const kinds = walk('switch', 50).map((seq) => trace.event(seq - 1).kind);
  expect(kinds).toEqual(Array.from({ length: 50 }, () => K['task.switch']));
});

test('blocked is the moment after somebody went to sleep', () => {
  const kinds = new Set(walk('blocked', 50).map((seq) => trace.event(seq - 1).kind));
  expect([...kinds]).toEqual([K['task.block']]);
});

test('the same kind is that of the event before the moment', () => {
  const from = walk('switch', 3).at(-1)!;
  const next = step('same', from, 'on')!;
  expect(next).toBeGreaterThan(from);
  expect(trace.event(next - 1).kind).toBe(K['task.switch']);
});

test.each(['switch', 'blocked'] as const)('steps back (%s) go over the same places', (goal) => {
  const on = walk(goal, 30);
  const back: number[] = [];
  for (let at = on.at(-1)!; at > on[0]!;) {
    at = step(goal, at, 'back')!;
    back.push(at);
  }
  expect(back).toEqual(on.slice(0, -1).reverse());
});

test.each(stepGoals)('%s stops at both ends of the run', (goal) => {
  expect(step(goal, trace.count, 'on')).toBeNull();
  expect(step(goal, 0, 'back')).toBeNull();
  expect(step(goal, 1, 'back')).toBe(0);
});
