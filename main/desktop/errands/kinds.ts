// Every errand: what it is told and what it brings back. Data only: both cross a thread, and a
// program that changes one end changes the other.

import type { Verdict } from '#db/verify.ts';
import type { Imported } from '#db/share.ts';
import type { FormatName } from '#lab/export/formats.ts';
import type { ScheduleAsk, SearchedSchedule } from '#lab/choosing/schedule.ts';
import type { Both } from '#lab/compare/both.ts';
import type { ComparedRuns } from '#lab/compare/view.ts';
import type { Snapshot } from '#lab/fold/snapshot.ts';
import type { Found } from '#lab/timeline/find.ts';
import type { SpanWords } from '#lab/timeline/next.ts';
import type { Tile, TileQuery } from '#lab/timeline/tiles.ts';
import type { Scale } from '#lab/timeline/timeline.ts';
import type { Thumbnail } from '#lab/thumbnail/thumbnail.ts';
import type { TourStop } from '#lab/tour/stops.ts';

/** How far an errand is. */
export type OnProgress = (done: number, total: number) => void;

/** A run of a database. */
interface OfRun {
  readonly file: string;
  readonly run: number;
}

/** A kept run along time or events. */
interface OfLanes extends OfRun {
  readonly scale: Scale;
}

/** Two runs, and where they part. */
interface OfPair {
  readonly file: string;
  readonly a: number;
  readonly b: number;
  readonly seqA: number;
  readonly seqB: number;
}

interface ErrandTable {
  /** Runs a scenario of the lab and keeps it: its number. */
  readonly record: {
    readonly body: {
      readonly file: string;
      readonly scenarioFile: string;
      readonly scenarioText: string;
      readonly variant: string;
      readonly seed: number | null;
      readonly name: string;
      readonly tags: readonly string[];
    };
    readonly result: number;
  };
  /** The schedule of a run on another driver, kept with its parent: its number. */
  readonly rerun: {
    readonly body: OfRun & { readonly variant: string; readonly name: string };
    readonly result: number;
  };
  readonly compare: {
    readonly body: { readonly file: string; readonly a: number; readonly b: number };
    readonly result: ComparedRuns;
  };
  /** Both runs so far after a moment of each. */
  readonly moments: {
    readonly body: OfPair & { readonly after: number; readonly scale: Scale };
    readonly result: Both<Snapshot>;
  };
  /** How long after it either of them does something next. */
  readonly step: {
    readonly body: OfPair & { readonly afterNs: number; readonly direction: 1 | -1 };
    readonly result: number | null;
  };
  readonly tile: {
    readonly body: OfLanes & { readonly query: TileQuery };
    readonly result: Tile;
  };
  readonly spansAt: {
    readonly body: OfLanes & { readonly lanes: readonly number[]; readonly timeNs: number };
    readonly result: readonly (readonly SpanWords[])[];
  };
  readonly nextSpan: {
    readonly body: OfLanes & {
      readonly lane: number;
      readonly timeNs: number;
      readonly direction: 1 | -1;
    };
    readonly result: SpanWords | null;
  };
  readonly find: {
    readonly body: OfRun & { readonly text: string };
    readonly result: Found;
  };
  readonly thumbnail: { readonly body: OfRun; readonly result: Thumbnail };
  readonly stops: { readonly body: OfRun; readonly result: readonly TourStop[] };
  /** Null: every run. */
  readonly verify: {
    readonly body: { readonly file: string; readonly run: number | null };
    readonly result: readonly Verdict[];
  };
  /** The shortest schedule from a question to a closed cycle. */
  readonly schedule: {
    readonly body: {
      readonly ask: ScheduleAsk;
      readonly triesMax: number;
      /** A schedule that has closed one, or null. */
      readonly known: readonly string[] | null;
      /** Where the shortest one of this scenario and variant is kept; null keeps nothing. */
      readonly keepIn: string | null;
    };
    readonly result: SearchedSchedule;
  };
  readonly export: {
    readonly body: OfRun & { readonly format: FormatName | 'mlx4run' };
    readonly result: Uint8Array;
  };
  readonly import: {
    readonly body: { readonly file: string; readonly name: string; readonly bytes: Uint8Array };
    readonly result: Imported;
  };
}

/** Name of an errand. */
export type ErrandName = keyof ErrandTable;

/** What it is told. */
export type ErrandOf<N extends ErrandName> = ErrandTable[N]['body'];

/** What it brings back. */
export type ErrandResult<N extends ErrandName> = ErrandTable[N]['result'];
