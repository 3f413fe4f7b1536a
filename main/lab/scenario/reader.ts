// Reads a YAML tree strictly: every value is asked for by kind, every key must be known, and each mistake
// becomes one error that names file, line, column and the mend.

import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Node } from 'yaml';

/** One mistake in a scenario file. */
export interface ScenarioProblem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly message: string;
  /** What to do about it. */
  readonly mend: string;
}

/** Thrown with every mistake that was found. */
export class ScenarioError extends Error {
  readonly problems: readonly ScenarioProblem[];

  constructor(problems: readonly ScenarioProblem[]) {
    super(problems.map(problemText).join('\n'));
    this.name = 'ScenarioError';
    this.problems = problems;
  }
}

/** `file:line:column: message (mend)`. */
export const problemText = (p: ScenarioProblem): string =>
  `${p.file}:${p.line}:${p.column}: ${p.message} (${p.mend})`;

/** Collects mistakes; a reader goes on after one, so that a file's mistakes come together. */
export class Problems {
  readonly list: ScenarioProblem[] = [];
  private readonly file: string;
  private readonly lines: LineCounter;

  constructor(file: string, lines: LineCounter) {
    this.file = file;
    this.lines = lines;
  }

  add(offset: number, message: string, mend: string): void {
    const { line, col } = this.lines.linePos(offset);
    this.list.push({ file: this.file, line: Math.max(line, 1), column: Math.max(col, 1), message, mend });
  }
}

/** A value with its place in the file. */
export class Value {
  readonly path: string;
  readonly node: Node | null;
  readonly problems: Problems;
  private readonly fallbackOffset: number;

  constructor(path: string, node: Node | null, problems: Problems, fallbackOffset = 0) {
    this.path = path;
    this.node = node;
    this.problems = problems;
    this.fallbackOffset = fallbackOffset;
  }

  get offset(): number {
    return this.node?.range?.[0] ?? this.fallbackOffset;
  }

  fail(message: string, mend: string): undefined {
    this.problems.add(this.offset, `${this.path}: ${message}`, mend);
    return undefined;
  }

  get isMap(): boolean {
    return isMap(this.node);
  }

  get isList(): boolean {
    return isSeq(this.node);
  }

  get isText(): boolean {
    return isScalar(this.node) && typeof this.node.value === 'string';
  }

  /** Text; numbers and booleans are taken as they are written. */
  text(): string | undefined {
    if (!isScalar(this.node) || this.node.value === null || typeof this.node.value === 'object') {
      return this.fail('wants text', 'write one value, in quotes when it has special characters');
    }
    const { value, source } = this.node;
    return typeof value === 'string' ? value : (source ?? String(value));
  }

  boolean(): boolean | undefined {
    if (isScalar(this.node) && typeof this.node.value === 'boolean') return this.node.value;
    return this.fail('wants true or false', 'write true or false without quotes');
  }

  integer(least: number, most: number): number | undefined {
    const value = isScalar(this.node) ? this.node.value : undefined;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) {
      return value;
    }
    return this.fail(`wants a whole number from ${least} to ${most}`, 'change the number');
  }

  /** A time with its unit, in ns. */
  time(): number | undefined {
    const text = isScalar(this.node) ? String(this.node.source ?? this.node.value) : '';
    const parsed = parseTime(text);
    if (parsed !== undefined) return parsed;
    return this.fail(
      `wants a time with a unit, not ${JSON.stringify(text)}`,
      'write for example 250ms, 10s, 1.5s, 20us or 5m',
    );
  }

  oneOf<const T extends string>(words: readonly T[]): T | undefined {
    const text = isScalar(this.node) ? String(this.node.value) : '';
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    return this.fail(`does not know ${JSON.stringify(text)}`, `one of: ${words.join(', ')}`);
  }

  /** Members of a list. */
  list(): Value[] {
    if (!isSeq(this.node)) {
      this.fail('wants a list', 'begin each member with "- "');
      return [];
    }
    return this.node.items.map(
      (item, index) => new Value(`${this.path}[${index}]`, item as Node, this.problems, this.offset),
    );
  }

  /** Members of a map; keys that are not known are mistakes. */
  map<const N extends string>(known: readonly N[]): Partial<Record<N, Value>> {
    const found: Partial<Record<N, Value>> = {};
    if (!isMap(this.node)) {
      this.fail('wants a map', `write key: value lines with ${known.join(', ')}`);
      return found;
    }
    for (const [key, value] of this.entries()) {
      const name = known.find((word) => word === key);
      if (name !== undefined) found[name] = value;
      else value.unknownKey(key, known);
    }
    return found;
  }

  /** Every key with its value. */
  entries(): [string, Value][] {
    if (!isMap(this.node)) {
      this.fail('wants a map', 'write key: value lines');
      return [];
    }
    return this.node.items.map((pair) => {
      const keyNode = pair.key as Node;
      const key = isScalar(keyNode) ? String(keyNode.value) : '?';
      const at = keyNode.range?.[0] ?? this.offset;
      return [key, new Value(`${this.path}.${key}`, pair.value as Node | null, this.problems, at)];
    });
  }

  private unknownKey(key: string, known: readonly string[]): void {
    const near = known.find((word) => distance(word, key) <= 2);
    const mend = near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`;
    this.problems.add(this.fallbackOffset, `${this.path}: unknown key`, mend);
  }
}

/** Parses the text; throws ScenarioError when it is not YAML. */
export function openYaml(file: string, text: string): Value {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problems = new Problems(file, lines);
  for (const error of document.errors) {
    problems.add(error.pos[0], error.message, 'mend the YAML at this place');
  }
  if (problems.list.length > 0) throw new ScenarioError(problems.list);
  return new Value('scenario', document.contents, problems);
}

const unitNs: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
]);

/** `250ms`, `1.5s`, … in ns; undefined without a number or a unit. */
export function parseTime(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|s|m|h)$/.exec(text.trim());
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * unitNs.get(match[2]!)!);
}

/** Edit distance, for "did you mean". */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + change));
    }
    row = next;
  }
  return row[b.length]!;
}
