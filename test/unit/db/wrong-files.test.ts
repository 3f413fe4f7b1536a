// Goal: whatever stands where the database should be gets one clear sentence that names the file,
// and is not changed by a byte.

import Database from 'better-sqlite3';
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { openRuns, withRuns } from '#db/open.ts';
import type { Runs } from '#db/open.ts';
import { loadRun } from '#db/reader.ts';
import { labApplicationId, sharedApplicationId } from '#db/schema.ts';
import { exportRun, importRun } from '#db/share.ts';
import { guarded, StoreError } from '#db/store-error.ts';
import { verifyRun } from '#db/verify.ts';
import { RunWriter } from '#db/writer.ts';
import { headOf } from '#test/support/heads.ts';
import { folder, keep } from './rig.ts';

const path = folder();

/** A database with the lab's schema and marks, then altered. */
function altered(name: string, alter: (db: Database.Database) => void): string {
  const file = path(name);
  openRuns(file).close();
  const db = new Database(file);
  db.pragma('journal_mode = DELETE');
  alter(db);
  db.close();
  return file;
}

function written(name: string, bytes: string | Uint8Array): string {
  const file = path(name);
  writeFileSync(file, bytes);
  return file;
}

function foreign(name: string, id: number): string {
  const file = path(name);
  const db = new Database(file);
  db.pragma(`application_id = ${id}`);
  db.exec('CREATE TABLE bookmark (url TEXT)');
  db.close();
  return file;
}

const sql = (text: string) => (db: Database.Database) => db.exec(text);

const wrong: readonly (readonly [name: string, make: (name: string) => string, said: string])[] = [
  ['a text', (name) => written(name, 'version: 1\nname: x\n'.repeat(20)), 'it is no database'],
  ['a picture', (name) => written(name, Buffer.alloc(4096, 0x89)), 'it is no database'],
  ['a page of zeros', (name) => written(name, Buffer.alloc(8192)), 'it is no database'],
  ['a magic and no more', (name) => written(name, 'SQLite format 3\0'), 'the file is cut after 16'],
  [
    'a folder',
    (name) => {
      mkdirSync(path(name));
      return path(name);
    },
    'it is no file',
  ],
  ['another program’s', (name) => foreign(name, 0x12345678), 'it is another program’s database'],
  ['a nameless one', (name) => foreign(name, 0), 'it is another program’s database'],
  [
    'a shared run',
    (name) => foreign(name, sharedApplicationId),
    'bring it in with `mlx4-lab import`',
  ],
  [
    'one with our mark only',
    (name) => foreign(name, labApplicationId),
    'there is no version 0 of this database',
  ],
  [
    'a newer one',
    (name) => altered(name, (db) => db.pragma('user_version = 99')),
    'it was written by a newer lab, in version 99; this one knows 3: update the lab',
  ],
  [
    'one with a trigger',
    (name) =>
      altered(name, sql('CREATE TRIGGER evil AFTER INSERT ON tag BEGIN DELETE FROM run; END')),
    'its trigger evil is not the lab’s',
  ],
  [
    'one with a view',
    (name) => altered(name, sql('CREATE VIEW evil AS SELECT * FROM run')),
    'its view evil is not the lab’s',
  ],
  [
    'one with a table more',
    (name) => altered(name, sql('CREATE TABLE extra (x)')),
    'its table extra is not the lab’s',
  ],
  [
    'one with a view in place of a table',
    (name) => altered(name, sql('DROP TABLE note; CREATE VIEW note AS SELECT 1')),
    'its view note is not the lab’s',
  ],
  [
    'one with a table less',
    (name) => altered(name, sql('DROP TABLE tag')),
    'it lacks the table tag',
  ],
  [
    'one with a column more',
    (name) => altered(name, sql('ALTER TABLE run ADD COLUMN more TEXT')),
    'its table run is not the lab’s',
  ],
  [
    'one with an index less',
    (name) => altered(name, sql('DROP INDEX run_seal')),
    'it lacks the index run_seal',
  ],
];

