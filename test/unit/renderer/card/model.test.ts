// What the view of the card draws: bytes with their fields, bits, rings.

import { expect, test } from 'vitest';
import { bitsOf, drawnRing, hexRows, macTail, ringsOf } from '#renderer/card/model.ts';
import type { Field, Ring } from '#renderer/card/model.ts';

const field = (name: string, offset: number, bytes: number, value = '1'): Field => ({
  name,
  offset,
  bytes,
  bits: null,
  value,
  isZero: value === '0',
  was: null,
});

test('bytes know their fields, and boxes close where a field ends', () => {
  const data = Array<number>(64).fill(0).fill(1, 3, 4);
  const rows = hexRows(data, [field('port1', 0, 4), field('port2', 4, 4)]);
  expect(rows).toHaveLength(2);
  const [first] = rows;
  expect(first!.bytes.map(({ opens }) => opens).slice(0, 9)).toEqual([
    true,
    false,
    false,
    false,
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(first!.bytes[7]).toMatchObject({ fields: ['port2'], closes: true });
  expect(first!.bytes[8]!.fields).toEqual([]);
});

test('bits come with the highest first', () => {
  expect(bitsOf(0x8000_0001).join('')).toBe(`1${'0'.repeat(30)}1`);
  expect(macTail(0x0002c93b5171)).toBe('…3b:51:71');
});

const ring: Ring = {
  kind: 'RX',
  number: 0x40,
  entries: 1024,
  producer: 5,
  consumer: 65_500,
  portNumber: 1,
  state: 'RTS',
};

test('a ring turns: the producer may be behind its own beginning', () => {
  expect(drawnRing(ring).between).toBe(41);
  expect(drawnRing({ ...ring, producer: 65_500 })).toMatchObject({ between: 0, filled: 0 });
  expect(drawnRing({ ...ring, entries: 4, producer: 3, consumer: 0 }).filled).toBe(3);
});

test('a port without rings has dead ones', () => {
  const kinds = ringsOf([ring], 2).map(({ kind, state }) => `${kind} ${state}`);
  expect(kinds).toEqual(['TX RST', 'RX RST']);
  expect(ringsOf([ring], 1)[1]).toBe(ring);
  expect(ringsOf([], 1)).toEqual([]);
});
