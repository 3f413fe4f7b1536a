// What a shell line is made of (POSIX XCU 2.9, the part that the lab has). Words keep their parts,
// because expansion needs the shell's state and the file tree.

/** `${name}` with what stands behind the name; `length` is `${#name}`. */
export type ParameterOperator =
  '-' | ':-' | '=' | ':=' | '+' | ':+' | '?' | ':?' | '%' | '%%' | '#' | '##' | 'length';

/** A part of a word. Unquoted expansions are split into fields, unquoted text is globbed. */
export type WordPart =
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: 'parameter';
      readonly name: string;
      readonly operator: ParameterOperator | null;
      readonly word: Word;
      readonly quoted: boolean;
    }
  | { readonly kind: 'command'; readonly program: Program; readonly quoted: boolean }
  | { readonly kind: 'arithmetic'; readonly expression: Word; readonly quoted: boolean };

export type Word = readonly WordPart[];

/** `2>file`, `<file`, `2>&1`. */
export interface Redirection {
  /** Descriptor that is redirected: 0, 1 or 2. */
  readonly fd: number;
  readonly kind: 'read' | 'write' | 'append' | 'duplicate';
  /** A file, or for `duplicate` the number of a descriptor. */
  readonly target: Word;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export interface SimpleCommand {
  readonly kind: 'simple';
  readonly assignments: readonly Assignment[];
  readonly words: readonly Word[];
  readonly redirections: readonly Redirection[];
}

/** `{ …; }`, or `( … )` in a shell of its own. */
export interface GroupCommand {
  readonly kind: 'group' | 'subshell';
  readonly body: Program;
  readonly redirections: readonly Redirection[];
}

export interface IfCommand {
  readonly kind: 'if';
  readonly branches: readonly { readonly condition: Program; readonly body: Program }[];
  readonly otherwise: Program | null;
  readonly redirections: readonly Redirection[];
}

export interface LoopCommand {
  readonly kind: 'while' | 'until';
  readonly condition: Program;
  readonly body: Program;
  readonly redirections: readonly Redirection[];
}

export interface ForCommand {
  readonly kind: 'for';
  readonly name: string;
  readonly words: readonly Word[];
  readonly body: Program;
  readonly redirections: readonly Redirection[];
}

export type Command = SimpleCommand | GroupCommand | IfCommand | LoopCommand | ForCommand;

export interface Pipeline {
  readonly commands: readonly Command[];
  /** `!` in front: success and failure change places. */
  readonly negated: boolean;
  /** How the status before decides whether this one runs. */
  readonly after: 'always' | 'success' | 'failure';
}

/** Pipelines joined by && and ||. */
export interface AndOrList {
  readonly pipelines: readonly Pipeline[];
  readonly background: boolean;
  /** As it was typed, for `jobs`. */
  readonly source: string;
}

export type Program = readonly AndOrList[];
