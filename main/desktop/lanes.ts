// What windows ask of a timeline, whether of the run on the bench or of a kept one. Lanes that the
// run does not have are left out: a window may ask for those of the run before.

import type { Found } from '#lab/timeline/find.ts';
import type { SpanWords } from '#lab/timeline/next.ts';
import type { Tile, TileQuery } from '#lab/timeline/tiles.ts';
import type { Timeline } from '#lab/timeline/timeline.ts';

/** Most hits that are told; the count of all goes with them. */
const hitsMax = 2000;

/** The run has this lane. */
export const has = (timeline: Timeline, lane: number): boolean => lane < timeline.tracks.all.length;

/** A stretch of the lanes that there are. */
export function tileOf(timeline: Timeline, query: TileQuery): Tile {
  const lanes = query.lanes.filter((lane) => has(timeline, lane));
  return timeline.tile({ ...query, lanes });
}

/** The spans of a lane at a time. */
export const spansOf = (timeline: Timeline, lane: number, timeNs: number): SpanWords[] =>
  has(timeline, lane) ? timeline.at(lane, timeNs) : [];

/** The span of a lane after a time (1) or before it (-1). */
export const nextOf = (
  timeline: Timeline,
  lane: number,
  timeNs: number,
  direction: 1 | -1,
): SpanWords | null => (has(timeline, lane) ? timeline.next(lane, timeNs, direction) : null);

/** What a query means; lanes of tasks are also found by their letters. */
export const foundIn = (
  timeline: Timeline,
  text: string,
  letterOf?: (lane: number) => string,
): Found => timeline.find(text, { limit: hitsMax, ...(letterOf && { letterOf }) });
