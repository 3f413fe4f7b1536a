// `mlx4-lab export` and `import`: one run as a file that can be given to somebody, or to another
// tool. A `.mlx4run` is a run itself (db/share.ts) and can be taken in again; the other formats are
// made of it (main/lab/export).

import { once } from 'node:events';
import { closeSync, existsSync, openSync, rmSync, writeSync } from 'node:fs';
import { loadRun } from '#db/reader.ts';
import { exportRun, importRun } from '#db/share.ts';
import { guarded, StoreError } from '#db/store-error.ts';
import { exportFormats, formatNames } from '#lab/export/formats.ts';
import type { FormatName } from '#lab/export/formats.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { exitPassed, exitUsage } from './exit.ts';
import { print, printError } from './print.ts';
import { Progress } from './progress.ts';
import { withDatabase } from './runs.ts';
import type { DatabaseArguments } from './runs.ts';

/** Name of the format that can be taken in again. */
const ownFormat = 'mlx4run';

export interface ExportArguments extends DatabaseArguments {
  /** Default: the one that can be taken in again. */
  readonly format?: string;
  /** A file, or `-` for standard output. */
  readonly output?: string;
}

/** Waits until standard output takes more; false when nobody reads it any longer (`| head`). */
async function hasReader(): Promise<boolean> {
  try {
    await once(process.stdout, 'drain');
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
    return false;
  }
}

/** To standard output, as fast as its reader reads. */
async function writeOut(record: RunRecord, format: FormatName): Promise<void> {
  for (const piece of exportFormats[format].write(record)) {
    if (!process.stdout.write(piece) && !(await hasReader())) return;
  }
}

function writePieces(handle: number, record: RunRecord, format: FormatName): void {
  const progress = new Progress('exporting');
  let bytes = 0;
  for (const piece of exportFormats[format].write(record)) {
    bytes += writeSync(handle, typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece);
    progress.bytes(bytes);
  }
  progress.end();
}

/** Writes a new file, or none. */
function writeFile(file: string, record: RunRecord, format: FormatName): void {
  if (existsSync(file)) {
    throw new StoreError('unreadable', `${file}: there is a file already; give another name`);
  }
  guarded(file, () => {
    const handle = openSync(file, 'wx');
    try {
      writePieces(handle, record, format);
    } catch (error) {
      rmSync(file);
      throw error;
    } finally {
      closeSync(handle);
    }
  });
}

/** A run in a form that other tools read; null when it went to standard output. */
async function exportAs(
  format: FormatName,
  run: number,
  settings: ExportArguments,
): Promise<string | null> {
  const file = settings.output ?? `run-${run}.${exportFormats[format].extension}`;
  const record = withDatabase(settings, (db) => loadRun(db, run));
  if (file === '-') {
    await writeOut(record, format);
    return null;
  }
  writeFile(file, record, format);
  return file;
}

function exportOwn(run: number, settings: ExportArguments): string {
  const file = settings.output ?? `run-${run}.${ownFormat}`;
  withDatabase(settings, (db) => {
    exportRun(db, run, file);
  });
  return file;
}

/** Writes a run to a new file; gives the exit status. Throws StoreError. */
export async function exportCommand(run: number, settings: ExportArguments): Promise<number> {
  const { format = ownFormat } = settings;
  const known = formatNames.find((name) => name === format);
  if (known === undefined && format !== ownFormat) {
    const names = formatNames.map(
      (name) => `  ${name.padEnd(9)} ${exportFormats[name].description}`,
    );
    const said = `--format: there is no ${format}; choose ${ownFormat} (a run to import) or`;
    printError([said, ...names].join('\n'));
    return exitUsage;
  }
  if (known === undefined && settings.output === '-') {
    printError('--output: a run that can be imported is a file; give its name');
    return exitUsage;
  }
  const file =
    known === undefined ? exportOwn(run, settings) : await exportAs(known, run, settings);
  const text = settings.json === true ? JSON.stringify({ run, file }) : `run ${run} is in ${file}`;
  if (file !== null) print(text);
  return exitPassed;
}

/** Takes a run in; gives the exit status. Throws StoreError, with nothing changed. */
export function importCommand(file: string, settings: DatabaseArguments): number {
  const progress = new Progress('importing');
  const { run, known } = withDatabase(settings, (db) =>
    importRun(db, file, (done, total) => {
      progress.part(done, total);
    }),
  );
  progress.end();
  const text = known ? `${file} is here already, as run ${run}` : `${file} is now run ${run}`;
  print(settings.json === true ? JSON.stringify({ run, known }) : text);
  return exitPassed;
}
