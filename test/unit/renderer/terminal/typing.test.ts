// Goal: a line that is typed while the machine is paused does not end in silence.

import { expect, test } from 'vitest';
import { whatIsAwaited } from '#renderer/terminal/typing.ts';
import type { Session } from '#renderer/state/session.svelte.ts';

const session = (more: object, following = true) =>
  ({
    following,
    state: { live: true, running: false, choosing: null, ...more },
  }) as unknown as Pick<Session, 'state' | 'following'>;

test('a paused machine that has a line says so, and how to go on', () => {
  expect(whatIsAwaited(session({}), true)).toMatch(/paused.*F5/);
});

test('nothing is said at a prompt, of a machine that runs, of a recording, of the past', () => {
  expect(whatIsAwaited(session({}), false)).toBeNull();
  expect(whatIsAwaited(session({ running: true }), true)).toBeNull();
  expect(whatIsAwaited(session({ live: false }), true)).toBeNull();
  expect(whatIsAwaited(session({}, false), true)).toBeNull();
});
