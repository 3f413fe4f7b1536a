// Steps of the script and checks at its end. Each step says one thing, with settings beside it that
// this thing knows; shell lines are parsed here already, so that a typo is found before the machine
// boots.

import { ShellSyntaxError } from '../shell/lex.ts';
import { parseLine } from '../shell/parse.ts';
import { parseCondition } from './conditions.ts';
import { faultNames, parseCommand, parseFault } from './faults.ts';
import { terminals } from './names.ts';
import type { Names } from './names.ts';
import type { Value } from './reader.ts';
import type { Check, ScriptStep, Step, When } from './scenario.ts';

const secondNs = 1e9;
/** How long a wait lasts unless the file says otherwise. */
const defaultWaitNs = 30 * secondNs;

/** Settings that each step takes beside its own key. */
const settingsOf = {
  run: ['terminal', 'background'],
  interrupt: [],
  mark: [],
  sleep: [],
  pull: [],
  plug: ['cable'],
  swap: ['with'],
  enable: [],
  disable: [],
  fault: [],
  clearFault: [],
  release: [],
  wait: ['timeout'],
} as const;

type Key = keyof typeof settingsOf;
type Setting = (typeof settingsOf)[Key][number];
type Keys = Partial<Record<Key | Setting | 'when', Value>>;

const stepKeys = Object.keys(settingsOf) as Key[];
const settingNames = ['terminal', 'background', 'cable', 'with', 'timeout'] as const;

/** Parses one step; undefined after a mistake. */
export function parseStep(value: Value, names: Names): ScriptStep | undefined {
  if (!value.isMap) return value.fail('wants a step', 'write for example run: ip link');
  const keys: Keys = value.map([...stepKeys, ...settingNames, 'when']);
  const present = stepKeys.filter((key) => keys[key] !== undefined);
  const [key] = present;
  if (key === undefined) return value.fail('says nothing to do', `one of: ${stepKeys.join(', ')}`);
  if (present.length > 1) {
    return value.fail(`says ${present.join(' and ')} at once`, 'give each a step of its own');
  }
  for (const setting of settingNames) {
    const taken = (settingsOf[key] as readonly string[]).includes(setting);
    if (!taken) keys[setting]?.fail(`does not belong to ${key}`, 'leave it out');
  }
  const step = parseAction(key, keys, names);
  const when = parseWhen(keys.when, names);
  return step && { step, when, line: value.place.line };
}

function parseAction(key: Key, keys: Keys, names: Names): Step | undefined {
  const value = keys[key]!;
  switch (key) {
    case 'run':
      return parseRun(value, keys);
    case 'interrupt': {
      const terminal = value.oneOf(terminals);
      return terminal && { kind: 'interrupt', terminal };
    }
    case 'mark': {
      const text = value.text();
      return text === undefined ? undefined : { kind: 'mark', text };
    }
    case 'sleep': {
      const durationNs = value.time();
      return durationNs === undefined ? undefined : { kind: 'sleep', durationNs };
    }
    case 'fault': {
      const fault = parseFault(value, names);
      return fault && { kind: 'fault', fault };
    }
    case 'clearFault': {
      const name = value.oneOf(faultNames);
      return name && { kind: 'clearFault', name };
    }
    case 'release': {
      const command = parseCommand(value);
      return command && { kind: 'release', command };
    }
    case 'wait': {
      const condition = parseCondition(value, names, false);
      const timeoutNs = keys.timeout === undefined ? defaultWaitNs : keys.timeout.time();
      return condition && timeoutNs !== undefined
        ? { kind: 'wait', condition, timeoutNs }
        : undefined;
    }
    default:
      return parseHands(key, value, keys, names);
  }
}

function parseRun(value: Value, keys: Keys): Step | undefined {
  const line = value.text();
  const terminal = keys.terminal?.oneOf(terminals) ?? 'main';
  const background = keys.background?.boolean() ?? false;
  if (line === undefined) return undefined;
  try {
    if (parseLine(line).length === 0) return value.fail('is empty', 'write a shell line');
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    return value.fail(`is no shell line: ${error.message}`, 'mend the line');
  }
  return { kind: 'run', line, terminal, background };
}

/** What hands do with cables and the far end. */
function parseHands(
  key: 'pull' | 'plug' | 'swap' | 'enable' | 'disable',
  value: Value,
  keys: Keys,
  names: Names,
): Step | undefined {
  if (key === 'enable' || key === 'disable') {
    const port = names.farPort(value);
    return port === undefined ? undefined : { kind: 'farPort', port, enabled: key === 'enable' };
  }
  const port = names.port(value);
  if (key === 'swap' && keys.with === undefined) {
    return value.fail('says not with which port', 'add with: card0 port 2');
  }
  const other =
    key === 'swap'
      ? names.port(keys.with!)
      : keys.cable === undefined
        ? null
        : names.cable(keys.cable);
  if (port === undefined || other === undefined) return undefined;
  return { kind: 'cable', action: key, port, other };
}

/** Parses `when:`; without it a step or check is for every variant. */
export function parseWhen(value: Value | undefined, names: Names): When {
  const variant = value?.map(['variant']).variant;
  if (variant === undefined) return { variants: [] };
  return { variants: variant.oneOrList().flatMap((name) => names.variant(name) ?? []) };
}

/** Parses one check; undefined after a mistake. */
export function parseCheck(value: Value, names: Names): Check | undefined {
  const keys = value.map(['that', 'reason', 'when']);
  if (!value.isMap) return undefined;
  const condition = keys.that && parseCondition(keys.that, names, true);
  const reason = keys.reason?.text();
  if (keys.that === undefined) value.fail('checks nothing', 'add that: with a condition');
  if (keys.reason === undefined) value.fail('gives no reason', 'add reason: why this must hold');
  const when = parseWhen(keys.when, names);
  if (condition === undefined || reason === undefined) return undefined;
  return { condition, reason, when, line: value.place.line };
}
