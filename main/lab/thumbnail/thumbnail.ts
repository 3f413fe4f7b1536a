// A run at a glance: writer, worker and the most wanted lock in at most 120 columns. Quiet time is
// folded: a stretch in which none of the three changes is as wide as the logarithm of its length,
// and what never ends has the last part of the width.

import type { RunRecord } from '../record/run-record.ts';
import { castOf, isSleepingLock } from '../timeline/cast.ts';
import type { LaneTrack } from '../timeline/lanes.ts';
import type { Stretch } from '../timeline/stretches.ts';
import { spanStyle } from '../timeline/styles.ts';
import type { SpanStyle } from '../timeline/styles.ts';
import type { Timeline } from '../timeline/timeline.ts';

/** Columns of a whole thumbnail. */
export const columns = 120;
/** Columns of a last stretch that never ends. */
const endlessColumns = 44;

/** How a stretch is drawn. */
export type Mark = 'run' | 'wait' | 'stuck' | 'hold';

/** Columns from and up to. */
export interface Bar {
  readonly from: number;
  readonly to: number;
  readonly mark: Mark;
}

/** A run at a glance. */
export interface Thumbnail {
  readonly lanes: readonly { readonly name: string; readonly bars: readonly Bar[] }[];
  /** Column where it left its parent; null for none. */
  readonly forkedAt: number | null;
  /** It goes on for ever as it stands at the end. */
  readonly endless: boolean;
}

const marks: Readonly<Partial<Record<SpanStyle, Mark>>> = {
  [spanStyle.run]: 'run',
  [spanStyle.wait]: 'wait',
  [spanStyle.stuck]: 'stuck',
  [spanStyle.hold]: 'hold',
};
/** The more telling one wins a column. */
const rank: readonly Mark[] = ['run', 'hold', 'wait', 'stuck'];

/** Times to columns. */
function scaleOf(times: readonly number[], stuckNs: number): (timeNs: number) => number {
  const sorted = [...new Set(times)].sort((a, b) => a - b).filter((timeNs) => timeNs <= stuckNs);
  const at: number[] = [0];
  for (let i = 1; i < sorted.length; i++) {
    at.push(at[i - 1]! + Math.log2(1 + (sorted[i]! - sorted[i - 1]!) / 1000));
  }
  const width = stuckNs === Infinity ? columns : columns - endlessColumns;
  const total = Math.max(at.at(-1) ?? 0, 1);
  return (timeNs) => {
    if (timeNs > stuckNs) return columns;
    let [low, high] = [0, sorted.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]! < timeNs) low = middle + 1;
      else high = middle;
    }
    return ((at[low] ?? 0) / total) * width;
  };
}

function barsOf(stretches: readonly Stretch[], column: (timeNs: number) => number): Bar[] {
  const cells: (Mark | undefined)[] = Array.from({ length: columns });
  for (const { fromNs, toNs, style } of stretches) {
    const mark = marks[style];
    if (mark === undefined) continue;
    const from = Math.min(columns - 1, Math.floor(column(fromNs)));
    const to = Math.max(from + 1, Math.min(columns, Math.floor(column(toNs))));
    for (let at = from; at < to; at++) {
      const before = cells[at];
      if (before === undefined || rank.indexOf(before) < rank.indexOf(mark)) cells[at] = mark;
    }
  }
  const bars: Bar[] = [];
  cells.forEach((mark, at) => {
    const last = bars.at(-1);
    if (mark === undefined) return;
    if (last?.mark === mark && last.to === at) bars[bars.length - 1] = { ...last, to: at + 1 };
    else bars.push({ from: at, to: at + 1, mark });
  });
  return bars;
}

/** A sleep that polls: from where it can never end, its stretches are one. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const isStuck = ({ style }: Stretch): boolean => style === spanStyle.stuck;
  const [first, last] = [stretches.find(isStuck), stretches.findLast(isStuck)];
  if (first === undefined || last === undefined) return [...stretches];
  const { toNs } = last;
  const before = stretches.filter(({ fromNs }) => fromNs < first.fromNs);
  return [...before, { ...first, toNs }, ...stretches.filter(({ fromNs }) => fromNs >= toNs)];
}

/** Makes it. */
export function thumbnail(record: RunRecord, timeline: Timeline): Thumbnail {
  const { writer, worker, lock } = castOf(record, timeline);
  const { nowNs } = timeline;
  const laneOf = (name: string | null, fits: (lane: LaneTrack) => boolean) => {
    const lane = timeline.tracks.all.find((each) => each.name === name && fits(each));
    const stretches = lane === undefined ? [] : joined(timeline.stretches(lane.id));
    return { name: lane?.name ?? '', stretches };
  };
  const isTask = ({ kind }: LaneTrack): boolean => kind === 'task';
  const chosen = [laneOf(writer, isTask), laneOf(worker, isTask), laneOf(lock, isSleepingLock)];
  const stretches = chosen.flatMap((lane) => lane.stretches);
  const stuckNs = Math.max(
    -Infinity,
    ...stretches.filter(({ style }) => style === spanStyle.stuck).map(({ fromNs }) => fromNs),
  );
  const endless = stuckNs > -Infinity;
  const column = scaleOf(
    [0, nowNs, ...stretches.flatMap(({ fromNs, toNs }) => [fromNs, toNs])],
    endless ? stuckNs : Infinity,
  );
  const parent = record.head.parent;
  const forkNs =
    parent === null || parent.seq >= record.trace.count
      ? null
      : record.trace.event(parent.seq).timeNs;
  return {
    lanes: chosen.map((lane) => ({ name: lane.name, bars: barsOf(lane.stretches, column) })),
    forkedAt: forkNs === null ? null : column(forkNs),
    endless,
  };
}
