// Carries out a parsed line. Builtins and redirections work in the shell's own task, so a builtin
// that writes a file is the writer itself, as in a real shell; programs are child tasks that the
// shell waits for. Each stage of a pipeline and each background list is a process of its own.

import { EISDIR } from '#kernel/errno.ts';
import { Child, sys_wait4 } from '#kernel/exit.ts';
import { Pipe } from '#kernel/fs/pipe.ts';
import { vfs_stat } from '#kernel/fs/vfs.ts';
import {
  SIGINT,
  SIGPIPE,
  dequeue_signal,
  fatal_signal_pending,
  signalTexts,
} from '#kernel/signal.ts';
import { cpu_work } from '#kernel/sched.ts';
import type { MaySleep } from '#sim/task.ts';
import { openRamFile } from '../ramfs.ts';
import type {
  AndOrList,
  Command as Node,
  ForCommand,
  IfCommand,
  LoopCommand,
  Pipeline,
  Program,
  Redirection,
  SimpleCommand,
} from './ast.ts';
import {
  ExitShell,
  Killed,
  LeaveLoop,
  returnToUser,
  ShellError,
  statusOfSignal,
} from './control.ts';
import { Expansion } from './expand.ts';
import { ShellSyntaxError } from './lex.ts';
import { parseLine } from './parse.ts';
import { baseName, resolvePath } from './paths.ts';
import { accessError, openErrorText, Process } from './process.ts';
import type { Streams } from './process.ts';
import { ProcessGroup } from './state.ts';
import type { Command, ShellState } from './state.ts';
import { FileSink, FileSource, PipeSink, PipeSource, TextSink } from './stream.ts';
import type { Sink } from './stream.ts';

const statusNotFound = 127;
const statusSyntax = 2;
/** CPU time of the shell's own work for one command, so that a busy loop of builtins takes time. */
const commandCostNs = 50_000;

/** A descriptor that was redirected to a file that does not open. */
class RedirectionError extends ShellError {}

/** Waits for a child; a signal that the shell itself has handlers for does not end the wait. */
export function* waitFor(state: ShellState, child: Child): MaySleep<number> {
  const task = state.k.sim.current;
  let interrupted = false;
  while (child.status === null) {
    yield* sys_wait4(child);
    returnToUser(state.k);
    while (task.signalPending) interrupted = dequeue_signal(task) === SIGINT || interrupted;
  }
  if (interrupted) throw new Killed(SIGINT);
  return child.status ?? 0;
}

/** Executes programs of one shell. */
export class Executor {
  private readonly state: ShellState;

  constructor(state: ShellState) {
    this.state = state;
  }

  /** Parses and runs one line; gives the last status. Mistakes of the line are printed. */
  *line(line: string, streams: Streams): MaySleep<number> {
    const { state } = this;
    state.lineNumber++;
    try {
      yield* this.program(parseLine(line), streams);
    } catch (error) {
      if (error instanceof ShellSyntaxError) {
        yield* streams.stderr.write(state.message(`Syntax error: ${error.message}`));
        state.lastStatus = statusSyntax;
      } else if (error instanceof ShellError) {
        yield* streams.stderr.write(state.message(error.message));
        state.lastStatus = error.status;
      } else if (!(error instanceof LeaveLoop)) throw error;
    }
    return state.lastStatus;
  }

  *program(program: Program, streams: Streams): MaySleep<number> {
    for (const list of program) {
      if (list.background) this.background(list, streams);
      else yield* this.andOr(list, streams);
    }
    return this.state.lastStatus;
  }

  private *andOr(list: AndOrList, streams: Streams): MaySleep<number> {
    const { state } = this;
    for (const pipeline of list.pipelines) {
      if (pipeline.after === 'success' && state.lastStatus !== 0) continue;
      if (pipeline.after === 'failure' && state.lastStatus === 0) continue;
      const status = yield* this.pipeline(pipeline, streams);
      state.lastStatus = pipeline.negated ? (status === 0 ? 1 : 0) : status;
    }
    return state.lastStatus;
  }

  /** Starts a list in a process of its own, with copies of variables and place. */
  private background(list: AndOrList, streams: Streams): void {
    const { state } = this;
    const group = new ProcessGroup();
    const [first, ...more] = list.pipelines;
    const alone = more.length === 0 && first?.commands.length === 1 ? first.commands[0]! : null;
    const child = this.start(
      alone === null ? 'sh' : nameOf(alone),
      group,
      streams.stderr,
      (inner) =>
        alone === null ? inner.andOr(list, streams) : inner.command(alone, streams, true),
    );
    state.addJob(list.source, child, group);
    state.lastStatus = 0;
  }

