// A running command: its streams, place and shell. Commands see this and nothing else of the lab.

import type { Kernel } from '#kernel/kernel.ts';
import type { MaySleep } from '#sim/task.ts';
import { errorLine } from './stream.ts';
import type { Sink, Source } from './stream.ts';
import type { ShellState } from './state.ts';

export class Process {
  readonly k: Kernel;
  readonly name: string;
  readonly state: ShellState;
  readonly stdin: Source;
  readonly stdout: Sink;
  readonly stderr: Sink;

  constructor(
    name: string,
    state: ShellState,
    streams: { readonly stdin: Source; readonly stdout: Sink; readonly stderr: Sink },
  ) {
    this.k = state.k;
    this.name = name;
    this.state = state;
    this.stdin = streams.stdin;
    this.stdout = streams.stdout;
    this.stderr = streams.stderr;
  }

  /** Writes to standard output; 0 or a negative error number. */
  *out(text: string): MaySleep<number> {
    return text === '' ? 0 : yield* this.stdout.write(text);
  }

  /** Writes to standard error. */
  *err(text: string): MaySleep<void> {
    yield* this.stderr.write(text);
  }

  /** Prints `name: what: text of the error` and gives exit status 1. */
  *fail(what: string, error: number): MaySleep<number> {
    yield* this.err(errorLine(this.name, what, error));
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

/** Joins and normalises: `.` and `..` are worked out in the text, as `cd -L` does. */
export function resolvePath(cwd: string, path: string): string {
  const parts: string[] = [];
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..') parts.pop();
    else parts.push(part);
  }
  return `/${parts.join('/')}`;
}