/** The message of the StoreError that this throws. */
function refusal(body: () => unknown): string {
  try {
    body();
  } catch (error) {
    expect(error).toBeInstanceOf(StoreError);
    return (error as Error).message;
  }
  return 'nothing was said';
}

test.each(wrong)('%s', (name, make, said) => {
  const file = make(name);
  const isFile = statSync(file).isFile();
  const before = isFile ? readFileSync(file) : null;
  const message = refusal(() => openRuns(file));
  expect(message).toContain(said);
  expect(message.startsWith(`${file}: `)).toBe(true);
  expect(message).not.toContain('\n');
  if (before !== null) expect(readFileSync(file).equals(before)).toBe(true);
});

test('an empty file becomes a database, unless it is to be read', () => {
  const file = written('empty.db', '');
  expect(refusal(() => openRuns(file, { readOnly: true }))).toContain('the file is empty');
  openRuns(file).close();
  expect(withRuns(file, (db) => db.prepare('SELECT count(*) FROM run').pluck().get())).toBe(0);
});

test('one that is not there is not made by reading', () => {
  expect(refusal(() => openRuns(path('none.db'), { readOnly: true }))).toContain('no such file');
  const shared = path('none.mlx4run');
  withRuns(path('into.db'), (db) => {
    expect(refusal(() => importRun(db, shared))).toContain(`${shared}: there is no such file`);
  });
});

test('a database that another program writes to', async () => {
  const file = path('busy.db');
  const { run } = await keep(file);
  const other = new Database(file);
  other.exec('BEGIN IMMEDIATE');
  withRuns(file, (db) => {
    db.pragma('busy_timeout = 10');
    expect(loadRun(db, run).head.scenarioName).toBe('small');
  });
  await expect(keep(file)).rejects.toThrow('another program is writing to it; try again');
  other.close();
});

test('a database that may not be written', async () => {
  const file = path('sealed.db');
  await keep(file);
  chmodSync(file, 0o444);
  // The administrator may write everything: a connection that may not says the same.
  if (process.getuid?.() !== 0) await expect(keep(file)).rejects.toThrow('it cannot be written');
  chmodSync(file, 0o644);
  const write = (db: Runs): unknown => new RunWriter(db, headOf(), null);
  const message = refusal(() => withRuns(file, write, { readOnly: true }));
  expect(message).toContain('it cannot be written; check its permissions');
});

test('a full disk ends the recording, and what was written stays', async () => {
  const file = path('full.db');
  await keep(file);
  withRuns(file, (db) => {
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.pragma(`max_page_count = ${pages}`);
    const writer = (): unknown =>
      new RunWriter(db, headOf({ scenarioText: 'x'.repeat(1e6) }), null);
    expect(refusal(() => guarded(file, writer))).toContain('the disk is full; make room');
  });
  expect(withRuns(file, (db) => verifyRun(db, 1).state)).toBe('whole');
});

test('a place that cannot be: a loop of links, a folder that is a file', () => {
  symlinkSync(path('loop'), path('loop'));
  expect(refusal(() => openRuns(path('loop')))).toContain(path('loop'));
  written('file', 'x');
  expect(refusal(() => openRuns(path('file/runs.db')))).toContain('file');
});

test('a stranger’s run with a chunk of absurd size', async () => {
  const { run } = await keep(path('absurd.db'));
  withRuns(path('absurd.db'), (db) => {
    exportRun(db, run, path('absurd.mlx4run'));
  });
  const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
  withRuns(
    path('absurd.mlx4run'),
    (db) => {
      db.prepare('UPDATE segment SET records = ?, event_count = 1e9').run(bomb);
    },
    { kind: 'shared' },
  );
  withRuns(path('absurd.db'), (db) => {
    const said = refusal(() => importRun(db, path('absurd.mlx4run')));
    expect(said).toContain('it cannot be read (1000000000 events in a segment)');
  });
});
