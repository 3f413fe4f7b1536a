// Word expansion (XCU 2.6) in its order: parameters, commands and arithmetic; field splitting at
// blanks; pathnames; quotes. Commands run, so expansion may block.

import { vfs_readdir } from '#kernel/fs/vfs.ts';
import type { MaySleep } from '#sim/task.ts';
import { evaluate } from './arithmetic.ts';
import type { Program, Word, WordPart } from './ast.ts';
import { ShellError } from './control.ts';
import { resolvePath } from './paths.ts';
import {
  hasPattern,
  patternExpression,
  quotePattern,
  trimPattern,
  unquotePattern,
} from './pattern.ts';
import type { ShellState } from './state.ts';

/** Runs a command substitution and gives what it printed. */
export type Substitution = (program: Program) => MaySleep<string>;

/** One piece of a field; pattern characters mean something where `pattern` is true. */
interface Piece {
  readonly text: string;
  readonly pattern: boolean;
}

/** Expands words in one shell. */
export class Expansion {
  private readonly state: ShellState;
  private readonly substitute: Substitution;

  constructor(state: ShellState, substitute: Substitution) {
    this.state = state;
    this.substitute = substitute;
  }

  /** The fields that the words stand for. */
  *fields(words: readonly Word[]): MaySleep<string[]> {
    const found: string[] = [];
    for (const word of words) {
      for (const field of yield* this.split(word)) found.push(...this.paths(field));
    }
    return found;
  }

  /** One text, without splitting and pathnames: assignments, redirections, conditions. */
  *text(word: Word): MaySleep<string> {
    let text = '';
    for (const part of word) text += yield* this.part(part);
    return text;
  }

  /** One text in which quoted characters have no meaning as a pattern. */
  private *pattern(word: Word): MaySleep<string> {
    let text = '';
    for (const part of word) {
      const piece = yield* this.part(part);
      text += part.quoted ? quotePattern(piece) : piece;
    }
    return text;
  }

  private *split(word: Word): MaySleep<Piece[][]> {
    const fields: Piece[][] = [[]];
    for (const part of word) {
      const text = yield* this.part(part);
      if (part.quoted) fields.at(-1)!.push({ text, pattern: false });
      else if (part.kind === 'text') fields.at(-1)!.push({ text, pattern: true });
      else {
        text.split(/[ \t\n]+/).forEach((piece, index) => {
          if (index > 0) fields.push([]);
          if (piece !== '') fields.at(-1)!.push({ text: piece, pattern: true });
        });
      }
    }
    return fields.filter((field) => field.length > 0);
  }

  private *part(part: WordPart): MaySleep<string> {
    switch (part.kind) {
      case 'text':
        return part.text;
      case 'command':
        return (yield* this.substitute(part.program)).replace(/\n+$/, '');
      case 'arithmetic':
        return String(evaluate(yield* this.text(part.expression), this.state));
      case 'parameter':
        return yield* this.parameter(part);
    }
  }

  private *parameter(part: Extract<WordPart, { kind: 'parameter' }>): MaySleep<string> {
    const { name, operator, word } = part;
    const value = this.state.value(name);
    switch (operator) {
      case null:
        return value;
      case 'length':
        return String(value.length);
      case '%':
      case '%%':
      case '#':
      case '##':
        return trimPattern(value, yield* this.pattern(word), operator);
    }
    const counts = operator.startsWith(':') ? value !== '' : this.state.isSet(name);
    const kind = operator.at(-1);
    if (kind === '+') return counts ? yield* this.text(word) : '';
    if (counts) return value;
    const other = yield* this.text(word);
    if (kind === '?') throw new ShellError(`${name}: ${other || 'parameter not set'}`);
    if (kind === '=') this.state.set(name, other);
    return other;
  }

  /**
   * Pathnames that a field stands for; the field itself when it is no pattern or nothing matches.
   */
  private paths(field: readonly Piece[]): string[] {
    const text = field.map((piece) => piece.text).join('');
    const pattern = field
      .map((piece) => (piece.pattern ? piece.text : quotePattern(piece.text)))
      .join('');
    if (!hasPattern(pattern)) return [text];
    const found = this.glob(pattern);
    return found.length > 0 ? found : [text];
  }

  private glob(pattern: string): string[] {
    let paths = [pattern.startsWith('/') ? '/' : ''];
    for (const part of pattern.split('/').filter((piece) => piece !== '')) {
      paths = paths.flatMap((base) => this.matches(base, part));
    }
    return paths.sort();
  }

  private matches(base: string, part: string): string[] {
    const join = (name: string): string =>
      base === '' || base.endsWith('/') ? `${base}${name}` : `${base}/${name}`;
    if (!hasPattern(part)) return [join(unquotePattern(part))];
    const { k, cwd } = this.state;
    const entries = vfs_readdir(k, resolvePath(cwd, base === '' ? '.' : base));
    if (typeof entries === 'number') return [];
    const expression = patternExpression(part);
    return entries
      .filter(({ name }) => expression.test(name))
      .filter(({ name }) => part.startsWith('.') || !name.startsWith('.'))
      .map(({ name }) => join(name));
  }
}
