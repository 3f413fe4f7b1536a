// What the timeline of the session on the bench is asked for: lanes, tiles, flags, folds, finds.
// A tile's columns are the payload, its texts the body (timeline.ts).

import * as v from 'valibot';
import type { Census, FoldGap, Found, Lane, LaneAround, Mark, SpanWords } from './timeline.ts';
import { request, seqSchema, textSchema, timeNsSchema } from './request.ts';
import { momentSchema } from './session.ts';

/** Most lanes of a tile, and most columns. */
const lanesMax = 400;
const columnsMax = 8192;
/** Longest note of a mark. */
const noteMax = 240;

export const laneSchema = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const lanesSchema = v.pipe(v.array(laneSchema), v.maxLength(lanesMax));
export const columnsSchema = v.pipe(
  v.number(),
  v.safeInteger(),
  v.minValue(1),
  v.maxValue(columnsMax),
);
export const directionSchema = v.picklist([1, -1]);

/** Lanes, flags and folds for a view. */
export interface TimelineView {
  readonly lanes: readonly Lane[];
  readonly marks: readonly Mark[];
  readonly gaps: readonly FoldGap[];
  /** Time of the last event, ns. */
  readonly nowNs: number;
  /** Why a person's marks go with the session, or null: they are kept with the run. */
  readonly marksNotKept: string | null;
}

export const timelineRequests = {
  /** `viewNs`: time that the window shows at once, which decides what is quiet; 0 folds nothing. */
  'timeline.view': request<TimelineView>()(v.strictObject({ viewNs: timeNsSchema })),
  'timeline.tile': request<{ readonly texts: readonly string[] }>()(
    v.strictObject({
      lanes: lanesSchema,
      fromNs: timeNsSchema,
      toNs: timeNsSchema,
      columns: columnsSchema,
    }),
  ),
  /** The spans of a lane at a time, in words. */
  'timeline.at': request<readonly SpanWords[]>()(
    v.strictObject({ lane: laneSchema, timeNs: timeNsSchema }),
  ),
  'timeline.next': request<SpanWords | null>()(
    v.strictObject({ lane: laneSchema, timeNs: timeNsSchema, direction: directionSchema }),
  ),
  /** What some lanes have at a moment and beside it: rows of the table behind the picture. */
  'timeline.around': request<readonly LaneAround[]>()(
    v.strictObject({
      lanes: v.pipe(v.array(laneSchema), v.maxLength(lanesMax)),
      moment: momentSchema,
    }),
  ),
  /** The flag after a moment (1) or before it (-1). */
  'timeline.mark': request<Mark | null>()(
    v.strictObject({ seq: seqSchema, direction: directionSchema }),
  ),
  /** A person's mark of the moment before an event, with a note. */
  'timeline.addMark': request<null>()(
    v.strictObject({
      seq: seqSchema,
      text: v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(noteMax)),
    }),
  ),
  'timeline.removeMark': request<null>()(v.strictObject({ number: seqSchema })),
  'timeline.census': request<Census>()(
    v.strictObject({ fromNs: timeNsSchema, toNs: timeNsSchema }),
  ),
  'timeline.find': request<Found>()(v.strictObject({ text: textSchema })),
} as const;
