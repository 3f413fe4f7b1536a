// `mlx4-lab lint`: every mistake of a scenario file, with its place and its mend. Nothing runs; a
// file that passes can still fail at run time, where the driver decides.

import { BadFile } from './bad-file.ts';
import { exitBadFile, exitPassed } from './exit.ts';
import { readScenario } from './load.ts';
import { print, printError } from './print.ts';

/** Checks a file; gives the exit status. */
export function lintCommand(file: string, json: boolean): number {
  try {
    const { name, title, steps, checks } = readScenario(file).scenario;
    const counts = { steps: steps.length, checks: checks.length };
    if (json) print(JSON.stringify({ file, name, title, ...counts, problems: [] }, null, 2));
    else print(`${file}: ${name}: ${counts.steps} steps, ${counts.checks} checks, no mistakes`);
    return exitPassed;
  } catch (error) {
    if (!(error instanceof BadFile)) throw error;
    const { message, problems } = error;
    if (json) print(JSON.stringify({ file, message, problems }, null, 2));
    else printError(message);
    return exitBadFile;
  }
}
