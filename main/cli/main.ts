// The `mlx4-lab` command: wires the lab to a terminal, files and exit codes. Exit codes: 0 every
// check passed, 1 a check failed, 2 usage, 3 bad file, 42 time-out. Each command is loaded when it
// is asked for, so that help and mistakes in the command line come at once.

import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { batchPolicyNames } from '#lab/policy.ts';
import { variantNames, variantProblem } from '#lab/variants.ts';
import { parseTime } from '#lab/scenario/units.ts';
import { exitBadFile, exitUsage } from './exit.ts';
import { BadFile } from './bad-file.ts';
import { printError } from './print.ts';
import { addGuestCommands } from './guest-commands.ts';
import { addRunsCommands } from './runs-commands.ts';
import type { RunArguments } from './run.ts';
import type { ShellArguments } from './shell.ts';
import type { StoryArguments } from './story.ts';

const time = (text: string): number => {
  const parsed = parseTime(text);
  if (parsed === undefined) throw new InvalidArgumentError('write a time with a unit: 30s, 5m');
  return parsed;
};

const whole = (text: string): number => {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value)) {
    throw new InvalidArgumentError('write a whole number from 0');
  }
  return value;
};

const variant = (text: string): string => {
  const problem = variantProblem(text);
  if (problem !== null) throw new InvalidArgumentError(problem);
  return text;
};

const database = (): Option =>
  new Option('--db <file>', 'database of runs; default MLX4_LAB_DB or the user’s data folder');

const json = (): Option => new Option('--json', 'JSON instead of text');

const variantOption = (): Option =>
  new Option(
    '--variant <name>',
    `driver: ${variantNames.join(', ')}, or one with switches`,
  ).argParser(variant);

/** The options of everything that runs a machine. */
const machineOptions = (command: Command): Command => schedule(command.addOption(variantOption()));

/** How a run is scheduled, and kept. */
function schedule(command: Command): Command {
  return command
    .option('--seed <number>', 'seed of the random policy, which it implies', whole)
    .addOption(
      new Option('--policy <name>', 'who runs when several could').choices(batchPolicyNames),
    )
    .addOption(database())
    .option('--no-record', 'do not keep the run')
    .addOption(json());
}

function program(setStatus: (status: number) => void): Command {
  const lab = new Command('mlx4-lab')
    .description('A lab for what goes wrong inside a network driver')
    .exitOverride()
    .configureHelp({ helpWidth: 100 })
    .showHelpAfterError('(mlx4-lab --help shows every command)');
  machineOptions(lab.command('run <file>'))
    .description('run a scenario file')
    .option('--until <time>', 'end of the run in virtual time, with a unit', time)
    .option('--quiet', 'no kernel log and no terminal, only the result')
    .action(async (file: string, settings: RunArguments) => {
      const { runCommand } = await import('./run.ts');
      setStatus(await runCommand(file, settings));
    });
  machineOptions(lab.command('shell'))
    .description("a trainee's shell on a machine of the lab")
    .option('--scenario <file>', 'take the machine of a scenario, not the default one')
    .action(async (settings: ShellArguments) => {
      const { shellCommand } = await import('./shell.ts');
      setStatus(await shellCommand(settings));
    });
  lab
    .command('story')
    .description('the bond deadlock of August 2023, told in the terminal')
    .addOption(database())
    .option('--no-record', 'do not keep the runs')
    .addOption(json())
    .action(async (settings: StoryArguments) => {
      const { storyCommand } = await import('./story.ts');
      setStatus(await storyCommand(settings));
    });
  lab
    .command('lint <file>')
    .description('check a scenario file without running it')
    .addOption(json())
    .action(async (file: string, settings: { readonly json?: boolean }) => {
      const { lintCommand } = await import('./lint.ts');
      setStatus(lintCommand(file, settings.json === true));
    });
  lab
    .command('modelled')
    .description('what the card models: every firmware command and its state')
    .addOption(json())
    .action(async (settings: { readonly json?: boolean }) => {
      const { modelledCommand } = await import('./modelled.ts');
      setStatus(modelledCommand(settings.json === true));
    });
  addRunsCommands(lab, { setStatus, database, json, schedule, variant: variantOption });
  addGuestCommands(lab, { setStatus, database, json, variant: variantOption });
  return lab;
}

/** By name: the class would load the database for commands that have no use for it. */
const isStoreError = (error: unknown): error is Error =>
  error instanceof Error && error.name === 'StoreError';

/** Runs the command line; gives the exit status. `argv` is without node and script. */
export async function main(argv: string[]): Promise<number> {
  let status = 0;
  const setStatus = (value: number): void => {
    status = value;
  };
  try {
    await program(setStatus).parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (error instanceof BadFile || isStoreError(error)) {
      printError(error.message);
      return exitBadFile;
    }
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : exitUsage;
  }
  return status;
}
