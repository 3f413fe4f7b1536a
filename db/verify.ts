// Is every run what was recorded? SQLite's own check first (pages, indexes), then each run's chain
// from its head over every segment to its seal, recomputed from what the rows say now. The first
// thing that does not fit is told in words.

import type { Database } from 'better-sqlite3';
import { equalHashes, hashText, headHash, rowHash, sealHash, segmentHash } from './chain.ts';
import { unpackRecords, unpackText } from './pack.ts';
import { blobsOf, endOf, headOf, inputTexts, runRow, segmentRows, textsOf } from './reader.ts';
import type { RunRow, SegmentRow } from './rows.ts';

/** What verify says of one run. */
export interface Verdict {
  readonly run: number;
  /** `cut`: whole up to its last acknowledged segment, but it never came to its end. */
  readonly state: 'whole' | 'cut' | 'damaged';
  /** What does not fit; empty for a good run. */
  readonly said: string;
}

/** Texts, blobs and inputs, taken segment by segment. */
class Parts {
  private readonly all;
  private readonly at = { texts: 0, blobs: 0, inputs: 0 };

  constructor(db: Database, run: number) {
    const texts = textsOf(db, run);
    this.all = { texts, blobs: blobsOf(db, run), inputs: inputTexts(db, run) };
  }

  texts = (count: number): string[] => this.take('texts', this.all.texts, count);
  blobs = (count: number): Buffer[] => this.take('blobs', this.all.blobs, count);
  inputs = (count: number): string[] => this.take('inputs', this.all.inputs, count);

  private take<T>(name: keyof Parts['at'], from: readonly T[], count: number): T[] {
    const first = this.at[name];
    this.at[name] += count;
    return from.slice(first, first + count);
  }

  /** Rows that no segment has. */
  get over(): boolean {
    const { at, all } = this;
    return (['texts', 'blobs', 'inputs'] as const).some((name) => at[name] !== all[name].length);
  }
}

/** The segment's hash as it must be, or why there is none. */
function linkOf(previous: Buffer, row: SegmentRow, parts: Parts): Buffer {
  return segmentHash(previous, {
    number: row.number,
    firstSeq: row.first_seq,
    records: unpackRecords(row.records, row.event_count),
    texts: parts.texts(row.text_count),
    blobs: parts.blobs(row.blob_count),
    inputs: parts.inputs(row.input_count),
    choices: unpackText(row.choices),
  });
}

/** Walks the chain; gives its last link, or in words what does not fit. */
function chainOf(db: Database, row: RunRow): Buffer | string {
  let head = headHash(headOf(row));
  const parts = new Parts(db, row.id);
  let count = 0;
  let events = 0;
  for (const segment of segmentRows(db, row.id)) {
    const name = `segment ${segment.number} (events from ${segment.first_seq})`;
    if (segment.number !== count || segment.first_seq !== events) return `${name} is out of place`;
    head = linkOf(head, segment, parts);
    const choices = JSON.parse(unpackText(segment.choices)) as unknown[];
    const isWhole = choices.length === segment.choice_count;
    if (!isWhole || !equalHashes(head, segment.hash)) return `${name} is not what was recorded`;
    count++;
    events += segment.event_count;
  }
  if (count !== row.segment_count || events !== row.event_count) return 'segments are missing';
  return parts.over ? 'it has rows that belong to no segment' : head;
}

const orderText = (rows: readonly number[], first: number): string | null =>
  rows.every((number, index) => number === first + index) ? null : 'numbers are missing';

function problemOf(db: Database, row: RunRow): string | null {
  if (hashText(row.scenario_text) !== row.scenario_hash) return 'its scenario is not what was run';
  if (!equalHashes(rowHash(row.started_at, row.ended_at), row.wall_hash)) {
    return 'its wall-clock times are not what was recorded';
  }
  const head = chainOf(db, row);
  if (typeof head === 'string') return head;
  if (!equalHashes(head, row.head)) return 'its head does not match its segments';
  return (
    endProblem(db, row, head) ??
    numberingProblem(db, row.id) ??
    inputProblem(db, row.id) ??
    labelProblem(db, row)
  );
}

function endProblem(db: Database, row: RunRow, head: Buffer): string | null {
  const end = endOf(db, row);
  if (end === null) return row.seal === null && row.ended_at === null ? null : 'its end is gone';
  const isSealed = row.seal !== null && equalHashes(sealHash(head, end), row.seal);
  return isSealed ? null : 'what it came to is not what was recorded';
}

/** The copies of point and time beside an input are for queries: they must agree with it. */
function inputProblem(db: Database, run: number): string | null {
  const query = `
    SELECT count(*) FROM input WHERE run_id = ? AND
      (point IS NOT json_extract(input, '$.point') OR
        time_ns IS NOT json_extract(input, '$.timeNs'))`;
  const odd = db.prepare<[number], number>(query).pluck().get(run)!;
  return odd > 0 ? 'an input has two times' : null;
}

function numberingProblem(db: Database, run: number): string | null {
  const firsts = { text: 1, blob: 1, input: 0, finding: 0 };
  for (const [table, first] of Object.entries(firsts)) {
    const query = `SELECT number FROM ${table} WHERE run_id = ? ORDER BY number`;
    const said = orderText(db.prepare<[number], number>(query).pluck().all(run), first);
    if (said !== null) return `of its ${table} rows ${said}`;
  }
  return null;
}

interface LabelRow {
  readonly name: string;
  readonly number: number;
  readonly seq: number | null;
  readonly text: string;
  readonly hash: Buffer;
}

function labelProblem(db: Database, { id: run, name, name_hash: hash }: RunRow): string | null {
  const isNamed =
    (name ?? null) === null
      ? (hash ?? null) === null
      : equalHashes(rowHash(run, name!), hash ?? Buffer.alloc(0));
  if (!isNamed) return 'its name is not what was written';
  const tags = db.prepare<[number], LabelRow>('SELECT * FROM tag WHERE run_id = ?').all(run);
  const notes = db.prepare<[number], LabelRow>('SELECT * FROM note WHERE run_id = ?').all(run);
  const badTag = tags.find(({ name, hash }) => !equalHashes(rowHash(run, name), hash));
  if (badTag !== undefined) return 'a tag is not what was written';
  const badNote = notes.find(
    ({ number, seq, text, hash }) => !equalHashes(rowHash(run, number, seq, text), hash),
  );
  return badNote === undefined ? null : `note ${badNote.number} is not what was written`;
}

/** Checks one run. Throws StoreError when there is none. */
export function verifyRun(db: Database, run: number): Verdict {
  const row = runRow(db, run);
  let said: string | null;
  try {
    said = problemOf(db, row);
  } catch (error) {
    said = `it cannot be read (${(error as Error).message})`;
  }
  if (said !== null) return { run, state: 'damaged', said };
  return { run, state: row.outcome === null ? 'cut' : 'whole', said: '' };
}

/** SQLite's own findings on the file, empty when it has none. */
export function fileProblems(db: Database): string[] {
  const rows = db.pragma('integrity_check(20)') as { readonly integrity_check: string }[];
  const foreign = db.pragma('foreign_key_check') as { readonly table: string }[];
  return [
    ...rows.map((row) => row.integrity_check).filter((text) => text !== 'ok'),
    ...new Set(foreign.map(({ table }) => `rows of ${table} belong to no run`)),
  ];
}
