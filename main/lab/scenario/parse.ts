// From YAML to a Scenario. Every mistake is found before anything runs, all of them at once, each
// with its place and its mend. The keys are described in main/lab/scenarios/README.md.

import { parseFault } from './faults.ts';
import { parseMachine } from './machine.ts';
import { Names } from './names.ts';
import type { VariantCheck } from './names.ts';
import { openYaml } from './reader.ts';
import type { Value } from './reader.ts';
import type { OnDeadlock, Scenario } from './scenario.ts';
import { parseCheck, parseStep } from './steps.ts';

const secondNs = 1e9;
/** How long a run lasts unless the file says otherwise. */
const defaultUntilNs = 600 * secondNs;

const rootKeys = [
  'version',
  'name',
  'title',
  'machine',
  'faults',
  'steps',
  'checks',
  'onDeadlock',
  'until',
  'chooseFrom',
] as const;

/** Parses and checks a scenario file. Throws ScenarioError with every mistake. */
export function parseScenario(file: string, text: string, variantMend: VariantCheck): Scenario {
  const root = openYaml(file, text);
  const keys = root.map(rootKeys);
  if (root.isMap && keys.version === undefined)
    root.fail('has no version', 'begin it with version: 1');
  keys.version?.integer(1, 1);
  const machine = parseMachine(keys.machine, variantMend);
  const names = new Names(machine.topology, variantMend);
  if (root.isMap && keys.steps === undefined) root.fail('has no steps', 'add steps: with a list');
  const steps = keys.steps?.list().flatMap((value) => parseStep(value, names) ?? []) ?? [];
  const scenario: Scenario = {
    file,
    name: keys.name?.text() ?? file.replace(/^.*\//, '').replace(/\.ya?ml$/, ''),
    title: keys.title?.text() ?? '',
    machine,
    faults: keys.faults?.list().flatMap((value) => parseFault(value, names) ?? []) ?? [],
    steps,
    checks: keys.checks?.list().flatMap((value) => parseCheck(value, names) ?? []) ?? [],
    onDeadlock: parseOnDeadlock(keys.onDeadlock),
    untilNs: keys.until?.time() ?? defaultUntilNs,
    chooseFrom: parseMarkName(keys.chooseFrom, steps),
  };
  root.problems.throwIfAny();
  return scenario;
}

/** The name of a mark that some step leaves. */
function parseMarkName(value: Value | undefined, steps: Scenario['steps']): string | null {
  const name = value?.text();
  if (value === undefined || name === undefined) return null;
  if (!steps.some(({ step }) => step.kind === 'mark' && step.text === name)) {
    value.fail(`names no mark: ${name}`, `add a step mark: ${name}, or leave it out`);
  }
  return name;
}

/** `stop`, or `{ continueUntil: 400s }`. */
function parseOnDeadlock(value: Value | undefined): OnDeadlock {
  const stop: OnDeadlock = { kind: 'stop' };
  if (value === undefined) return stop;
  if (!value.isMap) {
    if (value.text() !== 'stop')
      value.fail('wants stop or a time', 'write { continueUntil: 400s }');
    return stop;
  }
  const until = value.map(['continueUntil']).continueUntil;
  if (until === undefined) value.fail('says nothing', 'write stop or { continueUntil: 400s }');
  const untilNs = until?.time();
  return untilNs === undefined ? stop : { kind: 'continue', untilNs };
}
