// Two lists of commands laid side by side: what both have stands in one row, what only one has in a
// row of its own.

import { diffSequences } from '../compare/sequence-diff.ts';

/** A row; a side that has nothing is null. */
export interface AlignedRow {
  readonly real: string | null;
  readonly ours: string | null;
}

/** Enough for lists of some hundred commands that have little in common. */
const stepsMax = 10_000_000;

/** Lays them side by side. */
export function align(real: readonly string[], ours: readonly string[]): AlignedRow[] {
  const numbers = new Map<string, number>();
  const numbered = (words: readonly string[]): number[] =>
    words.map((word) => {
      if (!numbers.has(word)) numbers.set(word, numbers.size);
      return numbers.get(word)!;
    });
  const [a, b] = [numbered(real), numbered(ours)];
  const { onlyA, onlyB } = diffSequences(a, b, {
    budget: { steps: stepsMax },
    differencesMax: real.length + ours.length,
    order: (one, other) => one - other,
  });
  const [notInB, notInA] = [new Set(onlyA), new Set(onlyB)];
  const rows: AlignedRow[] = [];
  let [atA, atB] = [0, 0];
  while (atA < real.length || atB < ours.length) {
    if (atA < real.length && notInB.has(atA)) rows.push({ real: real[atA++]!, ours: null });
    else if (atB < ours.length && notInA.has(atB)) rows.push({ real: null, ours: ours[atB++]! });
    else rows.push({ real: real[atA++]!, ours: ours[atB++]! });
  }
  return rows;
}
