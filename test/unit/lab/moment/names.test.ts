// Goal: in the window a task has one name, the kernel's, and who waits is counted by one rule.
// Method: every text that the recorded deadlock gives a window, held against names of the trace;
// the counts of picture, detectors and scheduler's cards, held against each other.

import { describe, expect, test } from 'vitest';
import { Choosing } from '#lab/choosing/choosing.ts';
import { Seeker } from '#lab/fold/seeker.ts';
import { Lists } from '#lab/lists/lists.ts';
import { machineFacts } from '#lab/moment/facts.ts';
import { Moments } from '#lab/moment/moment.ts';
import type { Moment } from '#lab/moment/moment.ts';
import { phraseText } from '#lab/moment/phrase.ts';
import { makePolicy } from '#lab/policy.ts';
import { psName } from '#lab/record/ps-name.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { recordScenario, scenarioPath, scenarioText } from '#test/support/run-record.ts';

const { machine } = loadScenario(scenarioPath('bond-deadlock'), scenarioText('bond-deadlock'));
const { trace } = recordScenario('bond-deadlock', { variant: 'naive', untilNs: 130e9 });
const moments = new Moments(trace, machineFacts({ ...machine, variant: 'naive' }));
const end = moments.at(trace.count);
const worker = 'worker of mlx4_en@card0';

test('a worker is known by its comm, others by comm and pid', () => {
  expect(psName('kworker/u8:0', '11')).toBe('kworker/u8:0');
  expect(psName('sh', '23')).toBe('sh:23');
});

/** Everything that a window writes of a moment. */
const wordsOf = ({ waits, detectors }: Moment): string[] => [
  phraseText(waits.sentence),
  ...waits.cycles.map(({ sentence }) => phraseText(sentence)),
  ...waits.things.flatMap(({ shown, detail }) => [shown, detail]),
  ...detectors.flatMap(({ headline, why }) => [headline, why]),
];

describe('one name', () => {
  test('no text of a moment has the name of a birth path, nor of a numbered work', () => {
    for (let seq = 0; seq <= trace.count; seq += 3001) {
      const wrong = wordsOf(moments.at(seq)).filter((text) => /worker of |#\d/.test(text));
      expect(wrong, `event ${seq}`).toEqual([]);
    }
  });

  test('lanes, tasks, commands and cast say the same of the same task', () => {
    const shown = end.cast.find(({ name }) => name === worker)!.shown;
    expect(shown).toMatch(/^kworker\/u8:\d+$/);
    const lane = new Timeline(trace).lanes().find(({ name }) => name === worker);
    expect(lane?.shown).toBe(shown);
    const lists = new Lists(trace);
    const row = lists.tasks(new Seeker(trace).at(trace.count), () => '');
    expect(row.find(({ name }) => name === worker)).toMatchObject({ shown, pid: '11' });
    const poster = lists.commands.posters().find(({ name }) => name === worker);
    expect(poster?.shown).toBe(shown);
    expect(end.waits.things.find(({ id }) => id === `task:${worker}`)?.shown).toBe(shown);
  });

  test('shells have the numbers of their tabs', () => {
    const details = end.waits.things.map(({ detail }) => detail);
    expect(details).toContain('tab 2, prompt');
  });

  test('the cast has every letter, and no letter twice', () => {
    const letters = end.cast.map(({ letter }) => letter);
    expect(new Set(letters).size).toBe(letters.length);
    for (const { kind, name, letter } of end.waits.things) {
      if (kind !== 'task' || letter === '') continue;
      expect(end.cast.find((one) => one.name === name)?.letter).toBe(letter);
    }
  });
});

test('an idle task waits for nothing, least of all for itself', () => {
  const rows = new Lists(trace).tasks(new Seeker(trace).at(trace.count), () => '');
  expect(rows.filter(({ name, waitsFor }) => name === waitsFor)).toEqual([]);
  expect(rows.find(({ name }) => name === 'init')?.waitsFor).toBe('');
});

describe('who waits', () => {
  test('is as many for the wait graph as in the picture, at any moment', () => {
    const counts = new Set<number>();
    for (let seq = 0; seq <= trace.count; seq += 37) {
      if (moments.foldAt(seq).deadlocks.length > 0) break;
      const { detectors, waits } = moments.at(seq);
      const drawn = waits.edges.filter(({ relation }) => relation === 'waitsFor').length;
      const said = Number.parseInt(detectors.find(({ name }) => name === 'graph')!.why, 10);
      expect(said, `event ${seq}`).toBe(drawn);
      counts.add(said);
    }
    // There was something to count.
    expect(counts.size).toBeGreaterThan(2);
  });

  test('is the same for the scheduler, who sees two letters on every lock', () => {
    const policy = makePolicy({ name: 'you-choose', seed: null });
    const scenario = loadScenario(scenarioPath('bond-deadlock'), scenarioText('bond-deadlock'));
    const run = new ScenarioRun(scenario, { policy, variant: 'naive', live: true });
    const choosing = Choosing.of(run, policy)!;
    const { k } = run.machine;
    const live = new Moments(k.trace, machineFacts(run.machine.spec));
    let [held, waited] = [0, 0];
    for (let pick = 0; pick < 300; pick++) {
      while (run.advance() === 'stopped') continue;
      const question = choosing.state.question;
      if (question === null || (held > 0 && waited > 0)) break;
      const moment = live.at(k.trace.count);
      // Whoever was woken waits in the picture until it runs, and has a card.
      const pickable = question.cards.map(({ task }) => `task:${task}`);
      const inPicture = moment.waits.things
        .filter(({ kind, state }) => kind === 'task' && state === 'waits')
        .map(({ id }) => id);
      expect(inPicture).toHaveLength(moment.blocked);
      expect(question.waiting.map(({ task }) => `task:${task}`).sort()).toEqual(
        inPicture.filter((id) => !pickable.includes(id)).sort(),
      );
      waited += question.waiting.length;
      for (const thing of question.cards.flatMap(({ holds }) => holds)) {
        if (thing.kind !== 'lock') continue;
        const drawn = moment.waits.things.find(({ id }) => id === `lock:${thing.name}`);
        expect(drawn?.letter, thing.name).toBe(thing.letter);
        expect(thing.letter, thing.name).toMatch(/^[A-Z]{2}$/);
        held++;
      }
      choosing.pick(question.cards.at(pick % 2 === 0 ? 0 : -1)!.task);
    }
    expect(held).toBeGreaterThan(0);
    expect(waited).toBeGreaterThan(0);
  });
});

describe('the board in the window', () => {
  const why = (name: string) => end.detectors.find((one) => one.name === name)!;

  test('says one short reason', () => {
    expect(why('graph').why).toMatch(/^Cycle of 5, reported at event [\d\u202f]+\.$/);
    expect(why('netdevReference').why).toMatch(
      /^Every 10 s: usage count \d+ → \d+\. It grows: a leak would stand still\.$/,
    );
    expect(why('hungTask').why).toMatch(
      /^because it wakes to look again \(sh:5\); .* \(kworker\/u8:0\)\.$/,
    );
    for (const { why: reason } of end.detectors) expect(reason.length).toBeLessThan(120);
  });

  test('shows the kernel text that was printed', () => {
    expect(why('netdevReference').printed.join('\n')).toMatch(
      /^unregister_netdevice: waiting for eth0 to become free\. Usage count = \d+$/,
    );
    expect(why('graph').printed).toEqual([]);
  });
});
