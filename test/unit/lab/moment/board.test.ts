// Goal: the board of detectors that is made from the events says the same as the one that asks the
// live kernel, and terminals show what their screens show.
// Method: every scenario to its end, under its own variant; and a machine that is looked at while
// it runs.

import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { detectorBoard } from '#lab/board.ts';
import { boardOf } from '#lab/board-rules.ts';
import { Seeker } from '#lab/fold/seeker.ts';
import { Lists } from '#lab/lists/lists.ts';
import { boardFacts, seriesOf } from '#lab/moment/detectors.ts';
import { machineFacts } from '#lab/moment/facts.ts';
import { Moments } from '#lab/moment/moment.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { K } from '#trace/kinds.ts';
import { scenarioPath, scenarioText } from '#test/support/run-record.ts';

const names = readdirSync('main/lab/scenarios')
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => file.replace('.yaml', ''));

const begin = (name: string): ScenarioRun => {
  const scenario = loadScenario(scenarioPath(name), scenarioText(name));
  return new ScenarioRun(scenario, { policy: makePolicy(choosePolicy(undefined, undefined)) });
};

describe('at the end of a scenario', () => {
  test.each(names)('%s', (name) => {
    const run = begin(name);
    while (!run.over) run.advance();
    const { machine } = run;
    const { k } = machine;
    const { trace } = k;
    expect(boardOf(boardFacts(trace, new Seeker(trace).at(trace.count)))).toEqual(detectorBoard(k));
    const moment = new Moments(trace, machineFacts(machine.spec)).at(trace.count);
    const lists = new Lists(trace);
    const states = detectorBoard(k).map(({ state }) => state);
    for (const [at, { state, why }] of moment.detectors.entries()) {
      const isQuiet = ['armed', 'watching', 'silent'].includes(state);
      expect(isQuiet ? 'silent' : state).toBe(states[at]);
      if (state === 'silent') expect(why).toMatch(/^because /);
    }
    for (const [terminal, { screen, line, closed }] of machine.terminals) {
      // Whole pieces of the last 64 K.
      const { pieces } = lists.screens.part(terminal, trace.count, 0);
      const text = pieces.map((piece) => piece.text).join('');
      expect(screen.text.endsWith(text)).toBe(true);
      expect(text.length).toBeGreaterThan(Math.min(screen.text.length, 32_000) - 1);
      expect(moment.terminals.find((view) => view.name === terminal)).toMatchObject({
        line,
        alive: !closed,
      });
    }
  });
});

test('a run that goes on is looked at as it grows', () => {
  const run = begin('bond-deadlock');
  const { trace } = run.machine.k;
  const moments = new Moments(trace, machineFacts(run.machine.spec));
  const kept: string[] = [];
  const seqs: number[] = [];
  while (!run.over && run.machine.k.sim.now() < 8e9) {
    run.advance(Infinity, 500);
    seqs.push(trace.count);
    kept.push(JSON.stringify(moments.at(trace.count)));
  }
  const later = new Moments(trace, machineFacts(run.machine.spec));
  for (const at of [0, 3, 17, seqs.length - 1]) {
    expect(JSON.stringify(moments.at(seqs[at]!))).toBe(JSON.stringify(later.at(seqs[at]!)));
  }
  // What was said while it ran holds, but for works that were numbered since.
  expect(kept.at(-1)).toBe(JSON.stringify(later.at(seqs.at(-1)!)));
});

test('the text of a terminal at a moment is what stood there', () => {
  const run = begin('bond-deadlock');
  const { machine } = run;
  const { trace } = machine.k;
  const lists = new Lists(trace);
  const stood: [number, string][] = [];
  while (!run.over && machine.k.sim.now() < 8e9) {
    run.advance(Infinity, 2000);
    stood.push([trace.count, machine.terminals.get('main')?.screen.text ?? '']);
  }
  for (const [seq, text] of stood) {
    const { pieces } = lists.screens.part('main', seq, 0);
    expect(pieces.map((piece) => piece.text).join('')).toBe(text);
  }
  expect(lists.screens.part('nobody', trace.count, 0)).toEqual({ from: 0, pieces: [] });
});

test('a terminal that hangs in a cycle is told from one that is alive', () => {
  const run = begin('bond-deadlock');
  while (!run.over) run.advance();
  const { machine } = run;
  const { trace } = machine.k;
  const { terminals, detectors } = new Moments(trace, machineFacts(machine.spec)).at(trace.count);
  expect(terminals).toMatchObject([
    { name: 'main', label: '1', inCycle: true, alive: true },
    { name: 'second', label: '2', inCycle: false, line: null, waitsSinceNs: null },
  ]);
  expect(terminals[0]?.line).toMatch(/mlx4_port1/);
  const closed = trace.event([...trace.events()].findIndex(({ kind }) => kind === K.deadlock));
  expect(terminals[0]?.waitsSinceNs).toBeLessThanOrEqual(closed.timeNs);
  const warnings = detectors.find(({ name }) => name === 'netdevReference')!;
  expect(warnings.series.length).toBeGreaterThan(20);
  expect(warnings.series.at(-1)!.count).toBeGreaterThan(warnings.series[0]!.count);
  expect(warnings.headline).toBe(`fired ${warnings.series.length} times`);
});

test('a series has its first and its last point, and no more than can be drawn', () => {
  const warnings = (count: number) =>
    Array.from({ length: count }, (_, at) => ({ object: 1, timeNs: at * 1e9, count: at + 1 }));
  for (const count of [1, 2, 239, 240, 241, 5000]) {
    const series = seriesOf(warnings(count));
    expect(series.length).toBeLessThanOrEqual(240);
    expect(series.length).toBeGreaterThan(Math.min(count, 121) - 1);
    expect([series[0]!.count, series.at(-1)!.count]).toEqual([1, count]);
  }
});
