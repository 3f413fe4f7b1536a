// A run as a row of a table.

import { expect, test } from 'vitest';
import { runRow } from '#lab/compare/table.ts';
import { MadeTrace } from '#test/support/made-trace.ts';
import { recordScenario } from '#test/support/run-record.ts';

test('a real run', () => {
  const record = recordScenario('bond-deadlock', { variant: 'naive', seed: 3 });
  const { firstFinding, ...row } = runRow('7', record);
  expect(firstFinding).toMatch(/^deadlock: sh waits for the last reference on /);
  expect(row).toEqual({
    label: '7',
    scenario: 'bond-deadlock',
    variant: 'naive',
    schedule: 'random 3',
    outcome: 'deadlock',
    events: record.trace.count,
    virtualNs: record.end?.virtualNs,
    choices: record.choices.length,
    findings: record.end?.findings.length,
  });
});

test('a run that was cut came as far as its last event', () => {
  const made = new MadeTrace().at(3e9).as('sh').did('rcu.barrier');
  expect(runRow('x', made.record(null))).toMatchObject({
    schedule: 'until-blocked',
    outcome: 'cut',
    virtualNs: 3_000_000_100,
    findings: 0,
    firstFinding: null,
  });
});
