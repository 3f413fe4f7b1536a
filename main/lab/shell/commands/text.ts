// Text programs: cat, head, tail, wc, sort, uniq, tee, rm, in the words of coreutils. They read as
// they go, so that head ends a pipe early. Left out: what is not in their summaries.

import { errnoText } from '#kernel/errno.ts';
import { vfs_stat, vfs_write } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { openRamFile, removeRamFile } from '../../ramfs.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { allLines, joinLines, openInputs } from './input.ts';
import type { Input } from './input.ts';
import { readOptions } from './options.ts';

/** Hands an input on as it comes; a negative error ends it. */
function* copy(process: Process, input: Input): MaySleep<number> {
  for (;;) {
    const text = yield* process.call(input.source.readSome());
    if (typeof text === 'number') return text;
    if (text === '') return 0;
    const error = yield* process.out(text);
    if (error < 0) return error;
  }
}

const cat: Command = {
  name: 'cat',
  summary: 'print files',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { operands, error } = readOptions(args, 'u');
    if (error !== null) return yield* process.usage(error, 1);
    let status = 0;
    for (const name of operands.length > 0 ? operands : ['-']) {
      const inputs = yield* openInputs(process, [name]);
      if (inputs.failed) status = 1;
      for (const input of inputs.list) {
        const failed = yield* copy(process, input);
        if (failed < 0) status = yield* process.usage(`write error: ${errnoText(failed)}`, 1);
      }
    }
    return status;
  },
};

/** `-5` is an old way to write `-n 5`. */
const modern = (args: readonly string[]): string[] =>
  args.map((arg) => (/^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg));

function* first(process: Process, input: Input, count: number): MaySleep<void> {
  for (let printed = 0; printed < count; printed++) {
    const line = yield* process.call(input.source.readLine());
    if (typeof line !== 'string') return;
    yield* process.out(`${line}\n`);
  }
}

function* last(process: Process, input: Input, count: string): MaySleep<void> {
  const lines = yield* allLines(process, { list: [input], failed: false });
  const number = Number(count.replace('+', ''));
  const from = count.startsWith('+') ? number - 1 : Math.max(0, lines.length - number);
  yield* process.out(joinLines(lines.slice(from)));
}

function headOrTail(name: 'head' | 'tail'): Command {
  return {
    name,
    summary: `print the ${name === 'head' ? 'first' : 'last'} lines (-n)`,
    builtin: false,
    *run(process, args): MaySleep<number> {
      const { flags, operands, error } = readOptions(modern(args), 'n:q', { lines: 'n' });
      if (error !== null) return yield* process.usage(error, 1);
      const count = flags.get('n') ?? '10';
      const pattern = name === 'head' ? /^\d+$/ : /^\+?\d+$/;
      if (!pattern.test(count)) {
        return yield* process.usage(`invalid number of lines: '${count}'`, 1);
      }
      const inputs = yield* openInputs(process, operands);
      for (const [index, input] of inputs.list.entries()) {
        if (operands.length > 1 && !flags.has('q')) {
          yield* process.out(`${index > 0 ? '\n' : ''}==> ${input.name} <==\n`);
        }
        if (name === 'head') yield* first(process, input, Number(count));
        else yield* last(process, input, count);
      }
      return inputs.failed ? 1 : 0;
    },
  };
}

/** Lines, words, bytes. */
type Counts = readonly [number, number, number];

function countsText(counts: Counts, flags: ReadonlyMap<string, string>, width: number): string {
  const letters = ['l', 'w', 'c'];
  return counts
    .filter((_, index) => flags.size === 0 || flags.has(letters[index]!))
    .map((count) => String(count).padStart(width))
    .join(' ');
}

