// Goal: a moment in words is the event that a person means.

import { expect, test } from 'vitest';
import { seqOf } from '#lab/replay/moment.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';

/** Events at 0, 10, 20, 20, 30 ms. */
function trace(): Trace {
  const events = new Trace();
  for (const ms of [0, 10, 20, 20, 30]) {
    events.nowNs = ms * 1e6;
    events.emit(K.preempt, 0, 0);
  }
  return events;
}

test.each([
  ['0', 0],
  ['3', 3],
  ['5', 5],
  ['0s', 0],
  ['1ns', 1],
  ['10ms', 1],
  ['20ms', 2],
  ['21ms', 4],
  ['30ms', 4],
  ['1s', 5],
])('%s is event %i', (moment, seq) => {
  expect(seqOf(trace(), moment)).toBe(seq);
});

test.each(['6', '-1', '1.5', '', 'now', '10', '5 x', '0x3'])('%j is none', (moment) => {
  const seq = seqOf(trace(), moment);
  expect(seq).toBe(null);
});
