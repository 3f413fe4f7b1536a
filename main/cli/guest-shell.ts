// `mlx4-lab guest shell`: a person at the guest's serial line. Lines are edited here and sent
// whole; what the guest prints is shown as it comes.

import { createInterface } from 'node:readline';
import { handTexts } from '#lab/hands.ts';
import { exitPassed } from './exit.ts';
import { GuestSession } from './guest-session.ts';
import type { GuestSessionArguments } from './guest-session.ts';
import { print } from './print.ts';
import { styleFor } from './style.ts';

/** A person has no time-out. */
const forEverMs = 2 ** 31 - 1;

const help = handTexts.map(([words, what]) => `  :${words.padEnd(34)} ${what}`).join('\n');

/** Until the end of input. Throws BadFile and StoreError. */
export async function guestShellCommand(settings: GuestSessionArguments): Promise<number> {
  const session = await GuestSession.open(settings);
  const { console: line } = session.guest;
  print('Linux is up. modprobe mlx4_core; modprobe mlx4_en; modprobe bonding. :help lists hands.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '# ' });
  line.listen({ printed: print });
  terminal.on('SIGINT', () => {
    line.interrupt();
  });
  // From a pipe nobody sees a prompt, and its end may have come already.
  const prompt = (): void => {
    if (process.stdin.isTTY) terminal.prompt();
  };
  prompt();
  for await (const typed of terminal) {
    const words = typed.trim();
    if (words === 'exit' || words === ':quit') break;
    if (words === ':help') print(help);
    else if (words.startsWith(':')) print(session.hand(words.slice(1)) ?? 'done');
    else if (words !== '') await session.line(words, forEverMs);
    prompt();
  }
  terminal.close();
  const kept = await session.finish();
  if (kept !== null) print(styleFor(process.stdout).dim(kept));
  return exitPassed;
}
