// The shell's tokens: words with POSIX quoting and expansions, operators, redirections (XCU 2.2,
// 2.3,
// 2.6). Command substitutions are parsed as they are met, through `inner`, so that a mistake in one
// is a mistake of the line. Left out: here-documents, `$'…'`, aliases.

import type { ParameterOperator, Program, Word, WordPart } from './ast.ts';

export const operators = ['&&', '||', '|', ';', '&', '\n', '(', ')'] as const;
export type Operator = (typeof operators)[number];

export type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly at: number }
  | { readonly kind: 'operator'; readonly operator: Operator; readonly at: number }
  | {
      readonly kind: 'redirection';
      readonly fd: number;
      readonly operator: '<' | '>' | '>>' | '>&' | '<&';
      readonly at: number;
    };

/** A mistake in a command line, with its place in the text (from 0). */
export class ShellSyntaxError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = 'ShellSyntaxError';
    this.at = at;
  }
}

/** Parses the text of a command substitution. */
export type InnerParser = (text: string) => Program;

const wordEnd = /[\s|&;<>()]/;
const parameterPattern = /^([A-Za-z_]\w*|[0-9?!$#@*])/;
const operatorPattern = /^(:?[-=+?]|%%?|##?)/;

/** Splits a text into tokens. Throws ShellSyntaxError. */
export function lex(text: string, inner: InnerParser): Token[] {
  return new Lexer(text, inner).tokens();
}

class Lexer {
  private at = 0;
  private readonly text: string;
  private readonly inner: InnerParser;

  constructor(text: string, inner: InnerParser) {
    this.text = text;
    this.inner = inner;
  }

  tokens(): Token[] {
    const tokens: Token[] = [];
    while (this.at < this.text.length) {
      const c = this.peek();
      if (c === ' ' || c === '\t') this.at++;
      else if (this.startsWith('\\\n')) this.at += 2;
      else if (c === '#') this.skipComment();
      else tokens.push(this.redirection() ?? this.operator() ?? this.wordToken());
    }
    return tokens;
  }

  private peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? '';
  }

  private startsWith(what: string): boolean {
    return this.text.startsWith(what, this.at);
  }

  private skipComment(): void {
    while (this.at < this.text.length && this.peek() !== '\n') this.at++;
  }

  private redirection(): Token | null {
    const { at } = this;
    const match = /^(\d?)(>>|>&|<&|>|<)/.exec(this.text.slice(at, at + 4));
    if (match === null) return null;
    const operator = match[2] as '<' | '>' | '>>' | '>&' | '<&';
    this.at += match[0].length;
    if (operator === '<' && this.peek() === '<') {
      throw new ShellSyntaxError('here-documents are not in this shell', at);
    }
    const fd = match[1] === '' ? (operator.startsWith('<') ? 0 : 1) : Number(match[1]);
    return { kind: 'redirection', fd, operator, at };
  }

  private operator(): Token | null {
    const operator = operators.find((candidate) => this.startsWith(candidate));
    if (operator === undefined) return null;
    const { at } = this;
    this.at += operator.length;
    return { kind: 'operator', operator, at };
  }

  private wordToken(): Token {
    const { at } = this;
    return { kind: 'word', word: this.word(wordEnd), at };
  }

  /** Parts up to a character that matches `end`. */
  private word(end: RegExp): Word {
    const parts: WordPart[] = [];
    while (this.at < this.text.length && !end.test(this.peek())) {
      const c = this.peek();
      if (c === "'") parts.push(this.singleQuoted());
      else if (c === '"') parts.push(...this.doubleQuoted());
      else if (c === '$') parts.push(this.dollar(false));
      else if (c === '`') parts.push(this.backquoted(false));
      else parts.push(this.plain(end));
    }
    return parts;
  }

  private plain(end: RegExp): WordPart {
    if (this.peek() === '\\') {
      const text = this.peek(1);
      this.at += 2;
      return { kind: 'text', text: text === '' ? '\\' : text, quoted: true };
    }
    const start = this.at;
    while (this.at < this.text.length && !/['"$\\`]/.test(this.peek()) && !end.test(this.peek())) {
      this.at++;
    }
    return { kind: 'text', text: this.text.slice(start, this.at), quoted: false };
  }

  private singleQuoted(): WordPart {
    const start = this.at;
    const end = this.text.indexOf("'", start + 1);
    if (end < 0) throw new ShellSyntaxError('Unterminated quoted string', start);
    this.at = end + 1;
    return { kind: 'text', text: this.text.slice(start + 1, end), quoted: true };
  }

  private doubleQuoted(): WordPart[] {
    const start = this.at++;
    const parts: WordPart[] = [{ kind: 'text', text: '', quoted: true }];
    const add = (text: string): void => {
      parts.push({ kind: 'text', text, quoted: true });
    };
    while (this.peek() !== '"') {
      if (this.at >= this.text.length) {
        throw new ShellSyntaxError('Unterminated quoted string', start);
      }
      if (this.startsWith('\\\n')) this.at += 2;
      else if (this.peek() === '\\' && /["\\$`]/.test(this.peek(1))) {
        add(this.peek(1));
        this.at += 2;
      } else if (this.peek() === '$') parts.push(this.dollar(true));
      else if (this.peek() === '`') parts.push(this.backquoted(true));
      else add(this.text[this.at++]!);
    }
    this.at++;
    return parts;
  }

  /** `$name`, `${…}`, `$(…)`, `$((…))`, or a dollar that means itself. */
  private dollar(quoted: boolean): WordPart {
    if (this.startsWith('$((')) return this.arithmetic(quoted);
    if (this.startsWith('$(')) {
      const start = this.at;
      const end = this.closing(start + 2, ')');
      this.at = end + 1;
      const source = this.text.slice(start + 2, end);
      return { kind: 'command', program: this.parseInner(source, start + 2), quoted };
    }
    if (this.startsWith('${')) return this.braced(quoted);
    const match = parameterPattern.exec(this.text.slice(this.at + 1, this.at + 256));
    this.at += 1 + (match?.[0].length ?? 0);
    if (match === null) return { kind: 'text', text: '$', quoted };
    return { kind: 'parameter', name: match[0], operator: null, word: [], quoted };
  }

  private braced(quoted: boolean): WordPart {
    const start = this.at;
    const bad = (): ShellSyntaxError => new ShellSyntaxError('Bad substitution', start);
    this.at += 2;
    const isLength = this.peek() === '#' && this.peek(1) !== '}';
    if (isLength) this.at++;
    const name = parameterPattern.exec(this.text.slice(this.at, this.at + 256))?.[0];
    if (name === undefined) throw bad();
    this.at += name.length;
    const operator = operatorPattern.exec(this.text.slice(this.at, this.at + 2))?.[0];
    if (isLength && operator !== undefined) throw bad();
    this.at += operator?.length ?? 0;
    const word = operator === undefined ? [] : this.word(/\}/);
    if (this.peek() !== '}') throw bad();
    this.at++;
    const chosen = isLength ? 'length' : ((operator ?? null) as ParameterOperator | null);
    return { kind: 'parameter', name, operator: chosen, word, quoted };
  }

  private arithmetic(quoted: boolean): WordPart {
    const start = this.at;
    const end = this.closing(start + 3, ')');
    if (this.text[end + 1] !== ')') throw new ShellSyntaxError("Missing '))'", start);
    const source = this.text.slice(start + 3, end);
    this.at = end + 2;
    return { kind: 'arithmetic', expression: new Lexer(source, this.inner).word(/(?!)/), quoted };
  }

  private backquoted(quoted: boolean): WordPart {
    const start = this.at++;
    let source = '';
    while (this.peek() !== '`') {
      if (this.at >= this.text.length) {
        throw new ShellSyntaxError('EOF in backquote substitution', start);
      }
      if (this.peek() === '\\' && /[$`\\]/.test(this.peek(1))) this.at++;
      source += this.text[this.at++]!;
    }
    this.at++;
    return { kind: 'command', program: this.parseInner(source, start + 1), quoted };
  }

  private parseInner(source: string, offset: number): Program {
    try {
      return this.inner(source);
    } catch (error) {
      if (!(error instanceof ShellSyntaxError)) throw error;
      throw new ShellSyntaxError(error.message, offset + error.at);
    }
  }

  /** Place of the bracket that closes one before `from`; quotes and inner brackets are skipped. */
  private closing(from: number, bracket: string): number {
    let depth = 0;
    for (let at = from; at < this.text.length; at++) {
      const c = this.text[at]!;
      if (c === '\\') at++;
      else if (c === "'") at = this.skipTo("'", at);
      else if (c === '"') at = this.skipDouble(at);
      else if (c === '(') depth++;
      else if (c === bracket && depth-- === 0) return at;
    }
    throw new ShellSyntaxError("Missing ')'", from);
  }

  private skipTo(quote: string, from: number): number {
    const end = this.text.indexOf(quote, from + 1);
    if (end < 0) throw new ShellSyntaxError('Unterminated quoted string', from);
    return end;
  }

  private skipDouble(from: number): number {
    for (let at = from + 1; at < this.text.length; at++) {
      if (this.text[at] === '\\') at++;
      else if (this.text[at] === '"') return at;
    }
    throw new ShellSyntaxError('Unterminated quoted string', from);
  }
}
