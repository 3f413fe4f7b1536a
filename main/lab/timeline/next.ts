// Single spans: the one at a moment, in words, for tooltips and for the table behind the picture;
// the next and the previous one, for walking with the keyboard.

import type { Labels } from './labels.ts';
import type { LaneTrack, Lanes } from './lanes.ts';
import type { Spans } from './spans.ts';
import { spanStyle } from './styles.ts';
import type { SpanStyle } from './styles.ts';

/** A span in words. */
export interface SpanWords {
  readonly lane: number;
  readonly style: SpanStyle;
  /** Name of the lane. */
  readonly name: string;
  /** `waits for intf_mutex`. */
  readonly state: string;
  /** How it will come out, where that is known: `cannot end`, `in vain`; else empty. */
  readonly fate: string;
  readonly label: string;
  readonly value: number;
  readonly sinceNs: number;
  /** Null while it lasts. */
  readonly untilNs: number | null;
  /** Event that began it. */
  readonly seq: number;
}

/** What a lane has around a moment. */
export interface LaneAround {
  readonly lane: number;
  /** The span that began last before those at the moment; null for none. */
  readonly before: SpanWords | null;
  /** Row by row. */
  readonly at: readonly SpanWords[];
  readonly after: SpanWords | null;
}

const works = (count: number): string => (count === 1 ? '1 work waits' : `${count} works wait`);

const wantedBy = (label: string, value: number): string =>
  value > 1 ? `is wanted by ${label} and ${value - 1} more` : `is wanted by ${label}`;

/** How each style is said. */
const stateOf: Readonly<Record<SpanStyle, (label: string, value: number) => string>> = {
  [spanStyle.run]: (label) => (label === '' ? 'runs' : `runs ${label}`),
  [spanStyle.ready]: () => 'can run',
  [spanStyle.wait]: (label) => `waits for ${label}`,
  [spanStyle.stuck]: (label) => `waits for ${label}`,
  [spanStyle.ended]: () => 'ends',
  [spanStyle.hold]: (label) => `is held by ${label}`,
  [spanStyle.wanted]: wantedBy,
  [spanStyle.wantedStuck]: wantedBy,
  [spanStyle.count]: (_label, value) =>
    value === 1 ? 'has 1 reference' : `has ${value} references`,
  [spanStyle.work]: (label) => `runs ${label}`,
  [spanStyle.queued]: (_label, value) => works(value),
  [spanStyle.linkUp]: (label) => label,
  [spanStyle.linkDown]: (label) => label,
  [spanStyle.packet]: () => 'passes a packet',
  [spanStyle.bonded]: (label) => label,
  [spanStyle.notBonded]: (label) => label,
  [spanStyle.command]: (label) => `executes ${label}`,
  [spanStyle.turn]: (label) => `has ${label} waiting`,
};

const fates: Readonly<Partial<Record<SpanStyle, string>>> = {
  [spanStyle.stuck]: 'cannot end',
  [spanStyle.wantedStuck]: 'in vain',
};

function words(lane: LaneTrack, row: Spans, at: number, labels: Labels): SpanWords {
  const [label, value, style] = [labels.text(row.label[at]!), row.value[at]!, row.style(at)];
  const end = row.end[at]!;
  return {
    lane: lane.id,
    style,
    name: lane.name,
    state: stateOf[style](label, value),
    fate: fates[style] ?? '',
    label,
    value,
    sinceNs: row.start[at]!,
    untilNs: end === Infinity ? null : end,
    seq: row.seq[at]!,
  };
}

/** The spans of a lane at a moment, row by row. */
export function spansAt(lanes: Lanes, labels: Labels, id: number, timeNs: number): SpanWords[] {
  const lane = lanes.get(id);
  return lane.rows.flatMap((row) => {
    const at = row.at(timeNs);
    return at < 0 ? [] : [words(lane, row, at, labels)];
  });
}

/** The span of a lane that begins next after a time, or last before it; null for none. */
export function nextSpan(
  lanes: Lanes,
  labels: Labels,
  id: number,
  timeNs: number,
  direction: 1 | -1,
): SpanWords | null {
  const lane = lanes.get(id);
  let best: SpanWords | null = null;
  for (const row of lane.rows) {
    const at = direction > 0 ? row.after(timeNs) : row.before(timeNs);
    if (at < 0) continue;
    const start = row.start[at]!;
    const isBetter = best === null || (start - best.sinceNs) * direction < 0;
    if (isBetter) best = words(lane, row, at, labels);
  }
  return best;
}

/** The spans of a lane at a moment, and their neighbours. */
export function around(lanes: Lanes, labels: Labels, id: number, timeNs: number): LaneAround {
  const at = spansAt(lanes, labels, id, timeNs);
  const firstNs = at.reduce((least, { sinceNs }) => Math.min(least, sinceNs), timeNs);
  const before = nextSpan(lanes, labels, id, firstNs, -1);
  return { lane: id, before, at, after: nextSpan(lanes, labels, id, timeNs, 1) };
}
