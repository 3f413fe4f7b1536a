// Goal: a stop of the tour shows what its note says: until the cycle closes nothing is in one, and
// where it is told that each waits for the other, the moment has it whole.
// Method: the recorded deadlock; every stop is looked at as a window would.

import { expect, test } from 'vitest';
import { machineFacts } from '#lab/moment/facts.ts';
import { Moments } from '#lab/moment/moment.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { stopsOf } from '#lab/tour/stops.ts';
import { recordScenario, scenarioPath, scenarioText } from '#test/support/run-record.ts';

const { machine } = loadScenario(scenarioPath('bond-deadlock'), scenarioText('bond-deadlock'));
const record = recordScenario('bond-deadlock', { variant: 'naive' });
const moments = new Moments(record.trace, machineFacts({ ...machine, variant: 'naive' }));
const stops = stopsOf(record);
const standingAt = (seq: number): number =>
  moments.at(seq).waits.cycles.filter(({ stands }) => stands).length;

test('six stops, in the order of the story', () => {
  const names = stops.map(({ stop }) => stop);
  expect(names).toEqual(['card', 'written', 'lock', 'reference', 'cycle', 'fixed']);
  const seqs = stops.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
});

test.each(['card', 'written', 'lock', 'reference'])('at %s nobody is in a cycle', (name) => {
  const { seq } = stops.find(({ stop }) => stop === name)!;
  expect(standingAt(seq)).toBe(0);
});

test.each(['cycle', 'fixed'])(
  'at %s the cycle is there, and one event before it is not',
  (name) => {
    const { seq } = stops.find(({ stop }) => stop === name)!;
    expect(standingAt(seq)).toBe(1);
    expect(standingAt(seq - 1)).toBe(0);
  },
);

test('a run without a deadlock has no tour', () => {
  expect(stopsOf(recordScenario('bond-deadlock', { variant: 'v6.6' }))).toEqual([]);
});
