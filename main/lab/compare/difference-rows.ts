// What differs between two runs as a short table: the cause first, then for each lane the first act
// after the parting that only one of them has, in the order of time.

import type { Span } from '../spans/spans.ts';
import type { Both, Side } from './both.ts';
import { workPurpose } from './cause.ts';
import type { Parting } from './cause.ts';
import type { Comparison } from './compare.ts';
import type { LinedLane } from './lined-up.ts';
import { outcomeText } from './outcome.ts';

/** A row. */
export interface DifferenceRow {
  /** Since they parted, ns. */
  readonly afterNs: number;
  readonly who: string;
  readonly said: Both<string>;
}

/** The first stretch that only one side has, by what it says. */
function firstOther({ after }: LinedLane): Both<Span | null> & { readonly atNs: number } {
  const { a, b } = after;
  const length = Math.max(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a[at] ?? null, b[at] ?? null];
    const isSame = left?.text === right?.text && left?.state === right?.state;
    if (isSame && Math.abs((left?.fromNs ?? 0) - (right?.fromNs ?? 0)) < 1000) {
      if (left === null || Math.abs(left.toNs - (right?.toNs ?? 0)) < 1000) continue;
      return { a: left, b: right, atNs: Math.min(left.toNs, right?.toNs ?? Infinity) };
    }
    return {
      a: left,
      b: right,
      atNs: Math.min(left?.fromNs ?? Infinity, right?.fromNs ?? Infinity),
    };
  }
  return { a: null, b: null, atNs: 0 };
}

const last = (spans: readonly Span[]): Span | undefined => spans.at(-1);

/** How a lane comes out, in words. */
function outcomeWords({ kind, after }: LinedLane, side: Side, endNs: number): string {
  const spans = after[side];
  const end = last(spans);
  if (end === undefined) return kind === 'lock' ? 'never taken' : 'nothing more';
  const lasts = end.toNs >= endNs - 1;
  const stuck = spans.findLast(({ state }) => state === 'stuck');
  switch (kind) {
    case 'task':
      return stuck === undefined ? 'goes on' : `waits for ${stuck.text}, for ever`;
    case 'lock': {
      const holds = spans.findLast(({ state }) => state === 'hold');
      if (holds === undefined) return 'never taken';
      return holds.toNs >= endNs - 1 ? `${holds.text} keeps it` : `${holds.text} gives it back`;
    }
    case 'reference':
      return `${end.text} left`;
    case 'queue':
      return lasts ? end.text : 'runs empty';
    default:
      return end.text;
  }
}

/** When the lane first came to be otherwise in a way that its outcome tells. */
function decidedNs(lane: LinedLane): number {
  const stuck = [...lane.after.a, ...lane.after.b].find(({ state }) => state === 'stuck');
  return stuck?.fromNs ?? firstOther(lane).atNs;
}

function causeRow({ hold }: Parting, { parting }: Comparison): DifferenceRow[] {
  if (hold === null) {
    if (parting === null) return [];
    const said = parting.said.replace(/^event \d+ at [\d.]+ s: /, '');
    const [a = said, b = ''] = said.split('; ');
    return [{ afterNs: 0, who: 'the first step', said: { a, b } }];
  }
  const { queuedBy, works, references, stuck } = hold;
  return [
    {
      afterNs: 0,
      who: `${queuedBy} queues ${workPurpose(works[stuck])}`,
      said: { a: `holds ${references.a}`, b: `holds ${references.b}` },
    },
  ];
}

/** The table. */
export function differenceRows(
  comparison: Comparison,
  parting: Parting,
  lanes: readonly LinedLane[],
): DifferenceRow[] {
  const { runs } = comparison;
  const endNs = (side: Side): number => runs[side].virtualNs - parting.at[side].timeNs;
  const rows = lanes.flatMap((lane): DifferenceRow[] => {
    const said = {
      a: outcomeWords(lane, 'a', endNs('a')),
      b: outcomeWords(lane, 'b', endNs('b')),
    };
    if (said.a === said.b) return [];
    const who = lane.names.a === lane.names.b ? lane.names.a : `${lane.names.a}, ${lane.names.b}`;
    return [{ afterNs: decidedNs(lane), who, said }];
  });
  rows.sort((one, other) => one.afterNs - other.afterNs);
  const outcome: DifferenceRow[] =
    runs.a.outcome === runs.b.outcome
      ? []
      : [
          {
            afterNs: Math.max(0, ...rows.map(({ afterNs }) => afterNs)),
            who: 'the run',
            said: { a: outcomeText(runs.a.outcome), b: outcomeText(runs.b.outcome) },
          },
        ];
  return [...causeRow(parting, comparison), ...rows, ...outcome];
}
