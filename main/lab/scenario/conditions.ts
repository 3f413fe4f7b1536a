// Conditions of waits and checks: a map with exactly one key that names the kind, and settings
// beside it that this kind knows.

import { detectorNames, detectorStates } from '../board.ts';
import { findingKinds } from '../findings.ts';
import { outcomes } from '../outcome.ts';
import { terminals } from './names.ts';
import type { Names } from './names.ts';
import type { Value } from './reader.ts';
import type { Condition, TextWanted } from './scenario.ts';

/** Settings that each kind takes beside its own key. */
const settingsOf = {
  log: ['count'],
  noLog: [],
  file: ['contains', 'equals'],
  output: ['contains', 'equals', 'status'],
  exists: [],
  missing: [],
  portMap: [],
  rxPortCheck: [],
  outcome: [],
  finding: ['mentions'],
  noFinding: [],
  detector: ['is'],
  blocked: [],
  idle: [],
  linkUp: [],
  linkDown: [],
} as const satisfies Record<Condition['kind'], readonly string[]>;

type Kind = keyof typeof settingsOf;
type Setting = (typeof settingsOf)[Kind][number];
type Keys = Partial<Record<Kind | Setting, Value>>;

const kinds = Object.keys(settingsOf) as Kind[];
const settingNames = ['count', 'contains', 'equals', 'status', 'mentions', 'is'] as const;
const countMax = 1_000_000;

/** Parses a condition; undefined after a mistake. `isCheck`: it is judged at the end of the run. */
export function parseCondition(
  value: Value,
  names: Names,
  isCheck: boolean,
): Condition | undefined {
  if (!value.isMap) {
    return value.fail('wants a condition', 'write for example { log: Device is bonded }');
  }
  const keys: Keys = value.map([...kinds, ...settingNames]);
  const present = kinds.filter((kind) => keys[kind] !== undefined);
  const [kind] = present;
  if (kind === undefined) return value.fail('says no condition', `one of: ${kinds.join(', ')}`);
  if (present.length > 1) {
    return value.fail(`says ${present.join(' and ')} at once`, 'give each its own entry');
  }
  for (const setting of settingNames) {
    const taken = (settingsOf[kind] as readonly string[]).includes(setting);
    if (!taken) keys[setting]?.fail(`does not belong to ${kind}`, 'leave it out');
  }
  if (kind === 'outcome' && !isCheck) {
    return value.fail('waits for an outcome', 'an outcome is known at the end: use a check');
  }
  return parseKind(kind, keys, names);
}

function parseKind(kind: Kind, keys: Keys, names: Names): Condition | undefined {
  const value = keys[kind]!;
  switch (kind) {
    case 'file':
    case 'output':
      return parseText(kind, value, keys);
    case 'portMap':
      return parsePortMap(value);
    case 'rxPortCheck': {
      const word = value.oneOf(['on', 'off']);
      return word && { kind, on: word === 'on' };
    }
    case 'outcome': {
      const outcome = value.oneOf(outcomes);
      return outcome && { kind, outcome };
    }
    case 'finding':
    case 'noFinding': {
      const finding = value.oneOf(findingKinds);
      const mentions = keys.mentions?.oneOrList().flatMap((item) => item.text() ?? []) ?? [];
      if (finding === undefined) return undefined;
      return kind === 'finding' ? { kind, finding, mentions } : { kind, finding };
    }
    case 'detector':
      return parseDetector(value, keys);
    case 'linkUp':
    case 'linkDown': {
      const port = names.cardPort(value);
      return port === undefined ? undefined : { kind, port };
    }
    case 'idle': {
      const terminal = value.oneOf(terminals);
      return terminal && { kind, terminal };
    }
    default:
      return parseWord(kind, value, keys);
  }
}

function parseWord(
  kind: 'log' | 'noLog' | 'exists' | 'missing' | 'blocked',
  value: Value,
  keys: Keys,
): Condition | undefined {
  const text = value.text();
  if (text === undefined) return undefined;
  if (text === '') return value.fail('is empty', 'write what to look for');
  switch (kind) {
    case 'log':
      return { kind, text, count: keys.count?.integer(1, countMax) ?? 1 };
    case 'noLog':
      return { kind, text };
    case 'blocked':
      return { kind, task: text };
    default:
      if (!text.startsWith('/')) return value.fail('wants an absolute path', 'begin it with /');
      return { kind, path: text };
  }
}

function parseText(kind: 'file' | 'output', value: Value, keys: Keys): Condition | undefined {
  const subject = value.text();
  const wanted: TextWanted = {
    contains: keys.contains?.text() ?? null,
    equals: keys.equals?.text() ?? null,
  };
  if (subject === undefined) return undefined;
  if (kind === 'file') {
    if (!subject.startsWith('/')) return value.fail('wants an absolute path', 'begin it with /');
    if (wanted.contains !== null || wanted.equals !== null) return { kind, path: subject, wanted };
    return value.fail('compares with nothing', 'add contains: or equals:');
  }
  const status = keys.status?.integer(0, 255) ?? null;
  if (status !== null || wanted.contains !== null || wanted.equals !== null) {
    return { kind, line: subject, wanted, status };
  }
  return value.fail('compares with nothing', 'add contains:, equals: or status:');
}

function parseDetector(value: Value, keys: Keys): Condition | undefined {
  const name = value.oneOf(detectorNames);
  if (keys.is === undefined)
    return value.fail('says no state', `add is: ${detectorStates.join(' | ')}`);
  const state = keys.is.oneOf(detectorStates);
  return name === undefined || state === undefined ? undefined : { kind: 'detector', name, state };
}

function parsePortMap(value: Value): Condition | undefined {
  const map = value.list().map((item) => item.integer(1, 2));
  const [first, second] = map;
  if (value.isList && map.length !== 2) {
    return value.fail('wants the physical ports of both virtual ports', 'write for example [1, 2]');
  }
  if (first === undefined || second === undefined) return undefined;
  return { kind: 'portMap', map: [first, second] };
}
