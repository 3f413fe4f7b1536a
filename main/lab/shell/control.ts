// What ends or leaves a piece of shell code early. These are thrown by user space code only, and
// caught by user space code only: never across a frame of the kernel.

import { fatal_signal_pending } from '#kernel/signal.ts';
import type { Kernel } from '#kernel/kernel.ts';

/** The program dies of a signal; for an interactive shell, its line does. */
export class Killed extends Error {
  readonly signal: number;

  constructor(signal: number) {
    super(`killed by signal ${signal}`);
    this.name = 'Killed';
    this.signal = signal;
  }
}

/** `exit`. */
export class ExitShell extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`exit ${status}`);
    this.name = 'ExitShell';
    this.status = status;
  }
}

/** `break` and `continue`. */
export class LeaveLoop extends Error {
  readonly again: boolean;
  /** Loops still to leave, this one included. */
  readonly levels: number;

  constructor(again: boolean, levels: number) {
    super(again ? 'continue' : 'break');
    this.name = 'LeaveLoop';
    this.again = again;
    this.levels = levels;
  }
}

/** A mistake of the line that ends it: a bad expansion, a parameter that must be set. */
export class ShellError extends Error {
  readonly status: number;

  constructor(message: string, status = 2) {
    super(message);
    this.name = 'ShellError';
    this.status = status;
  }
}

/** Exit status of a program that a signal has killed. */
export const statusOfSignal = (signal: number): number => 128 + signal;

/** The way back from a system call to the program: here a fatal signal strikes. */
export function returnToUser(k: Kernel): void {
  const signal = fatal_signal_pending(k.sim.current);
  if (signal !== 0) throw new Killed(signal);
}
