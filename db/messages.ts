// What recorder and worker say to each other.
// Plain data: each message crosses a thread by structured clone.

import type { RunEnd, RunHead } from '#lab/record/run-record.ts';
import type { Segment } from '#lab/record/segment.ts';
import type { StoreProblem } from './store-error.ts';

/** What the worker starts with. */
export interface WorkerData {
  readonly file: string;
  readonly head: RunHead;
  /** Wall clock, ISO 8601. */
  readonly startedAt: string;
  /** Segments on the disk so far, one Int32: the engine's thread reads it while it runs. */
  readonly acknowledged: SharedArrayBuffer;
}

export type ToWorker =
  | { readonly kind: 'segment'; readonly segment: Segment }
  | { readonly kind: 'end'; readonly end: RunEnd; readonly endedAt: string };

export type FromWorker =
  | { readonly kind: 'begun'; readonly run: number }
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'failed'; readonly problem: StoreProblem; readonly message: string };
