// Carries out a scenario: builds the machine, lets its script and then its time run, judges the
// checks and says what the run came to. Every bound is explicit, and an outcome when it is hit. A
// person may drive the machine instead of the script, or beside it, and then says when it is over.

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
import { leftWith } from './left.ts';
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
  /** What records it; a new one unless given. */
  readonly trace?: Trace;
  /** False: only the machine is taken, nobody carries out the steps. */
  readonly scripted?: boolean;
  /** A person says when it is over, and no check is judged. */
  readonly live?: boolean;
}

/** A scenario under way. Stopping in between and going on leaves no trace in it. */
export class ScenarioRun {
  readonly machine: LabMachine;
  readonly script: Script;
  /** Its time is over, or what should end it has come. */
  over = false;
  private readonly scenario: Scenario;
  private readonly options: RunOptions;
  /** The script has ended, or a deadlock that ends the run. */
  private ended = false;
  private haltedBefore = false;
  private endNs: number;
  /** Time goes on after a deadlock. */
  private afterwards = false;
  private lastStop: RunStop = 'until';

  constructor(scenario: Scenario, options: RunOptions) {
    const variant = options.variant ?? scenario.machine.variant;
    const spec = { ...scenario.machine, variant };
    this.scenario = scenario;
    this.options = options;
    this.endNs = options.untilNs ?? scenario.untilNs;
    this.machine = new LabMachine(spec, options.trace ?? new Trace(), options.policy);
    this.script = new Script(this.machine, scenario);
    this.script.onEnd = () => {
      this.end();
    };
    if (this.scripted) this.machine.spawn('script', () => this.script.run());
    noteDeadlocks(this.machine, () => {
      if (scenario.onDeadlock.kind === 'stop') this.end();
    });
    options.onStart?.(this.machine, this.script);
  }

  private get scripted(): boolean {
    return this.options.scripted !== false;
  }

  /** A person says when it is over. */
  get live(): boolean {
    return this.options.live === true;
  }

  private end(): void {
    this.ended = true;
    this.machine.k.sim.stop();
  }

  /** Lets it go on until somebody stops it, or one of these bounds is reached (Sim.run). */
  advance(untilNs = Infinity, pointsMax?: number, eventsMax?: number): RunStop {
    const { machine } = this;
    const endNs = this.live ? Infinity : this.endNs;
    const stop = machine.k.sim.run(Math.min(untilNs, endNs), pointsMax, eventsMax);
    this.lastStop = stop;
    if (this.live) return stop;
    const isEnded = this.ended || machine.halted !== this.haltedBefore;
    const isTimeUp = stop === 'until' && machine.k.sim.now() >= this.endNs;
    if (isEnded || isTimeUp || stop === 'stepLimit' || stop === 'quiescent') this.endPhase();
    return stop;
  }

  /** Script first; when it is over in a deadlock, the time that the scenario gives it. */
  private endPhase(): void {
    const { machine, options } = this;
    const { onDeadlock } = this.scenario;
    const { graph, sim } = machine.k;
    this.ended = false;
    this.haltedBefore = machine.halted;
    this.over = true;
    if (this.afterwards || onDeadlock.kind !== 'continue' || graph.deadlocks.length === 0) return;
    this.afterwards = true;
    this.endNs = options.untilNs ?? onDeadlock.untilNs;
    this.over = this.endNs <= sim.now();
  }

  /** Judges the checks and says what the run came to; to be asked once, when it is over. */
  result(): RunResult {
    const { machine, scenario, script } = this;
    const { k, spec } = machine;
    const isLive = this.live;
    const virtualNs = k.sim.now();
    const detectors = detectorBoard(k);
    const findings = findingsOf(k);
    const left = isLive ? leftWith(machine, this.scripted ? script : null) : null;
    const reached = outcomeOf(k, {
      scriptDone: isLive || script.done,
      left: left !== null,
      stepFailed: !isLive && script.failure?.timedOut === false,
      stepLimit: this.lastStop === 'stepLimit',
      diverged: this.options.divergence?.() ?? null,
    });
    const wanted = scenario.checks.filter(
      (check) => !isLive && appliesTo(check.when, spec.variant),
    );
    const checks = wanted.map((check) => judgeCheck(machine, check, reached));
    const failed = checks.filter((check) => !check.holds);
    return {
      scenario,
      variant: spec.variant,
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
      unfinished: isLive ? left : script.unfinished,
    };
  }
}

/** Runs a scenario to its end. */
export function runScenario(scenario: Scenario, options: RunOptions): RunResult {
  const run = new ScenarioRun(scenario, options);
  while (!run.over) run.advance();
  return run.result();
}

/** A deadlock is an event of the run at the moment it closes; `then` may stop the run there. */
export function noteDeadlocks({ k }: LabMachine, then: () => void = () => undefined): void {
  const { graph, trace } = k;
  graph.onDeadlock = (deadlock) => {
    trace.emit(K.finding, trace.intern('deadlock'), trace.intern(deadlockSentence(deadlock)));
    then();
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
