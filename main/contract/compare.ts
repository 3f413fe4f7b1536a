// The comparison of two kept runs, and the lanes of kept runs that it is drawn from: tiles, single
// spans, finds. A tile's columns are the payload, its texts the body (timeline.ts).

import * as v from 'valibot';
import type { ComparedRuns } from '#lab/compare/view.ts';
import type { Snapshot } from '#lab/fold/snapshot.ts';
import type { Scale } from '#lab/timeline/timeline.ts';
import { request, runSchema, seqSchema, textSchema, timeNsSchema } from './request.ts';
import type { Found, SpanWords } from './timeline.ts';
import { columnsSchema, directionSchema, laneSchema, lanesSchema } from './timelines.ts';

export type { LinedLane } from '#lab/compare/lined-up.ts';
export type { Scale } from '#lab/timeline/timeline.ts';

const scales = ['time', 'events'] as const satisfies readonly Scale[];

/** Lanes of a kept run along time, or along events: then every `Ns` is a number of events. */
const ofRun = { run: runSchema, scale: v.picklist(scales) };

/** Two runs and where they part. */
const ofPair = { a: runSchema, b: runSchema, seqA: seqSchema, seqB: seqSchema };

const afterSchema = v.pipe(v.number(), v.finite());

export const compareRequests = {
  compare: request<ComparedRuns>()(v.strictObject({ a: runSchema, b: runSchema })),
  /** Both runs as they were so long, or so many events, after they parted. */
  'compare.moment': request<{ readonly a: Snapshot; readonly b: Snapshot }>()(
    v.strictObject({ ...ofPair, after: afterSchema, scale: v.picklist(scales) }),
  ),
  /** How long after they parted either of them does something next (1), or did before (-1). */
  'compare.step': request<number | null>()(
    v.strictObject({ ...ofPair, afterNs: afterSchema, direction: directionSchema }),
  ),
  'runs.tile': request<{ readonly texts: readonly string[] }>()(
    v.strictObject({
      ...ofRun,
      lanes: lanesSchema,
      fromNs: timeNsSchema,
      toNs: timeNsSchema,
      columns: columnsSchema,
    }),
  ),
  /** Lane by lane the spans at a time, in words. */
  'runs.spansAt': request<readonly (readonly SpanWords[])[]>()(
    v.strictObject({ ...ofRun, lanes: lanesSchema, timeNs: timeNsSchema }),
  ),
  'runs.nextSpan': request<SpanWords | null>()(
    v.strictObject({
      ...ofRun,
      lane: laneSchema,
      timeNs: timeNsSchema,
      direction: directionSchema,
    }),
  ),
  'runs.find': request<Found>()(v.strictObject({ run: runSchema, text: textSchema })),
} as const;
