// A shell's state: variables, place, last status, and the programs that it can run.

import type { Kernel } from '#kernel/kernel.ts';
import type { MaySleep } from '#sim/task.ts';
import type { LabMachine } from '../machine.ts';
import type { Process } from './process.ts';

/** A program of the lab. */
export interface Command {
  readonly name: string;
  /** One line for `help`. */
  readonly summary: string;
  /** A builtin runs in the shell's own task: `echo ib > file` makes the shell the writer. */
  readonly builtin: boolean;
  /** Runs it; gives the exit status. */
  run(process: Process, args: readonly string[]): MaySleep<number>;
}

export class ShellState {
  readonly k: Kernel;
  readonly machine: LabMachine;
  readonly commands: ReadonlyMap<string, Command>;
  readonly variables = new Map<string, string>([['PATH', '/usr/sbin:/usr/bin:/sbin:/bin']]);
  cwd = '/';
  lastStatus = 0;
  lastBackgroundPid = 0;
  /** Process id of the shell itself. */
  pid = 0;

  constructor(machine: LabMachine, commands: ReadonlyMap<string, Command>) {
    this.k = machine.k;
    this.machine = machine;
    this.commands = commands;
  }

  /** Value of a variable or special parameter; empty when it is not set. */
  value(name: string): string {
    if (name === '?') return String(this.lastStatus);
    if (name === '!') return this.lastBackgroundPid === 0 ? '' : String(this.lastBackgroundPid);
    if (name === '$') return String(this.pid);
    return this.variables.get(name) ?? '';
  }
}
