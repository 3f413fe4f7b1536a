// Events in words: every kind has a phrase, every phrase reads as a sentence, and the words follow
// the values where a value turns their meaning round.

import { describe, expect, test } from 'vitest';
import {
  deedWords,
  eventWords,
  phrases,
  roundSeconds,
  secondsText,
  shortText,
  TaskNames,
} from '#lab/record/words.ts';
import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import { MadeTrace } from '#test/support/made-trace.ts';
import type { MadeValue } from '#test/support/made-trace.ts';
import { recordScenario } from '#test/support/run-record.ts';

const kinds = kindTable.map((row) => row);
const names = kindTable.map(({ name }) => name);

/** The last event of a trace in words. */
function lastWords({ trace }: MadeTrace): string {
  const tasks = new TaskNames(trace);
  tasks.refresh();
  return eventWords(trace, tasks, trace.event(trace.count - 1));
}

const said = (kind: KindName, object = '', value: MadeValue = 0): string =>
  lastWords(new MadeTrace().as('sh').did(kind, object, value));

/** A value as its kind has them. */
function valueFor(name: KindName): MadeValue {
  switch (kindTable.find((row) => row.name === name)?.value) {
    case 'text':
      return 'some text';
    case 'blob':
      return Uint8Array.of(1, 2, 3);
    default:
      return 1;
  }
}

describe('phrases', () => {
  test('there is one for every kind and for nothing else', () => {
    expect(Object.keys(phrases).sort()).toEqual(names.map(String).sort());
  });

  test.each(names.map(String))('%s reads as a sentence', (name) => {
    const text = said(name as KindName, 'thing', valueFor(name as KindName));
    // Somebody, a verb in the third person, no gap that nothing fills, and the kind to look up.
    expect(text).toMatch(/^sh (does|[a-z]+s) ?[^{}]* \([a-z.]+\)$/);
    expect(text).not.toMatch(/undefined|NaN| {2}|\?\d/);
    expect(text.endsWith(`(${name})`)).toBe(true);
  });

  test('ask for an object or a value only where the kind has one', () => {
    for (const { name, object, value } of kinds) {
      const phrase = phrases[name];
      if (object === 'none') expect(phrase, name).not.toContain('{o}');
      if (value === 'none') expect(phrase, name).not.toContain('{v}');
    }
  });

  test('name the object of every kind that has one', () => {
    const silent = kinds.filter(
      ({ name, object }) => object !== 'none' && !phrases[name].includes('{o}'),
    );
    // These are about the doer itself.
    expect(silent.map(({ name }) => name)).toEqual(['task.exit', 'task.switch']);
  });
});

describe('words that depend on the value', () => {
  test('a lock that is taken for reading or writing', () => {
    expect(said('rwsem.acquired', 'rw', 0)).toBe('sh takes rw for reading (rwsem.acquired)');
    expect(said('rwsem.acquired', 'rw', 1)).toBe('sh takes rw for writing (rwsem.acquired)');
  });

  test('a link up and down', () => {
    expect(said('link', 'host0', 40_000)).toBe('sh sets the link of host0 to 40000 Mb/s (link)');
    expect(said('link', 'host0', 0)).toBe('sh takes the link of host0 down (link)');
  });

  test('a check', () => {
    expect(said('check', 'it works', 1)).toBe('sh judges "it works": holds (check)');
    expect(said('check', 'it works', 0)).toBe('sh judges "it works": does not hold (check)');
  });

  test('sleep without an object', () => {
    expect(said('task.block', '', 'sleep')).toBe('sh goes to sleep (task.block)');
    expect(said('task.block', '', 'ping')).toBe('sh goes to sleep (ping) (task.block)');
    expect(said('task.block', 'rtnl_mutex', 'mutex rtnl_mutex')).toBe(
      'sh goes to sleep waiting for rtnl_mutex (task.block)',
    );
  });

  test('hex, sizes, names of tasks', () => {
    expect(said('mmio.write', 'BAR0', 0x4000_0000)).toBe(
      'sh writes 0x40000000 to BAR0 (mmio.write)',
    );
    const packet = new MadeTrace().asMachine().did('packet.send', 'host0', new Uint8Array(60));
    expect(lastWords(packet)).toBe('the machine sends a packet from host0 (packet.send)');
    expect(said('task.wake', 'ping')).toBe('sh wakes ping (task.wake)');
    expect(said('timer.arm', 'watchdog', 'bond0')).toBe('sh arms a timer for watchdog (timer.arm)');
  });
});

describe('names of tasks', () => {
  test('0 is the machine, an unborn one has its number', () => {
    const tasks = new TaskNames(new MadeTrace().trace);
    tasks.refresh();
    expect([tasks.of(0), tasks.of(9)]).toEqual(['the machine', 'task 9']);
  });

  test('are found as the trace grows', () => {
    const made = new MadeTrace().as('sh');
    const tasks = new TaskNames(made.trace);
    tasks.refresh();
    made.as('ping');
    expect(tasks.of(2)).toBe('task 2');
    tasks.refresh();
    expect([tasks.of(1), tasks.of(2)]).toEqual(['sh', 'ping']);
  });
});

describe('times and texts', () => {
  test('an exact time has as many digits as it takes', () => {
    expect(secondsText(3_120_000_000)).toBe('3.120 s');
    expect(secondsText(3_120_000_100)).toBe('3.1200001 s');
    expect(secondsText(0)).toBe('0.000 s');
    expect(roundSeconds(3_120_900_000)).toBe('3.121 s');
  });

  test('a text is one line and not too long', () => {
    expect(shortText(' a\n  b\t')).toBe('a b');
    expect(shortText('x'.repeat(500))).toBe(`${'x'.repeat(120)} …`);
  });
});

test('every event of a real run reads as a sentence', () => {
  const { trace } = recordScenario('bond-deadlock', { variant: 'naive', untilNs: 20e9 });
  const tasks = new TaskNames(trace);
  tasks.refresh();
  const bad = new Set<string>();
  for (const event of trace.events()) {
    const text = deedWords(trace, tasks, event);
    if (!/^[a-z]+s\b[^{}]* \([a-z.]+\)$/.test(text)) bad.add(text);
  }
  expect([...bad]).toEqual([]);
});
