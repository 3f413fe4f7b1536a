// The first step at which two runs part, in one sentence: when, who did what on each side, to which
// object. Where both sides say the same words, the sentence says what differs instead: the time,
// the CPU, a byte of a mailbox.

import type { Trace } from '#trace/trace.ts';
import { hasBlob, Matcher } from './match.ts';
import {
  eventWords,
  objectText,
  roundSeconds,
  secondsText,
  valueMeaning,
  valueText,
} from '../record/words.ts';

/** Where two runs part. */
export interface Difference {
  /** Number of the first event that is not the same, in both runs. */
  readonly seq: number;
  /** One sentence. */
  readonly said: string;
}

/** What the two sides are called in a sentence. */
export interface Sides {
  readonly a: string;
  readonly b: string;
}

/** A replay: what was recorded, and what happens now. */
export const replaySides: Sides = { a: 'recorded', b: 'here' };

const hexByte = (byte: number | undefined): string =>
  byte === undefined ? 'nothing' : `0x${byte.toString(16).padStart(2, '0')}`;

/** Where the mailbox or packet of two events differs; empty when it does not. */
function blobWords({ a, b }: Matcher, seq: number, sides: Sides): string {
  const before = a.event(seq);
  const after = b.event(seq);
  if (!hasBlob(before.kind) || before.kind !== after.kind) return '';
  const [left, right] = [a.blobBytes(before.value), b.blobBytes(after.value)];
  const length = Math.max(left.length, right.length);
  for (let at = 0; at < length; at++) {
    if (left[at] === right[at]) continue;
    const bytes = `${sides.a} ${hexByte(left[at])}; ${sides.b} ${hexByte(right[at])}`;
    return `byte ${at} of its data is not the same: ${bytes}`;
  }
  return '';
}

/** Characters of two texts around the first one that differs. */
const contextCharacters = 30;

/** Two texts that differ where a sentence does not show it: what stands there. */
function textPair(left: string, right: string, sides: Sides): string {
  let at = 0;
  while (at < left.length && left[at] === right[at]) at++;
  const [from, to] = [Math.max(0, at - contextCharacters), at + contextCharacters];
  const part = (text: string): string => JSON.stringify(text.slice(from, to));
  return `at character ${at} ${sides.a} ${part(left)}; ${sides.b} ${part(right)}`;
}

/** Words for two events that are described alike. */
function detailWords(match: Matcher, seq: number, sides: Sides): string {
  const [before, after] = [match.a.event(seq), match.b.event(seq)];
  if (before.timeNs !== after.timeNs) {
    const [left, right] = [secondsText(before.timeNs), secondsText(after.timeNs)];
    return `${sides.a} at ${left}; ${sides.b} at ${right}`;
  }
  if (before.cpu !== after.cpu) {
    return `${sides.a} on CPU ${before.cpu}; ${sides.b} on CPU ${after.cpu}`;
  }
  const blob = blobWords(match, seq, sides);
  if (blob !== '') return blob;
  const objects = [
    objectText(match.a, match.namesA, before),
    objectText(match.b, match.namesB, after),
  ];
  if (objects[0] !== objects[1]) return textPair(objects[0]!, objects[1]!, sides);
  if (valueMeaning(before.kind) === 'text') {
    const values = [
      valueText(match.a, match.namesA, before),
      valueText(match.b, match.namesB, after),
    ];
    return textPair(values[0]!, values[1]!, sides);
  }
  return `${sides.a} with the value ${before.value}; ${sides.b} with ${after.value}`;
}

/** The sentence for a step at which the runs part. */
export function partingWords(match: Matcher, seq: number, sides: Sides): string {
  const { a, b, namesA, namesB } = match;
  if (seq >= a.count || seq >= b.count) {
    const goesOn = seq < a.count ? a : b;
    const names = seq < a.count ? namesA : namesB;
    const event = goesOn.event(seq);
    const ends = `${seq < a.count ? sides.b : sides.a} the run is over`;
    const deed = `${seq < a.count ? sides.a : sides.b} ${eventWords(goesOn, names, event)}`;
    const said = seq < a.count ? `${deed}; ${ends}` : `${ends}; ${deed}`;
    return `event ${seq} at ${roundSeconds(event.timeNs)}: ${said}`;
  }
  const [before, after] = [a.event(seq), b.event(seq)];
  const head = `event ${seq} at ${roundSeconds(before.timeNs)}`;
  const left = eventWords(a, namesA, before);
  const right = eventWords(b, namesB, after);
  if (left === right) return `${head}: ${left}, ${detailWords(match, seq, sides)}`;
  // Who did it is said once for each side, even when it is the same one.
  return `${head}: ${sides.a} ${left}; ${sides.b} ${right}`;
}

/** The first event from `from` (0) on that differs, in words; null when there is none. */
export function firstDifference(a: Trace, b: Trace, from = 0): Difference | null {
  const match = new Matcher(a, b);
  const seq = match.first(from);
  return seq === null ? null : { seq, said: partingWords(match, seq, replaySides) };
}
