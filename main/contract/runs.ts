// The library of runs: what is asked, and what the lab tells of it. What answers carry is declared
// in db and lab, where it is made.

import * as v from 'valibot';
import type { Imported } from '#db/share.ts';
import type { RunSummary } from '#db/list.ts';
import type { Verdict } from '#db/verify.ts';
import type { Thumbnail } from '#lab/thumbnail/thumbnail.ts';
import type { TourStop } from '#lab/tour/stops.ts';
import { nothing, request, runSchema, seqSchema, textSchema } from './request.ts';

/** Runs that fit, and what all of them take. */
export interface RunsList {
  readonly runs: readonly RunSummary[];
  /** All that are kept, those that do not fit too. */
  readonly total: number;
  /** What the file takes on the disk. */
  readonly bytes: number;
  /** The run that is being recorded, or null. */
  readonly recording: number | null;
}

/** How the library stands: pushed as the event `library` whenever it changes; the latest wins. */
export interface LibraryState {
  /** Goes up when the list is not what it was. */
  readonly revision: number;
  /** What is being made for it, or null. */
  readonly making: {
    readonly said: string;
    readonly done: number;
    readonly total: number;
  } | null;
  /** How far the search for the first difference of two runs is, events; null: nobody searches. */
  readonly comparing: number | null;
  /** The run that was deleted last and can be brought back, or null. */
  readonly deleted: { readonly run: number; readonly name: string } | null;
  /** What the check at the start said; null before it is done. */
  readonly checked: { readonly runs: number; readonly damaged: readonly string[] } | null;
}

/** What is needed to begin a run. */
export interface Choices {
  readonly scenarios: readonly { readonly name: string; readonly title: string }[];
  readonly variants: readonly string[];
}

/** Longest name of a run or tag. */
const nameMax = 120;
const nameSchema = v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(nameMax));

/** A file that another tool reads, or the lab itself. */
const fileFormats = ['mlx4run', 'pcapng', 'perfetto', 'ftrace', 'dmesg', 'jsonl'] as const;

const ofRun = { run: runSchema };

export const runsRequests = {
  'library.state': request<LibraryState>()(nothing),
  'runs.list': request<RunsList>()(
    v.strictObject({
      /** Part of a name, tag, note, outcome, finding, lock or message. */
      search: v.optional(textSchema),
      scenario: v.optional(textSchema),
      variant: v.optional(textSchema),
      outcome: v.optional(textSchema),
      tag: v.optional(textSchema),
    }),
  ),
  'runs.choices': request<Choices>()(nothing),
  'runs.rename': request<null>()(v.strictObject({ ...ofRun, name: v.nullable(nameSchema) })),
  'runs.tag': request<null>()(v.strictObject({ ...ofRun, name: nameSchema, there: v.boolean() })),
  'runs.note': request<null>()(
    v.strictObject({ ...ofRun, text: textSchema, seq: v.nullable(seqSchema) }),
  ),
  /** Another text for a note; null takes it away. */
  'runs.renote': request<null>()(
    v.strictObject({ ...ofRun, number: seqSchema, text: v.nullable(textSchema) }),
  ),
  /** Takes it out of the list; it is gone for good 10 s later, or at the end of the lab. */
  'runs.delete': request<null>()(v.strictObject(ofRun)),
  /** Brings back what was deleted last. */
  'runs.undelete': request<null>()(nothing),
  'runs.verify': request<readonly Verdict[]>()(v.strictObject({ run: v.nullable(runSchema) })),
  /** The file is the payload. */
  'runs.export': request<{ readonly fileName: string }>()(
    v.strictObject({ ...ofRun, format: v.picklist(fileFormats) }),
  ),
  /** The payload is the file; `name` is what the person calls it. */
  'runs.import': request<Imported>()(v.strictObject({ name: nameSchema })),
  'runs.thumbnail': request<Thumbnail>()(v.strictObject(ofRun)),
  'runs.stops': request<readonly TourStop[]>()(v.strictObject(ofRun)),
} as const;
