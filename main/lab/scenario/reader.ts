// Reading a YAML tree by what is wanted: values are asked for by kind, every key must be known, and
// each mistake becomes one problem that names file, line, column and the mend. A reader goes on
// after a mistake, so that all mistakes of a file come together. Aliases and tags are not read: a
// stranger's file must not be larger than it looks.

import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Node } from 'yaml';
import { mendWord } from './nearest.ts';
import { parseLength, parseSpeed, parseTime, quantityExamples } from './units.ts';

/** A place in a file, both from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** One mistake in a scenario file. */
export interface ScenarioProblem extends Place {
  readonly file: string;
  readonly message: string;
  /** What to do about it. */
  readonly mend: string;
}

/** `file:line:column: message (mend)`. */
export const problemText = (problem: ScenarioProblem): string => {
  const { file, line, column, message, mend } = problem;
  return `${file}:${line}:${column}: ${message} (${mend})`;
};

/** Thrown with every mistake that was found, in the order of the file. */
export class ScenarioError extends Error {
  readonly problems: readonly ScenarioProblem[];

  constructor(problems: readonly ScenarioProblem[]) {
    super(problems.map(problemText).join('\n'));
    this.name = 'ScenarioError';
    this.problems = problems;
  }
}

/** The mistakes of one file. */
export class Problems {
  readonly list: ScenarioProblem[] = [];
  private readonly file: string;
  private readonly lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.file = file;
    this.lines = lines;
  }

  place(offset: number): Place {
    const { line, col } = this.lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  add(offset: number, message: string, mend: string): void {
    this.list.push({ file: this.file, ...this.place(offset), message, mend });
  }

  /** Throws when there are any. */
  throwIfAny(): void {
    if (this.list.length === 0) return;
    throw new ScenarioError([...this.list].sort((a, b) => a.line - b.line || a.column - b.column));
  }
}

/** A value with its place in the file. */
export class Value {
  /** Way to it, for example `machine.cpus`; empty for the file itself. */
  readonly path: string;
  readonly problems: Problems;
  private readonly node: Node | null;
  private readonly fallbackOffset: number;

  constructor(path: string, node: Node | null, problems: Problems, fallbackOffset = 0) {
    this.path = path;
    this.node = node;
    this.problems = problems;
    this.fallbackOffset = fallbackOffset;
  }

  /** Where it stands. */
  get place(): Place {
    return this.problems.place(this.offset);
  }

  private get offset(): number {
    return this.node?.range?.[0] ?? this.fallbackOffset;
  }

  get isMap(): boolean {
    return isMap(this.node);
  }

  get isList(): boolean {
    return isSeq(this.node);
  }

  /** Nothing, or `null`, or `~`. */
  get isEmpty(): boolean {
    return this.node === null || (isScalar(this.node) && this.node.value === null);
  }

  /** Records a mistake at this value. */
  fail(message: string, mend: string): undefined {
    const subject = this.path === '' ? 'the file' : this.path;
    this.problems.add(this.offset, `${subject} ${message}`, mend);
    return undefined;
  }

  /** As it is written in the file; empty for anything but a scalar. */
  private get source(): string {
    if (!isScalar(this.node) || this.node.value === null) return '';
    return this.node.source ?? '';
  }

  /** Text; numbers and booleans are taken as they are written. */
  text(): string | undefined {
    if (isAlias(this.node)) return this.fail('is an alias', 'write the value out');
    if (!isScalar(this.node) || this.node.value === null) {
      return this.fail('wants text', 'write one value, in quotes when it has special characters');
    }
    return typeof this.node.value === 'string' ? this.node.value : this.source;
  }

  boolean(): boolean | undefined {
    if (isScalar(this.node) && typeof this.node.value === 'boolean') return this.node.value;
    return this.fail('wants true or false', 'write true or false without quotes');
  }

