// The script of a scenario, in a task of its machine: step after step, until one cannot be done or
// the run ends around it. A line that hangs holds the script up, as it holds up whoever typed it.

import { hrtimer_nanosleep } from '#kernel/time/delay.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { judge } from './conditions.ts';
import { applyInput, inputText } from './input.ts';
import type { LabMachine } from './machine.ts';
import type { Condition, Scenario, ScriptStep, Step, When } from './scenario/scenario.ts';

/** How often a wait looks again. */
const lookEveryNs = 10e6;

/** True for a step or check that is meant for this variant. */
export const appliesTo = (when: When, variant: string): boolean =>
  when.variants.length === 0 || when.variants.includes(variant);

/** Why a step did not succeed. */
export interface StepFailure {
  readonly line: number;
  readonly text: string;
  /** A wait was in vain; else the step could not be done at all. */
  readonly timedOut: boolean;
}

export class Script {
  /** Every step is done. */
  done = false;
  failure: StepFailure | null = null;
  /** The step under way, or the last one. */
  at: ScriptStep | null = null;
  /** Told of each step as it begins. */
  onStep: (step: ScriptStep) => void = () => undefined;
  /** Told when it is at its end, one way or the other. */
  onEnd: () => void = () => undefined;
  private readonly machine: LabMachine;
  private readonly scenario: Scenario;

  constructor(machine: LabMachine, scenario: Scenario) {
    this.machine = machine;
    this.scenario = scenario;
  }

  /** Where it stopped, in words; null when it came to its end. */
  get unfinished(): string | null {
    if (this.done) return null;
    if (this.failure !== null) return `line ${this.failure.line}: ${this.failure.text}`;
    return this.at === null ? 'the machine did not boot' : `line ${this.at.line} did not end`;
  }

  /** Body of the task. */
  *run(): MaySleep<void> {
    const { machine, scenario } = this;
    yield* machine.waitForBoot();
    for (const fault of scenario.faults) this.input({ kind: 'fault', fault }, 1);
    for (const step of scenario.steps) {
      if (this.failure !== null) break;
      if (!appliesTo(step.when, machine.spec.variant)) continue;
      this.at = step;
      this.onStep(step);
      yield* this.step(step.step, step.line);
    }
    this.done = this.failure === null;
    this.onEnd();
  }

  private fail(line: number, text: string, timedOut = false): void {
    this.failure = { line, text, timedOut };
  }

  private *step(step: Step, line: number): MaySleep<void> {
    const { k } = this.machine;
    switch (step.kind) {
      case 'run':
        return yield* this.type(step, line);
      case 'mark':
        k.trace.emit(K.step, k.trace.intern('mark'), k.trace.intern(step.text));
        return;
      case 'sleep':
        return yield* hrtimer_nanosleep(k, step.durationNs);
      case 'wait':
        return yield* this.waitFor(step.condition, step.timeoutNs, line);
      default:
        this.input(step, line);
    }
  }

  private *type(step: Extract<Step, { kind: 'run' }>, line: number): MaySleep<void> {
    const terminal = this.machine.terminal(step.terminal);
    this.note(`${step.terminal}$ ${step.line}`);
    if (terminal.closed) return this.fail(line, `terminal ${step.terminal} is closed`);
    const typed = terminal.type(step.line);
    if (!step.background) yield* terminal.waitFor(typed);
  }

  private input(
    input: Exclude<Step, { kind: 'run' | 'mark' | 'sleep' | 'wait' }>,
    line: number,
  ): void {
    this.note(inputText(input));
    const problem = applyInput(this.machine, input);
    if (problem !== null) this.fail(line, problem);
  }

  private note(text: string): void {
    const { trace } = this.machine.k;
    trace.emit(K.step, trace.intern('step'), trace.intern(text));
  }

  private *waitFor(condition: Condition, timeoutNs: number, line: number): MaySleep<void> {
    const { k } = this.machine;
    const end = k.sim.now() + timeoutNs;
    for (;;) {
      const { holds, seen } = yield* judge(this.machine, condition, null);
      if (holds) return;
      if (k.sim.now() >= end) {
        return this.fail(line, `waited for ${condition.kind} in vain: ${seen}`, true);
      }
      yield* hrtimer_nanosleep(k, lookEveryNs);
    }
  }
}
