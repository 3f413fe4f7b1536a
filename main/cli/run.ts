// `mlx4-lab run`: one scenario, told as it happens, then the result.

import { variantMend } from '#driver/variant.ts';
import type { LabMachine } from '#lab/machine.ts';
import { runScenario } from '#lab/run.ts';
import type { RunResult } from '#lab/run.ts';
import { exitBadFile, exitStatus, exitUsage } from './exit.ts';
import { BadFile, loadScenario, makePolicy, traceHash } from './load.ts';
import { print, printError, resultText, seconds } from './print.ts';

/** Options of `run`, `story` and `shell`. */
export interface RunArguments {
  readonly variant?: string;
  readonly seed?: number;
  readonly policy?: string;
  /** ns. */
  readonly until?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Runs a file; gives the exit status. */
export function runCommand(file: string, settings: RunArguments): number {
  try {
    const mend = settings.variant === undefined ? null : variantMend(settings.variant);
    if (mend !== null) {
      printError(`mlx4-lab: unknown variant ${settings.variant!}: ${mend}`);
      return exitUsage;
    }
    const result = runFile(file, settings);
    print(settings.json === true ? jsonText(result, settings) : resultText(result));
    return exitStatus(result);
  } catch (error) {
    if (!(error instanceof BadFile)) throw error;
    printError(error.message);
    return exitBadFile;
  }
}

/** Runs a file with live output unless it is off. */
export function runFile(file: string, settings: RunArguments): RunResult {
  const scenario = loadScenario(file);
  const live = settings.json !== true && settings.quiet !== true;
  return runScenario(scenario, {
    policy: makePolicy(settings.policy, settings.seed),
    ...(settings.variant === undefined ? {} : { variant: settings.variant }),
    ...(settings.until === undefined ? {} : { untilNs: settings.until }),
    ...(live ? { onMachine: showLive } : {}),
  });
}

/** Kernel log and terminals as they come. */
export function showLive(machine: LabMachine): void {
  machine.k.log.onRecord = (record) => {
    print(`[${seconds(record.timeNs)}] ${record.text}`);
  };
  machine.onTerminal = (terminal) => {
    terminal.screen.onText = (text) => {
      process.stdout.write(text);
    };
  };
}

/** The result as one JSON object. */
export function jsonText(result: RunResult, settings: RunArguments): string {
  return JSON.stringify(
    {
      outcome: result.outcome,
      findings: result.findings,
      checks: result.checks,
      variant: result.variant,
      policy: result.policy,
      seed: settings.seed ?? null,
      virtualNs: result.virtualNs,
      events: result.events,
      unfinished: result.unfinished,
      hash: traceHash(result.trace),
    },
    null,
    2,
  );
}
