// `mlx4-lab guest setup` and `guest run`: what a guest is made of, and lines of shell that it runs.
// A line that begins with a colon is the hands around it: cables and faults, as in `mlx4-lab
// shell`.

import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import type { Answer } from '#guest/console.ts';
import { GuestSilent } from '#guest/console.ts';
import { guestFiles, NoGuest } from '#guest/files.ts';
import { Guest } from '#guest/guest.ts';
import { NoPackages } from '#guest/packages/apt.ts';
import { BadPackage } from '#guest/packages/deb.ts';
import type { Flavour } from '#guest/packages/wanted.ts';
import { setUpGuest } from '#guest/setup.ts';
import { defaultMachineSpec } from '#lab/default-machine.ts';
import { parseHand } from '#lab/hands.ts';
import { applyHand } from '#lab/input.ts';
import { BadFile } from './bad-file.ts';
import { exitCheckFailed, exitPassed, exitTimeOut } from './exit.ts';
import { print, printError } from './print.ts';

/** Options of every command with a guest. */
export interface GuestArguments {
  readonly flavour: Flavour;
  readonly json?: boolean;
}

export interface SetupArguments extends GuestArguments {
  /** A folder with packages. */
  readonly debs?: string;
}

/** A line and what came of it. */
export interface RanLine extends Answer {
  readonly line: string;
}

const isSaid = (error: unknown): error is Error =>
  error instanceof NoGuest || error instanceof NoPackages || error instanceof BadPackage;

/** Gets a guest ready. Throws BadFile. */
export async function setupCommand({ flavour, debs }: SetupArguments): Promise<number> {
  try {
    await setUpGuest({ flavour, say: print, ...(debs !== undefined && { debs }) });
    return exitPassed;
  } catch (error) {
    if (isSaid(error)) throw new BadFile(error.message);
    throw error;
  }
}

/** A guest from its snapshot. Throws BadFile when there is none. */
export async function openGuest(flavour: Flavour): Promise<Guest> {
  try {
    const files = guestFiles(flavour);
    return await Guest.start({ files, snapshot: files.snapshot });
  } catch (error) {
    if (isSaid(error)) throw new BadFile(error.message);
    throw error;
  }
}

/** Does what hands do: null, or why it was not done. */
export function actOn(guest: Guest, line: string): string | null {
  const input = parseHand(line, defaultMachineSpec);
  return typeof input === 'string' ? input : applyHand(guest, input);
}

/**
 * Runs one line of shell or of hands; `say` is told why a hand did not do it. Throws GuestSilent.
 */
export async function runLine(
  guest: Guest,
  line: string,
  say: (text: string) => void = () => undefined,
): Promise<RanLine> {
  if (!line.startsWith(':')) return { line, ...(await guest.run(line)) };
  const why = actOn(guest, line.slice(1));
  if (why !== null) say(why);
  return { line, output: why ?? '', code: why === null ? 0 : 1 };
}

/** The lines of a script: all but empty ones and comments. Throws BadFile. */
async function linesOf(script: string | undefined): Promise<string[]> {
  try {
    const whole = script === undefined ? await text(process.stdin) : readFileSync(script, 'utf8');
    return whole.split('\n').filter((line) => /^\s*[^\s#]/.test(line));
  } catch (error) {
    throw new BadFile(`${script}: cannot be read (${(error as Error).message})`);
  }
}

/**
 * Runs a script line by line; the exit status is 1 when its last line failed, as a shell's is.
 * Throws BadFile.
 */
export async function guestRunCommand(
  script: string | undefined,
  { flavour, json }: GuestArguments,
): Promise<number> {
  const lines = await linesOf(script);
  const guest = await openGuest(flavour);
  const say = json === true ? () => undefined : print;
  guest.console.onLine = say;
  const ran: RanLine[] = [];
  try {
    for (const line of lines) {
      say(`# ${line}`);
      ran.push(await runLine(guest, line, say));
    }
    if (json === true) print(JSON.stringify(ran, null, 2));
    return (ran.at(-1)?.code ?? 0) === 0 ? exitPassed : exitCheckFailed;
  } catch (error) {
    if (!(error instanceof GuestSilent)) throw error;
    printError(error.message);
    return exitTimeOut;
  } finally {
    await guest.stop();
  }
}
