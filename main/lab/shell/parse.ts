// From tokens to commands (XCU 2.10, the part that a trainee types): simple commands with
// assignments and redirections, pipelines, && and ||, lists with ; and &, groups, if, while, until,
// for. Left out: case, functions, here-documents.

import type {
  AndOrList,
  Assignment,
  Command,
  Pipeline,
  Program,
  Redirection,
  SimpleCommand,
  Word,
} from './ast.ts';
import { lex, ShellSyntaxError } from './lex.ts';
import type { Operator, Token } from './lex.ts';

/** Parses a command line. Throws ShellSyntaxError with the place of the mistake. */
export function parseLine(line: string): Program {
  return new Parser(lex(line, parseLine), line).program();
}

/** Words that open, divide or close a command, where a command could begin. */
const reserved = [
  'if',
  'then',
  'elif',
  'else',
  'fi',
  'while',
  'until',
  'do',
  'done',
  'for',
  'in',
  '{',
  '}',
  '!',
] as const;
type Reserved = (typeof reserved)[number];

/** Words that can only close something. */
const closers: readonly Reserved[] = ['then', 'elif', 'else', 'fi', 'do', 'done', '}'];

const redirectionKinds = {
  '<': 'read',
  '>': 'write',
  '>>': 'append',
  '>&': 'duplicate',
  '<&': 'duplicate',
} as const;

class Parser {
  private at = 0;
  private readonly tokens: readonly Token[];
  private readonly text: string;

  constructor(tokens: readonly Token[], text: string) {
    this.tokens = tokens;
    this.text = text;
  }

  program(): Program {
    const program = this.lists();
    if (this.at < this.tokens.length) throw this.unexpected();
    return program;
  }

  /** Lists up to a word that closes something, a `)`, or the end. */
  private lists(): AndOrList[] {
    const lists: AndOrList[] = [];
    for (;;) {
      this.skipNewlines();
      if (this.atEnd()) return lists;
      const start = this.place();
      const pipelines = this.andOr();
      const source = this.text.slice(start, this.place()).trim();
      const background = this.take('&');
      lists.push({ pipelines, background, source });
      if (!background && !this.take(';') && !this.take('\n') && !this.atEnd()) {
        throw this.unexpected();
      }
    }
  }

  private atEnd(): boolean {
    const token = this.tokens[this.at];
    if (token === undefined) return true;
    if (token.kind === 'operator') return token.operator === ')';
    const word = this.reservedHere();
    return word !== null && closers.includes(word);
  }

  private andOr(): Pipeline[] {
    const pipelines: Pipeline[] = [this.pipeline('always')];
    for (;;) {
      const after = this.take('&&') ? 'success' : this.take('||') ? 'failure' : null;
      if (after === null) return pipelines;
      this.skipNewlines();
      pipelines.push(this.pipeline(after));
    }
  }

  private pipeline(after: Pipeline['after']): Pipeline {
    const negated = this.takeReserved('!');
    const commands = [this.command()];
    while (this.take('|')) {
      this.skipNewlines();
      commands.push(this.command());
    }
    return { commands, negated, after };
  }

  private command(): Command {
    if (this.take('(')) return this.group('subshell');
    switch (this.reservedHere()) {
      case '{':
        this.at++;
        return this.group('group');
      case 'if':
        return this.ifCommand();
      case 'while':
      case 'until':
        return this.loop();
      case 'for':
        return this.forCommand();
      case null:
        return this.simple();
      default:
        throw this.unexpected();
    }
  }

  private group(kind: 'group' | 'subshell'): Command {
    const body = this.body();
    if (kind === 'group') this.expect('}');
    else if (!this.take(')')) throw this.unexpected();
    return { kind, body, redirections: this.redirections() };
  }

  private ifCommand(): Command {
    const branches: { condition: Program; body: Program }[] = [];
    let otherwise: Program | null = null;
    do {
      this.at++;
      const condition = this.body();
      this.expect('then');
      branches.push({ condition, body: this.body() });
    } while (this.reservedHere() === 'elif');
    if (this.takeReserved('else')) otherwise = this.body();
    this.expect('fi');
    return { kind: 'if', branches, otherwise, redirections: this.redirections() };
  }

  private loop(): Command {
    const kind = this.reservedHere() === 'until' ? 'until' : 'while';
    this.at++;
    const condition = this.body();
    const body = this.doGroup();
    return { kind, condition, body, redirections: this.redirections() };
  }

