// `mlx4-lab guest shell`: a person at the guests' serial lines. Lines are edited here and sent
// whole; what the guests print is shown as it comes, above a line that is being edited.

import { clearLine, createInterface, cursorTo } from 'node:readline';
import type { Interface } from 'node:readline';
import { handTexts } from '#lab/hands.ts';
import { exitPassed } from './exit.ts';
import { GuestLines } from './guest-lines.ts';
import { GuestSession } from './guest-session.ts';
import type { GuestSessionArguments } from './guest-session.ts';
import { print } from './print.ts';
import { styleFor } from './style.ts';

/** A person has no time-out. */
const forEverMs = 2 ** 31 - 1;

const modules = 'modprobe mlx4_core; modprobe mlx4_en; modprobe bonding.';

const hands = handTexts.map(([words, what]) => `  :${words.padEnd(34)} ${what}`).join('\n');

const addressing = [
  ['@card1 LINE', 'a line, or a fault, for the guest with card1'],
  ['@card1', 'and all that follows'],
];

/** One person's shell. */
class GuestShell {
  private readonly session: GuestSession;
  private readonly lines: GuestLines;
  private readonly terminal: Interface;
  /** A person may be editing a line. */
  private isAtPrompt = false;

  constructor(session: GuestSession) {
    this.session = session;
    this.lines = new GuestLines(session.count);
    this.terminal = createInterface({ input: process.stdin, output: process.stdout });
    this.terminal.on('SIGINT', () => {
      session.interrupt();
    });
    session.listen((text) => {
      this.show(text);
    });
  }

  /** Until the end of input. */
  async run(): Promise<void> {
    this.prompt();
    for await (const typed of this.terminal) {
      this.isAtPrompt = false;
      const words = typed.trim();
      if (words === 'exit' || words === ':quit') break;
      await this.take(words);
      this.prompt();
    }
    this.isAtPrompt = false;
    this.terminal.close();
  }

  private get isSeveral(): boolean {
    return this.session.count > 1;
  }

  /** From a pipe nobody sees a prompt, and its end may have come already. */
  private prompt(): void {
    this.session.front = this.lines.current;
    if (!process.stdin.isTTY) return;
    this.isAtPrompt = true;
    this.terminal.setPrompt(this.session.promptOf(this.lines.current));
    this.terminal.prompt();
  }

  /** What a guest prints goes above the line that is being edited. */
  private show(text: string): void {
    if (!this.isAtPrompt) {
      print(text);
      return;
    }
    cursorTo(process.stdout, 0);
    clearLine(process.stdout, 0);
    print(text);
    this.terminal.prompt(true);
  }

  private async take(words: string): Promise<void> {
    if (words === ':help') {
      print(this.help);
      return;
    }
    const given = this.lines.take(words);
    if (typeof given === 'string') {
      print(given);
      return;
    }
    const { session } = this;
    const { guest, line } = given;
    if (line === '') return;
    if (this.isSeveral && !process.stdin.isTTY) print(`${session.promptOf(guest)}${line}`);
    const { output } = await session.line(given, forEverMs);
    // What a guest prints is shown as it comes; hands have nothing but their answer.
    if (line.startsWith(':')) print(output === '' ? 'done' : output);
  }

  private get help(): string {
    if (!this.isSeveral) return hands;
    const own = addressing.map(([words, what]) => `  ${words!.padEnd(35)} ${what}`);
    return [...own, hands].join('\n');
  }
}

/** Until the end of input. Throws BadFile and StoreError. */
export async function guestShellCommand(settings: GuestSessionArguments): Promise<number> {
  const session = await GuestSession.open(settings);
  const several = session.count === 1 ? '' : ` ${session.count} times; @card1 goes to the second`;
  print(`Linux is up${several}. ${modules} :help lists hands.`);
  await new GuestShell(session).run();
  const kept = await session.finish();
  if (kept !== null) print(styleFor(process.stdout).dim(kept));
  return exitPassed;
}
