// The gate: a file becomes a database of runs only if it is whole, ours, of a version that is known
// and of exactly that version's schema. SQLite alone opens cut and altered files and runs a
// stranger's triggers and views; here only sqlite_schema is asked before the schema is known.

import Database from 'better-sqlite3';
import { closeSync, existsSync, fstatSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  expectedSchema,
  labApplicationId,
  migrate,
  presentSchema,
  schemaVersion,
  sharedApplicationId,
} from './schema.ts';
import { guarded, StoreError } from './store-error.ts';

/** An open database of runs. */
export type Runs = Database.Database;

/** What kind of file is wanted. */
export type FileKind = 'lab' | 'shared';

export interface OpenOptions {
  readonly kind?: FileKind;
  readonly readOnly?: boolean;
}

const magic = 'SQLite format 3\0';
/** Bytes of SQLite's file header. */
const headerBytes = 100;
/** How long another writer is waited for, ms. */
const busyMs = 2000;
/** First Node whose engine better-sqlite3 works with; it crashes in older ones. */
const oldestNode = 22;

const kinds = {
  lab: { id: labApplicationId, what: 'a database of runs' },
  shared: { id: sharedApplicationId, what: 'a shared run' },
} as const;

function checkNode(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major >= oldestNode) return;
  const mend = 'start the lab through npm, which brings a newer one';
  throw new StoreError('unreadable', `Node ${process.versions.node} cannot open runs: ${mend}`);
}

/** Opens a database of runs, making it (and its folder) when it is not there. */
export function openRuns(file: string, { kind = 'lab', readOnly = false }: OpenOptions = {}): Runs {
  checkNode();
  return guarded(file, () => {
    const isNew = !existsSync(file) || (statSync(file).size === 0 && !readOnly && kind === 'lab');
    if (isNew && readOnly) throw new StoreError('missing', `${file}: there is no such file`);
    if (isNew) return create(file, kind);
    checkBytes(file, kind);
    const db = connect(file, readOnly);
    try {
      checkSchema(db, file);
      if (!readOnly) {
        db.pragma('journal_mode = WAL');
        migrate(db);
      }
    } catch (error) {
      db.close();
      throw error;
    }
    return db;
  });
}

/** Opens a database, does something and closes it; errors of SQLite come in our words. */
export function withRuns<T>(file: string, body: (db: Runs) => T, options?: OpenOptions): T {
  const db = openRuns(file, options);
  try {
    return guarded(file, () => body(db));
  } finally {
    db.close();
  }
}

function connect(file: string, readOnly: boolean): Database.Database {
  const db = new Database(file, { readonly: readOnly, timeout: busyMs });
  db.pragma('trusted_schema = OFF');
  db.pragma('foreign_keys = ON');
  // Safe against a killed process; a power failure may cost the last seconds, never the file.
  db.pragma('synchronous = NORMAL');
  return db;
}

/** A new and empty file. A shared run is one file without companions. */
function create(file: string, kind: FileKind): Database.Database {
  mkdirSync(dirname(file), { recursive: true });
  const db = connect(file, false);
  try {
    db.pragma(`journal_mode = ${kind === 'lab' ? 'WAL' : 'DELETE'}`);
    db.pragma(`application_id = ${kinds[kind].id}`);
    migrate(db);
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

/** Looks at the first bytes and the length, before SQLite sees the file. */
function checkBytes(file: string, kind: FileKind): void {
  const handle = openSync(file, 'r');
  try {
    const stat = fstatSync(handle);
    if (!stat.isFile()) throw new StoreError('unreadable', `${file}: it is no file`);
    const header = Buffer.alloc(headerBytes);
    const read = readSync(handle, header, 0, headerBytes, 0);
    checkHeader(file, header.subarray(0, read), stat.size, kind);
  } finally {
    closeSync(handle);
  }
}

function checkHeader(file: string, header: Buffer, size: number, kind: FileKind): void {
  const begin = header.toString('latin1', 0, magic.length);
  if (size === 0) throw new StoreError('notADatabase', `${file}: the file is empty`);
  if (size < headerBytes && magic.startsWith(begin)) {
    throw new StoreError('cut', `${file}: the file is cut after ${size} bytes`);
  }
  if (begin !== magic) {
    throw new StoreError('notADatabase', `${file}: it is no database, and so holds no runs`);
  }
  checkIdentity(file, header, kind);
  const pageField = header.readUInt16BE(16);
  const wanted = (pageField === 1 ? 65_536 : pageField) * header.readUInt32BE(28);
  // A write-ahead log beside it may hold the rest.
  const hasLog = existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0;
  if (size < wanted && !hasLog) {
    throw new StoreError('cut', `${file}: the file is cut after ${size} of ${wanted} bytes`);
  }
}

function checkIdentity(file: string, header: Buffer, kind: FileKind): void {
  const id = header.readUInt32BE(68);
  const other: FileKind = kind === 'lab' ? 'shared' : 'lab';
  if (id === kinds[other].id) {
    const mend =
      kind === 'lab'
        ? 'bring it in with `mlx4-lab import`'
        : 'take a run out of it with `mlx4-lab export`';
    throw new StoreError('foreign', `${file}: it is ${kinds[other].what}; ${mend}`);
  }
  if (id !== kinds[kind].id) {
    const said = 'it is another program’s database, and is left alone';
    throw new StoreError('foreign', `${file}: ${said}`);
  }
  const version = header.readUInt32BE(60);
  if (version > schemaVersion) {
    const said = `it was written by a newer lab, in version ${version}`;
    const mend = `this one knows ${schemaVersion}: update the lab`;
    throw new StoreError('newer', `${file}: ${said}; ${mend}`);
  }
}

/** Compares every object of the schema with what its version must have. */
function checkSchema(db: Database.Database, file: string): void {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version < 1 || version > schemaVersion) {
    throw new StoreError('schema', `${file}: there is no version ${version} of this database`);
  }
  const expected = expectedSchema(version);
  const present = presentSchema(db);
  const odd = present.find((each) => !expected.includes(each));
  const missing = expected.find((each) => !present.includes(each));
  const wrong = odd ?? missing;
  if (wrong === undefined) return;
  const name = wrong.split(':')[0]!.slice(0, 60);
  const said = odd === undefined ? `it lacks the ${name}` : `its ${name} is not the lab’s`;
  throw new StoreError('schema', `${file}: ${said}; it was altered, and nothing of it is used`);
}