  integer(least: number, most: number): number | undefined {
    const value = isScalar(this.node) ? this.node.value : undefined;
    const whole = typeof value === 'number' && Number.isInteger(value);
    if (whole && value >= least && value <= most) return value;
    return this.fail(`wants a whole number from ${least} to ${most}`, `write for example ${least}`);
  }

  /** A time with its unit, in ns. */
  time(): number | undefined {
    return this.quantity('time', parseTime);
  }

  /** A speed with its unit, in Mb/s. */
  speed(): number | undefined {
    return this.quantity('speed', parseSpeed);
  }

  /** The delay in ns of a length with its unit. */
  length(): number | undefined {
    return this.quantity('length', parseLength);
  }

  private quantity(
    what: keyof typeof quantityExamples,
    parse: (text: string) => number | undefined,
  ): number | undefined {
    const parsed = parse(this.source);
    if (parsed !== undefined) return parsed;
    const got = this.source === '' ? '' : `, not ${JSON.stringify(this.source)}`;
    return this.fail(`wants a ${what} with a unit${got}`, quantityExamples[what]);
  }

  /** A word out of a closed set. */
  oneOf<const T extends string>(words: readonly T[]): T | undefined {
    if (!isScalar(this.node)) return this.fail('wants one word', `one of: ${words.join(', ')}`);
    const found = words.find((word) => word === this.source);
    if (found !== undefined) return found;
    const got = JSON.stringify(this.source);
    return this.fail(`does not know ${got}`, mendWord(this.source, words));
  }

  /** Members of a list. */
  list(): Value[] {
    if (!isSeq(this.node)) {
      this.fail('wants a list', 'begin each member with "- ", or write [one, two]');
      return [];
    }
    return this.node.items.map((item, index) => {
      const path = `${this.path}[${index + 1}]`;
      return new Value(path, item as Node | null, this.problems, this.offset);
    });
  }

  /** A list of this, or one of this without a list around it. */
  oneOrList(): Value[] {
    return this.isList ? this.list() : [this];
  }

  /** Members of a map; keys that are not known are mistakes. */
  map<const N extends string>(known: readonly N[]): Partial<Record<N, Value>> {
    const found: Partial<Record<N, Value>> = {};
    for (const [key, value] of this.entries(`known here: ${known.join(', ')}`)) {
      const name = known.find((word) => word === key);
      if (name !== undefined) found[name] = value;
      else value.unknownKey(key, known);
    }
    return found;
  }

  /** Every key with its value; `mend` is for a value that is no map. */
  entries(mend = 'write key: value lines'): [string, Value][] {
    if (!isMap(this.node)) {
      this.fail('wants key: value lines', mend);
      return [];
    }
    return this.node.items.map((pair) => {
      const keyNode = pair.key as Node;
      const key = isScalar(keyNode) ? String(keyNode.value) : '?';
      const at = keyNode.range?.[0] ?? this.offset;
      const path = this.path === '' ? key : `${this.path}.${key}`;
      return [key, new Value(path, pair.value as Node | null, this.problems, at)];
    });
  }

  private unknownKey(key: string, known: readonly string[]): void {
    const where = this.path.slice(0, -key.length - 1);
    const subject = where === '' ? 'the file' : where;
    this.problems.add(this.fallbackOffset, `${subject} has no key ${key}`, mendWord(key, known));
  }
}

/** Most bytes of a scenario file. */
const fileBytesMax = 1_000_000;

/** Parses the text; throws ScenarioError when it is not YAML. */
export function openYaml(file: string, text: string): Value {
  const lines = new LineCounter();
  const problems = new Problems(file, lines);
  if (text.length > fileBytesMax) {
    problems.add(0, 'the file is too large', `at most ${fileBytesMax} characters`);
    problems.throwIfAny();
  }
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  for (const error of document.errors) {
    problems.add(error.pos[0], `this is not YAML: ${error.message}`, 'mend it at this place');
  }
  problems.throwIfAny();
  return new Value('', document.contents, problems);
}
