// Layouts: a bad declaration throws at once, a bad value when it is written, and every kind of
// field is read back as written without touching its neighbours.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addr64, be16, be32, be64, bit, bits, bytes, layout, reserved, u8 } from '#prm/layout.ts';
import type { Field, Fields } from '#prm/layout.ts';
import { count } from '#test/support/counts.ts';

const sample = layout('sample', 48, {
  opcode: u8(0x00),
  port: be16(0x02),
  flags: be32(0x04),
  mask: be64(0x08),
  base: addr64(0x10),
  enable: bit(0x18, 31),
  top: bit(0x18, 30),
  size: bits(0x18, 28, 24),
  index: bits(0x18, 23, 0),
  whole: bits(0x1c, 31, 0),
  name: bytes(0x20, 6),
  hole: reserved(0x26, 2),
  last: be32(0x2c),
});

type SampleName = keyof typeof sample.fields;

const u32 = fc.nat(0xffff_ffff);

const values = fc.record({
  opcode: fc.nat(0xff),
  port: fc.nat(0xffff),
  flags: u32,
  mask: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  base: fc.maxSafeNat(),
  enable: fc.boolean(),
  top: fc.boolean(),
  size: fc.nat(0x1f),
  index: fc.nat(0xff_ffff),
  whole: u32,
  name: fc.uint8Array({ minLength: 6, maxLength: 6 }),
  last: u32,
});

test('all kinds are read back, at any place', () => {
  fc.assert(
    fc.property(values, fc.nat(40), (given, at) => {
      const into = new Uint8Array(at + sample.sizeBytes);
      sample.write(into, given, at);
      expect(sample.read(into, at)).toEqual({ ...given, hole: 0 });
      expect(sample.get(into, 'mask', at)).toBe(given.mask);
      expect(into.subarray(at)).toEqual(sample.make(given));
      expect(into.subarray(0, at).every((byte) => byte === 0)).toBe(true);
    }),
    { numRuns: count(300, 10_000) },
  );
});

test('writing one field leaves every other bit alone', () => {
  const names = Object.keys(sample.fields).filter((name) => name !== 'hole');
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 48, maxLength: 48 }),
      values,
      fc.constantFrom(...(names as SampleName[])),
      (old, given, name) => {
        old[0x10] = old[0x11] = 0;
        const before = sample.read(old);
        const into = old.slice();
        sample.set(into, name, (given as Record<string, unknown>)[name] as never);
        expect(sample.read(into)).toEqual({ ...before, [name]: sample.get(into, name) });
        expect(sample.get(into, name)).toEqual((given as Record<string, unknown>)[name]);
        sample.set(into, name, before[name] as never);
        expect(into).toEqual(old);
      },
    ),
    { numRuns: count(300, 10_000) },
  );
});

test('bytes lie where the card has them: big-endian, bit 31 first', () => {
  const at = (name: SampleName, value: unknown): number[] => {
    const into = new Uint8Array(48);
    sample.set(into, name, value as never);
    return [...into.entries()].flatMap(([index, byte]) => (byte === 0 ? [] : [index, byte]));
  };
  expect(at('opcode', 0xfe)).toEqual([0, 0xfe]);
  expect(at('port', 0x0102)).toEqual([2, 1, 3, 2]);
  expect(at('flags', 0xff02_0304)).toEqual([4, 0xff, 5, 2, 6, 3, 7, 4]);
  expect(at('mask', 1n << 62n)).toEqual([8, 0x40]);
  expect(at('mask', (1n << 63n) | 1n)).toEqual([8, 0x80, 15, 1]);
  expect(at('base', 2 ** 32 + 5)).toEqual([0x13, 1, 0x17, 5]);
  expect(at('enable', true)).toEqual([0x18, 0x80]);
  expect(at('size', 0x11)).toEqual([0x18, 0x11]);
  expect(at('index', 0x010203)).toEqual([0x19, 1, 0x1a, 2, 0x1b, 3]);
  expect(at('name', Uint8Array.of(7, 8))).toEqual([0x20, 7, 0x21, 8]);
});

test('a shorter run of bytes clears the rest of its field', () => {
  const into = sample.make({ name: Uint8Array.of(1, 2, 3, 4, 5, 6) });
  sample.set(into, 'name', Uint8Array.of(9));
  expect([...sample.get(into, 'name')]).toEqual([9, 0, 0, 0, 0, 0]);
});