  private *pipeline(pipeline: Pipeline, streams: Streams): MaySleep<number> {
    const { commands } = pipeline;
    if (commands.length === 1) return yield* this.command(commands[0]!, streams, false);
    const { state } = this;
    const children: Child[] = [];
    let stdin = streams.stdin;
    for (const [index, command] of commands.entries()) {
      const last = index === commands.length - 1;
      const pipe = last ? null : new Pipe(state.k, state.machine.taskName('pipe'));
      const sink = pipe === null ? null : new PipeSink(pipe);
      const own = { stdin, stdout: sink ?? streams.stdout, stderr: streams.stderr };
      const source = index === 0 ? null : stdin;
      const child = this.start(
        nameOf(command),
        state.group,
        streams.stderr,
        (inner) => inner.command(command, own, true),
        () => {
          sink?.close();
          source?.close();
        },
      );
      children.push(child);
      if (pipe !== null) stdin = new PipeSource(pipe);
    }
    let status = 0;
    for (const child of children) status = yield* waitFor(state, child);
    return status;
  }

  /** Forks: a child with a copy of the shell's state runs `body`. */
  private start(
    comm: string,
    group: ProcessGroup,
    stderr: Sink,
    body: (inner: Executor) => MaySleep<number>,
    atEnd: () => void = () => undefined,
  ): Child {
    const { state } = this;
    const inner = new Executor(state.fork(group));
    const name = state.machine.taskName(comm);
    const parentPid = state.k.sim.currentOrNull?.pid ?? 1;
    const child: Child = new Child(state.k, { name, comm, parentPid }, function* user() {
      const status = yield* endOf(inner.state, body(inner), stderr);
      group.tasks.delete(child.task);
      atEnd();
      return status;
    });
    group.tasks.add(child.task);
    return child;
  }

  /**
   * Runs one command; `inPlace`: the task is the command's own, so that a program need not fork.
   */
  private *command(command: Node, streams: Streams, inPlace: boolean): MaySleep<number> {
    if (command.kind === 'simple') return yield* this.simple(command, streams, inPlace);
    let inner: Streams;
    try {
      inner = yield* this.redirect(command.redirections, streams);
    } catch (error) {
      return yield* this.redirectionFailed(error, streams);
    }
    switch (command.kind) {
      case 'group':
        return yield* this.program(command.body, inner);
      case 'subshell': {
        if (inPlace) return yield* this.program(command.body, inner);
        const child = this.start('sh', this.state.group, inner.stderr, (shell) =>
          shell.program(command.body, inner),
        );
        return yield* this.foreground(child, inner);
      }
      case 'if':
        return yield* this.branch(command, inner);
      case 'for':
        return yield* this.each(command, inner);
      default:
        return yield* this.loop(command, inner);
    }
  }

  private *branch(command: IfCommand, streams: Streams): MaySleep<number> {
    for (const { condition, body } of command.branches) {
      if ((yield* this.program(condition, streams)) === 0)
        return yield* this.program(body, streams);
    }
    if (command.otherwise === null) return 0;
    return yield* this.program(command.otherwise, streams);
  }

  private *loop(command: LoopCommand, streams: Streams): MaySleep<number> {
    const goesOn = (status: number): boolean => (status === 0) === (command.kind === 'while');
    let status = 0;
    while (goesOn(yield* this.program(command.condition, streams))) {
      const leave = yield* this.body(command.body, streams);
      status = this.state.lastStatus;
      if (leave) break;
    }
    return status;
  }

  private *each(command: ForCommand, streams: Streams): MaySleep<number> {
    this.state.lastStatus = 0;
    for (const word of yield* this.expansion(streams).fields(command.words)) {
      this.state.set(command.name, word);
      if (yield* this.body(command.body, streams)) break;
    }
    return this.state.lastStatus;
  }

  /** One turn of a loop; true when it was left for good. */
  private *body(body: Program, streams: Streams): MaySleep<boolean> {
    try {
      yield* this.program(body, streams);
      returnToUser(this.state.k);
      this.interruptible();
    } catch (error) {
      if (!(error instanceof LeaveLoop)) throw error;
      if (error.levels > 1) throw new LeaveLoop(error.again, error.levels - 1);
      return !error.again;
    }
    return false;
  }

  /** A Ctrl-C between two commands of the shell itself ends the line. */
  private interruptible(): void {
    const task = this.state.k.sim.current;
    if (!task.signals.has(SIGINT)) return;
    task.signals.delete(SIGINT);
    task.signalPending = task.signals.size > 0;
    throw new Killed(SIGINT);
  }

  private *simple(command: SimpleCommand, outer: Streams, inPlace: boolean): MaySleep<number> {
    const { state } = this;
    const expansion = this.expansion(outer);
    const words = yield* expansion.fields(command.words);
    let streams: Streams;
    try {
      streams = yield* this.redirect(command.redirections, outer);
    } catch (error) {
      return yield* this.redirectionFailed(error, outer);
    }
    const [name, ...args] = words;
    yield* cpu_work(state.k, commandCostNs);
    for (const { name: variable, value } of command.assignments) {
      const text = yield* expansion.text(value);
      // In front of a command an assignment is for that command's environment only.
      if (name === undefined) state.set(variable, text);
    }
    if (name === undefined)
      return command.words.length > 0 ? 0 : this.statusOfSubstitution(command);
    const program = state.commands.get(baseName(name));
    if (program === undefined) {
      yield* streams.stderr.write(state.message(`${name}: not found`));
      return statusNotFound;
    }
    if (program.builtin) return yield* program.run(new Process(name, state, streams), args);
    if (inPlace) return yield* this.exec(program, args, streams);
    const child = this.start(program.name, state.group, streams.stderr, (inner) =>
      inner.exec(program, args, streams),
    );
    return yield* this.foreground(child, streams);
  }

