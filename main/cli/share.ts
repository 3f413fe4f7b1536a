// `mlx4-lab export` and `import`: one run as a file that can be given to somebody.
// The file is a `.mlx4run`; what it holds and how it is checked is db/share.ts.

import { exportRun, importRun } from '#db/share.ts';
import { exitPassed } from './exit.ts';
import { print } from './print.ts';
import { withDatabase } from './runs.ts';
import type { DatabaseArguments } from './runs.ts';

/** Writes a run to a new file; gives the exit status. Throws StoreError. */
export function exportCommand(
  run: number,
  settings: DatabaseArguments & { readonly output?: string },
): number {
  const file = settings.output ?? `run-${run}.mlx4run`;
  withDatabase(settings, (db) => exportRun(db, run, file));
  print(settings.json === true ? JSON.stringify({ run, file }) : `run ${run} is in ${file}`);
  return exitPassed;
}

/** Takes a run in; gives the exit status. Throws StoreError, with nothing changed. */
export function importCommand(file: string, settings: DatabaseArguments): number {
  const { run, known } = withDatabase(settings, (db) => importRun(db, file));
  const text = known ? `${file} is here already, as run ${run}` : `${file} is now run ${run}`;
  print(settings.json === true ? JSON.stringify({ run, known }) : text);
  return exitPassed;
}
