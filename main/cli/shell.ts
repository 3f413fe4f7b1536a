// `mlx4-lab shell`: a session on a new machine, the default one or that of a scenario.
// What a session is, is in session.ts.

import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { exitPassed } from './exit.ts';
import { readScenario } from './load.ts';
import type { ScenarioFile } from './load.ts';
import { planOf } from './recording.ts';
import type { RunArguments } from './run.ts';
import { driveSession, Session } from './session.ts';
import type { Opened } from './session.ts';

/** What a booted machine has done by itself. */
const bootNs = 2e9;

/** A session on the default machine as a scenario. */
const defaultText = 'version: 1\nname: shell\nsteps: []\n';

export interface ShellArguments extends RunArguments {
  /** A scenario whose machine is taken; its steps are not run. */
  readonly scenario?: string;
}

const sourceOf = (file: string | undefined): ScenarioFile =>
  file === undefined
    ? { scenario: loadScenario('', defaultText), text: defaultText }
    : readScenario(file);

/** A new machine. Throws BadFile. */
function open(settings: ShellArguments): Opened {
  const source = sourceOf(settings.scenario);
  const { scenario } = source;
  const policy = choosePolicy(settings.policy, settings.seed);
  const variant = settings.variant ?? scenario.machine.variant;
  const run = new ScenarioRun(scenario, {
    policy: makePolicy(policy),
    variant,
    scripted: false,
    live: true,
  });
  return { run, policy, plan: planOf(source, policy, { variant, scripted: false, live: true }) };
}

/** Runs the shell until the end of input; gives the exit status. Throws BadFile, StoreError. */
export async function shellCommand(settings: ShellArguments): Promise<number> {
  const opened = open(settings);
  const session = new Session(opened, settings);
  opened.run.advance(bootNs);
  await driveSession(session);
  return exitPassed;
}
