// Goal: the picture of the waits tells the story: the cycle of five with its letters, places and
// sentence; at rest that nothing waits; and of many queued works only a few.
// Method: the recorded deadlock, looked at before, at and long after the moment when it closed.

import { describe, expect, test } from 'vitest';
import { machineFacts } from '#lab/moment/facts.ts';
import { Moments } from '#lab/moment/moment.ts';
import type { Moment } from '#lab/moment/moment.ts';
import { phraseText, wordCount } from '#lab/moment/phrase.ts';
import { K } from '#trace/kinds.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { recordScenario, scenarioPath, scenarioText } from '#test/support/run-record.ts';

const { machine } = loadScenario(scenarioPath('bond-deadlock'), scenarioText('bond-deadlock'));
const { trace } = recordScenario('bond-deadlock', { variant: 'naive' });
const moments = new Moments(trace, machineFacts({ ...machine, variant: 'naive' }));
const closed = [...trace.events()].find(({ kind }) => kind === K.deadlock)!.seq;
const end = moments.at(trace.count);

const thing = ({ waits }: Moment, id: string) => waits.things.find((one) => one.id === id);

describe('the deadlock', () => {
  const [cycle] = end.waits.cycles;

  test('is a circle of five', () => {
    const steps = cycle!.steps.map(({ from, relation, where }) => [from, relation, where]);
    const work = 'work:mlx4_en_bond_work#25 CHANGEUPPER(eth0)';
    expect(steps).toEqual([
      ['task:worker of mlx4_en@card0', 'waits for', 'mlx4_do_bond'],
      ['lock:intf_mutex', 'held by', ''],
      ['task:sh', 'waits for', 'netdev_run_todo'],
      ['reference:netdev eth0', 'held by', 'CHANGEUPPER(eth0)'],
      [work, 'run by', 'process_one_work'],
    ]);
    for (const [at, { to }] of cycle!.steps.entries()) {
      expect(to).toBe(cycle!.steps[(at + 1) % 5]!.from);
    }
    expect(cycle).toMatchObject({ closedSeq: closed, stands: true });
  });

  test('is one sentence of at most 45 words', () => {
    const text = phraseText(end.waits.sentence).replace(/W\d+/, 'W1');
    expect(text).toBe(
      'kworker/u8:0, which runs bond work W1, holds a reference on eth0 and waits for ' +
        'intf_mutex; sh:5 holds it and waits until eth0 has no other reference.',
    );
    expect(wordCount(end.waits.sentence)).toBeLessThanOrEqual(45);
  });

  test('has its numbers on the lines', () => {
    const steps = end.waits.edges.flatMap(({ step }) => step ?? []);
    expect(steps.sort()).toEqual([1, 2, 3, 4, 5]);
  });

  test('is known with its steps at the event after its own, and not before', () => {
    expect(moments.at(closed).waits.cycles).toEqual([]);
    expect(moments.at(closed + 5).waits.cycles).toHaveLength(1);
  });

  test('counts the queued works instead of drawing them', () => {
    const works = end.waits.things.filter(({ kind }) => kind === 'work');
    const queue = thing(end, 'queue:mlx4_en@card0')!;
    expect(queue.queued).toBeGreaterThan(180);
    expect(queue.folded).toBeGreaterThan(180);
    expect(works.length).toBeLessThan(8);
    expect(end.waits.edges.length).toBeLessThan(40);
  });

  test('the reference has a count, and needs one', () => {
    const warned = [...trace.events()].findLast(({ kind }) => kind === K['ref.warning'])!;
    expect(thing(moments.at(warned.seq), 'reference:netdev eth0')).toMatchObject({
      count: warned.value,
      needs: 1,
    });
  });

  test('two tasks are blocked', () => {
    expect(end.blocked).toBe(2);
    expect(thing(end, 'task:sh')).toMatchObject({ state: 'waits', detail: 'sleeping, polls eth0' });
  });
});

describe('letters', () => {
  test('never change, and are unique within a kind', () => {
    const letters = new Map<string, string>();
    for (let seq = 0; seq <= trace.count; seq += 997) {
      for (const { id, letter, kind, state } of moments.at(seq).waits.things) {
        if (letter === '' || (kind === 'work' && letter === 'W')) continue;
        expect(letters.get(id) ?? letter, `${id} ${state}`).toBe(letter);
        letters.set(id, letter);
      }
    }
    expect(new Set(letters.values()).size).toBe(letters.size);
  });

  test('are those of the story', () => {
    expect(thing(end, 'task:sh')?.letter).toBe('A');
    expect(thing(end, 'lock:intf_mutex')?.letter).toBe('IM');
    expect(thing(end, 'lock:set_port_type_mutex')?.letter).toBe('SM');
    expect(thing(end, 'lock:port_mutex(card0)')?.letter).toBe('PM');
    expect(thing(end, 'lock:bond_mutex(card0)')?.letter).toBe('BM');
    expect(thing(end, 'lock:rtnl_mutex')?.letter).toBe('RT');
  });
});

describe('at rest', () => {
  const step = [...trace.events()].find(
    ({ kind, value }) => kind === K.step && trace.text(value) === 'write',
  )!;
  const rest = moments.at(step.seq);

  test('nothing waits', () => {
    expect(phraseText(rest.waits.sentence)).toMatch(
      /^Nothing waits\. Every lock is free\. eth0 has/,
    );
    expect(rest.blocked).toBe(0);
  });

  test('the named things are there', () => {
    const ids = rest.waits.things.map(({ id }) => id);
    expect(ids).toEqual(
      expect.arrayContaining([
        'task:sh',
        'task:worker of mlx4_en@card0',
        'lock:intf_mutex',
        'lock:rtnl_mutex',
        'reference:netdev eth0',
        'queue:mlx4_en@card0',
      ]),
    );
    expect(ids.some((id) => id.includes('rescuer') || id.includes('kthreadd'))).toBe(false);
    expect(thing(rest, 'task:sh')?.detail).toBe('tab 1, prompt');
    expect(thing(rest, 'reference:netdev eth0')?.detail).toBe('registered; bond0');
  });
});

test('every line leads from a thing to a thing, at any moment', () => {
  for (let seq = 0; seq <= trace.count; seq += 1499) {
    const { things, edges } = moments.at(seq).waits;
    const ids = new Set(things.map(({ id }) => id));
    expect(ids.size).toBe(things.length);
    const loose = edges.filter(({ from, to }) => !ids.has(from) || !ids.has(to));
    expect(loose, `event ${seq}`).toEqual([]);
  }
});
