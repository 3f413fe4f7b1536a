// `mlx4-lab sql`: a question to the database of runs, answered as a table or as JSON.
// The database is opened for reading only: a question cannot lose anything.

import { QueryDatabase } from '#db/query.ts';
import { defaultDatabase } from '#db/data-folder.ts';
import { exitPassed, exitUsage } from './exit.ts';
import { print, printError } from './print.ts';
import { Progress } from './progress.ts';
import type { DatabaseArguments } from './runs.ts';

type Row = Readonly<Record<string, unknown>>;

/** SQLite has numbers, texts, blobs and nothing else. */
function cell(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  return typeof value === 'number' || typeof value === 'string' ? String(value) : '';
}

/** Columns as wide as what is in them. */
function table(rows: readonly Row[]): string {
  const names = Object.keys(rows[0] ?? {});
  const lines = [names, ...rows.map((row) => names.map((name) => cell(row[name])))];
  const widths = names.map((_, at) => Math.max(...lines.map((cells) => cells[at]!.length)));
  return lines
    .map((cells) =>
      cells
        .map((text, at) => text.padEnd(widths[at]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Answers one SELECT; gives the exit status. Throws StoreError. */
export function sqlCommand(sql: string, settings: DatabaseArguments): number {
  const progress = new Progress('looking at');
  let events = 0;
  const database = new QueryDatabase(settings.db ?? defaultDatabase(), (count) => {
    events += count;
    progress.events(events);
  });
  try {
    const rows = [...database.ask(sql)];
    progress.end();
    if (settings.json === true) print(JSON.stringify(rows, null, 2));
    else print(rows.length === 0 ? 'no rows' : table(rows));
    return exitPassed;
  } catch (error) {
    const isQuestion = error instanceof TypeError || (error as Error).name === 'SqliteError';
    if (!isQuestion) throw error;
    progress.end();
    printError(`sql: ${(error as Error).message}`);
    return exitUsage;
  } finally {
    database.close();
  }
}
