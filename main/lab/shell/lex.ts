// The shell's words: POSIX quoting, variables, operators (XCU 2.2, 2.3). Expansion needs the shell's state
// and the file tree, so a word is kept as parts. Left out: here-documents, $(…), arithmetic.

/** A part of a word: literal text, or a variable. Unquoted parts are split and globbed. */
export interface WordPart {
  readonly kind: 'text' | 'variable';
  readonly text: string;
  readonly quoted: boolean;
}

export type Word = readonly WordPart[];

export const operators = ['&&', '||', '2>&1', '2>', '>>', '>', '<', '|', ';', '&', '\n'] as const;
export type Operator = (typeof operators)[number];

export type Token =
  | { readonly kind: 'word'; readonly word: Word; readonly at: number }
  | { readonly kind: 'operator'; readonly operator: Operator; readonly at: number };

/** A mistake in a command line. */
export class ShellSyntaxError extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.name = 'ShellSyntaxError';
    this.at = at;
  }
}

class Scanner {
  at = 0;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  get end(): boolean {
    return this.at >= this.text.length;
  }

  peek(ahead = 0): string {
    return this.text[this.at + ahead] ?? '';
  }

  startsWith(what: string): boolean {
    return this.text.startsWith(what, this.at);
  }
}

/** Splits a line into words and operators. Throws ShellSyntaxError on an open quote. */
export function lex(line: string): Token[] {
  const scanner = new Scanner(line);
  const tokens: Token[] = [];
  while (!scanner.end) {
    const c = scanner.peek();
    if (c === ' ' || c === '\t') scanner.at++;
    else if (c === '\\' && scanner.peek(1) === '\n') scanner.at += 2;
    else if (c === '#') while (!scanner.end && scanner.peek() !== '\n') scanner.at++;
    else tokens.push(operatorAt(scanner) ?? wordAt(scanner));
  }
  return tokens;
}

function operatorAt(scanner: Scanner): Token | null {
  const operator = operators.find((candidate) => scanner.startsWith(candidate));
  if (operator === undefined) return null;
  const at = scanner.at;
  scanner.at += operator.length;
  return { kind: 'operator', operator, at };
}

function wordAt(scanner: Scanner): Token {
  const parts: WordPart[] = [];
  const start = scanner.at;
  while (!scanner.end && !/[\s|&;<>]/.test(scanner.peek())) {
    const c = scanner.peek();
    if (c === "'") parts.push(singleQuoted(scanner));
    else if (c === '"') parts.push(...doubleQuoted(scanner));
    else if (c === '$') parts.push(variable(scanner, false));
    else parts.push(plain(scanner));
  }
  return { kind: 'word', word: parts, at: start };
}

function singleQuoted(scanner: Scanner): WordPart {
  const start = scanner.at;
  const end = scanner.text.indexOf("'", start + 1);
  if (end < 0) throw new ShellSyntaxError("unterminated quote '", start);
  scanner.at = end + 1;
  return { kind: 'text', text: scanner.text.slice(start + 1, end), quoted: true };
}

function doubleQuoted(scanner: Scanner): WordPart[] {
  const start = scanner.at++;
  const parts: WordPart[] = [];
  let text = '';
  const flush = (): void => {
    parts.push({ kind: 'text', text, quoted: true });
    text = '';
  };
  while (scanner.peek() !== '"') {
    if (scanner.end) throw new ShellSyntaxError('unterminated quote "', start);
    if (scanner.peek() === '\\' && /["\\$`]/.test(scanner.peek(1))) {
      text += scanner.peek(1);
      scanner.at += 2;
    } else if (scanner.peek() === '$') {
      flush();
      parts.push(variable(scanner, true));
    } else {
      text += scanner.peek();
      scanner.at++;
    }
  }
  scanner.at++;
  flush();
  return parts;
}

function variable(scanner: Scanner, quoted: boolean): WordPart {
  const rest = scanner.text.slice(scanner.at + 1);
  const match = /^(?:\{(\w+|[?!$#])\}|([A-Za-z_]\w*|[0-9?!$#]))/.exec(rest);
  scanner.at += 1 + (match?.[0].length ?? 0);
  if (match === null) return { kind: 'text', text: '$', quoted };
  return { kind: 'variable', text: match[1] ?? match[2]!, quoted };
}

function plain(scanner: Scanner): WordPart {
  if (scanner.peek() === '\\') {
    const text = scanner.peek(1);
    scanner.at += 2;
    return { kind: 'text', text, quoted: true };
  }
  const start = scanner.at;
  while (!scanner.end && !/[\s|&;<>'"$\\]/.test(scanner.peek())) scanner.at++;
  return { kind: 'text', text: scanner.text.slice(start, scanner.at), quoted: false };
}