const wc: Command = {
  name: 'wc',
  summary: 'count lines, words and bytes (-l -w -c)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'lwc');
    if (error !== null) return yield* process.usage(error, 1);
    const inputs = yield* openInputs(process, operands);
    const rows: { name: string; counts: Counts }[] = [];
    for (const { name, source } of inputs.list) {
      const text = yield* process.call(source.readAll());
      const whole = typeof text === 'string' ? text : '';
      const lines = whole.split('\n').length - 1;
      rows.push({ name, counts: [lines, whole.split(/\s+/).filter(Boolean).length, whole.length] });
    }
    if (rows.length > 1) {
      const sum = (at: 0 | 1 | 2): number => rows.reduce((all, { counts }) => all + counts[at], 0);
      rows.push({ name: 'total', counts: [sum(0), sum(1), sum(2)] });
    }
    // GNU wc: one number alone has no padding, standard input has seven columns.
    const bytes = String(rows.at(-1)?.counts[2] ?? 0).length;
    const alone = flags.size === 1 && rows.length === 1;
    const width = alone ? 1 : operands.length === 0 ? 7 : bytes;
    for (const { name, counts } of rows) {
      const label = operands.length === 0 ? '' : ` ${name}`;
      yield* process.out(`${countsText(counts, flags, width)}${label}\n`);
    }
    return inputs.failed ? 1 : 0;
  },
};

/** A number at the start of a line; 0 without one, as sort -n has it. */
const leadingNumber = (line: string): number => Number(/^\s*-?\d+(\.\d+)?/.exec(line)?.[0] ?? '0');

const sort: Command = {
  name: 'sort',
  summary: 'sort lines (-r -n -u -k)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'rnuk:');
    if (error !== null) return yield* process.usage(error);
    const inputs = yield* openInputs(process, operands);
    let lines = yield* allLines(process, inputs);
    const field = Number.parseInt(flags.get('k') ?? '0', 10);
    const key = (line: string): string =>
      field > 0
        ? line
            .trim()
            .split(/\s+/)
            .slice(field - 1)
            .join(' ')
        : line;
    const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
    lines.sort((a, b) => {
      const numbers = flags.has('n') ? leadingNumber(key(a)) - leadingNumber(key(b)) : 0;
      return numbers !== 0 ? numbers : byText(key(a), key(b)) || byText(a, b);
    });
    if (flags.has('r')) lines.reverse();
    if (flags.has('u')) lines = [...new Set(lines)];
    yield* process.out(joinLines(lines));
    return inputs.failed ? 2 : 0;
  },
};

const uniq: Command = {
  name: 'uniq',
  summary: 'drop repeated lines (-c: with their number)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'c');
    if (error !== null) return yield* process.usage(error, 1);
    const lines = yield* allLines(process, yield* openInputs(process, operands));
    const runs: { readonly line: string; count: number }[] = [];
    for (const line of lines) {
      const run = runs.at(-1);
      if (run?.line === line) run.count++;
      else runs.push({ line, count: 1 });
    }
    const shown = runs.map(({ line, count }) =>
      flags.has('c') ? `${String(count).padStart(7)} ${line}` : line,
    );
    yield* process.out(joinLines(shown));
    return 0;
  },
};

const tee: Command = {
  name: 'tee',
  summary: 'copy standard input to files and on (-a)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'a');
    if (error !== null) return yield* process.usage(error, 1);
    let status = 0;
    const paths: string[] = [];
    for (const name of operands) {
      const path = process.path(name);
      const known = typeof vfs_stat(process.k, path) !== 'number' && !path.startsWith('/tmp/');
      const failed = known ? 0 : openRamFile(process.k, path, flags.has('a'));
      if (failed < 0) status = yield* process.fail(name, failed);
      else paths.push(path);
    }
    for (;;) {
      const text = yield* process.call(process.stdin.readSome());
      if (typeof text === 'number' || text === '') return status;
      yield* process.out(text);
      for (const path of paths) {
        const failed = yield* process.call(vfs_write(process.k, path, text));
        if (failed < 0) status = yield* process.fail(path, failed);
      }
    }
  },
};

const rm: Command = {
  name: 'rm',
  summary: 'remove files of /tmp (-f)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const { flags, operands, error } = readOptions(args, 'f');
    if (error !== null) return yield* process.usage(error, 1);
    let status = 0;
    for (const name of operands) {
      const failed = removeRamFile(process.k, process.path(name));
      const missing = typeof vfs_stat(process.k, process.path(name)) === 'number';
      if (failed === 0 || (missing && flags.has('f'))) continue;
      yield* process.err(`rm: cannot remove '${name}': ${errnoText(failed)}\n`);
      status = 1;
    }
    return status;
  },
};

export const textCommands: readonly Command[] = [
  cat,
  headOrTail('head'),
  headOrTail('tail'),
  wc,
  sort,
  uniq,
  tee,
  rm,
];
