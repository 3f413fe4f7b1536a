// `mlx4-lab guest shell`: a person at the guest's serial line. Lines are edited here and sent
// whole; what the guest prints is shown as it comes.

import { createInterface } from 'node:readline';
import { handTexts } from '#lab/hands.ts';
import { exitPassed } from './exit.ts';
import { actOn, openGuest } from './guest.ts';
import type { GuestArguments } from './guest.ts';
import { print } from './print.ts';

/** A person has no time-out. */
const forEverMs = 2 ** 31 - 1;

const help = handTexts.map(([words, what]) => `  :${words.padEnd(34)} ${what}`).join('\n');

/** Until the end of input. Throws BadFile. */
export async function guestShellCommand({ flavour }: GuestArguments): Promise<number> {
  const guest = await openGuest(flavour);
  print('Linux is up. modprobe mlx4_core; modprobe mlx4_en; modprobe bonding. :help lists hands.');
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '# ' });
  guest.console.onLine = print;
  terminal.on('SIGINT', () => guest.console.interrupt());
  // From a pipe nobody sees a prompt, and its end may have come already.
  const prompt = (): void => {
    if (process.stdin.isTTY) terminal.prompt();
  };
  prompt();
  for await (const line of terminal) {
    const words = line.trim();
    if (words === 'exit' || words === ':quit') break;
    if (words === ':help') print(help);
    else if (words.startsWith(':')) print(actOn(guest, words.slice(1)) ?? 'done');
    else if (words !== '') await guest.run(words, forEverMs);
    prompt();
  }
  terminal.close();
  await guest.stop();
  return exitPassed;
}
