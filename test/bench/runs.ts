// How fast runs are kept and found again: the writer of the database beside plain inserts of one
// row for each event, what recording costs the run, replay, seeking, and a library of many runs.
// Files are in a folder of their own that is taken away.

import Database from 'better-sqlite3';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { listRuns } from '#db/list.ts';
import { openRuns, withRuns } from '#db/open.ts';
import type { Runs } from '#db/open.ts';
import { RunWriter } from '#db/writer.ts';
import { compareRuns } from '#lab/compare/compare.ts';
import { exportFormats, formatNames } from '#lab/export/formats.ts';
import { Seeker } from '#lab/fold/seeker.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { Cutter } from '#lab/record/segment.ts';
import { replay } from '#lab/replay/replay.ts';
import { Random } from '#test/support/card/random.ts';
import { inFolder } from './folder.ts';
import { recordScenario } from '#test/support/run-record.ts';

const seconds = (): number => performance.now() / 1000;

/** What the writer does with a run. */
export interface Written {
  readonly eventsPerSecond: number;
  readonly bytesPerEvent: number;
}

/** Writes a run into a database, segments with their hashes; seconds that it took. */
export function keepRun(db: Runs, record: RunRecord): number {
  const { trace } = record;
  const cutter = new Cutter({ inputs: [], k: { trace, sim: { choices: record.choices } } });
  cutter.cut();
  const writer = new RunWriter(db, record.head, null);
  const start = seconds();
  for (let segment = cutter.take(); segment !== null; segment = cutter.take()) {
    writer.append(segment);
  }
  writer.end(record.end!, null);
  return seconds() - start;
}

/** What it costs to keep a run on the disk. */
export const written = (record: RunRecord): Written =>
  inFolder((folder) => {
    const file = join(folder, 'runs.db');
    const { count } = record.trace;
    const took = withRuns(file, (db) => {
      const keeping = keepRun(db, record);
      db.pragma('wal_checkpoint(TRUNCATE)');
      return keeping;
    });
    return { eventsPerSecond: count / took, bytesPerEvent: statSync(file).size / count };
  });

/** One row for each event, as a database would have it that knows no chunks. */
export const plainInserts = ({ trace }: RunRecord): Written =>
  inFolder((folder) => {
    const file = join(folder, 'plain.db');
    const db = new Database(file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.exec(
      'CREATE TABLE event (seq INTEGER PRIMARY KEY, t, cpu, task, kind, object, value, place)',
    );
    const insert = db.prepare('INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    const start = seconds();
    db.transaction(() => {
      for (const { seq, timeNs, cpu, task, kind, object, value, place } of trace.events()) {
        insert.run(seq, timeNs, cpu, task, kind, object, value, place);
      }
    })();
    const took = seconds() - start;
    db.pragma('wal_checkpoint(TRUNCATE)');
    db.close();
    const bytesPerEvent = statSync(file).size / trace.count;
    return { eventsPerSecond: trace.count / took, bytesPerEvent };
  });

/** Events per second of running a recorded run again and comparing it, and of running it alone. */
export function replays(): { readonly replayed: number; readonly run: number } {
  const start = seconds();
  const record = recordScenario('bond-deadlock', { variant: 'naive' });
  const middle = seconds();
  const { difference } = replay(record);
  if (difference !== null) throw new Error(difference.said);
  const end = seconds();
  const { count } = record.trace;
  return { replayed: count / (end - middle), run: count / (middle - start) };
}

/** The slowest but one in a hundred of `count` seeks to random events, ms. */
export function seekMs({ trace }: RunRecord, count: number): number {
  const seeker = new Seeker(trace);
  seeker.at(trace.count);
  const random = new Random(1);
  const times = Array.from({ length: count }, () => {
    const start = performance.now();
    seeker.at(random.below(trace.count));
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[Math.floor(count * 0.99)]!;
}

/** Slowest format: its name, and the seconds that the whole run takes in it. */
export function slowestExport(record: RunRecord): { readonly name: string; readonly took: number } {
  const all = formatNames.map((name) => {
    const start = seconds();
    let pieces = 0;
    for (const piece of exportFormats[name].write(record)) pieces += piece.length > 0 ? 1 : 0;
    if (pieces === 0) throw new Error(`${name} is empty`);
    return { name, took: seconds() - start };
  });
  return all.sort((a, b) => b.took - a.took)[0]!;
}

/** Seconds of comparing two runs. */
export function comparing(a: RunRecord, b: RunRecord): number {
  const start = seconds();
  compareRuns(a, b);
  return seconds() - start;
}

/** Time to open a database of `runs` runs and to list them all, ms; the best of three. */
export const libraryMs = (runs: number): { readonly open: number; readonly list: number } =>
  inFolder((folder) => {
    const file = join(folder, 'runs.db');
    const { head, end } = recordScenario('bond-deadlock', { untilNs: 1e6 });
    withRuns(file, (db) => {
      db.pragma('synchronous = OFF');
      for (let run = 0; run < runs; run++) new RunWriter(db, head, '').end(end!, '');
    });
    const times = Array.from({ length: 3 }, () => {
      const start = performance.now();
      const db = openRuns(file);
      const opened = performance.now();
      if (listRuns(db).length !== runs) throw new Error('a run is missing');
      const listed = performance.now();
      db.close();
      return { open: opened - start, list: listed - opened };
    });
    return times.sort((a, b) => a.open - b.open)[0]!;
  });
