// What a guest's trace holds besides what its card and the wires do: what was typed at its shell
// and what came back, and its kernel's log. Nothing else is seen of a real kernel from outside.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import type { ConsoleListener } from './console.ts';
import type { HostClock } from './host-clock.ts';
import type { LogLine } from './kernel-log.ts';

export class Telling implements ConsoleListener {
  private readonly trace: Trace;
  private readonly clock: HostClock;
  private readonly terminal: number;

  /** `terminal`: what the shell's terminal is called. */
  constructor(trace: Trace, clock: HostClock, terminal: string) {
    this.trace = trace;
    this.clock = clock;
    this.terminal = trace.intern(terminal);
    this.tell(K['tty.open'], this.terminal, 0);
  }

  asked(line: string): void {
    this.tell(K['tty.run'], this.terminal, this.trace.intern(line));
    this.tell(K['tty.typed'], this.terminal, this.trace.intern(`$ ${line}\n`));
  }

  printed(line: string): void {
    this.tell(K['tty.text'], this.terminal, this.trace.intern(`${line}\n`));
  }

  answered(code: number): void {
    this.tell(K['tty.done'], this.terminal, code);
  }

  logged({ level, text }: LogLine): void {
    this.tell(K.printk, this.trace.intern(text), level);
  }

  /** The card's events bring their time along; these come between them. */
  private tell(kind: number, object: number, value: number): void {
    this.clock.now();
    this.trace.emit(kind, object, value);
  }
}
