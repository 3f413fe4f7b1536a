// The library of runs: one line for each, with its tags and notes, filtered.
// No event is unpacked for a list: of segments only their sizes are read.

import type { Database } from 'better-sqlite3';
import { runRow } from './reader.ts';
import type { RunRow } from './rows.ts';

/** A run in a list. */
export interface RunSummary {
  readonly run: number;
  /** What a person calls it, or null. */
  readonly name: string | null;
  readonly scenario: string;
  readonly variant: string;
  readonly policy: string;
  readonly seed: number | null;
  readonly live: boolean;
  /** Null for a run that was cut, or that goes on. */
  readonly outcome: string | null;
  /** Why its script did not come to its end, or what a person left it with; or null. */
  readonly unfinished: string | null;
  readonly events: number;
  /** What its events take on the disk, bytes. */
  readonly bytes: number;
  readonly virtualNs: number | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly tags: readonly string[];
  readonly notes: readonly Note[];
  readonly programHash: string;
  /** Hash over all of it, hex. */
  readonly identity: string;
  /** The parent of a fork: its identity, its number here if it is here, and the event. */
  readonly parent: { readonly identity: string; readonly run: number | null; seq: number } | null;
}

/** A note, or the bookmark of an event. */
export interface Note {
  /** Which of the run's notes it is. */
  readonly number: number;
  readonly seq: number | null;
  readonly text: string;
}

/** A note on a moment: before event `seq`. */
export interface Bookmark {
  readonly number: number;
  readonly seq: number;
  readonly text: string;
}

/** What a list is narrowed by. */
export interface ListFilter {
  readonly scenario?: string;
  readonly variant?: string;
  /** An outcome, or `cut`. */
  readonly outcome?: string;
  readonly tag?: string;
  /** Part of a name, tag, note, outcome, finding, lock or message; letters large or small. */
  readonly search?: string;
}

export const identityOf = ({ seal, head }: Pick<RunRow, 'seal' | 'head'>): string =>
  (seal ?? head).toString('hex');

/** The number of the run with this identity, or null. */
export const runWithIdentity = (db: Database, identity: string): number | null =>
  numberFinder(db)(identity);

/** Prepared once for many. */
function numberFinder(db: Database): (identity: string) => number | null {
  const query = 'SELECT id FROM run WHERE seal = @hash OR (seal IS NULL AND head = @hash)';
  const find = db.prepare<[{ hash: Buffer }], number>(query).pluck();
  return (identity) => find.get({ hash: Buffer.from(identity, 'hex') }) ?? null;
}

/** Makes lines of the list. */
function summarizer(db: Database): (row: Omit<RunRow, 'scenario_text'>) => RunSummary {
  const tags = db
    .prepare<[number], string>('SELECT name FROM tag WHERE run_id = ? ORDER BY name')
    .pluck();
  const notes = db.prepare<[number], Note>(
    'SELECT number, seq, text FROM note WHERE run_id = ? ORDER BY number',
  );
  const numberOf = numberFinder(db);
  const sizes = 'SELECT coalesce(sum(length(records)), 0) FROM segment WHERE run_id = ?';
  const bytes = db.prepare<[number], number>(sizes).pluck();
  return (row) => ({
    run: row.id,
    name: row.name ?? null,
    scenario: row.scenario_name,
    variant: row.variant,
    policy: row.policy,
    seed: row.seed,
    live: row.live === 1,
    outcome: row.outcome,
    unfinished: row.unfinished,
    events: row.event_count,
    bytes: bytes.get(row.id) ?? 0,
    virtualNs: row.virtual_ns,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    tags: tags.all(row.id),
    notes: notes.all(row.id),
    programHash: row.program_hash,
    identity: identityOf(row),
    parent: parentOf(row, numberOf),
  });
}

function parentOf(
  { parent_run: identity, parent_seq: seq }: Pick<RunRow, 'parent_run' | 'parent_seq'>,
  numberOf: (identity: string) => number | null,
): RunSummary['parent'] {
  return identity === null || seq === null ? null : { identity, run: numberOf(identity), seq };
}

/** Where a search looks: what the line shows, what the run found, and every text of its events. */
const foundIn = `(
  coalesce(name, '') || ' ' || scenario_name || ' ' || variant || ' ' || coalesce(outcome, 'cut')
    LIKE @search ESCAPE '\\' OR
  EXISTS (SELECT 1 FROM tag WHERE run_id = run.id AND tag.name LIKE @search ESCAPE '\\') OR
  EXISTS (SELECT 1 FROM note WHERE run_id = run.id AND note.text LIKE @search ESCAPE '\\') OR
  EXISTS (SELECT 1 FROM finding WHERE run_id = run.id AND finding.text LIKE @search ESCAPE '\\') OR
  EXISTS (SELECT 1 FROM text WHERE run_id = run.id AND text.text LIKE @search ESCAPE '\\'))`;

/** A part of a text as LIKE wants it, its own marks taken literally. */
const likeText = (part: string): string => `%${part.replace(/[\\%_]/g, (mark) => `\\${mark}`)}%`;

/** Runs in the order of their numbers. */
export function listRuns(db: Database, filter: ListFilter = {}): RunSummary[] {
  const query = `
    SELECT * FROM run WHERE
      (@scenario IS NULL OR scenario_name = @scenario) AND
      (@variant IS NULL OR variant = @variant) AND
      (@outcome IS NULL OR coalesce(outcome, 'cut') = @outcome) AND
      (@tag IS NULL OR EXISTS (SELECT 1 FROM tag WHERE run_id = run.id AND name = @tag)) AND
      (@search IS NULL OR ${foundIn})
    ORDER BY id`;
  const nothing = { scenario: null, variant: null, outcome: null, tag: null };
  const search = filter.search === undefined ? null : likeText(filter.search);
  const wanted = { ...nothing, ...filter, search };
  return db.prepare<[typeof wanted], RunRow>(query).all(wanted).map(summarizer(db));
}

/** One run. Throws StoreError when it is not there. */
export const summaryOfRun = (db: Database, run: number): RunSummary =>
  summarizer(db)(runRow(db, run));

/** The bookmarks of a run, in the order in which they were made. */
export const bookmarksOf = (db: Database, run: number): Bookmark[] =>
  db
    .prepare<[number], Bookmark>(
      'SELECT number, seq, text FROM note WHERE run_id = ? AND seq IS NOT NULL ORDER BY number',
    )
    .all(run);
