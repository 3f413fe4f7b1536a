// The commands on the database of runs, as the command line has them. Each loads its code when it
// is asked for.

import type { Command, Option } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { ListFilter } from '#db/list.ts';
import type { ForkArguments } from './fork.ts';
import type { DatabaseArguments } from './runs.ts';
import type { ExportArguments } from './share.ts';

/** What the main program lends. */
export interface Lent {
  /** Options of how a run goes on. */
  readonly schedule: (command: Command) => Command;
  readonly variant: () => Option;
  readonly setStatus: (status: number) => void;
  readonly database: () => Option;
  readonly json: () => Option;
}

const wholeOf = (text: string): number => {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('write the number of a run or event');
  return Number(text);
};

const wholes = (text: string, before: number[] = []): number[] => [...before, wholeOf(text)];

/** Adds `runs`, `sql`, `export` and `import`. */
export function addRunsCommands(lab: Command, lent: Lent): void {
  const { setStatus } = lent;
  const options = (command: Command): Command =>
    command.addOption(lent.database()).addOption(lent.json());
  addAgain(lab, lent);
  addLibrary(lab.command('runs').description('the kept runs'), options, setStatus);
  options(lab.command('sql <query>'))
    .description('ask the kept runs in SQL; `event` is a table of every event')
    .action(async (query: string, settings: DatabaseArguments) => {
      setStatus((await import('./sql.ts')).sqlCommand(query, settings));
    });
  options(lab.command('export').argument('<run>', 'its number', wholeOf))
    .description('write a run to a file, to be imported elsewhere or read by another tool')
    .option('--format <name>', 'mlx4run (default), pcapng, perfetto, ftrace, dmesg, jsonl')
    .option(
      '-o, --output <file>',
      'default run-N and what the format is called; - for the terminal',
    )
    .action(async (run: number, settings: ExportArguments) => {
      setStatus(await (await import('./share.ts')).exportCommand(run, settings));
    });
  options(lab.command('import <file>'))
    .description('take in a run that was shared')
    .action(async (file: string, settings: DatabaseArguments) => {
      setStatus((await import('./share.ts')).importCommand(file, settings));
    });
}

/** What runs a kept run again. */
function addAgain(lab: Command, { setStatus, database, json, schedule, variant }: Lent): void {
  lab
    .command('replay')
    .argument('<run>', 'its number', wholeOf)
    .description('run a kept run again and compare every event with the recording')
    .addOption(variant())
    .addOption(database())
    .addOption(json())
    .action(async (run: number, settings: DatabaseArguments & { variant?: string }) => {
      setStatus((await import('./replay.ts')).replayCommand(run, settings));
    });
  lab
    .command('state')
    .argument('<run>', 'its number', wholeOf)
    .description('a kept run at a moment: tasks, locks, references, works, ports')
    .requiredOption('--at <moment>', 'number of an event, or a time with a unit: 6.1s')
    .addOption(database())
    .addOption(json())
    .action(async (run: number, settings: DatabaseArguments & { at: string }) => {
      setStatus((await import('./state.ts')).stateCommand(run, settings));
    });
  schedule(lab.command('fork').argument('<run>', 'its number', wholeOf))
    .description('run a kept run again up to a moment, and go on from there by hand')
    .requiredOption('--at <moment>', 'number of an event, or a time with a unit: 6.1s')
    .option('--run', 'go on by itself to the end, not in a shell')
    .action(async (run: number, settings: ForkArguments) => {
      setStatus(await (await import('./fork.ts')).forkCommand(run, settings));
    });
}

function addLibrary(
  runs: Command,
  options: (command: Command) => Command,
  setStatus: (status: number) => void,
): void {
  options(runs.command('list', { isDefault: true }))
    .description('all, or those that fit')
    .option('--scenario <name>')
    .option('--variant <name>')
    .option('--outcome <name>', 'an outcome, or `cut`')
    .option('--tag <name>')
    .action(async (settings: DatabaseArguments & ListFilter) => {
      setStatus((await import('./runs.ts')).listCommand(settings));
    });
  options(runs.command('show').argument('<run>', 'its number', wholeOf))
    .description('one run')
    .action(async (run: number, settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).showCommand(run, settings));
    });
  options(runs.command('tag').argument('<run>', 'its number', wholeOf).argument('<names...>'))
    .description('add tags; `-- -name` takes one away')
    .action(async (run: number, names: string[], settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).tagCommand(run, names, settings));
    });
  options(runs.command('note').argument('<run>', 'its number', wholeOf).argument('<text>'))
    .description('add a note, or with --at a bookmark')
    .option('--at <event>', 'number of an event', wholeOf)
    .action(async (run: number, text: string, settings: DatabaseArguments & { at?: number }) => {
      setStatus((await import('./runs.ts')).noteCommand(run, text, settings));
    });
  options(runs.command('delete').argument('<runs...>', 'their numbers', wholes))
    .description('delete runs with all that belongs to them')
    .action(async (numbers: number[], settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).deleteCommand(numbers, settings));
    });
  options(runs.command('verify').argument('[runs...]', 'their numbers; default all', wholes))
    .description('check file and runs against their hashes')
    .action(async (numbers: number[] | undefined, settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).verifyCommand(numbers ?? [], settings));
    });
  options(runs.command('vacuum'))
    .description('give the room of deleted runs back')
    .action(async (settings: DatabaseArguments) => {
      setStatus((await import('./runs.ts')).vacuumCommand(settings));
    });
}
