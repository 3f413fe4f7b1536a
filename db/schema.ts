// Versions of the database: numbered SQL files that are only ever added to, and the marks by which
// a file is known as ours. The schema of a version is what its migrations make in an empty
// database: nothing states it twice.

import Database from 'better-sqlite3';
import { readFileSync } from 'node:fs';

/** PRAGMA application_id of a database of runs, "mlx4". */
export const labApplicationId = 0x6d6c7834;
/** PRAGMA application_id of one shared run, "mlxr". */
export const sharedApplicationId = 0x6d6c7872;

const migrationFiles = ['001-runs.sql', '002-name.sql', '003-learning.sql'] as const;

/** PRAGMA user_version of this program. */
export const schemaVersion = migrationFiles.length;

const migration = (version: number): string =>
  readFileSync(new URL(`migrations/${migrationFiles[version - 1]!}`, import.meta.url), 'utf8');

/** Brings a database from its version to the newest, each step whole or not at all. */
export function migrate(db: Database.Database, to: number = schemaVersion): void {
  const from = db.pragma('user_version', { simple: true }) as number;
  for (let version = from + 1; version <= to; version++) {
    db.transaction(() => {
      db.exec(migration(version));
      db.pragma(`user_version = ${version}`);
    }).immediate();
  }
}

/** One object of a schema. */
interface SchemaRow {
  readonly type: string;
  readonly name: string;
  readonly tbl_name: string;
  readonly sql: string | null;
  /** What the names are stored as: SQLite takes a blob for a text. */
  readonly types: string;
}

const schemaQuery = `
  SELECT type, name, tbl_name, sql, typeof(type) || typeof(name) || typeof(tbl_name) AS types
  FROM main.sqlite_schema ORDER BY type, name`;

const asText = ({ type, name, tbl_name, sql, types }: SchemaRow): string =>
  `${type} ${name}: ${tbl_name} ${types} ${sql ?? ''}`;

/** What a database's schema must be at a version, object by object. */
export function expectedSchema(version: number): string[] {
  const db = new Database(':memory:');
  migrate(db, version);
  const rows = db.prepare<[], SchemaRow>(schemaQuery).all();
  db.close();
  return rows.map(asText);
}

/** What it is. */
export const presentSchema = (db: Database.Database): string[] =>
  db.prepare<[], SchemaRow>(schemaQuery).all().map(asText);
