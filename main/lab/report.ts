// A run as one JSON object, for programs. The keys are fixed: new ones may come, none goes, and
// none changes what it means.

import type { DetectorReport } from './board.ts';
import type { Finding } from './findings.ts';
import type { Outcome } from './outcome.ts';
import type { PolicyChoice } from './policy.ts';
import type { CheckResult, RunResult } from './run.ts';

/** What `--json` prints. */
export interface RunReport {
  readonly scenario: string;
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckResult[];
  readonly detectors: readonly DetectorReport[];
  readonly variant: string;
  readonly policy: string;
  readonly seed: number | null;
  readonly virtualNs: number;
  readonly events: number;
  /** Why the script did not come to its end, or null. */
  readonly unfinished: string | null;
  /** SHA-256 over every byte of the run. */
  readonly hash: string;
}

export function reportOf(result: RunResult, policy: PolicyChoice, hash: string): RunReport {
  const { outcome, findings, checks, detectors, variant, virtualNs, events, unfinished } = result;
  return {
    scenario: result.scenario.name,
    outcome,
    findings,
    checks,
    detectors,
    variant,
    policy: policy.name,
    seed: policy.seed,
    virtualNs,
    events,
    unfinished,
    hash,
  };
}
