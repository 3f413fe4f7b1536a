// The `mlx4-lab` command: wires the lab to a terminal, files and exit codes. Exit codes: 0 every check
// passed, 1 a check failed, 2 usage, 3 bad file, 42 time-out.

import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { parseTime } from '#lab/scenario/reader.ts';
import { exitUsage } from './exit.ts';
import { lintCommand } from './lint.ts';
import { modelledCommand } from './modelled.ts';
import { runCommand } from './run.ts';
import type { RunArguments } from './run.ts';
import { shellCommand } from './shell.ts';
import { storyCommand } from './story.ts';

const time = (text: string): number => {
  const parsed = parseTime(text);
  if (parsed === undefined) throw new InvalidArgumentError('write a time with a unit: 30s, 5m');
  return parsed;
};

const whole = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError('write a whole number from 0');
  }
  return value;
};

const policies = ['until-blocked', 'random'];

const policy = (text: string): string => {
  if (!policies.includes(text)) {
    throw new InvalidArgumentError(`one of: ${policies.join(', ')}`);
  }
  return text;
};

function program(setStatus: (status: number) => void): Command {
  const lab = new Command('mlx4-lab')
    .description('A lab for what goes wrong inside a network driver')
    .exitOverride()
    .showHelpAfterError('(mlx4-lab --help shows every command)');
  const options = (command: Command): Command =>
    command
      .option('--variant <name>', 'driver variant: v6.1, naive, early-unregister, v6.6, or a mix')
      .option('--seed <number>', 'seed of the random policy (implies --policy random)', whole)
      .option('--policy <name>', `scheduling policy: ${policies.join(' or ')}`, policy)
      .option('--until <time>', 'end of the run in virtual time, with a unit', time)
      .option('--json', 'one JSON object instead of text');
  options(lab.command('run <file>'))
    .description('run a scenario file')
    .option('--quiet', 'no kernel log and no terminal, only the result')
    .action((file: string, settings: RunArguments) => {
      setStatus(runCommand(file, settings));
    });
  options(lab.command('story'))
    .description('the bond deadlock of August 2023, told in the terminal')
    .action((settings: RunArguments) => {
      setStatus(storyCommand(settings));
    });
  options(lab.command('shell'))
    .description("a trainee's shell on a machine of the lab")
    .action(async (settings: RunArguments) => {
      setStatus(await shellCommand(settings));
    });
  lab
    .command('lint <file>')
    .description('check a scenario file without running it')
    .option('--json', 'one JSON object instead of text')
    .action((file: string, settings: { json?: boolean }) => {
      setStatus(lintCommand(file, settings.json === true));
    });
  lab
    .command('modelled')
    .description('what the card models: every firmware command and its state')
    .option('--json', 'one JSON object instead of text')
    .action((settings: { json?: boolean }) => {
      setStatus(modelledCommand(settings.json === true));
    });
  return lab;
}

/** Runs the command line; gives the exit status. `argv` is without node and script. */
export async function main(argv: string[]): Promise<number> {
  let status = 0;
  try {
    await program((value) => {
      status = value;
    }).parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : exitUsage;
  }
  return status;
}
