// The spans of a lane as plain data, in the order of time: for whoever reads a whole lane and does
// not draw it (comparisons, thumbnails).

import type { Labels } from './labels.ts';
import type { LaneTrack } from './lanes.ts';
import type { SpanStyle } from './styles.ts';

/** A span. Times are ns, or events where the timeline counts those. */
export interface Stretch {
  readonly fromNs: number;
  readonly toNs: number;
  readonly style: SpanStyle;
  /** What it waits for, who holds it, the state in words. */
  readonly text: string;
  /** The count of a reference, and what else the style says (tiles.ts). */
  readonly value: number;
}

/** All spans of a lane that have a length; what is open ends at `nowNs`. */
export function stretchesOf({ rows }: LaneTrack, labels: Labels, nowNs: number): Stretch[] {
  const found: Stretch[] = [];
  for (const row of rows) {
    for (let at = 0; at < row.count; at++) {
      const fromNs = row.start[at]!;
      const toNs = Math.min(row.end[at]!, nowNs);
      if (toNs <= fromNs) continue;
      const text = labels.text(row.label[at]!);
      found.push({ fromNs, toNs, style: row.style(at), text, value: row.value[at]! });
    }
  }
  return rows.length === 1 ? found : found.sort((a, b) => a.fromNs - b.fromNs);
}

/** Time that these spend one way, ns. */
export const timeIn = (stretches: readonly Stretch[], ...styles: readonly SpanStyle[]): number =>
  stretches.reduce(
    (sum, { fromNs, toNs, style }) => sum + (styles.includes(style) ? toNs - fromNs : 0),
    0,
  );
