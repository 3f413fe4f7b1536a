// Two sequences of deeds held against each other: which steps only one run has, the first of them
// quoted. Bounds keep two runs of a million events within two seconds; where they were hit, the
// result says that it counted instead of aligning.

import { bothOf } from './both.ts';
import type { Both, Step, Steps } from './both.ts';
import type { DeedTable } from './deeds.ts';
import type { Reading } from './reading.ts';
import { countsOf, Sequence } from './sequence.ts';
import { diffSequences } from './sequence-diff.ts';
import type { Budget, SequenceDiff } from './sequence-diff.ts';
import { deedWords } from '../record/words.ts';

/** Most differences of one sequence that are aligned. */
const differencesMax = 2000;
/** Steps of alignment for a whole comparison. */
const stepsMax = 5_000_000;
/** Most steps that are quoted of each side. */
const quotedMax = 20;

/** Both runs, read with one table of deeds. */
export interface Readings extends Both<Reading> {
  readonly table: DeedTable;
  readonly budget: Budget;
}

/** How much a comparison may spend. */
export const fullBudget = (): Budget => ({ steps: stepsMax });

/** Two sequences compared. */
export interface Alignment {
  /** Members of each. */
  readonly counts: Both<number>;
  /** What the other one has not. */
  readonly only: Both<Steps>;
  /** False: too different to be aligned; members were counted, and moved ones are not seen. */
  readonly aligned: boolean;
}

const emptySequence = new Sequence();

/** An event's own words, for a sequence whose doer is known. */
function deedAt({ trace, names }: Reading, seq: number): string {
  return deedWords(trace, names, trace.event(seq));
}

function stepsOf(
  reading: Reading,
  { deeds, seqs }: Sequence,
  positions: readonly number[],
  words: (reading: Reading, seq: number) => string,
): Steps {
  const own = Uint32Array.from(positions, (at) => deeds[at]!);
  const times = countsOf(own, 0);
  const first: number[] = [];
  const quotedDeeds = new Set<number>();
  for (const at of positions) {
    if (first.length === quotedMax) break;
    if (quotedDeeds.has(deeds[at]!)) continue;
    quotedDeeds.add(deeds[at]!);
    first.push(at);
  }
  const quote = (at: number): Step => ({
    seq: seqs[at]!,
    timeNs: reading.trace.event(seqs[at]!).timeNs,
    said: words(reading, seqs[at]!),
    times: times[deeds[at]!]!,
  });
  return { count: positions.length, first: first.map(quote) };
}

/** The positions that only one side has. */
export function difference(readings: Readings, pair: Both<Sequence>): SequenceDiff {
  const { table, budget } = readings;
  const order = (one: number, other: number): number => table.order(one, other);
  return diffSequences(pair.a.deeds, pair.b.deeds, { budget, differencesMax, order });
}

/** A difference in words. */
export function quoted(
  readings: Readings,
  pair: Both<Sequence>,
  diff: SequenceDiff,
  words: (reading: Reading, seq: number) => string = deedAt,
): Alignment {
  return {
    counts: bothOf(pair, ({ length }) => length),
    only: {
      a: stepsOf(readings.a, pair.a, diff.onlyA, words),
      b: stepsOf(readings.b, pair.b, diff.onlyB, words),
    },
    aligned: diff.aligned,
  };
}

/** Aligns two sequences; one that is missing is empty. */
export function align(
  readings: Readings,
  a: Sequence = emptySequence,
  b: Sequence = emptySequence,
  words: (reading: Reading, seq: number) => string = deedAt,
): Alignment {
  return quoted(readings, { a, b }, difference(readings, { a, b }), words);
}

/** True when neither side has anything that the other has not. */
export const isEqual = ({ only }: Alignment): boolean => only.a.count + only.b.count === 0;
