// Goal: a live run that is ended in the middle of something does not say that it has settled.
// Method: a live machine, left at rest, with a command held back, and in the middle of its script.

import { expect, test } from 'vitest';
import { parseHand } from '#lab/hands.ts';
import type { LabMachine } from '#lab/machine.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { scenarioPath, scenarioText } from '#test/support/run-record.ts';

const live = (scripted: boolean): ScenarioRun => {
  const scenario = loadScenario(scenarioPath('bond-deadlock'), scenarioText('bond-deadlock'));
  const policy = makePolicy(choosePolicy(undefined, undefined));
  return new ScenarioRun(scenario, { policy, scripted, live: true });
};

/** What hands do, or a line for the first terminal. */
function hand(machine: LabMachine, line: string): void {
  const input = parseHand(line, machine.spec);
  if (typeof input === 'string') throw new Error(input);
  expect(machine.enter(input)).toBeNull();
}

const type = (machine: LabMachine, line: string): void => {
  expect(machine.enter({ kind: 'type', terminal: 'main', line })).toBeNull();
};

test('at rest it has settled', () => {
  const run = live(false);
  run.advance(5e9);
  expect(run.result()).toMatchObject({ outcome: 'settled', unfinished: null });
});

test('with a command held back and a task that waits for it, it was left', () => {
  const run = live(false);
  run.advance(5e9);
  type(run.machine, 'modprobe mlx4_core');
  run.advance(8e9);
  hand(run.machine, 'fault holdCommand command=any');
  type(run.machine, 'echo ib > /sys/bus/pci/devices/0000:06:00.0/mlx4_port1');
  run.advance(9e9);
  const { outcome, unfinished } = run.result();
  expect(outcome).toBe('left');
  expect(unfinished).toMatch(/^left with (\d+ tasks? waiting and )?1 command held$/);
});

test('in the middle of its script it was left', () => {
  const run = live(true);
  run.advance(3e9);
  const { outcome, unfinished } = run.result();
  expect(outcome).toBe('left');
  expect(unfinished).toBe('left before its script was done');
});
