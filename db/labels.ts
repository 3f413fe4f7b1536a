// What a person adds to a run: a name, tags, notes, bookmarks; and what takes runs away. Each
// carries a hash of its own, because it is outside the run's chain.

import type { Database } from 'better-sqlite3';
import { rowHash } from './chain.ts';
import { runRow } from './reader.ts';
import { StoreError } from './store-error.ts';

/** Gives a run a name, or with null takes it away. Throws StoreError. */
export function nameRun(db: Database, run: number, name: string | null): void {
  runRow(db, run);
  const hash = name === null ? null : rowHash(run, name);
  db.prepare('UPDATE run SET name = ?, name_hash = ? WHERE id = ?').run(name, hash, run);
}

/** Adds a tag; one that is there already stays. */
export function addTag(db: Database, run: number, name: string): void {
  runRow(db, run);
  const insert = 'INSERT INTO tag VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
  db.prepare(insert).run(run, name, rowHash(run, name));
}

/** Takes a tag away; false when it was not there. */
export const removeTag = (db: Database, run: number, name: string): boolean =>
  db.prepare('DELETE FROM tag WHERE run_id = ? AND name = ?').run(run, name).changes > 0;

/**
 * Adds a note; with an event, it is a bookmark of the moment before that. The moment after all
 * events has their count. Gives the note's number. Throws StoreError.
 */
export function addNote(db: Database, run: number, text: string, seq: number | null): number {
  const { event_count: events } = runRow(db, run);
  if (seq !== null && seq > events) {
    throw new StoreError('noRun', `run ${run} has no event ${seq}; its last one is ${events - 1}`);
  }
  const add = db.transaction(() => {
    const next = 'SELECT coalesce(max(number) + 1, 0) FROM note WHERE run_id = ?';
    const number = db.prepare<[number], number>(next).pluck().get(run)!;
    const hash = rowHash(run, number, seq, text);
    db.prepare('INSERT INTO note VALUES (?, ?, ?, ?, ?)').run(run, number, seq, text, hash);
    return number;
  });
  return add.immediate();
}

/**
 * Writes another text into a note, or with null takes it away; one that is gone already stays gone.
 * Throws StoreError when there is none to write into.
 */
export function changeNote(db: Database, run: number, number: number, text: string | null): void {
  const where = 'WHERE run_id = ? AND number = ?';
  if (text === null) {
    db.prepare(`DELETE FROM note ${where}`).run(run, number);
    return;
  }
  const found = db
    .prepare<[number, number], { seq: number | null }>(`SELECT seq FROM note ${where}`)
    .get(run, number);
  if (found === undefined) throw new StoreError('noRun', `run ${run} has no note ${number}`);
  const hash = rowHash(run, number, found.seq, text);
  db.prepare(`UPDATE note SET text = ?, hash = ? ${where}`).run(text, hash, run, number);
}

/** Deletes a run with all that belongs to it. Throws StoreError when it is not there. */
export function deleteRun(db: Database, run: number): void {
  const { scenario_hash: scenario } = runRow(db, run);
  db.transaction(() => {
    db.prepare('DELETE FROM run WHERE id = ?').run(run);
    db.prepare(
      'DELETE FROM scenario WHERE hash = @scenario AND NOT EXISTS ' +
        '(SELECT 1 FROM run WHERE scenario_hash = @scenario)',
    ).run({ scenario });
  }).immediate();
}

/** What the database takes on the disk, bytes. */
export const fileBytes = (db: Database): number =>
  (db.pragma('page_count', { simple: true }) as number) *
  (db.pragma('page_size', { simple: true }) as number);

/** Gives the room of deleted runs back to the disk; how many bytes that was. */
export function vacuum(db: Database): number {
  const before = fileBytes(db);
  db.exec('VACUUM');
  db.pragma('wal_checkpoint(TRUNCATE)');
  return before - fileBytes(db);
}
