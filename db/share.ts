// One run as a file of its own (.mlx4run): a database with the schema of the lab's and another
// application id, written in one fixed order, so that the same run gives the same bytes. It carries
// its name but no wall-clock time, tag or note. A shared run is a stranger's database: it passes
// the gate, is only read, is limited in size, and is copied row by row and verified before anybody
// sees it.

import type { Database } from 'better-sqlite3';
import { existsSync, rmSync, statSync } from 'node:fs';
import { rowHash } from './chain.ts';
import { nameRun } from './labels.ts';
import { identityOf, runWithIdentity } from './list.ts';
import { openRuns } from './open.ts';
import { runRow } from './reader.ts';
import type { RunRow } from './rows.ts';
import { guarded, StoreError } from './store-error.ts';
import { fileProblems, verifyRun } from './verify.ts';

/** Largest file that is taken in, bytes. */
const sharedBytesMax = 2 * 1024 ** 3;

/** Tables whose rows belong to one run, with the columns after run_id. */
const parts = {
  segment:
    'number, first_seq, event_count, records, text_count, blob_count, input_count, ' +
    'choice_count, choices, hash',
  text: 'number, text',
  blob: 'number, bytes',
  input: 'number, point, time_ns, input',
  finding: 'number, kind, time_ns, text, objects, places',
} as const;

const runColumns = [
  'scenario_hash',
  'scenario_file',
  'scenario_name',
  'variant',
  'policy',
  'seed',
  'until_ns',
  'scripted',
  'live',
  'engine_version',
  'program_hash',
  'parent_run',
  'parent_seq',
  'started_at',
  'ended_at',
  'wall_hash',
  'event_count',
  'segment_count',
  'head',
  'outcome',
  'virtual_ns',
  'unfinished',
  'checks',
  'detectors',
  'seal',
] as const;

/** Told how many of how many segments are copied. */
type OnSegment = (done: number, total: number) => void;

/** Copies one run with its rows; gives its number in the other database. */
function copyRun(
  from: Database,
  row: RunRow,
  to: Database,
  onSegment: OnSegment = () => undefined,
): number {
  const names = runColumns.join(', ');
  const marks = runColumns.map((name) => `@${name}`).join(', ');
  to.prepare('INSERT INTO scenario VALUES (?, ?) ON CONFLICT DO NOTHING').run(
    row.scenario_hash,
    row.scenario_text,
  );
  const inserted = to.prepare(`INSERT INTO run (${names}) VALUES (${marks})`).run(row);
  const run = Number(inserted.lastInsertRowid);
  nameRun(to, run, row.name ?? null);
  for (const [table, columns] of Object.entries(parts)) {
    const query = `SELECT ${columns} FROM ${table} WHERE run_id = ? ORDER BY number`;
    const values = columns.split(', ').map(() => '?');
    const insert = to.prepare(
      `INSERT INTO ${table} (run_id, ${columns}) VALUES (?, ${values.join(', ')})`,
    );
    const rows = from.prepare<[number], unknown[]>(query).raw();
    let done = 0;
    for (const cells of rows.iterate(row.id)) {
      insert.run(run, ...cells);
      if (table === 'segment') onSegment(++done, row.segment_count);
    }
  }
  return run;
}

/** Writes one run to a new file. Throws StoreError when the file is there or the run is not. */
export function exportRun(db: Database, run: number, file: string): void {
  const row = runRow(db, run);
  const verdict = verifyRun(db, run);
  if (verdict.state === 'damaged') {
    throw new StoreError('damaged', `run ${run} is damaged and not exported: ${verdict.said}`);
  }
  if (existsSync(file)) {
    throw new StoreError('unreadable', `${file}: there is a file already; give another name`);
  }
  const shared = openRuns(file, { kind: 'shared' });
  try {
    const bare = { ...row, started_at: null, ended_at: null, wall_hash: rowHash(null, null) };
    guarded(file, () => shared.transaction(() => copyRun(db, bare, shared)).immediate());
  } catch (error) {
    shared.close();
    rmSync(file);
    throw error;
  }
  shared.close();
}

/** What came of an import. */
export interface Imported {
  /** Its number here. */
  readonly run: number;
  /** The very run was here before: nothing was added. */
  readonly known: boolean;
}

/** Takes a shared run in. Throws StoreError, with nothing added, when anything is wrong with it. */
export function importRun(db: Database, file: string, onSegment?: OnSegment): Imported {
  if (existsSync(file) && statSync(file).size > sharedBytesMax) {
    throw new StoreError('full', `${file}: it is larger than 2 GB, more than one run can be`);
  }
  const shared = openRuns(file, { kind: 'shared', readOnly: true });
  try {
    return guarded(file, () => takeIn(db, shared, file, onSegment));
  } finally {
    shared.close();
  }
}

function takeIn(
  db: Database,
  shared: Database,
  file: string,
  onSegment: OnSegment | undefined,
): Imported {
  const [problem] = fileProblems(shared);
  if (problem !== undefined) throw new StoreError('damaged', `${file}: it is damaged (${problem})`);
  const ids = shared.prepare<[], number>('SELECT id FROM run').pluck().all();
  const [id] = ids;
  if (id === undefined || ids.length > 1) {
    throw new StoreError('schema', `${file}: it holds ${ids.length} runs, not one`);
  }
  const row = runRow(shared, id);
  const verdict = verifyRun(shared, id);
  if (verdict.state === 'damaged') {
    throw new StoreError('damaged', `${file}: it is not what was exported: ${verdict.said}`);
  }
  const known = runWithIdentity(db, identityOf(row));
  if (known !== null) return { run: known, known: true };
  const copy = db.transaction(() => copyRun(shared, row, db, onSegment));
  return { run: copy.immediate(), known: false };
}
