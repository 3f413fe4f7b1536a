// `mlx4-lab lint`: every mistake of a scenario file, with place and mend.

import { exitBadFile, exitPassed } from './exit.ts';
import { BadFile, loadScenario } from './load.ts';
import { print, printError } from './print.ts';

/** Checks a file; gives the exit status. */
export function lintCommand(file: string, json: boolean): number {
  try {
    const scenario = loadScenario(file);
    const { steps, checks, name } = scenario;
    if (json) print(JSON.stringify({ file, name, steps: steps.length, checks: checks.length }));
    else print(`${file}: ${name}: ${steps.length} steps, ${checks.length} checks, no mistakes`);
    return exitPassed;
  } catch (error) {
    if (!(error instanceof BadFile)) throw error;
    if (json) print(JSON.stringify({ file, problems: error.message.split('\n') }));
    else printError(error.message);
    return exitBadFile;
  }
}
