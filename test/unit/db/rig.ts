// Databases of runs for tests: a folder that goes away, small machines that are recorded, a made-up
// one whose events are random, and the contents of a file as one text.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import type { Runs } from '#db/open.ts';
import { unpackRecords, unpackText } from '#db/pack.ts';
import { Recorder } from '#db/recorder.ts';
import type { SegmentRow } from '#db/rows.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { runEndOf } from '#lab/record/run-record.ts';
import type { RunHead, RunRecord } from '#lab/record/run-record.ts';
import { runScenario } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { recordOf } from '#test/support/run-record.ts';
import { headOf } from '#test/support/heads.ts';

/** A folder of this test file. */
export function folder(): (name: string) => string {
  const path = mkdtempSync(join(tmpdir(), 'mlx4-lab-db-'));
  afterAll(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return (name) => join(path, name);
}

/** One text that is run in a moment and has mailboxes, a finding and a check. */
export const smallText = [
  'version: 1',
  'name: small',
  'machine: { autoload: false, rename: false }',
  'steps:',
  '  - run: modprobe mlx4_core',
  '  - run: echo done',
  'checks:',
  '  - { reason: the driver is there, that: { log: Mellanox ConnectX core driver } }',
  '  - { reason: it crashes, that: { outcome: oops } }',
  '',
].join('\n');

/** A run that was kept: its number, and what it was. */
export interface Kept {
  readonly run: number;
  readonly record: RunRecord;
}

/** Times of the wall clock in every test. */
export const wall = { started: '2026-11-25T08:00:00.000Z', ended: '2026-11-25T08:00:01.000Z' };

/** Runs a text and keeps it. */
export async function keep(file: string, text = smallText, seed?: number): Promise<Kept> {
  const policy = choosePolicy(undefined, seed);
  const scenario = loadScenario('small.yaml', text);
  const head = headOf({ scenarioName: scenario.name, scenarioText: text, ...seedOf(policy) });
  const recorder = new Recorder(file, head, wall.started);
  const result = runScenario(scenario, {
    policy: makePolicy(policy),
    onStart: (machine) => {
      recorder.watch(machine);
      // A person types as well.
      machine.enter({ kind: 'type', terminal: 'other', line: 'uname -r' });
    },
  });
  const run = await recorder.finish(runEndOf(result), wall.ended);
  return { run, record: { ...recordOf(result), head } };
}

const seedOf = ({ name, seed }: ReturnType<typeof choosePolicy>): Partial<RunHead> => ({
  policy: name,
  seed,
});

/** Everything that is in a database, as one text: equal texts are equal contents. */
export function contents(db: Runs): string {
  const tables = db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all();
  const rows = tables.map((table) =>
    db.prepare<[], object>(`SELECT * FROM "${table}" ORDER BY 1, 2`).all().map(unpacked),
  );
  return JSON.stringify(rows);
}

/** Two compressed forms of the same are the same. */
function unpacked(row: object): object {
  if (!('records' in row)) return row;
  const { records, choices, event_count: events } = row as SegmentRow;
  const bytes = Buffer.from(unpackRecords(records, events)).toString('base64');
  return { ...row, records: bytes, choices: unpackText(choices) };
}
