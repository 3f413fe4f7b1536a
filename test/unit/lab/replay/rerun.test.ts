// Goal: one schedule on another driver: everything up to the first difference is the recording's,
// and the run comes to an end of its own, where it is not the same.

import { expect, test } from 'vitest';
import { rerun } from '#lab/replay/rerun.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { firstDifference } from '#lab/compare/difference.ts';
import { digestOf } from '#test/support/digest.ts';
import { recordOf, recordScenario } from '#test/support/run-record.ts';

const record = recordScenario('bond-deadlock', { variant: 'naive', seed: 7 });

test('on the same driver it is the same run', () => {
  const again = rerun(record, 'naive');
  expect(digestOf(again.trace)).toBe(digestOf(record.trace));
  expect(again.end).toEqual(record.end);
  expect(again.choices).toEqual(record.choices);
});

test('on another driver it goes on past the parting, to its own outcome', () => {
  const other = rerun(record, 'early-unregister');
  expect(record.end?.outcome).toBe('deadlock');
  expect(other.end?.outcome).toBe('settled');
  expect(other.head.variant).toBe('early-unregister');
  const { seq } = firstDifference(record.trace, other.trace)!;
  expect(seq).toBeGreaterThan(10_000);
  expect(other.trace.count).toBeGreaterThan(seq);
});

test('a person’s inputs are given at their times', () => {
  const text = 'version: 1\nname: session\nsteps: []\n';
  const run = new ScenarioRun(loadScenario('session.yaml', text), {
    policy: makePolicy(choosePolicy(undefined, undefined)),
    scripted: false,
    live: true,
  });
  run.advance(2e9);
  run.machine.enter({ kind: 'type', terminal: 'main', line: 'ip link set ens1 up' });
  run.advance(4e9);
  run.machine.enter({ kind: 'cable', action: 'pull', port: 'card0 port 1', other: null });
  run.advance(5e9);
  const session = recordOf(run.result(), { scenarioText: text, scripted: false, live: true });
  const other = rerun(session, 'v6.1');
  expect(other.inputs.map(({ timeNs, input }) => [timeNs, input])).toEqual(
    session.inputs.map(({ timeNs, input }) => [timeNs, input]),
  );
  expect(other.end?.virtualNs).toBe(session.end?.virtualNs);
});
