// What text programs read: the files that they name, or standard input; `-` is standard input too.
// A file that cannot be read is reported and left out, and the program's status says so.

import { EISDIR } from '#kernel/errno.ts';
import { vfs_stat } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../process.ts';
import { TextSource } from '../stream.ts';
import type { Source } from '../stream.ts';

/** One input with the name that it was given. */
export interface Input {
  readonly name: string;
  readonly source: Source;
}

/** The inputs, and whether one of them could not be read (that was printed). */
export interface Inputs {
  readonly list: readonly Input[];
  readonly failed: boolean;
}

/** Opens the operands; each that fails is reported as `name: file: error`. */
export function* openInputs(process: Process, operands: readonly string[]): MaySleep<Inputs> {
  if (operands.length === 0) return { list: [{ name: '-', source: process.stdin }], failed: false };
  const list: Input[] = [];
  let failed = false;
  for (const name of operands) {
    const source = name === '-' ? process.stdin : yield* openFile(process, name);
    if (typeof source !== 'number') list.push({ name, source });
    else {
      failed = true;
      yield* process.fail(name, source);
    }
  }
  return { list, failed };
}

function* openFile(process: Process, name: string): MaySleep<Source | number> {
  const stat = vfs_stat(process.k, process.path(name));
  if (typeof stat !== 'number' && stat.kind === 'directory') return -EISDIR;
  const text = yield* process.read(name);
  return typeof text === 'number' ? text : new TextSource(text);
}

/** All lines of the inputs, without their newlines; a broken input counts as ended. */
export function* allLines(process: Process, inputs: Inputs): MaySleep<string[]> {
  const lines: string[] = [];
  for (const { source } of inputs.list) {
    for (;;) {
      const line = yield* process.call(source.readLine());
      if (typeof line !== 'string') break;
      lines.push(line);
    }
  }
  return lines;
}

/** Lines with their newlines. */
export const joinLines = (lines: readonly string[]): string =>
  lines.map((line) => `${line}\n`).join('');