  /** An assignment alone keeps the status of a command substitution in it. */
  private statusOfSubstitution(command: SimpleCommand): number {
    const parts = command.assignments.flatMap(({ value }) => value);
    return parts.some((part) => part.kind === 'command') ? this.state.lastStatus : 0;
  }

  /** The task becomes the program. */
  private *exec(program: Command, args: readonly string[], streams: Streams): MaySleep<number> {
    this.state.k.sim.current.comm = program.name;
    return yield* program.run(new Process(program.name, this.state, streams), args);
  }

  /** Waits for a foreground child and says of which signal it died. */
  private *foreground(child: Child, streams: Streams): MaySleep<number> {
    const status = yield* waitFor(this.state, child);
    const text = signalTexts.get(status - statusOfSignal(0));
    if (text !== undefined && status > statusOfSignal(0)) yield* streams.stderr.write(`${text}\n`);
    return status;
  }

  private expansion(streams: Streams): Expansion {
    return new Expansion(this.state, (program) => this.substitute(program, streams));
  }

  private *substitute(program: Program, streams: Streams): MaySleep<string> {
    const stdout = new TextSink();
    const child = this.start('sh', this.state.group, streams.stderr, (inner) =>
      inner.program(program, { ...streams, stdout }),
    );
    this.state.lastStatus = yield* waitFor(this.state, child);
    return stdout.text;
  }

  /** Opens the redirections. Throws RedirectionError for one that does not open. */
  private *redirect(redirections: readonly Redirection[], outer: Streams): MaySleep<Streams> {
    let streams = outer;
    for (const redirection of redirections) {
      const target = yield* this.expansion(outer).text(redirection.target);
      streams =
        redirection.kind === 'duplicate'
          ? duplicate(streams, redirection.fd, target)
          : this.open(streams, redirection, target);
    }
    return streams;
  }

  private open(streams: Streams, redirection: Redirection, name: string): Streams {
    const { k, cwd } = this.state;
    const { fd, kind } = redirection;
    const path = resolvePath(cwd, name);
    const isRead = kind === 'read';
    const error = isRead ? this.readError(path) : this.writeError(path, kind === 'append');
    if (error < 0) throw new RedirectionError(openErrorText(error, name, isRead));
    if (isRead) return fd === 0 ? { ...streams, stdin: new FileSource(k, path) } : streams;
    const sink = new FileSink(k, path);
    if (fd === 2) return { ...streams, stderr: sink };
    return fd === 1 ? { ...streams, stdout: sink } : streams;
  }

  /** Why a file cannot be read, or 0; a directory fails when it is read. */
  private readError(path: string): number {
    const stat = vfs_stat(this.state.k, path);
    if (typeof stat === 'number') return stat;
    return stat.kind === 'directory' ? 0 : accessError(stat.mode, 0o444);
  }

  /**
   * Why a file cannot be written, or 0; one of /tmp is made, and emptied unless it is appended to.
   */
  private writeError(path: string, append: boolean): number {
    const { k } = this.state;
    const stat = vfs_stat(k, path);
    if (typeof stat === 'number' || path.startsWith('/tmp/')) return openRamFile(k, path, append);
    return stat.kind === 'directory' ? -EISDIR : accessError(stat.mode, 0o222);
  }

  private *redirectionFailed(error: unknown, streams: Streams): MaySleep<number> {
    if (!(error instanceof RedirectionError)) throw error;
    yield* streams.stderr.write(this.state.message(error.message));
    return error.status;
  }
}

/** `2>&1`: the descriptor goes where the other one goes now. */
function duplicate(streams: Streams, fd: number, target: string): Streams {
  if (fd === 2 && target === '1') return { ...streams, stderr: streams.stdout };
  if (fd === 1 && target === '2') return { ...streams, stdout: streams.stderr };
  if (String(fd) === target) return streams;
  throw new RedirectionError(`${target}: bad file descriptor`);
}

/** What `ps` shows of a command before it has become a program. */
function nameOf(command: Node): string {
  if (command.kind !== 'simple') return 'sh';
  const [first] = command.words;
  const [part] = first ?? [];
  const plain = first?.length === 1 && part?.kind === 'text' && part.text !== '';
  return plain ? baseName(part.text) : 'sh';
}

/** How a process ends: with its status, by exit, or by a signal. */
function* endOf(state: ShellState, body: MaySleep<number>, stderr: Sink): MaySleep<number> {
  try {
    const status = yield* body;
    const signal = fatal_signal_pending(state.k.sim.current);
    return signal === 0 || signal === SIGPIPE ? status : statusOfSignal(signal);
  } catch (error) {
    if (error instanceof Killed) return statusOfSignal(error.signal);
    if (error instanceof ExitShell) return error.status;
    if (error instanceof LeaveLoop) return state.lastStatus;
    if (!(error instanceof ShellError)) throw error;
    yield* stderr.write(state.message(error.message));
    return error.status;
  }
}
