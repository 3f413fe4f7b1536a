// Which events of two runs are the same: by what the numbers in them stand for, not by the numbers.

import { describe, expect, test } from 'vitest';
import { equalBytes, hasBlob, Matcher } from '#lab/compare/match.ts';
import { K } from '#trace/kinds.ts';
import { chunkRecords, Trace } from '#trace/trace.ts';
import { MadeTrace } from '#test/support/made-trace.ts';
import { recordScenario } from '#test/support/run-record.ts';

const first = (a: MadeTrace, b: MadeTrace): number | null => new Matcher(a.trace, b.trace).first();

/** A little of everything that has a number of its own. */
const story = (made: MadeTrace): MadeTrace =>
  made
    .as('sh')
    .did('mutex.acquired', 'rtnl_mutex')
    .did('work.queue', 'bond work', 'mlx4_en')
    .did('task.wake', 'worker')
    .as('worker')
    .did('packet.send', 'host0', Uint8Array.of(9, 8, 7))
    .did('irq.raise', 'irq 30', 2);

describe('the same', () => {
  test('two empty runs, and one with itself', () => {
    expect(first(new MadeTrace(), new MadeTrace())).toBeNull();
    const made = story(new MadeTrace());
    expect(first(made, made)).toBeNull();
  });

  test('numbers of texts, tasks and blobs may differ', () => {
    const [a, b] = [story(new MadeTrace()), story(new MadeTrace().shifted())];
    expect(a.trace.event(1).object).not.toBe(b.trace.event(1).object);
    expect(first(a, b)).toBeNull();
    expect(first(b, a)).toBeNull();
  });

  test('two tasks with one name', () => {
    const twice = (second: number): Trace => {
      const trace = new Trace();
      trace.emit(K['task.create'], 1, 0, trace.intern('ping'));
      trace.emit(K['task.create'], 2, 0, trace.intern('ping'));
      trace.task = second;
      trace.emit(K['task.exit'], second, 0);
      return trace;
    };
    expect(new Matcher(twice(1), twice(2)).first()).toBeNull();
  });
});

describe('not the same', () => {
  const base = story(new MadeTrace());
  const parts: readonly (readonly [string, (made: MadeTrace) => MadeTrace])[] = [
    ['task', (made) => made.as('ping').did('rcu.barrier')],
    ['kind', (made) => made.did('rcu.synchronize')],
    ['time', (made) => made.at(77).did('rcu.barrier')],
    ['CPU', (made) => made.on(3).did('rcu.barrier')],
    ['missing', (made) => made],
  ];

  test.each(parts)('%s', (_what, more) => {
    const [a, b] = [story(new MadeTrace()).did('rcu.barrier'), more(story(new MadeTrace()))];
    expect(first(a, b)).toBe(base.trace.count);
    expect(first(b, a)).toBe(base.trace.count);
  });

  test('text object, value by its meaning, blob', () => {
    const told = (object: string, queue: string, bytes: number): MadeTrace =>
      new MadeTrace()
        .as('sh')
        .did('work.queue', object, queue)
        .did('fw.command', 'NOP', Uint8Array.of(bytes));
    expect(first(told('w', 'q', 1), told('v', 'q', 1))).toBe(1);
    expect(first(told('w', 'q', 1), told('w', 'r', 1))).toBe(1);
    expect(first(told('w', 'q', 1), told('w', 'q', 2))).toBe(2);
  });

  test('one text of the one run for two of the other', () => {
    const a = new MadeTrace().did('printk', 'x').did('printk', 'x');
    const b = new MadeTrace().did('printk', 'x').did('printk', 'y');
    expect([first(a, b), first(b, a)]).toEqual([1, 1]);
  });
});

test('looks only from where it is told, and sees what was added since', () => {
  const [a, b] = [new MadeTrace().did('printk', 'a'), new MadeTrace().did('printk', 'b')];
  const match = new Matcher(a.trace, b.trace);
  expect(match.first()).toBe(0);
  expect(match.first(1)).toBeNull();
  a.as('sh').did('printk', 'c');
  b.as('sh').did('printk', 'd');
  expect(match.first(1)).toBe(2);
});

test('finds a difference behind the first chunk', () => {
  const long = (last: string): MadeTrace => {
    const made = new MadeTrace();
    for (let count = 0; count < chunkRecords + 10; count++) made.did('rcu.barrier');
    return made.did('printk', last);
  };
  expect(first(long('a'), long('b'))).toBe(chunkRecords + 10);
});

test('a real run is equal to its repetition and parts from one with another seed', () => {
  const run = (seed: number): Trace => recordScenario('bond-xor', { seed, untilNs: 8e9 }).trace;
  const one = run(1);
  expect(new Matcher(one, run(1)).first()).toBeNull();
  expect(new Matcher(one, run(2)).first()).toBeGreaterThan(0);
});

test('the little questions', () => {
  expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect([hasBlob(K['packet.send']), hasBlob(K.printk)]).toEqual([true, false]);
});
