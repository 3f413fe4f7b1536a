// The alignment of two sequences: what it says is true, as small as can be, the same from both
// sides, and bounded.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { diffSequences } from '#lab/compare/sequence-diff.ts';
import type { DiffOptions, SequenceDiff } from '#lab/compare/sequence-diff.ts';

const wide = (over: Partial<DiffOptions> = {}): DiffOptions => ({
  budget: { steps: 1e9 },
  differencesMax: 1e6,
  order: (one, other) => one - other,
  ...over,
});

const without = (sequence: readonly number[], positions: readonly number[]): number[] => {
  const gone = new Set(positions);
  return sequence.filter((_member, at) => !gone.has(at));
};

/** A with what only it has taken away, and what only B has put in. */
function applied(a: readonly number[], b: readonly number[], diff: SequenceDiff): number[] {
  const kept = without(a, diff.onlyA);
  const added = new Set(diff.onlyB);
  return b.map((member, at) => (added.has(at) ? member : (kept.shift() ?? NaN)));
}

/** Length of the longest common subsequence, by the book. */
function commonLength(a: readonly number[], b: readonly number[]): number {
  let row = new Array<number>(b.length + 1).fill(0);
  for (const member of a) {
    const next = [0];
    b.forEach((other, at) => {
      next.push(member === other ? row[at]! + 1 : Math.max(row[at + 1]!, next[at]!));
    });
    row = next;
  }
  return row[b.length]!;
}

const sequence = fc.array(fc.nat({ max: 4 }), { maxLength: 14 });
const sorted = (members: readonly number[]): number[] => [...members].sort((x, y) => x - y);

describe('without bounds', () => {
  test('applied to A it gives B, and nothing is left over', () => {
    fc.assert(
      fc.property(sequence, sequence, (a, b) => {
        const diff = diffSequences(a, b, wide());
        expect(applied(a, b, diff)).toEqual(b);
        expect(without(a, diff.onlyA)).toEqual(without(b, diff.onlyB));
        expect(diff.aligned).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('it is as small as can be', () => {
    fc.assert(
      fc.property(sequence, sequence, (a, b) => {
        const { onlyA, onlyB } = diffSequences(a, b, wide());
        const common = commonLength(a, b);
        expect([onlyA.length, onlyB.length]).toEqual([a.length - common, b.length - common]);
      }),
      { numRuns: 2000 },
    );
  });
});

test('from the other side it is the same, whatever the bounds', () => {
  const bounds = fc.record({ steps: fc.nat({ max: 60 }), differencesMax: fc.nat({ max: 6 }) });
  fc.assert(
    fc.property(sequence, sequence, bounds, (a, b, { steps, differencesMax }) => {
      const options = (): DiffOptions => wide({ budget: { steps }, differencesMax });
      const there = diffSequences(a, b, options());
      const back = diffSequences(b, a, options());
      expect([back.onlyB, back.onlyA, back.aligned]).toEqual([
        there.onlyA,
        there.onlyB,
        there.aligned,
      ]);
    }),
    { numRuns: 2000 },
  );
});

test('with tight bounds it is still true: aligned, or right in number', () => {
  fc.assert(
    fc.property(sequence, sequence, fc.nat({ max: 5 }), (a, b, differencesMax) => {
      const diff = diffSequences(a, b, wide({ differencesMax }));
      const [left, right] = [without(a, diff.onlyA), without(b, diff.onlyB)];
      if (diff.aligned) expect(left).toEqual(right);
      expect(sorted(left)).toEqual(sorted(right));
      expect(diff.onlyA).toEqual(sorted(diff.onlyA));
      expect(diff.onlyB).toEqual(sorted(diff.onlyB));
    }),
    { numRuns: 2000 },
  );
});

test('a side that goes on alone is aligned, however long it is', () => {
  const loop = (rounds: number): number[] =>
    Array.from({ length: 5 * rounds }, (_round, at) => at % 5);
  const a = [7, 7, 9, ...loop(100)];
  const b = [7, 9, ...loop(20_000)];
  const diff = diffSequences(a, b, wide({ differencesMax: 10 }));
  expect(diff.aligned).toBe(true);
  expect(diff.onlyA).toHaveLength(1);
  expect(diff.onlyB).toHaveLength(5 * 19_900);
  expect(diff.onlyB[0]).toBe(502);
});

test('what is not aligned is counted: a member that moved is not seen', () => {
  const block = (from: number): number[] => Array.from({ length: 50 }, (_member, at) => from + at);
  const [a, b] = [
    [...block(0), ...block(100), 1],
    [...block(100), ...block(0), 2],
  ];
  const diff = diffSequences(a, b, wide({ differencesMax: 10 }));
  expect(diff).toEqual({ onlyA: [100], onlyB: [100], aligned: false });
});

test('the budget is spent and shared', () => {
  const budget = { steps: 1000 };
  const [a, b] = [Array.from({ length: 500 }, (_m, at) => at), [900, 901]];
  diffSequences(a, b, wide({ budget }));
  expect(budget.steps).toBeLessThan(1000);
});
