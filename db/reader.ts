// Reads runs back. Everything that was put together from rows is checked for its form here; that it
// is what was recorded is for the chain to say (db/verify.ts).

import type { Database } from 'better-sqlite3';
import type { RunEnd, RunHead, RunRecord } from '#lab/record/run-record.ts';
import type { Finding } from '#lab/findings.ts';
import type { RecordedInput } from '#lab/input.ts';
import type { Choice } from '#sim/policy.ts';
import { Trace } from '#trace/trace.ts';
import { unpackRecords, unpackText } from './pack.ts';
import type { RunRow, SegmentRow } from './rows.ts';
import { StoreError } from './store-error.ts';

const runQuery = `
  SELECT run.*, scenario.text AS scenario_text FROM run
  JOIN scenario ON scenario.hash = run.scenario_hash`;

/** The row of a run. Throws StoreError when there is none. */
export function runRow(db: Database, run: number): RunRow {
  const row = db.prepare<[number], RunRow>(`${runQuery} WHERE run.id = ?`).get(run);
  if (row !== undefined) return row;
  throw new StoreError('noRun', `there is no run ${run}; \`mlx4-lab runs list\` shows all`);
}

export const headOf = (row: RunRow): RunHead => ({
  scenarioFile: row.scenario_file,
  scenarioName: row.scenario_name,
  scenarioText: row.scenario_text,
  variant: row.variant,
  policy: row.policy,
  seed: row.seed,
  untilNs: row.until_ns,
  scripted: row.scripted === 1,
  live: row.live === 1,
  engineVersion: row.engine_version,
  programHash: row.program_hash,
  parent:
    row.parent_run === null || row.parent_seq === null
      ? null
      : { run: row.parent_run, seq: row.parent_seq },
});

interface FindingRow {
  readonly kind: Finding['kind'];
  readonly time_ns: number;
  readonly text: string;
  readonly objects: string;
  readonly places: string;
}

/** What a run came to; null for one that was cut. */
export function endOf(db: Database, row: RunRow): RunEnd | null {
  if (row.outcome === null) return null;
  const query = 'SELECT * FROM finding WHERE run_id = ? ORDER BY number';
  const findings = db.prepare<[number], FindingRow>(query).all(row.id);
  return {
    outcome: row.outcome as RunEnd['outcome'],
    findings: findings.map(({ kind, time_ns, text, objects, places }) => ({
      kind,
      timeNs: time_ns,
      text,
      objects: JSON.parse(objects) as string[],
      places: JSON.parse(places) as string[],
    })),
    checks: JSON.parse(row.checks ?? '[]') as RunEnd['checks'],
    detectors: JSON.parse(row.detectors ?? '[]') as RunEnd['detectors'],
    virtualNs: row.virtual_ns ?? 0,
    unfinished: row.unfinished,
  };
}

/** Segments of a run in order, one at a time. */
export const segmentRows = (db: Database, run: number): IterableIterator<SegmentRow> =>
  db
    .prepare<[number], SegmentRow>('SELECT * FROM segment WHERE run_id = ? ORDER BY number')
    .iterate(run);

const column = <T>(db: Database, what: string, run: number): T[] =>
  db.prepare<[number], T>(`SELECT ${what} WHERE run_id = ? ORDER BY number`).pluck().all(run);

/** The texts of a run from number 1 on. */
export const textsOf = (db: Database, run: number): string[] =>
  column<string>(db, 'text FROM text', run);

/** The blobs of a run from number 1 on. */
export const blobsOf = (db: Database, run: number): Buffer[] =>
  column<Buffer>(db, 'bytes FROM blob', run);

/** The inputs of a run as they were stored. */
export const inputTexts = (db: Database, run: number): string[] =>
  column<string>(db, 'input FROM input', run);

/** A whole run. Throws StoreError when it is not there or cannot be read. */
export function loadRun(db: Database, run: number): RunRecord {
  const row = runRow(db, run);
  try {
    const records: Uint8Array[] = [];
    const choices: Choice[] = [];
    for (const segment of segmentRows(db, run)) {
      records.push(unpackRecords(segment.records, segment.event_count));
      for (const choice of JSON.parse(unpackText(segment.choices)) as Choice[]) {
        choices.push(choice);
      }
    }
    return {
      head: headOf(row),
      end: endOf(db, row),
      inputs: inputTexts(db, run).map((text) => JSON.parse(text) as RecordedInput),
      choices,
      trace: Trace.restore({ records, texts: textsOf(db, run), blobs: blobsOf(db, run) }),
    };
  } catch (error) {
    if (error instanceof StoreError) throw error;
    const said = `run ${run} cannot be read (${(error as Error).message})`;
    throw new StoreError('damaged', `${said}; \`mlx4-lab runs verify\` says where`);
  }
}
