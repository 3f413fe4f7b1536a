// Chance in a run: equal seeds give equal streams, and a stream looks like chance.

import { expect, test } from 'vitest';
import { Random } from '#sim/random.ts';

const stream = (seed: number, length: number): number[] => {
  const random = new Random(seed);
  return Array.from({ length }, () => random.u32());
};

test('equal seeds give equal streams, other seeds others', () => {
  expect(stream(7, 100)).toEqual(stream(7, 100));
  const firsts = new Set(Array.from({ length: 1000 }, (_, seed) => stream(seed, 1)[0]));
  expect(firsts.size).toBe(1000);
});

test('the stream of seed 1 is the one that recorded runs were made with', () => {
  expect(stream(1, 4)).toEqual([2_166_720_167, 3_801_348_702, 348_472_735, 2_235_534_797]);
});

test('numbers stay below their limit and reach every value', () => {
  const random = new Random(3);
  const seen = new Map<number, number>();
  for (let n = 0; n < 6000; n++) {
    const value = random.below(6);
    seen.set(value, (seen.get(value) ?? 0) + 1);
  }
  expect([...seen.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  for (const times of seen.values()) expect(Math.abs(times - 1000)).toBeLessThan(150);
});

test('a limit of one leaves no choice', () => {
  const random = new Random(5);
  for (let n = 0; n < 100; n++) expect(random.below(1)).toBe(0);
});
