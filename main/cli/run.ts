// `mlx4-lab run`: one scenario, told as it happens, then the result. With --json only the result,
// as one object.

import { choosePolicy, makePolicy } from '#lab/policy.ts';
import type { PolicyName } from '#lab/policy.ts';
import { runEndOf } from '#lab/record/run-record.ts';
import { reportOf } from '#lab/report.ts';
import { ScenarioRun } from '#lab/run.ts';
import type { RunResult } from '#lab/run.ts';
import { exitStatus } from './exit.ts';
import { LiveView } from './live.ts';
import { readScenario, traceHash } from './load.ts';
import { print } from './print.ts';
import { Progress } from './progress.ts';
import { resultText } from './result.ts';
import { keptText, planOf, Recording } from './recording.ts';
import type { RecordingArguments } from './recording.ts';
import { styleFor } from './style.ts';

/** Points between two words about a run that goes on. */
const slicePoints = 100_000;

/** Options that run, story and shell share. */
export interface RunArguments extends RecordingArguments {
  readonly variant?: string;
  readonly seed?: number;
  readonly policy?: PolicyName;
  /** ns. */
  readonly until?: number;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** Runs a file and prints it; gives the exit status. Throws BadFile and StoreError. */
export async function runCommand(file: string, settings: RunArguments): Promise<number> {
  const source = readScenario(file);
  const { scenario } = source;
  const json = settings.json === true;
  const policy = choosePolicy(settings.policy, settings.seed);
  const style = styleFor(process.stdout);
  const write = (piece: string): void => {
    process.stdout.write(piece);
  };
  const view =
    json || settings.quiet === true
      ? null
      : new LiveView({ style, fold: false, echo: true, write });
  const recording = new Recording(
    planOf(source, policy, {
      variant: settings.variant ?? scenario.machine.variant,
      untilNs: settings.until ?? null,
    }),
    settings,
  );
  const run = new ScenarioRun(scenario, {
    policy: makePolicy(policy),
    ...(settings.variant === undefined ? {} : { variant: settings.variant }),
    ...(settings.until === undefined ? {} : { untilNs: settings.until }),
    onStart: (machine) => {
      recording.watch(machine);
      view?.watch(machine);
    },
  });
  const result = runToEnd(run, view !== null);
  view?.flush();
  const number = await recording.finish(runEndOf(result));
  const report = (): unknown => ({
    ...reportOf(result, policy, traceHash(result.trace)),
    run: number,
  });
  print(json ? JSON.stringify(report(), null, 2) : resultText(result, style));
  if (!json && number !== null) print(style.dim(keptText(number, recording)));
  return exitStatus(result);
}

/** Lets a run go on to its end; where nothing of it is shown, with a word about its time. */
export function runToEnd(run: ScenarioRun, isShown: boolean): RunResult {
  const progress = new Progress('running:');
  while (!run.over) {
    run.advance(Infinity, slicePoints);
    if (!isShown) progress.time(run.machine.k.sim.now());
  }
  progress.end();
  return run.result();
}
