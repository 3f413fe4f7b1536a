// From YAML to a Scenario. Every mistake is found before anything runs; units are required on times.

import { ScenarioError, openYaml } from './reader.ts';
import type { Value } from './reader.ts';
import { parseCondition } from './conditions.ts';
import { faultNames, outcomes, terminals } from './words.ts';
import type { Check, FaultSpec, MachineSpec, Scenario, ScriptStep, Step, When } from './scenario.ts';

/** Answers whether a variant's name (`naive`, `v6.1+bond-locks-intf`) is known, else the mend. */
export type VariantCheck = (name: string) => string | null;

const secondNs = 1e9;
const defaultUntilNs = 600 * secondNs;
const defaultWaitNs = 30 * secondNs;

/** Parses and checks a scenario file. Throws ScenarioError with every mistake. */
export function parseScenario(file: string, text: string, variantMend: VariantCheck): Scenario {
  const root = openYaml(file, text);
  const keys = root.map([
    'version',
    'name',
    'title',
    'machine',
    'faults',
    'steps',
    'checks',
    'onDeadlock',
    'until',
  ]);
  if (keys.version?.integer(1, 1) === undefined && keys.version === undefined) {
    root.fail('has no version', 'begin the file with version: 1');
  }
  const scenario: Scenario = {
    file,
    name: keys.name?.text() ?? file.replace(/^.*\//, '').replace(/\.ya?ml$/, ''),
    title: keys.title?.text() ?? '',
    machine: parseMachine(keys.machine, variantMend),
    faults: keys.faults?.list().flatMap((value) => parseFault(value) ?? []) ?? [],
    steps: keys.steps?.list().flatMap((value) => parseStep(value, variantMend) ?? []) ?? [],
    checks: keys.checks?.list().flatMap((value) => parseCheck(value, variantMend) ?? []) ?? [],
    onDeadlock: parseOnDeadlock(keys.onDeadlock),
    untilNs: keys.until?.time() ?? defaultUntilNs,
  };
  if (keys.steps === undefined) root.fail('has no steps', 'add steps: with at least one step');
  if (root.problems.list.length > 0) throw new ScenarioError(root.problems.list);
  return scenario;
}

function parseMachine(value: Value | undefined, variantMend: VariantCheck): MachineSpec {
  const keys =
    value?.map(['cpus', 'hz', 'variant', 'card', 'modules', 'rename', 'autoload']) ?? {};
  const options = new Map<string, string>();
  for (const [name, parameters] of keys.modules?.entries() ?? []) {
    if (!/^(mlx4_core|mlx4_en|mlx4_ib|bonding)$/.test(name)) {
      parameters.fail('is not a module of the lab', 'mlx4_core, mlx4_en, mlx4_ib or bonding');
    }
    options.set(name, parameters.text() ?? '');
  }
  return {
    cpus: keys.cpus?.integer(1, 64) ?? 4,
    hz: Number(keys.hz?.oneOf(['100', '250', '300', '1000']) ?? '250'),
    variant: parseVariant(keys.variant, variantMend) ?? 'v6.6',
    card: keys.card?.oneOf(['default', 'trace61']) ?? 'default',
    moduleOptions: options,
    rename: keys.rename?.boolean() ?? true,
    autoload: keys.autoload?.boolean() ?? true,
  };
}

function parseVariant(value: Value | undefined, variantMend: VariantCheck): string | undefined {
  const name = value?.text();
  if (name === undefined) return undefined;
  const mend = variantMend(name);
  if (mend !== null) value!.fail(`does not know the variant ${JSON.stringify(name)}`, mend);
  return name;
}

function parseWhen(value: Value | undefined, variantMend: VariantCheck): When {
  const keys = value?.map(['variant']) ?? {};
  const one = keys.variant;
  if (one === undefined) return { variants: [] };
  const names = one.isList ? one.list() : [one];
  return { variants: names.flatMap((name) => parseVariant(name, variantMend) ?? []) };
}

/** The line of a value, from 1. */
function lineOf(value: Value): number {
  const before = value.problems.list.length;
  value.problems.add(value.offset, '', '');
  const line = value.problems.list[before]!.line;
  value.problems.list.length = before;
  return line;
}

const stepKeys = ['run', 'sleep', 'pull', 'plug', 'fault', 'clearFault', 'wait'] as const;

function parseStep(value: Value, variantMend: VariantCheck): ScriptStep | undefined {
  const keys = value.map([...stepKeys, 'terminal', 'background', 'timeout', 'when']);
  const present = stepKeys.filter((key) => keys[key] !== undefined);
  if (present.length !== 1) {
    return value.fail(
      present.length === 0 ? 'says nothing to do' : `says ${present.join(' and ')} at once`,
      `give each step exactly one of ${stepKeys.join(', ')}`,
    );
  }
  const step = parseAction(present[0]!, keys);
  if (step === undefined) return undefined;
  return { step, when: parseWhen(keys.when, variantMend), line: lineOf(value) };
}

type StepKey = (typeof stepKeys)[number] | 'terminal' | 'background' | 'timeout' | 'when';

function parseAction(
  key: (typeof stepKeys)[number],
  keys: Partial<Record<StepKey, Value>>,
): Step | undefined {
  const value = keys[key]!;
  switch (key) {
    case 'run': {
      const line = value.text();
      if (line === undefined) return undefined;
      const terminal = keys.terminal?.oneOf(terminals) ?? 'main';
      return { kind: 'run', line, terminal, background: keys.background?.boolean() ?? false };
    }
    case 'sleep': {
      const durationNs = value.time();
      return durationNs === undefined ? undefined : { kind: 'sleep', durationNs };
    }
    case 'pull':
    case 'plug': {
      const port = value.text();
      return port === undefined ? undefined : { kind: 'cable', action: key, port };
    }
    case 'fault': {
      const fault = parseFault(value);
      return fault === undefined ? undefined : { kind: 'fault', fault };
    }
    case 'clearFault': {
      const name = value.oneOf(faultNames);
      return name === undefined ? undefined : { kind: 'clearFault', name };
    }
    case 'wait': {
      const condition = parseCondition(value);
      const timeoutNs = keys.timeout?.time() ?? defaultWaitNs;
      return condition === undefined ? undefined : { kind: 'wait', condition, timeoutNs };
    }
  }
}

function parseFault(value: Value): FaultSpec | undefined {
  const settings = new Map<string, string>();
  let name: string | undefined;
  for (const [key, setting] of value.entries()) {
    if (key === 'name') name = setting.oneOf(faultNames);
    else settings.set(key, setting.text() ?? '');
  }
  if (name === undefined) return value.fail('names no fault', `name: ${faultNames.join(' | ')}`);
  return { name, settings };
}

function parseCheck(value: Value, variantMend: VariantCheck): Check | undefined {
  const keys = value.map(['that', 'reason', 'when']);
  if (keys.that === undefined) return value.fail('checks nothing', 'add that: with a condition');
  const condition = parseCondition(keys.that);
  const reason = keys.reason?.text();
  if (reason === undefined) value.fail('gives no reason', 'add reason: why this must hold');
  if (condition === undefined) return undefined;
  const when = parseWhen(keys.when, variantMend);
  return { condition, reason: reason ?? '', when, line: lineOf(value) };
}

function parseOnDeadlock(value: Value | undefined): Scenario['onDeadlock'] {
  if (value === undefined) return { kind: 'stop' };
  if (!value.isMap) {
    value.oneOf(['stop']);
    return { kind: 'stop' };
  }
  const untilNs = value.map(['continueUntil']).continueUntil?.time();
  if (untilNs === undefined) return { kind: 'stop' };
  return { kind: 'continue', untilNs };
}

/** Outcomes that a scenario may expect; here so that lint and runner agree. */
export const expectableOutcomes = outcomes;
