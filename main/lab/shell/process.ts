// A running command: its streams, place and shell. Commands see this and nothing else of the lab.
// Every call of the kernel that a command makes through it ends with the way back to user space, on
// which a fatal signal strikes.

import { EACCES, errnoText } from '#kernel/errno.ts';
import { vfs_read } from '#kernel/fs/vfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { MaySleep } from '#sim/task.ts';
import { returnToUser } from './control.ts';
import { resolvePath } from './paths.ts';
import type { ShellState } from './state.ts';
import type { Sink, Source } from './stream.ts';

/** Where a command's descriptors go. */
export interface Streams {
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;
}

export class Process {
  readonly k: Kernel;
  /** As it was called, for messages. */
  readonly name: string;
  readonly state: ShellState;
  readonly streams: Streams;

  constructor(name: string, state: ShellState, streams: Streams) {
    this.k = state.k;
    this.name = name;
    this.state = state;
    this.streams = streams;
  }

  get stdin(): Source {
    return this.streams.stdin;
  }

  /** Writes to standard output; 0 or a negative error number. */
  *out(text: string): MaySleep<number> {
    if (text === '') return 0;
    const error = yield* this.streams.stdout.write(text);
    returnToUser(this.k);
    return error;
  }

  /** Writes to standard error. */
  *err(text: string): MaySleep<void> {
    yield* this.streams.stderr.write(text);
    returnToUser(this.k);
  }

  /** Makes a call of the kernel. */
  *call<T>(call: MaySleep<T>): MaySleep<T> {
    const result = yield* call;
    returnToUser(this.k);
    return result;
  }

  /** Reads a whole file: its text or a negative error. */
  *read(path: string): MaySleep<string | number> {
    return yield* this.call(vfs_read(this.k, this.path(path)));
  }

  /** Prints `name: what: text of the error` and gives exit status 1. */
  *fail(what: string, error: number): MaySleep<number> {
    yield* this.err(`${this.name}: ${what}: ${errnoText(error)}\n`);
    return 1;
  }

  /** Prints `name: message` and gives the status. */
  *usage(message: string, status = 2): MaySleep<number> {
    yield* this.err(`${this.name}: ${message}\n`);
    return status;
  }

  /** An absolute path for one that may be relative to the working directory. */
  path(path: string): string {
    return resolvePath(this.state.cwd, path);
  }
}

/** What the shell says when it cannot open a file of a redirection. */
export function openErrorText(error: number, name: string, isRead: boolean): string {
  if (isRead) return `cannot open ${name}: ${isNoEntry(error) ? 'No such file' : errnoText(error)}`;
  const text = isNoEntry(error) ? 'Directory nonexistent' : errnoText(error);
  return `cannot create ${name}: ${text}`;
}

const isNoEntry = (error: number): boolean => errnoText(error).startsWith('No such file');

/** The error for a file that may not be opened this way, or 0. */
export const accessError = (mode: number, wanted: number): number =>
  (mode & wanted) === 0 ? -EACCES : 0;
