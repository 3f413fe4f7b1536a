// Rows as SQLite gives them: names and types of db/migrations.
// Whoever selects a whole row types it with one of these.

/** A run, joined with its scenario. */
export interface RunRow {
  readonly id: number;
  readonly scenario_hash: string;
  readonly scenario_text: string;
  readonly scenario_file: string;
  readonly scenario_name: string;
  readonly variant: string;
  readonly policy: string;
  readonly seed: number | null;
  readonly until_ns: number | null;
  readonly scripted: number;
  readonly live: number;
  readonly engine_version: string;
  readonly program_hash: string;
  readonly parent_run: string | null;
  readonly parent_seq: number | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly wall_hash: Buffer;
  readonly event_count: number;
  readonly segment_count: number;
  readonly head: Buffer;
  readonly outcome: string | null;
  readonly virtual_ns: number | null;
  readonly unfinished: string | null;
  readonly checks: string | null;
  readonly detectors: string | null;
  readonly seal: Buffer | null;
  /** Not there in a shared run of version 1. */
  readonly name?: string | null;
  readonly name_hash?: Buffer | null;
}

/** A segment. */
export interface SegmentRow {
  readonly run_id: number;
  readonly number: number;
  readonly first_seq: number;
  readonly event_count: number;
  readonly records: Buffer;
  readonly text_count: number;
  readonly blob_count: number;
  readonly input_count: number;
  readonly choice_count: number;
  readonly choices: Buffer;
  readonly hash: Buffer;
}
