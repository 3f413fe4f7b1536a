// Spans in words: the name of a cell of the table, and the tooltip under the pointer. The lab says
// what a lane does; here come the letters that the window shows, and what can be done next.

import { spanStyle } from '#contract/timeline.ts';
import type { Lane, Mark, SpanWords } from '#contract/timeline.ts';
import type { Letters } from '../state/letters.ts';
import { groupedCount, secondsText, timeText } from '../ui/numbers.ts';
import { texts } from './texts.ts';

/** What the window calls what a lane is of, and its letter; empty for none. */
export interface Named {
  readonly shown: string;
  readonly letter: string;
}

/** By name in the trace. */
export type Names = ReadonlyMap<string, Named>;

/** What lanes are called. */
export const namesOf = (lanes: readonly Lane[], letters: Letters): Names =>
  new Map(lanes.map(({ name, shown }) => [name, { shown, letter: letters.get(name) ?? '' }]));

/** Spans of at least this length are told to the millisecond, ns. */
const roughFrom = 1e6;

/** A time as exact as what is told with it: `12.531 s`, `12.531 044 s`. */
export const momentText = (timeNs: number, lengthNs: number): string =>
  lengthNs >= roughFrom ? secondsText(timeNs) : `${timeText(timeNs)}\u202fs`;

/** `kworker/u8:0 B`, `intf_mutex`. */
export function laneName(name: string, names: Names): string {
  const { shown, letter } = names.get(name) ?? { shown: name, letter: '' };
  return letter === '' ? shown : `${shown} ${letter}`;
}

/** The letter, which a person who looks finds in the picture; without one, the name. */
const sign = (name: string, names: Names): string => {
  const { shown, letter } = names.get(name) ?? { shown: name, letter: '' };
  return letter === '' ? shown : letter;
};

/** Where a person who listens hears the name and the letter. */
const spoken = ({ state, label }: SpanWords, names: Names): string =>
  label === '' ? state : state.replace(label, laneName(label, names));

/** Where a person who looks finds the letter: `is held by A`. */
const printed = ({ state, label }: SpanWords, names: Names): string =>
  label === '' ? state : state.replace(label, sign(label, names));

const lengthOf = ({ sinceNs, untilNs }: SpanWords): number => (untilNs ?? Infinity) - sinceNs;

/** `kworker/u8:0 B waits for intf_mutex, from 12.531 s, cannot end.` */
export function spanSentence(span: SpanWords, names: Names): string {
  const { name, sinceNs, untilNs, fate } = span;
  const length = lengthOf(span);
  const since = momentText(sinceNs, length);
  const times =
    length === 0
      ? texts.at(since)
      : texts.from(since, untilNs === null ? null : momentText(untilNs, length));
  const parts = [`${laneName(name, names)} ${spoken(span, names)}`, times];
  return `${[...parts, ...(fate === '' ? [] : [fate])].join(', ')}.`;
}

/** What there is to do with a span, by its style. */
function nextAct({ style, label }: SpanWords, names: Names): string {
  switch (style) {
    case spanStyle.hold:
      return texts.acts.taken(sign(label, names));
    case spanStyle.wait:
    case spanStyle.stuck:
    case spanStyle.wanted:
    case spanStyle.wantedStuck:
      return texts.acts.wait;
    case spanStyle.command:
      return texts.acts.posted;
    case spanStyle.count:
      return texts.acts.counted;
    default:
      return texts.acts.began;
  }
}

/**
 * `intf_mutex, held by A since 12.430 s, wanted by B.` and one next act. The first span is the one
 * that is pointed at.
 */
export function tipOf(spans: readonly SpanWords[], names: Names): string {
  const [first, ...others] = spans;
  if (first === undefined) return '';
  const bare = (span: SpanWords): string => {
    const state = printed(span, names).replace(/^is /, '');
    return span.fate === '' ? state : `${state}, ${span.fate}`;
  };
  const length = lengthOf(first);
  const since = momentText(first.sinceNs, length);
  const when = length === 0 ? texts.at(since) : texts.since(since);
  const more = others.map((span) => `, ${bare(span)}`).join('');
  const name = names.get(first.name)?.shown ?? first.name;
  return `${name}, ${bare(first)} ${when}${more}. ${nextAct(first, names)}`;
}

/** What shares a pixel: `3 200 events here, zoom in`. */
export const denseTip = (count: number): string => texts.dense(groupedCount(count));

/** What a flag says: `warning at 12.531 s: eth0 has 4 references. …` */
export function markTip({ kind, text, timeNs }: Mark): string {
  const { marks, acts } = texts;
  const act = kind === 'own' ? acts.editMark : acts.toMark;
  return `${marks[kind]} ${texts.at(secondsText(timeNs))}: ${text}. ${act}`;
}