  private forCommand(): Command {
    this.at++;
    const name = this.literal();
    if (name === null || !/^[A-Za-z_]\w*$/.test(name)) {
      throw new ShellSyntaxError('Bad for loop variable', this.place());
    }
    this.at++;
    this.skipNewlines();
    const words: Word[] = [];
    if (this.takeReserved('in')) {
      for (let token = this.tokens[this.at]; token?.kind === 'word';) {
        words.push(token.word);
        token = this.tokens[++this.at];
      }
    }
    if (!this.take(';')) this.skipNewlines();
    this.skipNewlines();
    const body = this.doGroup();
    return { kind: 'for', name, words, body, redirections: this.redirections() };
  }

  private doGroup(): Program {
    this.expect('do');
    const body = this.body();
    this.expect('done');
    return body;
  }

  /** Lists inside a compound command: at least one. */
  private body(): Program {
    const lists = this.lists();
    if (lists.length === 0) throw this.unexpected();
    return lists;
  }

  private simple(): SimpleCommand {
    const assignments: Assignment[] = [];
    const words: Word[] = [];
    const redirections: Redirection[] = [];
    for (;;) {
      const token = this.tokens[this.at];
      if (token?.kind === 'word') {
        this.at++;
        const assignment = words.length === 0 ? asAssignment(token.word) : null;
        if (assignment === null) words.push(token.word);
        else assignments.push(assignment);
        continue;
      }
      const redirection = this.redirection();
      if (redirection === null) break;
      redirections.push(redirection);
    }
    if (assignments.length + words.length + redirections.length === 0) throw this.unexpected();
    return { kind: 'simple', assignments, words, redirections };
  }

  private redirections(): Redirection[] {
    const found: Redirection[] = [];
    for (let next = this.redirection(); next !== null; next = this.redirection()) found.push(next);
    return found;
  }

  private redirection(): Redirection | null {
    const token = this.tokens[this.at];
    if (token?.kind !== 'redirection') return null;
    if (token.fd > 2) throw new ShellSyntaxError('Bad fd number', token.at);
    this.at++;
    const target = this.tokens[this.at];
    if (target?.kind !== 'word') throw this.unexpected();
    this.at++;
    return { fd: token.fd, kind: redirectionKinds[token.operator], target: target.word };
  }

  private take(operator: Operator): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'operator' || token.operator !== operator) return false;
    this.at++;
    return true;
  }

  private skipNewlines(): void {
    while (this.take('\n')) continue;
  }

  /** The next token's text, when it is a word without quotes and expansions. */
  private literal(): string | null {
    const token = this.tokens[this.at];
    if (token?.kind !== 'word' || token.word.length !== 1) return null;
    const [part] = token.word;
    return part?.kind === 'text' && !part.quoted ? part.text : null;
  }

  private reservedHere(): Reserved | null {
    const text = this.literal();
    return reserved.find((word) => word === text) ?? null;
  }

  private takeReserved(word: Reserved): boolean {
    if (this.reservedHere() !== word) return false;
    this.at++;
    return true;
  }

  private expect(word: Reserved): void {
    if (!this.takeReserved(word)) throw this.unexpected(` (expecting "${word}")`);
  }

  /** Place of the next token in the text. */
  private place(): number {
    return this.tokens[this.at]?.at ?? this.text.length;
  }

  private unexpected(expecting = ''): ShellSyntaxError {
    const token = this.tokens[this.at];
    if (token === undefined) {
      return new ShellSyntaxError(`end of file unexpected${expecting}`, this.text.length);
    }
    if (token.kind === 'redirection') {
      return new ShellSyntaxError(`redirection unexpected${expecting}`, token.at);
    }
    const text = token.kind === 'operator' ? token.operator : (this.literal() ?? 'word');
    const named = text === '\n' ? 'newline' : text === 'word' ? 'word' : `"${text}"`;
    return new ShellSyntaxError(`${named} unexpected${expecting}`, token.at);
  }
}

/** `name=value`, when the name is plain text. */
function asAssignment(word: Word): Assignment | null {
  const [first, ...rest] = word;
  if (first?.kind !== 'text' || first.quoted) return null;
  const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(first.text);
  if (match === null) return null;
  return { name: match[1]!, value: [{ ...first, text: match[2]! }, ...rest] };
}
