// The status bar counts tasks of cycles that stand: no locks or works, no cycle that was undone.

import { expect, test } from 'vitest';
import type { Waits } from '#contract/waits.ts';
import { cycleTasks } from '#renderer/frame/standing.ts';
import { texts } from '#renderer/frame/texts.ts';

type Shown = Pick<Waits, 'things' | 'cycles'>;

const waits = (stands: boolean): Shown =>
  ({
    things: [
      { id: 'a', kind: 'task' },
      { id: 'b', kind: 'task' },
      { id: 'w', kind: 'work' },
      { id: 'c', kind: 'task' },
    ],
    cycles: [{ stands, steps: [{ from: 'a' }, { from: 'w' }, { from: 'b' }] }],
  }) as unknown as Shown;

test('tasks in a cycle that stands', () => {
  expect(cycleTasks(waits(true))).toBe(2);
  expect(cycleTasks(waits(false))).toBe(0);
});

test('one that polls is blocked too when it is in a cycle', () => {
  expect(texts.inCycle(1, 2)).toBe('2 blocked, both in a cycle');
  expect(texts.inCycle(3, 2)).toBe('3 blocked, 2 in a cycle');
});
