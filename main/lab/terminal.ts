// A terminal: a screen, and a shell in a task of its own that takes lines one after the other. A
// line that hangs hangs this terminal only. Ctrl-C goes to the foreground programs and to the
// shell; who sleeps in state D does not notice it.

import type { Task } from '#sim/task.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { Tty } from '#kernel/fs/tty.ts';
import { user_task } from '#kernel/sched.ts';
import { dequeue_signal, send_sig, SIGINT, SIGQUIT, SIGTERM } from '#kernel/signal.ts';
import { wait_event_interruptible, wakeAll, WaitQueue } from '#kernel/wait.ts';
import type { LabMachine } from './machine.ts';
import { commands } from './shell/commands.ts';
import { ExitShell, Killed, returnToUser, statusOfSignal } from './shell/control.ts';
import { Executor } from './shell/execute.ts';
import { ProcessGroup, ShellState } from './shell/state.ts';
import { Screen, TextSource } from './shell/stream.ts';

/** A line that was typed. */
export interface TypedLine {
  readonly line: string;
  /** Exit status; null while it runs or waits its turn. */
  status: number | null;
}

/** Exit status of lines that a closed terminal cannot run any more. */
const statusClosed = 126;

export class Terminal {
  readonly name: string;
  readonly screen: Screen;
  readonly state: ShellState;
  readonly task: Task;
  /** The shell is gone: exit, or a signal that it has no handler for. */
  closed = false;
  private readonly object: number;
  private readonly tty: Tty<TypedLine>;
  private readonly lineDone: WaitQueue;
  private running: TypedLine | null = null;

  constructor(machine: LabMachine, name: string) {
    const { k } = machine;
    this.name = name;
    this.object = k.trace.intern(name);
    this.screen = new Screen(k, name);
    this.state = new ShellState(machine, commands, new ProcessGroup());
    this.tty = new Tty(k, `terminal ${name}`);
    this.lineDone = new WaitQueue(k, `line of terminal ${name}`);
    const taskName = name === 'main' ? 'sh' : `sh on ${name}`;
    this.task = user_task(k, taskName, 'sh', 1, () => this.shell());
    for (const signal of [SIGINT, SIGQUIT, SIGTERM]) this.task.signalHandlers.add(signal);
    this.state.pid = this.task.pid;
    k.trace.emit(K['tty.open'], this.object, this.task.number);
  }

  /** True while a line runs or waits. */
  get busy(): boolean {
    return this.running !== null || this.tty.waiting > 0;
  }

  /** The line that runs, or null. */
  get line(): string | null {
    return this.running?.line ?? null;
  }

  /** Types a line. It runs when those before it are done. */
  type(line: string): TypedLine {
    const typed: TypedLine = { line, status: this.closed ? statusClosed : null };
    if (!this.closed) this.tty.type(typed);
    return typed;
  }

  /** Ctrl-C. */
  interrupt(): void {
    const { k, group, foregroundJob } = this.state;
    if (this.running !== null) this.screen.put('^C\n', true);
    group.signal(k, SIGINT);
    foregroundJob?.group.signal(k, SIGINT);
    send_sig(k, SIGINT, this.task);
  }

  /** Waits until a line is done. */
  *waitFor(typed: TypedLine): MaySleep<void> {
    yield* wait_event_interruptible(this.lineDone, () => typed.status !== null);
  }

  private *shell(): MaySleep<void> {
    try {
      for (;;) {
        const typed = yield* this.tty.read();
        returnToUser(this.state.k);
        if (typed === undefined) this.forgetSignals();
        else yield* this.run(typed);
      }
    } catch (error) {
      if (!(error instanceof Killed || error instanceof ExitShell)) throw error;
      this.close(error instanceof Killed ? statusOfSignal(error.signal) : error.status);
    }
  }

  private *run(typed: TypedLine): MaySleep<void> {
    const { screen, state } = this;
    const { trace } = state.k;
    trace.emit(K['tty.run'], this.object, trace.intern(typed.line));
    screen.put(`$ ${typed.line}\n`, true);
    this.running = typed;
    const streams = { stdin: new TextSource(), stdout: screen, stderr: screen };
    try {
      typed.status = yield* new Executor(state).line(typed.line, streams);
    } catch (error) {
      if (!(error instanceof Killed) || error.signal !== SIGINT) throw error;
      typed.status = statusOfSignal(SIGINT);
      state.lastStatus = typed.status;
    }
    this.forgetSignals();
    for (const job of state.takeEndedJobs()) {
      const how = job.child.status === 0 ? 'Done' : `Done(${job.child.status})`;
      screen.put(`[${job.number}] + ${how.padEnd(27)}${job.source}\n`);
    }
    this.running = null;
    trace.emit(K['tty.done'], this.object, typed.status);
    wakeAll(this.lineDone);
  }

  /** A shell with a prompt ignores Ctrl-C and the like. */
  private forgetSignals(): void {
    while (this.task.signalPending) dequeue_signal(this.task);
  }

  private close(status: number): void {
    this.closed = true;
    this.state.k.trace.emit(K['tty.close'], this.object, 0);
    if (this.running !== null) this.running.status = status;
    this.running = null;
    wakeAll(this.lineDone);
  }
}
