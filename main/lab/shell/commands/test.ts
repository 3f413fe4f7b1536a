// test and [ (XCU test): files, texts, numbers, !, -a, -o, brackets. A wrong expression is status 2
// and a message, as in dash.

import { vfs_readlink, vfs_stat } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { ShellError } from '../control.ts';
import type { Process } from '../process.ts';
import type { Command } from '../state.ts';
import { complain } from './builtin.ts';

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '-eq': (a, b) => a === b,
  '-ne': (a, b) => a !== b,
  '-lt': (a, b) => a < b,
  '-le': (a, b) => a <= b,
  '-gt': (a, b) => a > b,
  '-ge': (a, b) => a >= b,
};

function numberOf(word: string): number {
  if (!/^\s*[-+]?\d+\s*$/.test(word)) throw new ShellError(`Illegal number: ${word}`);
  return Number(word);
}

/** An expression over words. */
class Expression {
  private at = 0;
  private readonly process: Process;
  private readonly words: readonly string[];

  constructor(process: Process, words: readonly string[]) {
    this.process = process;
    this.words = words;
  }

  /** Throws ShellError for words that make no expression. */
  whole(): boolean {
    if (this.words.length === 0) return false;
    const holds = this.or();
    const left = this.words[this.at];
    if (left !== undefined) throw new ShellError(`${left}: unexpected operator`);
    return holds;
  }

  private or(): boolean {
    let holds = this.and();
    while (this.take('-o')) holds = this.and() || holds;
    return holds;
  }

  private and(): boolean {
    let holds = this.not();
    while (this.take('-a')) holds = this.not() && holds;
    return holds;
  }

  private not(): boolean {
    if (this.words[this.at] === '!' && this.words.length - this.at > 1) {
      this.at++;
      return !this.not();
    }
    return this.primary();
  }

  private primary(): boolean {
    const first = this.words[this.at++];
    if (first === undefined) throw new ShellError('argument expected');
    const operator = this.words[this.at] ?? '';
    const second = this.words[this.at + 1];
    if (second !== undefined && this.isBinary(operator)) {
      this.at += 2;
      return this.binary(first, operator, second);
    }
    if (first === '(' && this.words.length > 1) {
      const holds = this.or();
      if (!this.take(')')) throw new ShellError('closing paren expected');
      return holds;
    }
    if (/^-[a-zA-Z]$/.test(first) && this.at < this.words.length) {
      return this.unary(first, this.words[this.at++]!);
    }
    return first !== '';
  }

  private isBinary(operator: string): boolean {
    return ['=', '==', '!='].includes(operator) || Object.hasOwn(comparisons, operator);
  }

  private binary(a: string, operator: string, b: string): boolean {
    const compare = comparisons[operator];
    if (compare !== undefined) return compare(numberOf(a), numberOf(b));
    return (a === b) === (operator !== '!=');
  }

  private unary(operator: string, word: string): boolean {
    if (operator === '-n') return word !== '';
    if (operator === '-z') return word === '';
    const { k } = this.process;
    const path = this.process.path(word);
    if (operator === '-L' || operator === '-h') return typeof vfs_readlink(k, path) === 'string';
    const stat = vfs_stat(k, path);
    if (typeof stat === 'number') return false;
    switch (operator) {
      case '-e':
        return true;
      case '-f':
        return stat.kind === 'file';
      case '-d':
        return stat.kind === 'directory';
      case '-r':
        return (stat.mode & 0o444) !== 0;
      case '-w':
        return (stat.mode & 0o222) !== 0;
      case '-x':
        return stat.kind === 'directory';
      default:
        throw new ShellError(`${operator}: unexpected operator`);
    }
  }

  private take(word: string): boolean {
    if (this.words[this.at] !== word) return false;
    this.at++;
    return true;
  }
}

const testCommand = (name: 'test' | '['): Command => ({
  name,
  summary: 'judge a condition: -e -f -d -n -z = != -eq -lt … ! -a -o',
  builtin: true,
  *run(process, args): MaySleep<number> {
    if (name === '[' && args.at(-1) !== ']') return yield* complain(process, 'missing ]', 2);
    const words = name === '[' ? args.slice(0, -1) : args;
    try {
      return new Expression(process, words).whole() ? 0 : 1;
    } catch (error) {
      if (!(error instanceof ShellError)) throw error;
      return yield* complain(process, error.message, 2);
    }
  },
});

export const testCommands: readonly Command[] = [testCommand('test'), testCommand('[')];
