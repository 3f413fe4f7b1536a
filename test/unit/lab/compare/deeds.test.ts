// Numbers for deeds: equal deeds have equal ones, however many there are; numbers that a run hands
// out do not count.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deedForms, drawingKinds, DeedTable, Numbering, plainName } from '#lab/compare/deeds.ts';
import { K, kindTable } from '#trace/kinds.ts';

describe('plain names', () => {
  test.each([
    ['mlx4_en_bond_work#25 CHANGEUPPER(eth0)', 'mlx4_en_bond_work CHANGEUPPER(eth0)'],
    ['NOP in_mod=0x1f op_mod=0 token=0x10 ev=1', 'NOP in_mod=0x1f op_mod=0'],
    ['token 0x10: EQ 4', ': EQ 4'],
    ['cmd.context[1].done(card0)', 'cmd.context.done(card0)'],
    // A version of the kernel, and an array of the driver, are what they are.
    ['Not tainted 6.1.0 #1', 'Not tainted 6.1.0 #1'],
    ['pndev[1](card0)', 'pndev[1](card0)'],
  ])('%s', (text, plain) => {
    expect(plainName(text)).toBe(plain);
  });
});

test('texts have one number each', () => {
  const names = new Numbering();
  expect([names.of(''), names.of('a'), names.of('b'), names.of('a')]).toEqual([0, 1, 2, 1]);
  expect([names.text(2), names.text(9)]).toEqual(['b', '']);
});

test('a deed keeps its number while the table grows', () => {
  const word = fc.nat({ max: 50 });
  const deed = fc.tuple(fc.nat({ max: 3 }), word, fc.oneof(word, fc.constant(0xffff_ffff)));
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 3000, size: 'max' }), (deeds) => {
      const table = new DeedTable();
      const byText = new Map<string, number>();
      for (const parts of deeds) {
        const known = byText.get(parts.join());
        const number = table.number(...parts);
        expect(number).toBe(known ?? byText.size + 1);
        byText.set(parts.join(), number);
      }
    }),
    { numRuns: 20 },
  );
});

test('the order of deeds is that of their words, not of their numbers', () => {
  const orderIn = (texts: readonly string[]): number => {
    const table = new DeedTable();
    for (const text of texts) table.names.of(text);
    const deed = (object: string, value: string): number =>
      table.number(K['work.queue'], table.names.of(object), table.names.of(value));
    return table.order(deed('w', 'a'), deed('w', 'b'));
  };
  expect([orderIn(['a', 'b']), orderIn(['b', 'a'])]).toEqual([-1, -1]);
  const table = new DeedTable();
  const status = (value: number): number => table.number(K['fw.done'], 1, value);
  expect(table.order(status(9), status(3))).toBeGreaterThan(0);
  expect(table.order(table.number(K.printk, 1, 0), status(3))).toBeLessThan(0);
});

test('deeds leave out what the scheduler does and what data there is', () => {
  const without = kindTable.filter((_row, kind) => deedForms[kind]?.isDeed === false);
  const drawn = kindTable.map(({ name }) => name).filter((name) => drawingKinds.includes(name));
  expect(drawn).toHaveLength(drawingKinds.length);
  expect(without.map(({ name }) => name)).toEqual([
    'none',
    'task.switch',
    'task.block',
    'task.wake',
    'task.relax',
    'preempt',
    'task.spin',
    ...drawn,
  ]);
  expect(deedForms[K['packet.send']]).toEqual({ isDeed: true, object: 'text', value: 'none' });
  expect(deedForms[K['fw.done']]).toEqual({ isDeed: true, object: 'text', value: 'number' });
});
