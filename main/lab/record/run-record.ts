// A recorded run: what it was made from, what happened, what it came to. Replay, comparison and
// export are functions of this, wherever it was kept meanwhile. A run that was cut off, by a power
// failure or a kill, has events up to a point and no end.

import type { Choice } from '#sim/policy.ts';
import type { Trace } from '#trace/trace.ts';
import type { DetectorReport } from '../board.ts';
import type { Finding } from '../findings.ts';
import type { RecordedInput } from '../input.ts';
import type { Outcome } from '../outcome.ts';
import type { CheckResult, RunResult } from '../run.ts';

/** Where a run was forked off another one. */
export interface ForkPoint {
  /** Identity of the parent, hex: the hash over all of it. Its number differs by database. */
  readonly run: string;
  /** Events of the parent that the fork shares: it went on before the event with this number. */
  readonly seq: number;
}

/** Known when the run starts. */
export interface RunHead {
  /** Path of the scenario as it was given; a name for messages, nothing is read from it again. */
  readonly scenarioFile: string;
  readonly scenarioName: string;
  /** The YAML text itself. */
  readonly scenarioText: string;
  readonly variant: string;
  /** Name of the policy. */
  readonly policy: string;
  /** Null for a policy without chance. */
  readonly seed: number | null;
  /** The end that was asked for instead of the scenario's, ns. */
  readonly untilNs: number | null;
  /** The scenario's steps were carried out; else only its machine was taken. */
  readonly scripted: boolean;
  /** A person drove it and said when it was over; no check was judged. */
  readonly live: boolean;
  /** Version of the package. */
  readonly engineVersion: string;
  /** SHA-256 over the program's source, hex: programs with one hash replay each other's runs. */
  readonly programHash: string;
  readonly parent: ForkPoint | null;
}

/** Known when the run has ended. */
export interface RunEnd {
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckResult[];
  readonly detectors: readonly DetectorReport[];
  /** Time at the end, before the checks, ns. */
  readonly virtualNs: number;
  /** Why the script did not come to its end, or what a person left it with; or null. */
  readonly unfinished: string | null;
}

/** A run, whole or cut. */
export interface RunRecord {
  readonly head: RunHead;
  /** Null for a run that was cut. */
  readonly end: RunEnd | null;
  readonly inputs: readonly RecordedInput[];
  readonly choices: readonly Choice[];
  readonly trace: Trace;
}

/** What is kept of a result besides its events. */
export const runEndOf = (result: RunResult): RunEnd => ({
  outcome: result.outcome,
  findings: result.findings,
  checks: result.checks,
  detectors: result.detectors,
  virtualNs: result.virtualNs,
  unfinished: result.unfinished,
});
