// From tokens to commands (XCU 2.10, the part that a trainee types): assignments, simple commands with
// redirections, pipelines, && and ||, lists with ; and &. Left out: compound commands and functions.

import { lex, ShellSyntaxError } from './lex.ts';
import type { Operator, Token, Word } from './lex.ts';

export interface Redirection {
  readonly fd: 0 | 1 | 2;
  readonly kind: 'read' | 'write' | 'append' | 'toStdout';
  /** Missing for 2>&1. */
  readonly target: Word;
}

export interface SimpleCommand {
  readonly assignments: readonly { readonly name: string; readonly value: Word }[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

export interface Pipeline {
  readonly commands: readonly SimpleCommand[];
  /** How the previous pipeline's status decides whether this one runs. */
  readonly after: 'always' | 'success' | 'failure';
}

/** Pipelines joined by && and ||. */
export interface AndOrList {
  readonly pipelines: readonly Pipeline[];
  readonly background: boolean;
}

/** Parses a command line. Throws ShellSyntaxError with the place of the mistake. */
export function parseLine(line: string): AndOrList[] {
  return new Parser(lex(line), line.length).lists();
}

class Parser {
  private at = 0;
  private readonly tokens: readonly Token[];
  private readonly end: number;

  constructor(tokens: readonly Token[], end: number) {
    this.tokens = tokens;
    this.end = end;
  }

  lists(): AndOrList[] {
    const lists: AndOrList[] = [];
    for (;;) {
      while (this.take('\n')) continue;
      if (this.at >= this.tokens.length) return lists;
      const pipelines = this.andOr();
      const background = this.take('&');
      lists.push({ pipelines, background });
      if (!background && !this.take(';') && !this.take('\n') && this.at < this.tokens.length) {
        throw this.unexpected();
      }
    }
  }

  private andOr(): Pipeline[] {
    const pipelines: Pipeline[] = [{ commands: this.pipeline(), after: 'always' }];
    for (;;) {
      const after = this.take('&&') ? 'success' : this.take('||') ? 'failure' : null;
      if (after === null) return pipelines;
      while (this.take('\n')) continue;
      pipelines.push({ commands: this.pipeline(), after });
    }
  }

  private pipeline(): SimpleCommand[] {
    const commands = [this.command()];
    while (this.take('|')) commands.push(this.command());
    return commands;
  }

  private command(): SimpleCommand {
    const assignments: { name: string; value: Word }[] = [];
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
    return { assignments, words, redirections };
  }

  private redirection(): Redirection | null {
    if (this.take('2>&1')) return { fd: 2, kind: 'toStdout', target: [] };
    if (this.take('<')) return { fd: 0, kind: 'read', target: this.target() };
    if (this.take('>>')) return { fd: 1, kind: 'append', target: this.target() };
    if (this.take('>')) return { fd: 1, kind: 'write', target: this.target() };
    if (this.take('2>')) return { fd: 2, kind: 'write', target: this.target() };
    return null;
  }

  private target(): Word {
    const token = this.tokens[this.at];
    if (token?.kind !== 'word') throw this.unexpected();
    this.at++;
    return token.word;
  }

  private take(operator: Operator): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'operator' || token.operator !== operator) return false;
    this.at++;
    return true;
  }

  private unexpected(): ShellSyntaxError {
    const token = this.tokens[this.at];
    if (token === undefined) return new ShellSyntaxError('unexpected end of line', this.end);
    const what = token.kind === 'operator' ? token.operator : 'word';
    return new ShellSyntaxError(`"${what === '\n' ? 'newline' : what}" unexpected`, token.at);
  }
}

function asAssignment(word: Word): { name: string; value: Word } | null {
  const first = word[0];
  if (first?.kind !== 'text' || first.quoted) return null;
  const match = /^([A-Za-z_]\w*)=(.*)$/s.exec(first.text);
  if (match === null) return null;
  return { name: match[1]!, value: [{ ...first, text: match[2]! }, ...word.slice(1)] };
}
