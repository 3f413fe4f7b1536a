// The commands on the database of runs, as the command line has them. Each loads its code when it
// is asked for.

import type { Command, Option } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { ListFilter } from '#db/list.ts';
import type { CompareArguments } from './compare.ts';
import type { ForkArguments } from './fork.ts';
import type { DatabaseArguments } from './runs.ts';
import type { ExportArguments } from './share.ts';

/** What the main program lends. */
export interface Lent {
  readonly setStatus: (status: number) => void;
  /** Adds the options of how a run goes on. */
  readonly schedule: (command: Command) => Command;
  readonly variant: () => Option;
  readonly database: () => Option;
  readonly json: () => Option;
}

const wholeOf = (text: string): number => {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('write the number of a run or event');
  return Number(text);
};

const wholes = (text: string, before: number[] = []): number[] => [...before, wholeOf(text)];

/** Adds every command that is about kept runs. */
export function addRunsCommands(lab: Command, lent: Lent): void {
  addAgain(lab, lent);
  addQuestions(lab, lent);
  addSharing(lab, lent);
  addLibrary(lab.command('runs').description('the kept runs'), lent);
}

/** Every one of them has these. */
const options = (command: Command, { database, json }: Lent): Command =>
  command.addOption(database()).addOption(json());

const momentText = 'number of an event, or a time with a unit: 6.1s';

/** What runs a kept run again. */
function addAgain(lab: Command, lent: Lent): void {
  const { setStatus, schedule, variant } = lent;
  options(lab.command('replay').argument('<run>', 'its number', wholeOf), lent)
    .description('run a kept run again and compare every event with the recording')
    .addOption(variant())
    .action(async (run: number, settings: DatabaseArguments & { variant?: string }) => {
      setStatus((await import('./replay.ts')).replayCommand(run, settings));
    });
  schedule(lab.command('fork').argument('<run>', 'its number', wholeOf))
    .description('run a kept run again up to a moment, and go on from there by hand')
    .requiredOption('--at <moment>', momentText)
    .option('--run', 'go on by itself to the end, not in a shell')
    .action(async (run: number, settings: ForkArguments) => {
      setStatus(await (await import('./fork.ts')).forkCommand(run, settings));
    });
}

/** What looks at kept runs without running them. */
function addQuestions(lab: Command, lent: Lent): void {
  const { setStatus, variant } = lent;
  options(lab.command('state').argument('<run>', 'its number', wholeOf), lent)
    .description('a kept run at a moment: tasks, locks, references, works, ports')
    .requiredOption('--at <moment>', momentText)
    .action(async (run: number, settings: DatabaseArguments & { at: string }) => {
      setStatus((await import('./state.ts')).stateCommand(run, settings));
    });
  options(lab.command('compare').argument('<runs...>', 'their numbers', wholes), lent)
    .description('what two runs have in common and where they part; more runs: a table')
    .addOption(variant())
    .action(async (runs: number[], settings: CompareArguments) => {
      setStatus((await import('./compare.ts')).compareCommand(runs, settings));
    });
  options(lab.command('sql <query>'), lent)
    .description('ask the kept runs in SQL; `event` is a table of every event')
    .action(async (query: string, settings: DatabaseArguments) => {
      setStatus((await import('./sql.ts')).sqlCommand(query, settings));
    });
}

function addSharing(lab: Command, lent: Lent): void {
  const { setStatus } = lent;
  options(lab.command('export').argument('<run>', 'its number', wholeOf), lent)
    .description('write a run to a file, to be imported elsewhere or read by another tool')
    .option('--format <name>', 'mlx4run (default), pcapng, perfetto, ftrace, dmesg, jsonl')
    .option('-o, --output <file>', 'default run-N and the name of the format; - for the terminal')
    .action(async (run: number, settings: ExportArguments) => {
      setStatus(await (await import('./share.ts')).exportCommand(run, settings));
    });
  options(lab.command('import <file>'), lent)
    .description('take in a run that was shared')
    .action(async (file: string, settings: DatabaseArguments) => {
      setStatus((await import('./share.ts')).importCommand(file, settings));
    });
}

function addLibrary(runs: Command, lent: Lent): void {
  const { setStatus } = lent;
  options(runs.command('list', { isDefault: true }), lent)
    .description('all, or those that fit')
    .option('--scenario <name>')
    .option('--variant <name>')
    .option('--outcome <name>', 'an outcome, or `cut`')
    .option('--tag <name>')
    .action(async (settings: DatabaseArguments & ListFilter) => {
      setStatus((await import('./runs.ts')).listCommand(settings));
    });
  options(runs.command('show').argument('<run>', 'its number', wholeOf), lent)
    .description('one run')
    .action(async (run: number, settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).showCommand(run, settings));
    });
  options(runs.command('tag').argument('<run>', 'its number', wholeOf).argument('<names...>'), lent)
    .description('add tags; `-- -name` takes one away')
    .action(async (run: number, names: string[], settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).tagCommand(run, names, settings));
    });
  options(runs.command('note').argument('<run>', 'its number', wholeOf).argument('<text>'), lent)
    .description('add a note, or with --at a bookmark')
    .option('--at <event>', 'number of an event', wholeOf)
    .action(async (run: number, text: string, settings: DatabaseArguments & { at?: number }) => {
      setStatus((await import('./runs.ts')).noteCommand(run, text, settings));
    });
  options(runs.command('delete').argument('<runs...>', 'their numbers', wholes), lent)
    .description('delete runs with all that belongs to them')
    .action(async (numbers: number[], settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).deleteCommand(numbers, settings));
    });
  options(runs.command('verify').argument('[runs...]', 'their numbers; default all', wholes), lent)
    .description('check file and runs against their hashes')
    .action(async (numbers: number[] | undefined, settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).verifyCommand(numbers ?? [], settings));
    });
  options(runs.command('vacuum'), lent)
    .description('give the room of deleted runs back')
    .action(async (settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).vacuumCommand(settings));
    });
}
