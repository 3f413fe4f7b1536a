// Head and end of recorded runs for tests, made by hand, with a program hash that no program has.
// Without anything of the test runner: processes of tests take them too.

import type { RunEnd, RunHead } from '#lab/record/run-record.ts';

/** A head: of a made-up run, or with what `over` knows of a real one. */
export const headOf = (over: Partial<RunHead> = {}): RunHead => ({
  scenarioFile: 'small.yaml',
  scenarioName: 'small',
  scenarioText: 'version: 1\nsteps: []\n',
  variant: 'v6.6',
  policy: 'until-blocked',
  seed: null,
  untilNs: null,
  scripted: true,
  live: false,
  engineVersion: '0.0.0-test',
  programHash: '0'.repeat(64),
  parent: null,
  ...over,
});

/** An end of a made-up run, or with what `over` knows. */
export const endOf = (over: Partial<RunEnd> = {}): RunEnd => ({
  outcome: 'settled',
  findings: [],
  checks: [],
  detectors: [],
  virtualNs: 1e9,
  unfinished: null,
  ...over,
});
