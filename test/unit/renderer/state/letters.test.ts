// Letters are collected within a session and never change there; another session has its own.

import { expect, test } from 'vitest';
import { lettersWith, noLetters } from '#renderer/state/letters.ts';
import type { Lettered } from '#renderer/state/letters.ts';

const moment = (session: number, letters: Readonly<Record<string, string>>): Lettered => ({
  session,
  waits: {
    things: [
      ...Object.entries(letters).map(([name, letter]) => ({ kind: 'task', name, letter })),
      { kind: 'lock', name: 'intf_mutex', letter: 'IM' },
    ],
  },
});

test('a task that is out of the picture keeps its letter', () => {
  const first = lettersWith(noLetters, moment(1, { sh: 'A', worker: 'E' }));
  const second = lettersWith(first, moment(1, { sh: 'A', ping: 'F' }));
  expect(Object.fromEntries(second.byName)).toEqual({ sh: 'A', worker: 'E', ping: 'F' });
  expect(lettersWith(second, moment(1, { sh: 'A' }))).toBe(second);
});

test('another session begins anew, also for names that were there before', () => {
  const first = lettersWith(noLetters, moment(1, { worker: 'E' }));
  const second = lettersWith(first, moment(2, { worker: 'I' }));
  expect(Object.fromEntries(second.byName)).toEqual({ worker: 'I' });
  expect(lettersWith(first, moment(2, {})).byName.size).toBe(0);
});
