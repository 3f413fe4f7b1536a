// Is a lane the same in both runs after they parted? Column by column, without an object for each
// span, because most lanes of two long runs are looked at for nothing else.

import type { LaneTrack } from '../timeline/lanes.ts';
import type { Spans } from '../timeline/spans.ts';
import { spanStyle } from '../timeline/styles.ts';
import type { SpanStyle } from '../timeline/styles.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { Both } from './both.ts';
import type { Moment } from './cause.ts';

/** Styles whose value is a count; elsewhere it may be a lane's number, which means one run only. */
const counted: ReadonlySet<SpanStyle> = new Set<SpanStyle>([
  spanStyle.count,
  spanStyle.queued,
  spanStyle.wanted,
  spanStyle.wantedStuck,
]);

/** A row of spans from a moment on. */
interface Tail {
  readonly row: Spans;
  readonly from: number;
  readonly atNs: number;
  readonly textOf: (label: number) => string;
}

function isSameTail(a: Tail, b: Tail): boolean {
  if (a.row.count - a.from !== b.row.count - b.from) return false;
  for (let step = 0; a.from + step < a.row.count; step++) {
    const [i, j] = [a.from + step, b.from + step];
    const style = a.row.style(i);
    const isSame =
      style === b.row.style(j) &&
      Math.max(0, a.row.start[i]! - a.atNs) === Math.max(0, b.row.start[j]! - b.atNs) &&
      a.row.end[i]! - a.atNs === b.row.end[j]! - b.atNs &&
      (!counted.has(style) || a.row.value[i] === b.row.value[j]) &&
      a.textOf(a.row.label[i]!) === b.textOf(b.row.label[j]!);
    if (!isSame) return false;
  }
  return true;
}

const tails = (
  lane: LaneTrack | undefined,
  { labels }: Timeline,
  { timeNs }: Moment,
): readonly Tail[] =>
  (lane?.rows ?? []).map((row) => ({
    row,
    from: row.firstFrom(timeNs),
    atNs: timeNs,
    textOf: (label) => labels.text(label),
  }));

/** True when nothing after the parting tells the two lanes apart. */
export function isSameFrom(
  runs: Both<{ readonly timeline: Timeline }>,
  at: Both<Moment>,
  { a, b }: Both<LaneTrack | undefined>,
): boolean {
  const [left, right] = [tails(a, runs.a.timeline, at.a), tails(b, runs.b.timeline, at.b)];
  // Packets and more works at once may have given one of them more rows.
  return Array.from({ length: Math.max(left.length, right.length) }, (_, row) => {
    const [one, other] = [left[row], right[row]];
    if (one === undefined || other === undefined) {
      const only = one ?? other;
      return only === undefined || only.from >= only.row.count;
    }
    return isSameTail(one, other);
  }).every(Boolean);
}
