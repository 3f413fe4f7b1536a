// Conditions of waits and checks, from YAML: each is a map with one key that names its kind.

import { findingKinds, outcomes } from './words.ts';
import type { Value } from './reader.ts';
import type { Condition } from './scenario.ts';

const kinds = [
  'log',
  'noLog',
  'file',
  'output',
  'portMap',
  'rxPortCheck',
  'outcome',
  'finding',
  'noFinding',
  'blocked',
  'linkUp',
] as const;

type Keys = (typeof kinds)[number] | 'contains' | 'equals' | 'status' | 'mentions';

/** Parses a condition; undefined after a mistake. */
export function parseCondition(value: Value): Condition | undefined {
  const keys = value.map([...kinds, 'contains', 'equals', 'status', 'mentions']);
  const present = kinds.filter((key) => keys[key] !== undefined);
  if (present.length !== 1) {
    return value.fail('wants exactly one condition', `one of ${kinds.join(', ')}`);
  }
  return parseKind(present[0]!, keys, value);
}

function parseKind(
  kind: (typeof kinds)[number],
  keys: Partial<Record<Keys, Value>>,
  whole: Value,
): Condition | undefined {
  const value = keys[kind]!;
  switch (kind) {
    case 'file':
    case 'output':
      return parseText(kind, keys, whole);
    case 'portMap':
      return parsePortMap(value);
    case 'rxPortCheck': {
      const word = value.oneOf(['on', 'off']);
      return word === undefined ? undefined : { kind, on: word === 'on' };
    }
    case 'outcome': {
      const outcome = value.oneOf(outcomes);
      return outcome === undefined ? undefined : { kind, outcome };
    }
    case 'finding': {
      const finding = value.oneOf(findingKinds);
      const mentions = keys.mentions?.list().flatMap((item) => item.text() ?? []) ?? [];
      return finding === undefined ? undefined : { kind, finding, mentions };
    }
    case 'noFinding': {
      const finding = value.oneOf(findingKinds);
      return finding === undefined ? undefined : { kind, finding };
    }
    default:
      return parseWord(kind, value);
  }
}

function parseWord(
  kind: 'log' | 'noLog' | 'blocked' | 'linkUp',
  value: Value,
): Condition | undefined {
  const text = value.text();
  if (text === undefined) return undefined;
  if (kind === 'blocked') return { kind, task: text };
  if (kind === 'linkUp') return { kind, port: text };
  return { kind, text };
}

function parseText(
  kind: 'file' | 'output',
  keys: Partial<Record<Keys, Value>>,
  whole: Value,
): Condition | undefined {
  const subject = keys[kind]!.text();
  const contains = keys.contains?.text() ?? null;
  const equals = keys.equals?.text() ?? null;
  const status = keys.status?.integer(0, 255) ?? null;
  if (subject === undefined) return undefined;
  if (contains === null && equals === null && status === null) {
    return whole.fail('compares with nothing', 'add contains:, equals: or (for output) status:');
  }
  if (kind === 'output') return { kind, line: subject, contains, equals, status };
  return { kind, path: subject, contains, equals };
}

function parsePortMap(value: Value): Condition | undefined {
  const map = value.list().map((item) => item.integer(1, 2));
  const [first, second] = map;
  if (map.length !== 2 || first === undefined || second === undefined) {
    return value.fail('wants two physical ports', 'write for example [1, 2]');
  }
  return { kind: 'portMap', map: [first, second] };
}
