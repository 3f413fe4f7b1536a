// The single spans of a lane, one by one, as tests hold tiles and other answers against them. Ends
// of open spans are the last known moment.

import type { Timeline } from '#lab/timeline/timeline.ts';

/** A span. */
export interface WalkedSpan {
  readonly row: number;
  readonly sinceNs: number;
  readonly untilNs: number;
  readonly style: number;
  readonly value: number;
}

/** All spans of a lane, row by row. */
export const walk = ({ tracks, nowNs }: Timeline, lane: number): WalkedSpan[] =>
  tracks.get(lane).rows.flatMap((row, index) =>
    Array.from({ length: row.count }, (_, at) => ({
      row: index,
      sinceNs: row.start[at]!,
      untilNs: row.end[at] === Infinity ? nowNs : row.end[at]!,
      style: row.style(at),
      value: row.value[at]!,
    })),
  );
