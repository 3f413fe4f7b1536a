// `mlx4-lab guest setup` and `guest run`: what a guest is made of, and lines of shell that it runs.
// A line that begins with a colon is the hands around it: cables and faults, as in `mlx4-lab
// shell`.

import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { GuestSilent } from '#guest/console.ts';
import { setUpGuest } from '#guest/setup.ts';
import { BadFile } from './bad-file.ts';
import { exitCheckFailed, exitPassed, exitTimeOut } from './exit.ts';
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

/** The lines of a script: all but empty ones and comments. Throws BadFile. */
async function linesOf(script: string | undefined): Promise<string[]> {
  try {
    const whole = script === undefined ? await text(process.stdin) : readFileSync(script, 'utf8');
    return whole.split('\n').filter((line) => /^\s*[^\s#]/.test(line));
  } catch (error) {
    throw new BadFile(`${script}: cannot be read (${(error as Error).message})`);
  }
}

/** Runs lines as long as the guest answers; what each did. */
async function runLines(
  session: GuestSession,
  lines: readonly string[],
  say: (text: string) => void,
): Promise<{ readonly ran: readonly RanLine[]; readonly silent: boolean }> {
  const ran: RanLine[] = [];
  session.guest.console.listen({ printed: say });
  try {
    for (const line of lines) {
      say(`# ${line}`);
      const done = await session.line(line);
      if (line.startsWith(':') && done.output !== '') say(done.output);
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
  const lines = await linesOf(script);
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
