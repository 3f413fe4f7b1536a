// What happened to each lock, reference, work, timer and cell in one run and not in the other, and
// who held it or waited for it when the run was over. Order: those that were left with another
// holder or waiter, with other references, those that something happened to in one run only, then
// by how much the counts differ.

import type { Readings } from './aligned.ts';
import { bothOf, byText, timesText } from './both.ts';
import type { Both } from './both.ts';
import type { Sides } from './difference.ts';
import type { Reading } from './reading.ts';
import { Tally, tallyColumns } from './tally.ts';
import type { TallyColumn } from './tally.ts';

/** How an object was left when the run was over. */
export interface ObjectEnd {
  /** The task that took it last and did not give it back. */
  readonly holder: string | null;
  /** Tasks that wait for it. */
  readonly waiters: readonly string[];
  /** Count of references; null for an object without. */
  readonly references: number | null;
}

/** How often something happened to it. */
export interface ColumnDifference {
  readonly what: TallyColumn;
  readonly times: Both<number>;
}

/** An object that was not treated alike. */
export interface ObjectDifference {
  readonly object: string;
  /** Only what differs. */
  readonly counts: readonly ColumnDifference[];
  readonly end: Both<ObjectEnd>;
  readonly leftAlike: boolean;
  /** All that in one sentence. */
  readonly said: string;
}

/** All objects. */
export interface ObjectComparison {
  /** Objects that were treated alike in both. */
  readonly equal: number;
  readonly different: readonly ObjectDifference[];
}

interface Ends {
  readonly reading: Reading;
  readonly waiters: ReadonlyMap<string, readonly string[]>;
}

function endOf({ reading, waiters }: Ends, object: string): ObjectEnd {
  const tally = reading.tallies.get(object);
  const holder = tally?.holder ?? null;
  const references = tally?.references ?? -1;
  return {
    holder: holder === null ? null : reading.names.of(holder),
    waiters: [...(waiters.get(object) ?? [])].sort(byText),
    references: references < 0 ? null : references,
  };
}

const sameWaits = ({ a, b }: Both<ObjectEnd>): boolean =>
  a.holder === b.holder && a.waiters.join('\n') === b.waiters.join('\n');

const sameEnd = (end: Both<ObjectEnd>): boolean =>
  sameWaits(end) && end.a.references === end.b.references;

function referenceWords(count: number): string {
  if (count === 0) return 'nothing refers to it';
  return count === 1 ? 'it has 1 reference' : `it has ${count} references`;
}

/** How it was left, in words; `counted` says that it is something with references. */
function endWords({ holder, waiters, references }: ObjectEnd, counted: boolean): string {
  const wait = waiters.length === 1 ? 'waits' : 'wait';
  const parts = [
    ...(holder === null ? [] : [`${holder} holds it`]),
    ...(waiters.length === 0 ? [] : [`${waiters.join(', ')} ${wait} for it`]),
    ...(counted ? [referenceWords(references ?? 0)] : []),
  ];
  return parts.length === 0 ? 'it is free' : parts.join(' and ');
}

/** `taken 3 times in A, 5 times in B`; who never did comes last. */
function columnWords({ what, times }: ColumnDifference, sides: Sides): string {
  const inA = `${timesText(times.a)} in ${sides.a}`;
  const inB = `${timesText(times.b)} in ${sides.b}`;
  return times.a === 0 ? `${what} ${inB}, ${inA}` : `${what} ${inA}, ${inB}`;
}

function sentence(difference: Omit<ObjectDifference, 'said'>, sides: Sides): string {
  const { object, counts, end, leftAlike } = difference;
  const counted = end.a.references !== null || end.b.references !== null;
  const [inA, inB] = [endWords(end.a, counted), endWords(end.b, counted)];
  const columns = counts.map((column) => columnWords(column, sides)).join('; ');
  const parts = [
    ...(columns === '' ? [] : [columns]),
    ...(leftAlike ? [] : [`in the end ${inA} in ${sides.a}, ${inB} in ${sides.b}`]),
  ];
  return `${object}: ${parts.join('; ')}`;
}

const noTally = new Tally();

function compareObject(ends: Both<Ends>, object: string, sides: Sides): ObjectDifference | null {
  const tallies = bothOf(ends, ({ reading }) => reading.tallies.get(object) ?? noTally);
  const counts = tallyColumns.flatMap(([what], column) => {
    const times = bothOf(tallies, (tally) => tally.counts[column]!);
    return times.a === times.b ? [] : [{ what, times }];
  });
  const end = bothOf(ends, (one) => endOf(one, object));
  const leftAlike = sameEnd(end);
  if (counts.length === 0 && leftAlike) return null;
  const difference = { object, counts, end, leftAlike };
  return { ...difference, said: sentence(difference, sides) };
}

/** The less, the earlier it is told. */
function rank({ counts, end, leftAlike }: ObjectDifference): number {
  if (!sameWaits(end)) return 0;
  if (!leftAlike) return 1;
  return counts.some(({ times }) => times.a === 0 || times.b === 0) ? 2 : 3;
}

const sizeOf = ({ counts }: ObjectDifference): number =>
  counts.reduce((sum, { times }) => sum + Math.abs(times.a - times.b), 0);

/** Compares object by object. */
export function compareObjects({ a, b }: Readings, sides: Sides): ObjectComparison {
  const ends = bothOf({ a, b }, (reading) => ({ reading, waiters: reading.waiters() }));
  const objects = new Set([...a.tallies.keys(), ...b.tallies.keys()]);
  const different: ObjectDifference[] = [];
  for (const object of objects) {
    const difference = compareObject(ends, object, sides);
    if (difference !== null) different.push(difference);
  }
  different.sort(
    (one, other) =>
      rank(one) - rank(other) || sizeOf(other) - sizeOf(one) || byText(one.object, other.object),
  );
  return { equal: objects.size - different.length, different };
}
