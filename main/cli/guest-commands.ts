// `mlx4-lab guest`: the real Linux on the lab's card, as the command line has it. Each command
// loads its code when it is asked for.

import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import { guestsMax } from '#guest/names.ts';
import { flavours } from '#guest/packages/wanted.ts';
import type { SetupArguments } from './guest.ts';
import type { GuestCompareArguments } from './guest-compare.ts';
import type { GuestSessionArguments } from './guest-session.ts';

/** What the main program lends. */
export interface LentToGuest {
  readonly setStatus: (status: number) => void;
  readonly database: () => Option;
  readonly json: () => Option;
  readonly variant: () => Option;
}

const flavour = (): Option =>
  new Option('--flavour <name>', "which of Debian's kernels: with or without PAE")
    .choices(flavours)
    .default(flavours[0]);

function guestCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= 1 && count <= guestsMax) return count;
  throw new InvalidArgumentError(`write a whole number from 1 to ${guestsMax}`);
}

const guests = (): Option =>
  new Option(
    '--guests <count>',
    'so many on one fabric, with card0, card1, …; @card1 LINE is for one',
  )
    .argParser(guestCount)
    .default(1);

/** Adds them. */
export function addGuestCommands(lab: Command, lent: LentToGuest): void {
  const { setStatus, database, json, variant } = lent;
  const kept = (command: Command): Command =>
    command
      .addOption(flavour())
      .addOption(guests())
      .addOption(database())
      .option('--no-record', 'do not keep the run')
      .option('--no-packets', 'leave out packets, doorbells and interrupts, for long runs');

  const guest = lab
    .command('guest')
    .description("Linux's own driver on the lab's card, in an emulated PC");
  guest
    .command('setup')
    .description("get Debian's kernel, unpack it, boot it once and keep a snapshot")
    .addOption(flavour())
    .option('--debs <folder>', 'packages that are there already; it says which are not')
    .action(async (settings: SetupArguments) => {
      setStatus(await (await import('./guest.ts')).setupCommand(settings));
    });
  kept(guest.command('run [script]'))
    .description(
      'run lines of shell, from a file or standard input; :pull card0 port 1 and the like',
    )
    .addOption(json())
    .action(async (script: string | undefined, settings: GuestSessionArguments) => {
      setStatus(await (await import('./guest.ts')).guestRunCommand(script, settings));
    });
  kept(guest.command('shell'))
    .description('type at it')
    .action(async (settings: GuestSessionArguments) => {
      setStatus(await (await import('./guest-shell.ts')).guestShellCommand(settings));
    });
  guest
    .command('compare')
    .description("the real driver's firmware commands beside ours, while both do the same things")
    .addOption(flavour())
    .addOption(variant())
    .option('--all', 'also what both have sent')
    .addOption(json())
    .action(async (settings: GuestCompareArguments) => {
      setStatus(await (await import('./guest-compare.ts')).guestCompareCommand(settings));
    });
}
