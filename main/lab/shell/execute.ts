// Carries out a parsed line in the shell's own task: builtins run there, programs as child tasks that the
// shell waits for. A builtin that writes a file is the writer itself, as in a real shell.

import { ENOENT, errnoText } from '#kernel/errno.ts';
import { user_task } from '#kernel/sched.ts';
import { wait_event_interruptible, wakeAll, WaitQueue } from '#kernel/wait.ts';
import { vfs_stat } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { expandText, expandWord } from './expand.ts';
import { ShellSyntaxError } from './lex.ts';
import { parseLine } from './parse.ts';
import type { AndOrList, Redirection, SimpleCommand } from './parse.ts';
import { Process, resolvePath } from './process.ts';
import type { Command, ShellState } from './state.ts';
import { FileSink, FileSource, NullSink, Pipe } from './stream.ts';
import type { Sink, Source } from './stream.ts';

/** Where a command's descriptors go. */
export interface Streams {
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

/** A child that the shell may wait for. */
interface Child {
  readonly pid: number;
  status: number | null;
  readonly ended: WaitQueue;
}

/** Exit statuses of the shell's own making. */
const statusNotFound = 127;
const statusSyntax = 2;
const statusInterrupted = 130;

/** Runs one line; gives the last status. */
export function* executeLine(state: ShellState, line: string, streams: Streams): MaySleep<number> {
  let lists: AndOrList[];
  try {
    lists = parseLine(line);
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    yield* streams.stderr.write(`sh: ${error.at + 1}: Syntax error: ${error.message}\n`);
    state.lastStatus = statusSyntax;
    return statusSyntax;
  }
  for (const list of lists) {
    if (list.background) runInBackground(state, list, streams);
    else yield* runAndOr(state, list, streams);
  }
  return state.lastStatus;
}

function* runAndOr(state: ShellState, list: AndOrList, streams: Streams): MaySleep<void> {
  for (const pipeline of list.pipelines) {
    if (pipeline.after === 'success' && state.lastStatus !== 0) continue;
    if (pipeline.after === 'failure' && state.lastStatus === 0) continue;
    state.lastStatus = yield* runPipeline(state, pipeline.commands, streams);
  }
}

/** A background list runs in a shell of its own, with copies of variables and place. */
function runInBackground(state: ShellState, list: AndOrList, streams: Streams): void {
  const inner = state.machine.subshell(state);
  const task = user_task(state.k, state.machine.taskName('sh &'), 'sh', state.pid, () =>
    runAndOr(inner, list, streams),
  );
  inner.pid = task.pid;
  state.lastBackgroundPid = task.pid;
  state.lastStatus = 0;
}

function* runPipeline(
  state: ShellState,
  commands: readonly SimpleCommand[],
  streams: Streams,
): MaySleep<number> {
  if (commands.length === 1) return yield* runInShell(state, commands[0]!, streams);
  const children: Child[] = [];
  let stdin = streams.stdin;
  for (const [index, command] of commands.entries()) {
    const last = index === commands.length - 1;
    const pipe = new Pipe(state.k, state.machine.taskName('pipe'));
    const own = { stdin, stdout: last ? streams.stdout : pipe, stderr: streams.stderr };
    const inner = state.machine.subshell(state);
    children.push(
      startChild(state, commandName(state, command), function* () {
        const status = yield* runInShell(inner, command, own);
        if (!last) pipe.close();
        return status;
      }),
    );
    stdin = pipe;
  }
  let status = 0;
  for (const child of children) status = yield* waitChild(child);
  return status;
}

const commandName = (state: ShellState, command: SimpleCommand): string => {
  const first = command.words[0];
  return first === undefined ? 'sh' : (expandWord(state, first)[0] ?? 'sh');
};

function startChild(state: ShellState, comm: string, body: () => MaySleep<number>): Child {
  const ended = new WaitQueue(state.k, `exit of ${comm}`);
  const task = user_task(state.k, state.machine.taskName(comm), comm, state.pid, function* () {
    child.status = yield* body();
    wakeAll(ended);
  });
  const child: Child = { pid: task.pid, status: null, ended };
  return child;
}

function* waitChild(child: Child): MaySleep<number> {
  const result = yield* wait_event_interruptible(child.ended, () => child.status !== null);
  return result < 0 ? statusInterrupted : (child.status ?? statusInterrupted);
}

/** Runs a simple command: a builtin here, a program in a child task. */
function* runInShell(
  state: ShellState,
  command: SimpleCommand,
  outer: Streams,
): MaySleep<number> {
  const words = command.words.flatMap((word) => expandWord(state, word));
  const streams = yield* redirect(state, command.redirections, outer);
  if (streams === null) return 1;
  for (const { name, value } of command.assignments) {
    state.variables.set(name, expandText(state, value));
  }
  const [name, ...args] = words;
  if (name === undefined) return 0;
  const program = state.commands.get(name.replace(/^.*\//, ''));
  if (program === undefined) {
    yield* streams.stderr.write(`sh: 1: ${name}: not found\n`);
    return statusNotFound;
  }
  if (program.builtin) return yield* program.run(new Process(name, state, streams), args);
  return yield* runProgram(state, program, args, streams);
}

function* runProgram(
  state: ShellState,
  program: Command,
  args: readonly string[],
  streams: Streams,
): MaySleep<number> {
  const child = startChild(state, program.name, () =>
    program.run(new Process(program.name, state, streams), args),
  );
  return yield* waitChild(child);
}

/** Opens the redirections; null after an error that was printed. */
function* redirect(
  state: ShellState,
  redirections: readonly Redirection[],
  outer: Streams,
): MaySleep<Streams | null> {
  let { stdin, stdout, stderr } = outer;
  for (const redirection of redirections) {
    if (redirection.kind === 'toStdout') {
      stderr = stdout;
      continue;
    }
    const name = expandText(state, redirection.target);
    const path = resolvePath(state.cwd, name);
    const error = path === '/dev/null' ? 0 : openError(state, path);
    if (error < 0) {
      const what = redirection.kind === 'read' ? 'cannot open' : 'cannot create';
      yield* outer.stderr.write(`sh: 1: ${what} ${name}: ${errnoText(error)}\n`);
      return null;
    }
    if (redirection.kind === 'read') stdin = new FileSource(state.k, path);
    else {
      const sink = path === '/dev/null' ? new NullSink() : new FileSink(state.k, path);
      if (redirection.fd === 2) stderr = sink;
      else stdout = sink;
    }
  }
  return { stdin, stdout, stderr };
}

function openError(state: ShellState, path: string): number {
  const stat = vfs_stat(state.k, path);
  if (typeof stat === 'number') return stat;
  return stat.kind === 'directory' ? -ENOENT : 0;
}
