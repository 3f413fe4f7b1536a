// Text programs: cat, grep, head, tail, wc, sort.

import { vfs_read } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { readOptions } from './options.ts';

/** Contents of the operands, or of standard input without any; null after a printed error. */
function* inputs(
  process: Process,
  operands: readonly string[],
): MaySleep<{ readonly name: string; readonly text: string }[] | null> {
  if (operands.length === 0) {
    const text = yield* process.stdin.readAll();
    return typeof text === 'number' ? null : [{ name: '-', text }];
  }
  const found = [];
  let failed = false;
  for (const name of operands) {
    const text = yield* vfs_read(process.k, process.path(name));
    if (typeof text === 'string') found.push({ name, text });
    else {
      failed = true;
      yield* process.fail(name, text);
    }
  }
  return failed && found.length === 0 ? null : found;
}

const linesOf = (text: string): string[] => {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

const joined = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

const cat: Command = {
  name: 'cat',
  summary: 'print files',
  builtin: false,
  *run(process, args) {
    const files = yield* inputs(process, args);
    if (files === null) return 1;
    for (const { text } of files) yield* process.out(text);
    return files.length < args.length ? 1 : 0;
  },
};

const grep: Command = {
  name: 'grep',
  summary: 'print lines that match (-i -v -c -n -q -E -F)',
  builtin: false,
  *run(process, args) {
    const { flags, operands, unknown } = readOptions(args, 'ivcnqEFe:');
    if (unknown !== null) return yield* process.usage(`invalid option -- '${unknown.slice(1)}'`);
    const names = flags.has('e') ? operands : operands.slice(1);
    const pattern = flags.get('e') ?? operands[0];
    if (pattern === undefined) return yield* process.usage('no pattern given');
    let expression: RegExp;
    try {
      expression = grepExpression(pattern, flags);
    } catch {
      return yield* process.usage(`cannot read the pattern ${pattern}`);
    }
    const files = yield* inputs(process, names);
    if (files === null) return 2;
    return yield* printMatches(process, files, expression, flags);
  },
};

function grepExpression(pattern: string, flags: ReadonlyMap<string, string>): RegExp {
  let source = pattern;
  if (flags.has('F')) source = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // Basic expressions: + ? | ( ) { } are ordinary unless escaped.
  else if (!flags.has('E')) {
    source = pattern.replace(/\\?[+?|(){}]/g, (match) =>
      match.length === 2 ? match[1]! : `\\${match}`,
    );
  }
  return new RegExp(source, flags.has('i') ? 'i' : '');
}

function* printMatches(
  process: Process,
  files: readonly { readonly name: string; readonly text: string }[],
  expression: RegExp,
  flags: ReadonlyMap<string, string>,
): MaySleep<number> {
  let any = false;
  for (const { name, text } of files) {
    const prefix = files.length > 1 ? `${name}:` : '';
    const hits = linesOf(text)
      .map((line, index) => ({ line, number: index + 1 }))
      .filter(({ line }) => expression.test(line) !== flags.has('v'));
    any ||= hits.length > 0;
    if (flags.has('q')) continue;
    if (flags.has('c')) yield* process.out(`${prefix}${hits.length}\n`);
    else {
      const shown = hits.map(({ line, number }) =>
        flags.has('n') ? `${prefix}${number}:${line}` : `${prefix}${line}`,
      );
      yield* process.out(joined(shown));
    }
  }
  return any ? 0 : 1;
}

/** `-5` is an old way to write `-n 5`. */
const modern = (args: readonly string[]): string[] =>
  args.map((arg) => (/^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg));

function headOrTail(name: 'head' | 'tail'): Command {
  return {
    name,
    summary: `print the ${name === 'head' ? 'first' : 'last'} lines (-n)`,
    builtin: false,
    *run(process, args) {
      const { flags, operands, unknown } = readOptions(modern(args), 'n:');
      if (unknown !== null) return yield* process.usage(`invalid option -- '${unknown.slice(1)}'`);
      const count = Number(flags.get('n') ?? '10');
      if (!Number.isInteger(count) || count < 0) {
        return yield* process.usage(`invalid number of lines: '${flags.get('n') ?? ''}'`, 1);
      }
      const files = yield* inputs(process, operands);
      if (files === null) return 1;
      for (const { text } of files) {
        const lines = linesOf(text);
        const part = name === 'head' ? lines.slice(0, count) : lines.slice(-count || lines.length);
        yield* process.out(joined(part));
      }
      return 0;
    },
  };
}

const wc: Command = {
  name: 'wc',
  summary: 'count lines, words and bytes (-l -w -c)',
  builtin: false,
  *run(process, args) {
    const { flags, operands, unknown } = readOptions(args, 'lwc');
    if (unknown !== null) return yield* process.usage(`invalid option -- '${unknown.slice(1)}'`);
    const files = yield* inputs(process, operands);
    if (files === null) return 1;
    for (const { name, text } of files) {
      const counts = [
        flags.size === 0 || flags.has('l') ? [...text].filter((c) => c === '\n').length : null,
        flags.size === 0 || flags.has('w') ? text.split(/\s+/).filter(Boolean).length : null,
        flags.size === 0 || flags.has('c') ? text.length : null,
      ].filter((count) => count !== null);
      yield* process.out(`${counts.join(' ')}${name === '-' ? '' : ` ${name}`}\n`);
    }
    return 0;
  },
};

const sort: Command = {
  name: 'sort',
  summary: 'sort lines (-r -n -u)',
  builtin: false,
  *run(process, args) {
    const { flags, operands, unknown } = readOptions(args, 'rnu');
    if (unknown !== null) return yield* process.usage(`invalid option -- '${unknown.slice(1)}'`);
    const files = yield* inputs(process, operands);
    if (files === null) return 1;
    let lines = files.flatMap(({ text }) => linesOf(text));
    if (flags.has('n')) lines.sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
    else lines.sort();
    if (flags.has('r')) lines.reverse();
    if (flags.has('u')) lines = [...new Set(lines)];
    yield* process.out(joined(lines));
    return 0;
  },
};

export const textCommands: readonly Command[] = [
  cat,
  grep,
  headOrTail('head'),
  headOrTail('tail'),
  wc,
  sort,
];
