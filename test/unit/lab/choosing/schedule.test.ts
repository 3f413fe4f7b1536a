// Hints tell the truth: the schedule behind them, picked by a person, closes the cycle with the
// very pick that it says; on a driver that does not deadlock every try is in vain, and that is
// said.

import { expect, test } from 'vitest';
import { askFromMark } from '#lab/choosing/begin.ts';
import { Choosing } from '#lab/choosing/choosing.ts';
import { Hints } from '#lab/choosing/hints.ts';
import { ScheduleSearch } from '#lab/choosing/schedule.ts';
import type { SearchedSchedule } from '#lab/choosing/schedule.ts';
import { makePolicy } from '#lab/policy.ts';
import type { RunHead } from '#lab/record/run-record.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { headOf } from '#test/support/heads.ts';
import { scenarioPath, scenarioText } from '#test/support/run-record.ts';

const text = scenarioText('bond-deadlock');
const headFor = (variant: string): RunHead =>
  headOf({
    scenarioFile: scenarioPath('bond-deadlock'),
    scenarioText: text,
    variant,
    policy: 'you-choose',
    live: true,
  });

/** A session at its first question, which is at the mark. */
function begun(variant: string): Choosing {
  const policy = makePolicy({ name: 'you-choose', seed: null });
  const scenario = loadScenario(scenarioPath('bond-deadlock'), text);
  const run = new ScenarioRun(scenario, { policy, variant, live: true });
  askFromMark(run, scenario.chooseFrom!);
  const choosing = Choosing.of(run, policy)!;
  goOn(choosing);
  return choosing;
}

/** On to the next question. */
function goOn(choosing: Choosing): void {
  while (!choosing.isClosed && ['stopped', 'paused'].includes(choosing.run.advance(Infinity, 200)));
}

function search(choosing: Choosing, tries: number): SearchedSchedule {
  const ask = choosing.here(headFor(choosing.run.machine.spec.variant));
  const searching = new ScheduleSearch(ask, tries);
  while (searching.step());
  return searching.result;
}

test('the person is asked from the mark on', () => {
  const { trace } = begun('naive').run.machine.k;
  const marks = [...trace.events()].map(({ object, value }) =>
    trace.text(object) === 'mark' ? trace.text(value) : '',
  );
  expect(marks.filter(Boolean)).toEqual(['load', 'bond', 'traffic', 'write']);
});

test('what was found closes the cycle when a person picks it, with its last pick', () => {
  const choosing = begun('naive');
  const { schedule } = search(choosing, 4);
  expect(schedule!.tasks).toEqual(['sh', 'worker of mlx4_en@card0']);
  expect(schedule!.objects).toEqual(['netdev eth0', 'intf_mutex']);
  for (const task of schedule!.picks) {
    expect(choosing.isClosed).toBe(false);
    expect(choosing.pick(task)).toBe(true);
    goOn(choosing);
  }
  expect(choosing.isClosed).toBe(true);
  const { reached } = choosing.state;
  expect(reached).toEqual({ picked: schedule!.picks.length, letRun: 0 });
  const gone = choosing.fromFirst(headFor('naive'))!;
  expect(gone.answers).toEqual(schedule!.picks);
});

test('a driver that does not deadlock: every try is in vain, and the hint says how many', () => {
  const choosing = begun('v6.6');
  const found = search(choosing, 6);
  expect(found).toEqual({ schedule: null, tries: 6 });
  choosing.hints.found(found);
  expect(choosing.state.hint).toEqual({ kind: 'none', tries: 6 });
  expect(choosing.state.hints).toBe(1);
});

test('hints go from who to what to the pick, follow a person, and are lost off the way', () => {
  const hints = new Hints();
  const schedule = { picks: ['a', 'b', 'c'], tasks: ['a', 'b'], objects: ['m'] };
  hints.found({ schedule, tries: 3 });
  expect(hints.shown).toEqual({ kind: 'who', tasks: ['a', 'b'] });
  hints.give();
  expect(hints.shown).toEqual({ kind: 'what', objects: ['m'] });
  hints.give();
  expect(hints.shown).toEqual({ kind: 'pick', task: 'a', left: 3 });
  hints.answered('a');
  expect(hints.shown).toBeNull();
  hints.give();
  expect(hints.shown).toEqual({ kind: 'pick', task: 'b', left: 2 });
  hints.answered('c');
  expect(hints.isKnown).toBe(false);
  expect(hints.count).toBe(4);
});
