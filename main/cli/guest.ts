// `mlx4-lab guest setup` and `guest run`: what a guest is made of, and lines of shell that it runs.
// A line that begins with a colon is the hands around it: cables and faults, as in `mlx4-lab
// shell`. With --guests there are several, and guest-lines.ts says which one a line is for.

import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { GuestSilent } from '#guest/console.ts';
import { setUpGuest } from '#guest/setup.ts';
import { BadFile } from './bad-file.ts';
import { exitCheckFailed, exitPassed, exitTimeOut } from './exit.ts';
import { scriptLines } from './guest-lines.ts';
import type { GuestLine } from './guest-lines.ts';
import { GuestSession, withGuestFiles } from './guest-session.ts';
import type { GuestArguments, GuestSessionArguments, RanLine } from './guest-session.ts';
import { print, printError } from './print.ts';
import { styleFor } from './style.ts';

export interface SetupArguments extends GuestArguments {
  /** A folder with packages. */
  readonly debs?: string;
}

/** Gets a guest ready. Throws BadFile. */
export async function setupCommand({ flavour, debs }: SetupArguments): Promise<number> {
  await withGuestFiles(() =>
    setUpGuest({ flavour, say: print, ...(debs !== undefined && { debs }) }),
  );
  return exitPassed;
}

/** The text of a script. Throws BadFile. */
async function textOf(script: string | undefined): Promise<string> {
  try {
    return script === undefined ? await text(process.stdin) : readFileSync(script, 'utf8');
  } catch (error) {
    throw new BadFile(`${script}: cannot be read (${(error as Error).message})`);
  }
}

/** Runs lines as long as the guests answer; what each did. */
async function runLines(
  session: GuestSession,
  lines: readonly GuestLine[],
  say: (text: string) => void,
): Promise<{ readonly ran: readonly RanLine[]; readonly silent: boolean }> {
  const ran: RanLine[] = [];
  session.listen(say);
  try {
    for (const given of lines) {
      say(`${session.promptOf(given.guest)}${given.line}`);
      const done = await session.line(given);
      if (given.line.startsWith(':') && done.output !== '') say(done.output);
      ran.push(done);
    }
    return { ran, silent: false };
  } catch (error) {
    if (!(error instanceof GuestSilent)) throw error;
    printError(error.message);
    return { ran, silent: true };
  }
}

/**
 * Runs a script line by line; the exit status is 1 when its last line failed, as a shell's is.
 * Throws BadFile and StoreError.
 */
export async function guestRunCommand(
  script: string | undefined,
  settings: GuestSessionArguments,
): Promise<number> {
  const name = script ?? 'standard input';
  const lines = scriptLines(await textOf(script), settings.guests ?? 1, name);
  const isJson = settings.json === true;
  const session = await GuestSession.open(settings);
  const say = isJson ? () => undefined : print;
  const { ran, silent } = await runLines(session, lines, say).catch(async (error: unknown) => {
    // Whatever happens, the guest is switched off, and what it has done is kept.
    await session.finish();
    throw error;
  });
  const kept = await session.finish();
  if (isJson) print(JSON.stringify(ran, null, 2));
  else if (kept !== null) print(styleFor(process.stdout).dim(kept));
  if (silent) return exitTimeOut;
  return (ran.at(-1)?.code ?? 0) === 0 ? exitPassed : exitCheckFailed;
}
