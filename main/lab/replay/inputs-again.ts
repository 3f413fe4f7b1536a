// A person's inputs, given again to another execution of the same run: each before the very point,
// event and time where it entered.

import type { RecordedInput } from '../input.ts';
import type { ScenarioRun } from '../run.ts';

/** Inputs on their way into a run. */
export class InputsAgain {
  private readonly run: ScenarioRun;
  private readonly inputs: readonly RecordedInput[];
  /** Inputs that were given. */
  private given = 0;

  constructor(run: ScenarioRun, inputs: readonly RecordedInput[]) {
    this.run = run;
    this.inputs = inputs;
  }

  /** Points until the next one; Infinity when none is left. */
  get pointsToNext(): number {
    const next = this.inputs[this.given];
    return next === undefined ? Infinity : next.point - this.run.machine.k.sim.pointCount;
  }

  /** The point is reached: on to the event and the time, and in with it. */
  give(): void {
    const { run } = this;
    const { sim, trace } = run.machine.k;
    const { seq, timeNs, input } = this.inputs[this.given++]!;
    if (trace.count < seq) run.advance(sim.now() < timeNs ? timeNs : Infinity, 1, seq);
    if (sim.now() < timeNs) run.advance(timeNs, 1);
    run.machine.enter(input);
  }
}
