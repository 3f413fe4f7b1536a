// Carries out a scenario: builds the machine, lets its script and then its time run, judges the
// checks and says what the run came to. Every bound is explicit, and an outcome when it is hit.

import { deadlockSentence } from '#detect/sentence.ts';
import type { RunStop } from '#sim/sim.ts';
import type { Choice, Policy } from '#sim/policy.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { detectorBoard } from './board.ts';
import type { DetectorReport } from './board.ts';
import { judge } from './conditions.ts';
import type { Verdict } from './conditions.ts';
import { findingsOf } from './findings.ts';
import type { Finding } from './findings.ts';
import { LabMachine } from './machine.ts';
import { outcomeOf } from './outcome.ts';
import type { Outcome } from './outcome.ts';
import { appliesTo, Script } from './script.ts';
import type { Check, Scenario } from './scenario/scenario.ts';

/** Virtual time that judging one check may take. */
const checkTimeNs = 10e9;

/** One judged check. */
export interface CheckResult extends Verdict {
  readonly reason: string;
  /** In the scenario's file. */
  readonly line: number;
}

/** What a run came to. */
export interface RunResult {
  readonly scenario: Scenario;
  readonly variant: string;
  readonly policy: string;
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckResult[];
  /** What each detector says, as things stood at the end. */
  readonly detectors: readonly DetectorReport[];
  /** Time at the end, before the checks. */
  readonly virtualNs: number;
  readonly events: number;
  readonly choices: readonly Choice[];
  readonly trace: Trace;
  readonly machine: LabMachine;
  /** Why the script did not come to its end, or null. */
  readonly unfinished: string | null;
}

/** Extra settings of one run. */
export interface RunOptions {
  readonly policy: Policy;
  /** Overrides the scenario's variant. */
  readonly variant?: string;
  /** Overrides the scenario's end, and the end of a run that goes on after a deadlock, ns. */
  readonly untilNs?: number;
  /** Told of machine and script before they start, for live output. */
  readonly onStart?: (machine: LabMachine, script: Script) => void;
  /** Where a replay left its recording, in words; asked at the end. */
  readonly divergence?: () => string | null;
}

/** Runs a scenario to its end. */
export function runScenario(scenario: Scenario, options: RunOptions): RunResult {
  const variant = options.variant ?? scenario.machine.variant;
  const machine = new LabMachine({ ...scenario.machine, variant }, new Trace(), options.policy);
  const script = new Script(machine, scenario);
  const { k } = machine;
  machine.spawn('script', () => script.run());
  noteDeadlocks(machine, scenario.onDeadlock.kind === 'stop');
  options.onStart?.(machine, script);
  const stop = runTime(machine, scenario, options);
  const virtualNs = k.sim.now();
  const detectors = detectorBoard(k);
  const findings = findingsOf(k);
  const reached = outcomeOf(k, {
    scriptDone: script.done,
    stepFailed: script.failure?.timedOut === false,
    stepLimit: stop === 'stepLimit',
    diverged: options.divergence?.() ?? null,
  });
  const wanted = scenario.checks.filter((check) => appliesTo(check.when, variant));
  const checks = wanted.map((check) => judgeCheck(machine, check, reached));
  const failed = checks.filter((check) => !check.holds);
  return {
    scenario,
    variant,
    policy: k.sim.policy.name,
    outcome: failed.length > 0 ? 'checkFailed' : reached,
    findings: [...findings, ...failed.map((check) => failedCheck(scenario, check, k.sim.now()))],
    checks,
    detectors,
    virtualNs,
    events: k.trace.count,
    choices: k.sim.choices,
    trace: k.trace,
    machine,
    unfinished: script.unfinished,
  };
}

/** Script first; when it is over in a deadlock, the time that the scenario gives it. */
function runTime({ k }: LabMachine, scenario: Scenario, options: RunOptions): RunStop {
  const stop = k.sim.run(options.untilNs ?? scenario.untilNs);
  if (scenario.onDeadlock.kind !== 'continue' || k.graph.deadlocks.length === 0) return stop;
  const until = options.untilNs ?? scenario.onDeadlock.untilNs;
  return until <= k.sim.now() ? stop : k.sim.run(until);
}

/** A deadlock is an event of the run at the moment it closes, and may be its end. */
function noteDeadlocks({ k }: LabMachine, stops: boolean): void {
  const { graph, sim, trace } = k;
  graph.onDeadlock = (deadlock) => {
    trace.emit(K.finding, trace.intern('deadlock'), trace.intern(deadlockSentence(deadlock)));
    if (stops) sim.stop();
  };
}

/**
 * Judges a check in a task of its own: one that hangs does not keep the others from being judged.
 */
function judgeCheck(machine: LabMachine, check: Check, outcome: Outcome): CheckResult {
  const { k } = machine;
  let found: Verdict | null = null;
  machine.spawn('check', function* () {
    found = yield* judge(machine, check.condition, outcome);
    k.sim.stop();
  });
  const end = k.sim.now() + checkTimeNs;
  while (found === null && k.sim.run(end) === 'stopped') continue;
  const verdict: Verdict = found ?? { holds: false, seen: 'the check itself hangs' };
  k.trace.emit(K.check, k.trace.intern(check.reason), verdict.holds ? 1 : 0);
  return { ...verdict, reason: check.reason, line: check.line };
}

function failedCheck({ file }: Scenario, check: CheckResult, timeNs: number): Finding {
  const text = `${check.reason}: saw ${check.seen}`;
  return { kind: 'failedCheck', timeNs, text, objects: [], places: [`${file}:${check.line}`] };
}
