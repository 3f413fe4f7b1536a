// Recorded runs for tests, from real ones: a scenario is run as it stands in main/lab/scenarios and
// its result wrapped into what replay, comparison and export take. The head is made by hand, with a
// program hash that no program has.

import { readFileSync } from 'node:fs';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import type { PolicyName } from '#lab/policy.ts';
import type { RunHead, RunRecord } from '#lab/record/run-record.ts';
import { runScenario } from '#lab/run.ts';
import type { RunOptions, RunResult } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { headOf } from './heads.ts';

/** How a recorded scenario is run. */
export interface RecordOptions {
  readonly variant?: string;
  readonly policy?: PolicyName;
  /** A seed alone means the random policy. */
  readonly seed?: number;
  /** ns. */
  readonly untilNs?: number;
  readonly onStart?: RunOptions['onStart'];
}

/** Path of one of the lab's scenarios, from the project's root. */
export const scenarioPath = (name: string): string => `main/lab/scenarios/${name}.yaml`;

/** Text of one of the lab's scenarios. */
export const scenarioText = (name: string): string =>
  readFileSync(new URL(`../../${scenarioPath(name)}`, import.meta.url), 'utf8');

/** A result as a recorded run. `over` says what a result does not know: text, seed, live, … */
export function recordOf(result: RunResult, over: Partial<RunHead> = {}): RunRecord {
  const { scenario, variant, policy, machine, choices, trace } = result;
  const { outcome, findings, checks, detectors, virtualNs, unfinished } = result;
  return {
    head: headOf({
      scenarioFile: scenario.file,
      scenarioName: scenario.name,
      scenarioText: '',
      variant,
      policy,
      ...over,
    }),
    end: { outcome, findings, checks, detectors, virtualNs, unfinished },
    inputs: machine.inputs,
    choices,
    trace,
  };
}

/** Runs one of the lab's scenarios by name, for example `bond-deadlock`, and records it. */
export function recordScenario(name: string, options: RecordOptions = {}): RunRecord {
  const { variant, untilNs, onStart } = options;
  const policy = choosePolicy(options.policy, options.seed);
  const text = scenarioText(name);
  const result = runScenario(loadScenario(scenarioPath(name), text), {
    policy: makePolicy(policy),
    ...(variant === undefined ? {} : { variant }),
    ...(untilNs === undefined ? {} : { untilNs }),
    ...(onStart === undefined ? {} : { onStart }),
  });
  return recordOf(result, { scenarioText: text, seed: policy.seed, untilNs: untilNs ?? null });
}
