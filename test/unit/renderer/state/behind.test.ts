// How far window and disk are behind: from the oldest word that is not shown yet, and from when the
// first event that is not kept had happened.

import { expect, test } from 'vitest';
import type { SessionState } from '#contract/session.ts';
import { Behind } from '#renderer/state/behind.ts';

const state = (wallMs: number, events: number, behind = 0): SessionState =>
  ({ wallMs, events, record: { kind: 'recording', behind } }) as unknown as SessionState;

test('the window is as late as the oldest word that it has not drawn', () => {
  const behind = new Behind();
  behind.hear(state(1000, 10), true);
  behind.ask();
  behind.hear(state(1100, 20), true);
  expect(behind.look(1400).windowMs).toBe(400);
  behind.show(1450);
  expect(behind.look(1500).windowMs).toBe(450);
  behind.ask();
  behind.show(1510);
  behind.look(1510);
  expect(behind.look(1600).windowMs).toBe(0);
});

test('nothing that has to be drawn: the window is not behind', () => {
  const behind = new Behind();
  behind.hear(state(1000, 10), false);
  expect(behind.look(9000).windowMs).toBe(0);
});

test('the disk is as late as the first event that it has not got', () => {
  const behind = new Behind();
  behind.hear(state(1000, 100, 100), false);
  behind.hear(state(1500, 200, 150), false);
  behind.hear(state(2000, 300, 150), false);
  // 150 events are kept: the second hundred was there at 1500.
  expect(behind.look(2100).diskMs).toBe(600);
  behind.hear(state(2200, 300, 0), false);
  expect(behind.look(9000).diskMs).toBe(0);
});
