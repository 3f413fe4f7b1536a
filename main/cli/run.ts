// `mlx4-lab run`: one scenario, told as it happens, then the result. With --json only the result,
// as one object.

import { choosePolicy, makePolicy } from '#lab/policy.ts';
import type { PolicyName } from '#lab/policy.ts';
import { reportOf } from '#lab/report.ts';
import { runScenario } from '#lab/run.ts';
import type { Scenario } from '#lab/scenario/scenario.ts';
import { exitStatus } from './exit.ts';
import { LiveView } from './live.ts';
import { readScenario, traceHash } from './load.ts';
import { print } from './print.ts';
import { resultText } from './result.ts';
import { styleFor } from './style.ts';

/** Options that run, story and shell share. */
export interface RunArguments {
  readonly variant?: string;
  readonly seed?: number;
  readonly policy?: PolicyName;
  /** ns. */
  readonly until?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Runs a file; gives the exit status. Throws BadFile. */
export function runCommand(file: string, settings: RunArguments): number {
  return runAndPrint(readScenario(file), settings);
}

/** Runs a scenario and prints it. */
export function runAndPrint(scenario: Scenario, settings: RunArguments): number {
  const json = settings.json === true;
  const policy = choosePolicy(settings.policy, settings.seed);
  const style = styleFor(process.stdout);
  const write = (text: string): void => {
    process.stdout.write(text);
  };
  const view =
    json || settings.quiet === true
      ? null
      : new LiveView({ style, fold: false, echo: true, write });
  const result = runScenario(scenario, {
    policy: makePolicy(policy),
    ...(settings.variant === undefined ? {} : { variant: settings.variant }),
    ...(settings.until === undefined ? {} : { untilNs: settings.until }),
    onStart: (machine) => view?.watch(machine),
  });
  view?.flush();
  if (json) print(JSON.stringify(reportOf(result, policy, traceHash(result.trace)), null, 2));
  else print(resultText(result, style));
  return exitStatus(result);
}
