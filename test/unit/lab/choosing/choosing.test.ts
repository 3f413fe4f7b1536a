// A person as the scheduler: every question is answered by somebody who can run, what was chosen
// is a schedule like any other, and a pick that is taken back leaves the run as it was before it.

import { expect, test } from 'vitest';
import { makePolicy } from '#lab/policy.ts';
import { Choosing } from '#lab/choosing/choosing.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { replay } from '#lab/replay/replay.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import type { Trace } from '#trace/trace.ts';
import { Random } from '#test/support/card/random.ts';
import { headOf } from '#test/support/heads.ts';
import { scenarioPath, scenarioText } from '#test/support/run-record.ts';
import { copyRecords } from '#test/support/records.ts';

const text = scenarioText('bond-deadlock');
const head = headOf({
  scenarioFile: scenarioPath('bond-deadlock'),
  scenarioName: 'bond-deadlock',
  scenarioText: text,
  variant: 'naive',
  policy: 'you-choose',
  live: true,
});

/** A session that stands at its first question. */
function begun(): Choosing {
  const policy = makePolicy({ name: 'you-choose', seed: null });
  const scenario = loadScenario(scenarioPath('bond-deadlock'), text);
  const run = new ScenarioRun(scenario, { policy, variant: 'naive', live: true });
  const choosing = Choosing.of(run, policy)!;
  goOn(choosing);
  return choosing;
}

/** On to the next question. */
function goOn(choosing: Choosing): void {
  while (choosing.run.advance() === 'stopped');
}

/** Answers some questions by chance. */
function pickSome(choosing: Choosing, count: number, random: Random): void {
  for (let n = 0; n < count && choosing.isAsking; n++) {
    const { cards } = choosing.state.question!;
    expect(choosing.pick(cards[random.below(cards.length)]!.task)).toBe(true);
    goOn(choosing);
  }
}

const traceOf = ({ run }: Choosing): Trace => run.machine.k.trace;

const bytesOf = (trace: Trace, events: number): Uint8Array => copyRecords(trace, 0, events);

function recordOf({ run }: Choosing): RunRecord {
  const { k, inputs } = run.machine;
  return { head, end: null, inputs, choices: k.sim.choices, trace: k.trace };
}

test('each question has two tasks or more, and each of them says what it would do', () => {
  const choosing = begun();
  for (let n = 0; n < 60; n++) {
    const { cards } = choosing.state.question!;
    expect(cards.length).toBeGreaterThan(1);
    for (const { verb, because } of cards) expect([verb, because]).not.toContain('');
    expect(cards.filter(({ current }) => current).length).toBeLessThan(2);
    pickSome(choosing, 1, new Random(n));
  }
});

test('nothing happens while a question is open, and a task that cannot run is no answer', () => {
  const choosing = begun();
  const before = traceOf(choosing).count;
  expect(choosing.pick('nobody')).toBe(false);
  expect(choosing.run.advance()).toBe('undecided');
  expect(traceOf(choosing).count).toBe(before);
});

test.each([1, 2, 3])('what was chosen is replayed event for event (seed %i)', (seed) => {
  const choosing = begun();
  pickSome(choosing, 120, new Random(seed));
  const { difference, events } = replay(recordOf(choosing));
  expect(difference?.said).toBeUndefined();
  expect(events).toBe(traceOf(choosing).count);
});

test('lines that are typed while a question is open are replayed as well', () => {
  const choosing = begun();
  const random = new Random(5);
  for (let n = 0; n < 20; n++) {
    pickSome(choosing, 5, random);
    choosing.run.machine.enter({ kind: 'type', terminal: 'second', line: `echo ${n}` });
    goOn(choosing);
  }
  const { difference } = replay(recordOf(choosing));
  expect(difference?.said).toBeUndefined();
});

test('a pick that is taken back leaves the run as it was before it', () => {
  const choosing = begun();
  pickSome(choosing, 40, new Random(7));
  const last = choosing.state.picks.at(-1)!;
  const back = choosing.takenBack(head);
  if (typeof back === 'string') throw new Error(back);
  expect(back.isAsking).toBe(true);
  expect(traceOf(back).count).toBe(last.seq);
  expect(bytesOf(traceOf(back), last.seq)).toEqual(bytesOf(traceOf(choosing), last.seq));
  expect(back.state.picks).toEqual(choosing.state.picks.slice(0, -1));
  expect(back.state.question!.cards.map(({ task }) => task)).toContain(last.task);
});

test('all picks can be taken back, one after the other', () => {
  let choosing = begun();
  pickSome(choosing, 12, new Random(9));
  for (let left = 12; left > 0; left--) {
    const back = choosing.takenBack(head);
    if (typeof back === 'string') throw new Error(back);
    choosing = back;
    expect(choosing.state.picks.length).toBe(left - 1);
  }
  expect(choosing.takenBack(head)).toBe('You have not picked yet.');
});

test('while the plain policy answers, nobody is asked; then it is asked again', () => {
  const choosing = begun();
  choosing.letRun(true);
  choosing.run.advance(choosing.run.machine.k.sim.now() + 1e9);
  expect(choosing.isAsking).toBe(false);
  choosing.letRun(false);
  goOn(choosing);
  expect(choosing.isAsking).toBe(true);
  const { difference } = replay(recordOf(choosing));
  expect(difference?.said).toBeUndefined();
});
