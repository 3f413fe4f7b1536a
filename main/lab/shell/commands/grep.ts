// grep: basic, extended and fixed patterns, context lines, files and directories. Basic expressions
// are rewritten into JavaScript's. Left out: back references across that rewriting, binary files.

import { vfs_readdir, vfs_stat } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { openInputs } from './input.ts';
import type { Input } from './input.ts';
import { readOptions } from './options.ts';
import type { Options } from './options.ts';

const classes: Readonly<Record<string, string>> = {
  '[:alpha:]': 'a-zA-Z',
  '[:digit:]': '0-9',
  '[:alnum:]': 'a-zA-Z0-9',
  '[:space:]': '\\s',
  '[:upper:]': 'A-Z',
  '[:lower:]': 'a-z',
  '[:xdigit:]': '0-9a-fA-F',
};

/** The JavaScript form of one pattern. */
function sourceOf(pattern: string, flags: ReadonlyMap<string, string>): string {
  let source = pattern.replace(/\[:\w+:\]/g, (name) => classes[name] ?? name);
  if (flags.has('F')) source = pattern.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  else if (!flags.has('E')) {
    // Basic expressions: + ? | ( ) { } are ordinary unless escaped.
    source = source.replace(/\\?[+?|(){}]/g, (match) =>
      match.length === 2 ? match[1]! : `\\${match}`,
    );
  }
  if (flags.has('w')) source = `\\b(?:${source})\\b`;
  return flags.has('x') ? `^(?:${source})$` : source;
}

/** An expression for any of the patterns; throws SyntaxError for one that is none. */
export function grepExpression(
  patterns: readonly string[],
  flags: ReadonlyMap<string, string>,
): RegExp {
  const sources = patterns.map((pattern) => `(?:${sourceOf(pattern, flags)})`);
  return new RegExp(sources.join('|'), flags.has('i') ? 'gi' : 'g');
}

/** Files below the operands, for -r. */
function filesBelow(process: Process, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const stat = vfs_stat(process.k, process.path(name));
    if (typeof stat === 'number' || stat.kind !== 'directory') return [name];
    const entries = vfs_readdir(process.k, process.path(name));
    if (typeof entries === 'number') return [name];
    return entries
      .filter((entry) => entry.kind !== 'link')
      .flatMap((entry) => filesBelow(process, [`${name.replace(/\/$/, '')}/${entry.name}`]));
  });
}

/** The matches of one input, printed as they come. */
class Search {
  /** Lines selected. */
  count = 0;
  private readonly process: Process;
  private readonly expression: RegExp;
  private readonly flags: ReadonlyMap<string, string>;
  private readonly prefix: string;
  private readonly before: { readonly number: number; readonly line: string }[] = [];
  private readonly beforeMax: number;
  private readonly afterMax: number;
  private after = 0;
  private lastPrinted = 0;

  constructor(process: Process, expression: RegExp, options: Options, prefix: string) {
    this.process = process;
    this.expression = expression;
    this.flags = options.flags;
    this.prefix = prefix;
    const context = Number(options.flags.get('C') ?? '0');
    this.beforeMax = Number(options.flags.get('B') ?? context);
    this.afterMax = Number(options.flags.get('A') ?? context);
  }

  *run(input: Input): MaySleep<void> {
    for (let number = 1; ; number++) {
      const line = yield* this.process.call(input.source.readLine());
      if (typeof line !== 'string') return;
      this.expression.lastIndex = 0;
      if (this.expression.test(line) === this.flags.has('v')) yield* this.miss(number, line);
      else {
        this.count++;
        if (this.flags.has('q') || this.flags.has('l')) return;
        if (!this.flags.has('c')) yield* this.hit(number, line);
        if (this.count >= Number(this.flags.get('m') ?? 'Infinity')) return;
      }
    }
  }

  private *hit(number: number, line: string): MaySleep<void> {
    for (const earlier of this.before.splice(0))
      yield* this.print(earlier.number, earlier.line, '-');
    if (this.flags.has('o')) {
      for (const match of line.match(this.expression) ?? []) {
        if (match !== '') yield* this.print(number, match, ':');
      }
    } else yield* this.print(number, line, ':');
    this.after = this.afterMax;
  }

  private *miss(number: number, line: string): MaySleep<void> {
    if (this.flags.has('c') || this.flags.has('q')) return;
    if (this.after > 0) {
      this.after--;
      yield* this.print(number, line, '-');
      return;
    }
    this.before.push({ number, line });
    if (this.before.length > this.beforeMax) this.before.shift();
  }

  private *print(number: number, line: string, mark: ':' | '-'): MaySleep<void> {
    const gap = this.lastPrinted > 0 && number > this.lastPrinted + 1;
    const context = this.beforeMax > 0 || this.afterMax > 0;
    if (gap && context) yield* this.process.out('--\n');
    this.lastPrinted = number;
    const name = this.prefix === '' ? '' : `${this.prefix}${mark}`;
    const place = this.flags.has('n') ? `${number}${mark}` : '';
    yield* this.process.out(`${name}${place}${line}\n`);
  }
}

/** Patterns and files of the command line; a pattern of several lines is several patterns. */
function split(options: Options): { patterns: readonly string[]; names: readonly string[] } {
  const { values, operands } = options;
  const given = values.get('e');
  const patterns = (given ?? operands.slice(0, 1)).flatMap((pattern) => pattern.split('\n'));
  return { patterns, names: given === undefined ? operands.slice(1) : operands };
}

export const grep: Command = {
  name: 'grep',
  summary: 'print lines that match (-i -v -c -n -q -l -o -w -x -r -E -F -A -B -C)',
  builtin: false,
  *run(process, args): MaySleep<number> {
    const options = readOptions(args, 'ivcnqloswxrhHEFGe:A:B:C:m:');
    const { flags } = options;
    const { patterns, names } = split(options);
    if (options.error !== null) return yield* process.usage(options.error);
    if (patterns.length === 0) {
      yield* process.err('Usage: grep [OPTION]... PATTERNS [FILE]...\n');
      return 2;
    }
    let expression: RegExp;
    try {
      expression = grepExpression(patterns, flags);
    } catch {
      return yield* process.usage(`Invalid regular expression: ${patterns.join('|')}`);
    }
    const files = flags.has('r') ? filesBelow(process, names.length > 0 ? names : ['.']) : names;
    const inputs = yield* openInputs(process, files);
    const named = !flags.has('h') && (flags.has('H') || flags.has('r') || files.length > 1);
    let any = false;
    for (const input of inputs.list) {
      const search = new Search(process, expression, options, named ? input.name : '');
      yield* search.run(input);
      any ||= search.count > 0;
      const label = named ? `${input.name}:` : '';
      if (flags.has('c')) yield* process.out(`${label}${search.count}\n`);
      else if (flags.has('l') && search.count > 0) yield* process.out(`${input.name}\n`);
      if (flags.has('q') && any) return 0;
    }
    return any ? 0 : inputs.failed ? 2 : 1;
  },
};
