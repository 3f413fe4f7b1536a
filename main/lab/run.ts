// Carries out a scenario: builds the machine, runs the script in a task of its own, judges the checks and
// computes the outcome at the end. Nothing is parsed out of text.

import { deadlockSentence } from '#detect/sentence.ts';
import type { WaitGraph } from '#detect/graph.ts';
import { user_task } from '#kernel/sched.ts';
import { hrtimer_nanosleep } from '#kernel/time/delay.ts';
import { wait_event, wakeAll, WaitQueue } from '#kernel/wait.ts';
import type { RunStop } from '#sim/sim.ts';
import type { Choice, Policy } from '#sim/policy.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { Trace } from '#trace/trace.ts';
import { judge } from './conditions.ts';
import { clearFault, setFault } from './faults.ts';
import { LabMachine } from './machine.ts';
import type { Check, Condition, Scenario, ScriptStep, When } from './scenario/scenario.ts';
import type { Outcome } from './scenario/words.ts';

/** One judged check. */
export interface CheckResult {
  readonly reason: string;
  readonly line: number;
  readonly holds: boolean;
  /** What was seen. */
  readonly seen: string;
}

/** One finding, as reports list it. */
export interface Finding {
  readonly kind: string;
  readonly timeNs: number;
  readonly text: string;
}

/** What a run came to. */
export interface RunResult {
  readonly scenario: Scenario;
  readonly variant: string;
  readonly policy: string;
  readonly outcome: Outcome;
  readonly findings: readonly Finding[];
  readonly checks: readonly CheckResult[];
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
  /** Overrides the scenario's end, ns. */
  readonly untilNs?: number;
  /** Told of each machine before it starts, for live output. */
  readonly onMachine?: (machine: LabMachine) => void;
}

const applies = (when: When, variant: string): boolean =>
  when.variants.length === 0 || when.variants.includes(variant);

/** The script of a scenario on its machine. */
class ScriptRun {
  readonly scenario: Scenario;
  readonly machine: LabMachine;
  readonly variant: string;
  done = false;
  failed: string | null = null;
  at: ScriptStep | null = null;
  checks: CheckResult[] | null = null;

  constructor(scenario: Scenario, options: RunOptions) {
    this.scenario = scenario;
    this.variant = options.variant ?? scenario.machine.variant;
    const spec = { ...scenario.machine, variant: this.variant };
    this.machine = new LabMachine(spec, new Trace(), options.policy);
    options.onMachine?.(this.machine);
    for (const fault of scenario.faults) setFault(this.machine, fault);
    user_task(this.machine.k, 'script', 'script', 1, () => this.script());
  }

  private *script(): MaySleep<void> {
    const { machine, scenario } = this;
    yield* wait_event(machine.booted, () => machine.ready);
    for (const [name, options] of scenario.machine.moduleOptions) {
      machine.k.modules.setOptions(name, options);
    }
    for (const step of scenario.steps) {
      if (!applies(step.when, this.variant)) continue;
      this.at = step;
      const failure = yield* this.step(step);
      if (failure === null) continue;
      this.failed = `line ${step.line}: ${failure}`;
      break;
    }
    this.done = this.failed === null;
    machine.k.sim.stop();
  }

  private *step({ step }: ScriptStep): MaySleep<string | null> {
    const { machine } = this;
    const { k } = machine;
    switch (step.kind) {
      case 'run': {
        const terminal = machine.terminal(step.terminal);
        const typed = terminal.type(step.line);
        if (!step.background) yield* wait_event(terminal.lineDone, () => typed.status !== null);
        return null;
      }
      case 'sleep':
        yield* hrtimer_nanosleep(k, step.durationNs);
        return null;
      case 'cable':
        return machine.fabric.act(step.action, step.port);
      case 'fault':
        setFault(machine, step.fault);
        return null;
      case 'clearFault':
        clearFault(machine, step.name);
        return null;
      case 'wait':
        return yield* this.waitFor(step.condition, step.timeoutNs);
    }
  }

