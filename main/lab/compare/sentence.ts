// What a comparison says first, in one sentence or two: the same part, the parting act in both, the
// consequence. Made of parts, because names of the machine are set in its own type.

import type { Both } from './both.ts';
import { workPurpose } from './cause.ts';
import type { HoldCause, Parting } from './cause.ts';
import type { Comparison } from './compare.ts';
import { outsideSaid } from './outside.ts';

/** A part of a sentence; `mono` is a name that the machine gave. */
export interface Said {
  readonly text: string;
  readonly mono: boolean;
}

/** How two runs stand to each other. */
export type Relation = 'equal' | 'parted' | 'noStart' | 'otherModel' | 'outside';

const words = (text: string): Said => ({ text, mono: false });
const name = (text: string): Said => ({ text, mono: true });

/** 18 219, with thin spaces. */
const countText = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, '\u2009');

/** A counted object as a sentence takes it. */
export function referenceWords(reference: string): Said {
  const [, kind, of] = /^(netdev|device) (.*)$/.exec(reference) ?? [];
  if (kind === 'netdev') return name(of!);
  if (kind === 'device' && /^[0-9a-f]{4}:/.test(of!)) return words('the PCI device');
  return name(of ?? reference);
}

/** What the two have in common. */
export interface Shared {
  /** Events before the parting that both have, and all of the first run's. */
  readonly events: number;
  readonly of: number;
  readonly sameChoices: boolean;
}

function sameWords({ events, of, sameChoices }: Shared): Said[] {
  const begin = sameChoices ? 'Same choices, ' : 'The same start, ';
  const count =
    events >= of
      ? `same ${countText(of)} events; then `
      : `the same in ${countText(events)} of ${countText(of)} events; then `;
  return [words(begin + count)];
}

/** A work that holds something else, and what comes of it. */
function holdWords(hold: HoldCause, { sides }: Comparison): Said[] {
  const free = hold.stuck === 'a' ? 'b' : 'a';
  const isBond = hold.works[hold.stuck].includes('bond_work');
  const lost = hold.references[hold.stuck];
  return [
    words(isBond ? 'bond work ' : 'work '),
    name(workPurpose(hold.works[hold.stuck])),
    words(' takes its reference: on '),
    referenceWords(hold.references.a),
    words(' in '),
    name(sides.a),
    words(', on '),
    referenceWords(hold.references.b),
    words(' in '),
    name(sides.b),
    words('. Nothing of it holds '),
    referenceWords(lost),
    words(free === 'b' ? ' there, so ' : ` in ${sides.a}, so `),
    name(hold.writer),
    words(' goes on'),
    ...(hold.lock === null ? [] : [words(' and lets go of '), name(hold.lock)]),
    words('.'),
  ];
}

/** The sentence of `parting.said` without its place, which the flag shows. */
const plainParting = (said: string): string =>
  said.replace(/^event \d+ at [\d.]+ s: /, '').replaceAll(/ \([a-z]+\.[a-z]+\)/g, '');

const upper = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The whole sentence. */
export function comparisonSentence(
  comparison: Comparison,
  relation: Relation,
  parting: Parting,
  shared: Shared,
): Said[] {
  const { runs, outcome } = comparison;
  const counts: Both<string> = { a: countText(runs.a.events), b: countText(runs.b.events) };
  if (relation === 'equal') {
    return [words(`The same, event for event: ${counts.a} of ${counts.b}.`)];
  }
  if (relation === 'outside') return [words(outsideSaid)];
  if (relation === 'noStart') {
    return [words('These two runs share no start. Lined up at their first event.')];
  }
  if (relation === 'otherModel') {
    return [words('Recorded by another driver model. They can be shown, not lined up.')];
  }
  const same = sameWords(shared);
  if (parting.hold !== null) return [...same, ...holdWords(parting.hold, comparison)];
  const act =
    comparison.parting === null
      ? 'they come to another end'
      : plainParting(comparison.parting.said);
  const end = outcome[0] === undefined ? '' : ` ${upper(outcome[0])}.`;
  return [...same, words(`${act}.${end}`)];
}
