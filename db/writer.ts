// Writes a run: its head, then segment by segment, then its end. Each call is one transaction, and
// what a call has returned from survives a kill. The row's head hash always covers exactly the
// segments that are there.

import type { Database } from 'better-sqlite3';
import type { RunEnd, RunHead, RunRecord } from '#lab/record/run-record.ts';
import { Cutter } from '#lab/record/segment.ts';
import type { Segment } from '#lab/record/segment.ts';
import { recordBytes } from '#trace/trace.ts';
import { canonicalJson, hashText, headHash, rowHash, sealHash, segmentHash } from './chain.ts';
import type { SealedSegment } from './chain.ts';
import { packRecords, packJson } from './pack.ts';

/** A segment with its JSON parts written out. */
export const sealed = (segment: Segment): SealedSegment => ({
  ...segment,
  inputs: segment.inputs.map((each) => canonicalJson(each)),
  choices: JSON.stringify(segment.choices),
});

const insertRun = `
  INSERT INTO run (scenario_hash, scenario_file, scenario_name, variant, policy, seed, until_ns,
    scripted, live, engine_version, program_hash, parent_run, parent_seq, started_at, wall_hash,
    event_count, segment_count, head)
  VALUES (@scenarioHash, @scenarioFile, @scenarioName, @variant, @policy, @seed, @untilNs,
    @scripted, @live, @engineVersion, @programHash, @parentRun, @parentSeq, @startedAt, @wallHash,
    0, 0, @head)`;

const insertSegment = `
  INSERT INTO segment (run_id, number, first_seq, event_count, records, text_count, blob_count,
    input_count, choice_count, choices, hash)
  VALUES (@run, @number, @firstSeq, @events, @records, @texts, @blobs, @inputs, @choiceCount,
    @choices, @hash)`;

/** Writes one run into an open database. */
export class RunWriter {
  /** Its number in the database. */
  readonly run: number;
  private readonly db: Database;
  private readonly startedAt: string | null;
  private head: Buffer;
  private events = 0;
  private segments = 0;
  private texts = 1;
  private blobs = 1;
  private inputs = 0;
  private readonly statements;

  /** `startedAt` is wall-clock time for people, ISO 8601, or null in a shared run. */
  constructor(db: Database, head: RunHead, startedAt: string | null) {
    this.db = db;
    this.startedAt = startedAt;
    this.head = headHash(head);
    this.statements = {
      segment: db.prepare(insertSegment),
      text: db.prepare('INSERT INTO text VALUES (?, ?, ?)'),
      blob: db.prepare('INSERT INTO blob VALUES (?, ?, ?)'),
      input: db.prepare('INSERT INTO input VALUES (?, ?, ?, ?, ?)'),
      advance: db.prepare(
        'UPDATE run SET event_count = ?, segment_count = ?, head = ? WHERE id = ?',
      ),
    };
    this.run = db.transaction(() => this.begin(head)).immediate();
  }

  private begin(head: RunHead): number {
    const scenarioHash = hashText(head.scenarioText);
    const scenario = 'INSERT INTO scenario VALUES (?, ?) ON CONFLICT DO NOTHING';
    this.db.prepare(scenario).run(scenarioHash, head.scenarioText);
    const { lastInsertRowid } = this.db.prepare(insertRun).run({
      scenarioHash,
      scenarioFile: head.scenarioFile,
      scenarioName: head.scenarioName,
      variant: head.variant,
      policy: head.policy,
      seed: head.seed,
      untilNs: head.untilNs,
      scripted: head.scripted ? 1 : 0,
      live: head.live ? 1 : 0,
      engineVersion: head.engineVersion,
      programHash: head.programHash,
      parentRun: head.parent?.run ?? null,
      parentSeq: head.parent?.seq ?? null,
      startedAt: this.startedAt,
      wallHash: rowHash(this.startedAt, null),
      head: this.head,
    });
    return Number(lastInsertRowid);
  }

  /** Adds a segment. When this has returned, it is on the disk. */
  append(segment: Segment): void {
    this.db.transaction(() => this.insert(segment, sealed(segment))).immediate();
  }

  private insert(segment: Segment, asSealed: SealedSegment): void {
    const { run, statements } = this;
    const { number, firstSeq, records, texts, blobs, inputs, choices } = segment;
    this.head = segmentHash(this.head, asSealed);
    for (const text of texts) statements.text.run(run, this.texts++, text);
    for (const bytes of blobs) statements.blob.run(run, this.blobs++, bytes);
    inputs.forEach(({ point, timeNs }, index) => {
      statements.input.run(run, this.inputs++, point, timeNs, asSealed.inputs[index]);
    });
    statements.segment.run({
      run,
      number,
      firstSeq,
      events: records.length / recordBytes,
      records: packRecords(records),
      texts: texts.length,
      blobs: blobs.length,
      inputs: inputs.length,
      choiceCount: choices.length,
      choices: packJson(choices),
      hash: this.head,
    });
    this.events = firstSeq + records.length / recordBytes;
    statements.advance.run(this.events, ++this.segments, this.head, run);
  }

  /** Closes the run: what it came to, and its seal. */
  end(end: RunEnd, endedAt: string | null): void {
    this.db.transaction(() => this.insertEnd(end, endedAt)).immediate();
  }

  private insertEnd(end: RunEnd, endedAt: string | null): void {
    const { db, run } = this;
    const finding = db.prepare('INSERT INTO finding VALUES (?, ?, ?, ?, ?, ?, ?)');
    end.findings.forEach(({ kind, timeNs, text, objects, places }, number) => {
      const lists = [JSON.stringify(objects), JSON.stringify(places)];
      finding.run(run, number, kind, timeNs, text, ...lists);
    });
    db.prepare(
      `UPDATE run SET outcome = ?, virtual_ns = ?, unfinished = ?, checks = ?, detectors = ?,
         seal = ?, ended_at = ?, wall_hash = ? WHERE id = ?`,
    ).run(
      end.outcome,
      end.virtualNs,
      end.unfinished,
      canonicalJson(end.checks),
      canonicalJson(end.detectors),
      sealHash(this.head, end),
      endedAt,
      rowHash(this.startedAt, endedAt),
      run,
    );
  }
}

/** Wall clock of a run, ISO 8601. */
export interface WallTimes {
  readonly startedAt: string;
  readonly endedAt: string;
}

/** Writes a whole run: its number. Whole or not at all is for the caller's transaction. */
export function writeRun(db: Database, record: RunRecord, wall: WallTimes): number {
  const { head, end, inputs, choices, trace } = record;
  const writer = new RunWriter(db, head, wall.startedAt);
  const cutter = new Cutter({ inputs, k: { trace, sim: { choices } } });
  cutter.cut();
  for (let segment = cutter.take(); segment !== null; segment = cutter.take()) {
    writer.append(segment);
  }
  if (end !== null) writer.end(end, wall.endedAt);
  return writer.run;
}
