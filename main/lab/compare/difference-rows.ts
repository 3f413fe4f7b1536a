// What differs between two runs as a short table: the cause first, then for each lane the first act
// after the parting that only one of them has, in the order of time.

import { seqAtTime } from '../replay/moment.ts';
import { isSleepingLock } from '../timeline/cast.ts';
import type { Stretch } from '../timeline/stretches.ts';
import { spanStyle } from '../timeline/styles.ts';
import type { Trace } from '#trace/trace.ts';
import { bothOf } from './both.ts';
import type { Both, Side } from './both.ts';
import { workPurpose } from './cause.ts';
import type { Parting } from './cause.ts';
import type { Comparison } from './compare.ts';
import type { ToldLane } from './lined-up.ts';
import { outcomeText } from './outcome.ts';

/** A row. */
export interface DifferenceRow {
  /** Since they parted, ns. */
  readonly afterNs: number;
  /** The same in events of the run that is further by then. */
  readonly afterEvents: number;
  readonly who: string;
  readonly said: Both<string>;
}

type TimedRow = Omit<DifferenceRow, 'afterEvents'>;

/** The first stretch that only one side has, by what it says. */
function firstOther({ after }: ToldLane): Both<Stretch | null> & { readonly atNs: number } {
  const { a, b } = after;
  const length = Math.max(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const [left, right] = [a[at] ?? null, b[at] ?? null];
    const isSame = left?.text === right?.text && left?.style === right?.style;
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

const last = (spans: readonly Stretch[]): Stretch | undefined => spans.at(-1);

const isStuck = ({ style }: Stretch): boolean => style === spanStyle.stuck;

function lockWords(spans: readonly Stretch[], endNs: number): string {
  const holds = spans.findLast(({ style }) => style === spanStyle.hold);
  if (holds === undefined) return 'never taken';
  return holds.toNs >= endNs - 1 ? `${holds.text} keeps it` : `${holds.text} gives it back`;
}

/** What a queue does at the end: `mlx4_en_bond_work#25 runs, 186 wait`. */
function queueWords(spans: readonly Stretch[]): string {
  return spans
    .map(({ style, text, value }) =>
      style === spanStyle.work ? `${text} runs` : `${value} ${value === 1 ? 'waits' : 'wait'}`,
    )
    .join(', ');
}

/** How a lane comes out, in words. */
function outcomeWords({ kind, after }: ToldLane, side: Side, endNs: number): string {
  const spans = after[side];
  const end = last(spans);
  if (isSleepingLock({ kind })) return lockWords(spans, endNs);
  if (end === undefined) return 'nothing more';
  const lasts = end.toNs >= endNs - 1;
  switch (kind) {
    case 'task': {
      const stuck = spans.findLast(isStuck);
      return stuck === undefined ? 'goes on' : `waits for ${stuck.text}, for ever`;
    }
    case 'reference':
    case 'activeReference':
      return `${spans.findLast(({ style }) => style === spanStyle.count)?.value ?? 0} left`;
    case 'queue':
      return lasts ? queueWords(spans.filter(({ toNs }) => toNs >= endNs - 1)) : 'runs empty';
    case 'firmware':
      return lasts ? `${end.text} is not answered` : 'every command is answered';
    default:
      return end.text;
  }
}

/** When the lane first came to be otherwise in a way that its outcome tells. */
function decidedNs(lane: ToldLane): number {
  const stuck = [...lane.after.a, ...lane.after.b].find(isStuck);
  return stuck?.fromNs ?? firstOther(lane).atNs;
}

function causeRow({ hold }: Parting, { parting }: Comparison): TimedRow[] {
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

/** Events that the run that is further has done by so long after the parting. */
function eventsBy(traces: Both<Trace>, { at }: Parting, afterNs: number): number {
  const events = bothOf(
    at,
    ({ seq, timeNs }, side) => seqAtTime(traces[side], timeNs + afterNs) - seq,
  );
  return Math.max(0, events.a, events.b);
}

/** The table. */
export function differenceRows(
  comparison: Comparison,
  parting: Parting,
  lanes: readonly ToldLane[],
  traces: Both<Trace>,
): DifferenceRow[] {
  const { runs } = comparison;
  const lastNs = (trace: Trace): number =>
    trace.count === 0 ? 0 : trace.event(trace.count - 1).timeNs;
  const endNs = (side: Side): number => lastNs(traces[side]) - parting.at[side].timeNs;
  const rows = lanes.flatMap((lane): TimedRow[] => {
    const said = {
      a: outcomeWords(lane, 'a', endNs('a')),
      b: outcomeWords(lane, 'b', endNs('b')),
    };
    if (said.a === said.b) return [];
    const who = lane.names.a === lane.names.b ? lane.names.a : `${lane.names.a}, ${lane.names.b}`;
    return [{ afterNs: decidedNs(lane), who, said }];
  });
  rows.sort((one, other) => one.afterNs - other.afterNs);
  const outcome: TimedRow[] =
    runs.a.outcome === runs.b.outcome
      ? []
      : [
          {
            afterNs: Math.max(0, ...rows.map(({ afterNs }) => afterNs)),
            who: 'the run',
            said: { a: outcomeText(runs.a.outcome), b: outcomeText(runs.b.outcome) },
          },
        ];
  return [...causeRow(parting, comparison), ...rows, ...outcome].map((row) => ({
    ...row,
    afterEvents: eventsBy(traces, parting, row.afterNs),
  }));
}
