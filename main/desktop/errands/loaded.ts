// Runs that errands have loaded, the last few: whoever moves the cursor of a comparison asks for
// the same two again and again. A run is known by its identity, because numbers are given again.

import { summaryOfRun } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { loadRun } from '#db/reader.ts';
import { Seeker } from '#lab/fold/seeker.ts';
import { Snapshots } from '#lab/fold/snapshot.ts';
import type { Snapshot } from '#lab/fold/snapshot.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { seqAtTime } from '#lab/replay/moment.ts';

/** Most runs that are held in memory. */
const loadedMax = 3;

/** A run in memory. */
export class LoadedRun {
  readonly record: RunRecord;
  readonly identity: string;
  private readonly seeker: Seeker;
  private readonly snapshots: Snapshots;

  constructor(record: RunRecord, identity: string) {
    this.record = record;
    this.identity = identity;
    this.seeker = new Seeker(record.trace);
    this.snapshots = new Snapshots(record.trace);
  }

  /** Everything as it was so long after an event, with all that happened at that very time. */
  after(seq: number, afterNs: number): Snapshot {
    const { trace } = this.record;
    const from = Math.min(seq, trace.count);
    const timeNs = from < trace.count ? trace.event(from).timeNs : trace.nowNs;
    const at = afterNs === 0 ? from : seqAtTime(trace, timeNs + afterNs + 1);
    return this.snapshots.of(this.seeker.at(at));
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
