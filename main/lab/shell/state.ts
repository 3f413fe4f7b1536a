// A shell's state: variables, place, last status, jobs, and the programs that it can run. A forked
// shell gets a copy, and what it changes stays its own.

import type { Child } from '#kernel/exit.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { send_sig } from '#kernel/signal.ts';
import type { MaySleep, Task } from '#sim/task.ts';
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

/** Tasks that a Ctrl-C or a `kill %1` is meant for together. */
export class ProcessGroup {
  readonly tasks = new Set<Task>();

  /** Sends a signal to all of them. */
  signal(k: Kernel, signal: number): void {
    for (const task of this.tasks) send_sig(k, signal, task);
  }
}

/** A background list. */
export interface Job {
  readonly number: number;
  readonly source: string;
  readonly child: Child;
  readonly group: ProcessGroup;
}

export class ShellState {
  readonly k: Kernel;
  readonly machine: LabMachine;
  readonly commands: ReadonlyMap<string, Command>;
  readonly jobs: Job[] = [];
  /** Where the shell's foreground programs belong. */
  readonly group: ProcessGroup;
  cwd = '/';
  lastStatus = 0;
  lastBackgroundPid = 0;
  /** The job that `fg` waits for: a Ctrl-C is for it too. */
  foregroundJob: Job | null = null;
  /**
   * Process id of the shell; a subshell keeps that of the shell that it came from, as `$$` does.
   */
  pid = 0;
  /** Lines read so far, for error messages. */
  lineNumber = 0;
  private readonly variables: Map<string, string>;

  constructor(
    machine: LabMachine,
    commands: ReadonlyMap<string, Command>,
    group: ProcessGroup,
    variables: ReadonlyMap<string, string> = new Map([['PATH', '/usr/sbin:/usr/bin:/sbin:/bin']]),
  ) {
    this.k = machine.k;
    this.machine = machine;
    this.commands = commands;
    this.group = group;
    this.variables = new Map(variables);
  }

  /** A copy for a child shell: its changes stay its own. */
  fork(group: ProcessGroup = this.group): ShellState {
    const inner = new ShellState(this.machine, this.commands, group, this.variables);
    inner.cwd = this.cwd;
    inner.pid = this.pid;
    inner.lastStatus = this.lastStatus;
    inner.lastBackgroundPid = this.lastBackgroundPid;
    inner.lineNumber = this.lineNumber;
    return inner;
  }

  /** Value of a variable or special parameter; empty when it is not set. */
  value(name: string): string {
    switch (name) {
      case '?':
        return String(this.lastStatus);
      case '!':
        return this.lastBackgroundPid === 0 ? '' : String(this.lastBackgroundPid);
      case '$':
        return String(this.pid);
      case '#':
        return '0';
      case '0':
        return 'sh';
      default:
        return this.variables.get(name) ?? '';
    }
  }

  isSet(name: string): boolean {
    return this.variables.has(name) || this.value(name) !== '';
  }

  set(name: string, value: string): void {
    this.variables.set(name, value);
  }

  unset(name: string): void {
    this.variables.delete(name);
  }

  /** Names and values, sorted by name. */
  get assignments(): [string, string][] {
    return [...this.variables].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** `sh: 3: text`, as the shell's own messages look. */
  message(text: string): string {
    return `sh: ${Math.max(this.lineNumber, 1)}: ${text}\n`;
  }

  /** Notes a background list. */
  addJob(source: string, child: Child, group: ProcessGroup): Job {
    const number = (this.jobs.at(-1)?.number ?? 0) + 1;
    const job = { number, source, child, group };
    this.jobs.push(job);
    this.lastBackgroundPid = child.task.pid;
    return job;
  }

  /** The job that `%1`, `%+`, `%%` or a process id names. */
  findJob(word: string): Job | undefined {
    if (word === '%%' || word === '%+' || word === '%') return this.jobs.at(-1);
    if (word === '%-') return this.jobs.at(-2);
    const number = Number(word.replace('%', ''));
    return this.jobs.find((job) =>
      word.startsWith('%') ? job.number === number : job.child.task.pid === number,
    );
  }

  /** Takes ended jobs off the list and gives them. */
  takeEndedJobs(): Job[] {
    const ended = this.jobs.filter((job) => job.child.status !== null);
    for (const job of ended) this.jobs.splice(this.jobs.indexOf(job), 1);
    return ended;
  }
}