const misfits: readonly [SampleName, unknown][] = [
  ['opcode', 0x100],
  ['opcode', -1],
  ['opcode', 1.5],
  ['opcode', Number.NaN],
  ['opcode', '1'],
  ['port', 0x1_0000],
  ['flags', 2 ** 32],
  ['flags', 1n],
  ['mask', 1n << 64n],
  ['mask', -1n],
  ['mask', 1],
  ['base', 2 ** 53],
  ['base', -1],
  ['size', 0x20],
  ['index', 0x100_0000],
  ['whole', 2 ** 32],
  ['name', new Uint8Array(7)],
  ['name', 'abc'],
  ['hole', 0],
];

test.each(misfits)('%s = %s does not fit', (name, value) => {
  const into = new Uint8Array(48).fill(0x33);
  expect(() => {
    sample.set(into, name, value as never);
  }).toThrow(RangeError);
  expect(() => {
    sample.set(into, name, value as never);
  }).toThrow(`sample.${name}`);
  expect(into.every((byte) => byte === 0x33)).toBe(true);
});

const badDeclarations: readonly [string, Fields, RegExp][] = [
  ['overflow of the structure', { a: be32(6) }, /bad\.a overflows 8 bytes/],
  ['negative offset', { a: u8(-1) }, /bad\.a overflows/],
  ['bytes beyond the end', { a: bytes(4, 5) }, /bad\.a overflows/],
  ['two fields on one byte', { a: be32(0), b: u8(3) }, /b overlaps a/],
  ['two bit fields on one bit', { a: bits(0, 7, 4), b: bit(0, 4) }, /b overlaps a/],
  ['a bit inside a word', { a: be32(4), b: bit(4, 0) }, /b overlaps a/],
  ['a field in a hole', { a: reserved(0, 8), b: u8(7) }, /b overlaps a/],
  ['bit 32', { a: bit(0, 32) }, /bad\.a: bits 32:32/],
  ['bits upside down', { a: bits(0, 3, 4) }, /bad\.a: bits 3:4/],
];

test.each(badDeclarations)('a declaration with %s throws', (_name, fields, message) => {
  expect(() => layout('bad', 8, fields)).toThrow(message);
});

test('fields that touch do not overlap', () => {
  const fields = { a: bits(0, 31, 16), b: bits(0, 15, 1), c: bit(0, 0), d: u8(4), e: be16(6) };
  expect(layout('close', 8, fields).make({ c: true })).toEqual(
    Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 0),
  );
});

/** A random set of fields that cannot overlap: one kind per 8-byte slot. */
const slot: fc.Arbitrary<(offset: number) => Field> = fc.oneof(
  fc.constantFrom(u8, be16, be32, be64, addr64),
  fc.nat(31).map(
    (at) =>
      (offset: number): Field =>
        bit(offset, at),
  ),
  fc.tuple(fc.nat(31), fc.nat(31)).map(
    ([a, b]) =>
      (offset: number): Field =>
        bits(offset, Math.max(a, b), Math.min(a, b)),
  ),
  fc.integer({ min: 1, max: 8 }).map(
    (length) =>
      (offset: number): Field =>
        bytes(offset, length),
  ),
);

function largest(field: Field): unknown {
  switch (field.kind) {
    case 'bit':
      return true;
    case 'be64':
      return (1n << 64n) - 1n;
    case 'addr64':
      return Number.MAX_SAFE_INTEGER;
    case 'bytes':
      return new Uint8Array(field.bytes).fill(0xff);
    case 'bits':
      return 2 ** (field.high - field.low + 1) - 1;
    default:
      return 2 ** (8 * field.bytes) - 1;
  }
}

test('any declaration holds the largest value of each field, one at a time', () => {
  fc.assert(
    fc.property(fc.array(slot, { minLength: 1, maxLength: 8 }), (makers) => {
      const fields: Fields = Object.fromEntries(makers.map((make, n) => [`f${n}`, make(8 * n)]));
      const any = layout('any', 8 * makers.length, fields);
      const zero = any.read(new Uint8Array(any.sizeBytes));
      for (const [name, field] of Object.entries(fields)) {
        const into = any.make({ [name]: largest(field) as never });
        expect(any.read(into)).toEqual({ ...zero, [name]: largest(field) });
      }
    }),
    { numRuns: count(200, 5000) },
  );
});

test('the dump names every field but the holes', () => {
  const into = sample.make({ opcode: 0x1f, enable: true, name: Uint8Array.of(0, 2, 0xc9) });
  const dump = sample.dump(into);
  expect(dump).toContain('opcode = 0x1f');
  expect(dump).toContain('enable = 1');
  expect(dump).toContain('name = 0002c9000000');
  expect(dump).toHaveLength(Object.keys(sample.fields).length - 1);
});
