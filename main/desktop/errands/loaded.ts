// Runs that errands have loaded, the last few: whoever moves the cursor of a comparison asks for
// the same two again and again. A run is known by its identity, because numbers are given again.

import { summaryOfRun } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { loadRun } from '#db/reader.ts';
import { Seeker } from '#lab/fold/seeker.ts';
import { Snapshots } from '#lab/fold/snapshot.ts';
import type { Snapshot } from '#lab/fold/snapshot.ts';
import type { RunWithLanes } from '#lab/compare/lined-up.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { seqAtTime } from '#lab/replay/moment.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import type { Scale } from '#lab/timeline/timeline.ts';

/** Most runs that are held in memory. */
const loadedMax = 3;

/** A run in memory. */
export class LoadedRun {
  readonly record: RunRecord;
  readonly identity: string;
  private readonly seeker: Seeker;
  private readonly snapshots: Snapshots;
  private readonly timelines = new Map<Scale, Timeline>();

  constructor(record: RunRecord, identity: string) {
    this.record = record;
    this.identity = identity;
    this.seeker = new Seeker(record.trace);
    this.snapshots = new Snapshots(record.trace);
  }

  /** Its lanes, along time or along events; made when they are first asked for. */
  timeline(scale: Scale): Timeline {
    const known = this.timelines.get(scale);
    if (known !== undefined) return known;
    const timeline = new Timeline(this.record.trace, scale);
    this.timelines.set(scale, timeline);
    return timeline;
  }

  /** For a comparison. */
  get withLanes(): RunWithLanes {
    return { record: this.record, timeline: this.timeline('time') };
  }

  /** Everything as it was so far after an event; of a time, with all that happened at it. */
  after(seq: number, after: number, scale: Scale): Snapshot {
    const { trace } = this.record;
    const wanted = scale === 'events' ? seq + Math.round(after) : this.seqAfter(seq, after);
    const at = Math.max(0, Math.min(wanted, trace.count));
    return this.snapshots.of(this.seeker.at(at));
  }

  private seqAfter(seq: number, afterNs: number): number {
    return afterNs === 0 ? seq : seqAtTime(this.record.trace, this.timeOf(seq) + afterNs + 1);
  }

  private timeOf(seq: number): number {
    const { trace } = this.record;
    return seq < trace.count ? trace.event(seq).timeNs : trace.nowNs;
  }

  /** How long after an event the next thing happens (1), or the one before (-1); null for none. */
  stepFrom(seq: number, afterNs: number, direction: 1 | -1): number | null {
    const { trace } = this.record;
    const fromNs = this.timeOf(seq);
    const timeNs = fromNs + afterNs;
    const next = direction > 0 ? seqAtTime(trace, timeNs + 1) : seqAtTime(trace, timeNs) - 1;
    return next < 0 || next >= trace.count ? null : trace.event(next).timeNs - fromNs;
  }
}

/** Runs in memory. */
export class LoadedRuns {
  private runs: readonly LoadedRun[] = [];

  /** A run, from memory when it is there. Throws StoreError. */
  get(file: string, run: number): LoadedRun {
    return withRuns(file, (db) => {
      const { identity } = summaryOfRun(db, run);
      const known = this.runs.find((each) => each.identity === identity);
      const found = known ?? new LoadedRun(loadRun(db, run), identity);
      const others = this.runs.filter((each) => each !== found);
      this.runs = [found, ...others].slice(0, loadedMax);
      return found;
    });
  }
}