  /** Looks again every 10 ms of virtual time. */
  private *waitFor(condition: Condition, timeoutNs: number): MaySleep<string | null> {
    const { k } = this.machine;
    const end = k.sim.now() + timeoutNs;
    for (;;) {
      const answer = yield* judge(this.machine, condition, outcomeOf(this.machine, 'until', true));
      if (answer.holds) return null;
      if (k.sim.now() >= end) return `waited for ${condition.kind} in vain: ${answer.seen}`;
      yield* hrtimer_nanosleep(k, 10e6);
    }
  }

  /** Judges the checks in a task of the machine; some of them run commands. */
  judgeChecks(outcome: Outcome): CheckResult[] {
    const results: CheckResult[] = [];
    const wanted = this.scenario.checks.filter((check) => applies(check.when, this.variant));
    const { k } = this.machine;
    const finished = new WaitQueue(k, 'checks');
    let current: Check | null = null;
    const machine = this.machine;
    user_task(k, 'checks', 'checks', 1, function* () {
      for (const check of wanted) {
        current = check;
        const answer = yield* judge(machine, check.condition, outcome);
        results.push({ ...answer, reason: check.reason, line: check.line });
        const text = k.trace.intern(check.reason);
        k.trace.emit(K.check, text, answer.holds ? 1 : 0);
      }
      current = null;
      wakeAll(finished);
      k.sim.stop();
    });
    k.sim.run(k.sim.now() + 10e9);
    for (const check of wanted.slice(results.length)) {
      const seen = check === current ? 'the check itself hangs' : 'not reached';
      results.push({ holds: false, seen, reason: check.reason, line: check.line });
    }
    return results;
  }
}

/** Runs a scenario to its end. */
export function runScenario(scenario: Scenario, options: RunOptions): RunResult {
  const run = new ScriptRun(scenario, options);
  const { machine } = run;
  const { k } = machine;
  const until = options.untilNs ?? scenario.untilNs;
  const deadlockStops = scenario.onDeadlock.kind === 'stop';
  watchDeadlocks(machine, k.graph, deadlockStops);
  let stop = k.sim.run(until);
  if (scenario.onDeadlock.kind === 'continue' && k.graph.deadlocks.length > 0) {
    stop = k.sim.run(Math.max(k.sim.now(), scenario.onDeadlock.untilNs));
  }
  const reached = outcomeOf(machine, stop, run.done);
  const checks = run.judgeChecks(reached);
  const failed = run.failed !== null || checks.some((check) => !check.holds);
  const unfinished = run.done ? null : (run.failed ?? hangsAt(run.at));
  return {
    scenario,
    variant: run.variant,
    policy: k.sim.policy.name,
    outcome: failed ? 'checkFailed' : reached,
    findings: findingsOf(machine),
    checks,
    virtualNs: k.sim.now(),
    events: k.trace.count,
    choices: k.sim.choices,
    trace: k.trace,
    machine,
    unfinished,
  };
}

const hangsAt = (step: ScriptStep | null): string =>
  step === null ? 'the machine did not boot' : `line ${step.line} did not end`;

function watchDeadlocks(machine: LabMachine, graph: WaitGraph, stops: boolean): void {
  const { k } = machine;
  graph.onDeadlock = (deadlock) => {
    const sentence = k.trace.intern(deadlockSentence(deadlock));
    k.trace.emit(K.finding, k.trace.intern('deadlock'), sentence);
    if (stops) k.sim.stop();
  };
}

/** What the run would be called if it ended now. */
function outcomeOf(machine: LabMachine, stop: RunStop, scriptDone: boolean): Outcome {
  const { findings, graph } = machine.k;
  if (findings.some((finding) => finding.kind === 'oops')) return 'oops';
  if (graph.deadlocks.length > 0) return 'deadlock';
  if (findings.some((finding) => finding.kind === 'hung')) return 'hung';
  if (scriptDone) return 'settled';
  return stop === 'stepLimit' ? 'stepLimit' : 'timeOut';
}

function findingsOf(machine: LabMachine): Finding[] {
  const { findings, graph } = machine.k;
  const deadlocks = graph.deadlocks.map((deadlock) => ({
    kind: 'deadlock',
    timeNs: deadlock.timeNs,
    text: deadlockSentence(deadlock),
  }));
  return [...deadlocks, ...findings].sort((a, b) => a.timeNs - b.timeNs);
}
