// A run is kept in segments: what was added since the one before. A segment is cut where a chunk of
// the trace is full, at the end, and whenever a live session asks, so that a batch run is always
// cut in the same places; a run that is watched late is cut as soon as it is. Cutting only notes
// counts; the contents are taken when there is room to send them, and stay in the run's own memory
// until then.

import type { Choice } from '#sim/policy.ts';
import { chunkRecords } from '#trace/trace.ts';
import type { Trace } from '#trace/trace.ts';
import type { RecordedInput } from '../input.ts';
import { chunkEnd } from './piece.ts';

/** What was added to a run. */
export interface Segment {
  /** From 0. */
  readonly number: number;
  /** Number of its first event. */
  readonly firstSeq: number;
  /** Whole records of the trace, of one chunk. */
  readonly records: Uint8Array;
  readonly texts: readonly string[];
  readonly blobs: readonly Uint8Array[];
  readonly inputs: readonly RecordedInput[];
  readonly choices: readonly Choice[];
}

/** How far a run had come. */
interface Mark {
  readonly events: number;
  readonly texts: number;
  readonly blobs: number;
  readonly inputs: number;
  readonly choices: number;
}

/** Number 0 of texts and of blobs is empty in every run. */
const start: Mark = { events: 0, texts: 1, blobs: 1, inputs: 0, choices: 0 };

/** What a cutter looks at. */
export interface Recorded {
  readonly inputs: readonly RecordedInput[];
  readonly k: { readonly trace: Trace; readonly sim: { readonly choices: readonly Choice[] } };
}

/** Cuts one run into segments. */
export class Cutter {
  private readonly machine: Recorded;
  private readonly marks: Mark[] = [];
  private last: Mark = start;
  private taken: Mark = start;
  private number = 0;

  constructor(machine: Recorded) {
    this.machine = machine;
  }

  /** Segments that were cut and not taken yet. */
  get waiting(): number {
    return this.marks.length;
  }

  /** Events in segments that were taken. */
  get takenEvents(): number {
    return this.taken.events;
  }

  /** Ends a segment here, if anything was added since the last one. */
  cut(): void {
    const { k, inputs } = this.machine;
    const mark = {
      events: k.trace.count,
      texts: k.trace.textCount,
      blobs: k.trace.blobCount,
      inputs: inputs.length,
      choices: k.sim.choices.length,
    };
    const keys = Object.keys(mark) as (keyof Mark)[];
    if (keys.every((key) => mark[key] === this.last[key])) return;
    for (let events = chunkEnd(this.last.events); events < mark.events; events += chunkRecords) {
      this.marks.push({ ...mark, events });
    }
    this.marks.push(mark);
    this.last = mark;
  }

  /**
   * The oldest segment that was cut; null when there is none. Its records are the trace's own
   * bytes, which never change again.
   */
  take(): Segment | null {
    const to = this.marks.shift();
    if (to === undefined) return null;
    const from = this.taken;
    this.taken = to;
    const { inputs, k } = this.machine;
    const { trace, sim } = k;
    return {
      number: this.number++,
      firstSeq: from.events,
      records: trace.recordsAt(from.events, to.events),
      texts: range(from.texts, to.texts).map((number) => trace.text(number)),
      blobs: range(from.blobs, to.blobs).map((number) => trace.blobBytes(number)),
      inputs: inputs.slice(from.inputs, to.inputs),
      choices: sim.choices.slice(from.choices, to.choices),
    };
  }
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);
