// What a person at a live machine does besides typing, in words: `pull card0 port 1`, `fault
// slowCommand command=SET_PORT extra=1s`. The words are read as the step of a scenario that says
// the same, so both know the same names and complain in the same way.

import { labCard, Names } from './scenario/names.ts';
import { openYaml, ScenarioError } from './scenario/reader.ts';
import type { HandInput } from './input.ts';
import type { MachineSpec } from './scenario/scenario.ts';
import { parseStep } from './scenario/steps.ts';

/** One line each, for a help text. */
export const handTexts: readonly (readonly [string, string])[] = [
  ['pull PORT', 'take the plug out of a port: pull card0 port 1'],
  ['plug PORT [CABLE]', 'put it back, or the free end of a cable'],
  ['swap PORT with PORT', 'exchange two plugs'],
  ['disable PORT, enable PORT', 'a port of a switch or host: disable switch0 port 1'],
  ['fault NAME KEY=VALUE …', 'a fault switch: fault slowCommand command=SET_PORT extra=1s'],
  ['clear NAME', 'switch a fault off'],
  ['release COMMAND', 'let held firmware commands go on'],
];

/** The words after the verb as the step of a scenario, or null for a verb that is none. */
function stepOf(verb: string, rest: string): Record<string, unknown> | null {
  switch (verb) {
    case 'pull':
    case 'enable':
    case 'disable':
    case 'release':
      return { [verb]: rest };
    case 'plug': {
      const match = /^(.*\S)\s+(cable\S+)$/.exec(rest);
      return match === null ? { plug: rest } : { plug: match[1], cable: match[2] };
    }
    case 'swap': {
      const [port, other] = rest.split(/\s+with\s+/);
      return { swap: port, ...(other === undefined ? {} : { with: other }) };
    }
    case 'clear':
      return { clearFault: rest };
    case 'fault': {
      const [name = '', ...settings] = rest.split(/\s+(?=\w+=)|\s+$/);
      const pairs = settings.map((setting) => setting.split('=', 2));
      return { fault: { name, ...Object.fromEntries(pairs) } as Record<string, string> };
    }
    default:
      return null;
  }
}

/** What is around the hands. */
export interface WithinReach extends Pick<MachineSpec, 'topology'> {
  /** Cards on the network; the lab's own alone unless given. */
  readonly cards?: readonly string[];
}

/**
 * The input that a line means; a text says what is wrong with it. `card`: whose faults are meant
 * where the line names no port.
 */
export function parseHand(line: string, spec: WithinReach, card = labCard): HandInput | string {
  const [verb = '', ...words] = line.trim().split(/\s+/);
  const step = stepOf(verb, words.join(' '));
  if (step === null) return `${verb}: unknown; :help lists what there is`;
  try {
    const value = openYaml('line', yamlOf(step));
    const parsed = parseStep(value, new Names(spec.topology, () => null, spec.cards))?.step;
    value.problems.throwIfAny();
    if (parsed !== undefined && isInput(parsed)) return atCard(parsed, card);
    return `${verb}: nothing to do`;
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    return error.problems.map(({ message, mend }) => `${message} (${mend})`).join('\n');
  }
}

/** The input for a card; a flap of a port says already which one it is for. */
function atCard(input: HandInput, card: string): HandInput {
  if (card === labCard) return input;
  switch (input.kind) {
    case 'fault': {
      const { fault } = input;
      if (fault.on === 'cable' || fault.fault.name === 'portFlap') return input;
      return { ...input, fault: { ...fault, card } };
    }
    case 'clearFault':
    case 'release':
      return { ...input, card };
    default:
      return input;
  }
}

const isInput = (step: { readonly kind: string }): step is HandInput =>
  !['run', 'mark', 'sleep', 'wait'].includes(step.kind);

/** A map with plain values, so that `1s` and `10` are what they would be in a file. */
function yamlOf(step: Record<string, unknown>): string {
  const scalar = (value: unknown): string =>
    /^[\w/.]+$/.test(String(value)) ? String(value) : JSON.stringify(String(value));
  const lines = Object.entries(step).map(([key, value]) => {
    if (typeof value !== 'object' || value === null) return `${key}: ${scalar(value)}`;
    const inner = Object.entries(value).map(([name, each]) => `${name}: ${scalar(each)}`);
    return `${key}: { ${inner.join(', ')} }`;
  });
  return `${lines.join('\n')}\n`;
}
