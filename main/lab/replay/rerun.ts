// One schedule on another driver: the scenario again, with the recorded switches as far as they fit
// and a person's inputs at their times, to its own end. Unlike a replay it goes on where it parts
// from the recording; what the two have in common and where they part is for compare/. A run of the
// real driver has no switches: what was typed and done by hand is all that is given again.

import { ReplayPolicy } from '#explore/replay.ts';
import { Trace } from '#trace/trace.ts';
import { choosePolicy } from '../policy.ts';
import { assertDoable, isReal } from '../real-run.ts';
import { runEndOf } from '../record/run-record.ts';
import type { RunHead, RunRecord } from '../record/run-record.ts';
import { ScenarioRun } from '../run.ts';
import { loadScenario } from '../scenario/load.ts';

/** Points of one piece. */
const piecePoints = 20_000;

/** A schedule under way on another driver. */
export class Rerun {
  readonly run: ScenarioRun;
  private readonly record: RunRecord;
  private readonly variant: string;
  /** Inputs that were given. */
  private given = 0;

  /**
   * Throws ScenarioError when this program does not know the scenario, NotAgain for a run of
   * several real machines.
   */
  constructor(record: RunRecord, variant: string) {
    assertDoable(record);
    const { head, choices } = record;
    const trace = new Trace();
    this.record = record;
    this.variant = variant;
    this.run = new ScenarioRun(loadScenario(head.scenarioFile, head.scenarioText), {
      policy: new ReplayPolicy(choices, (object) => trace.text(object)),
      trace,
      variant,
      scripted: head.scripted,
      live: head.live,
      ...(head.untilNs === null ? {} : { untilNs: head.untilNs }),
    });
  }

  /** A piece of it. True as long as there is more to do. */
  advance(): boolean {
    const { run, record } = this;
    const input = record.inputs[this.given];
    if (input !== undefined) {
      if (this.goTo(input.timeNs)) return true;
      run.machine.enter(input.input);
      this.given++;
      return true;
    }
    if (record.head.live) return this.goTo(record.end?.virtualNs ?? record.trace.nowNs);
    run.advance(Infinity, piecePoints);
    return !run.over;
  }

  /** Towards a time, not past the end of the run. True when it is not reached and can be. */
  private goTo(timeNs: number): boolean {
    const { run } = this;
    const { sim } = run.machine.k;
    const isThere = (): boolean => run.over || run.machine.halted || sim.now() >= timeNs;
    if (isThere()) return false;
    const stop = run.advance(timeNs, piecePoints);
    return stop !== 'stepLimit' && stop !== 'quiescent' && !isThere();
  }

  /** To be asked when there is no more to do: the run as a recording. */
  finish(): RunRecord {
    const { run, record, variant } = this;
    const { machine } = run;
    return {
      head: { ...record.head, ...scheduleOf(record.head), variant },
      end: runEndOf(run.result()),
      inputs: machine.inputs,
      choices: machine.k.sim.choices,
      trace: machine.k.trace,
    };
  }
}

/** What a real driver did has no schedule: the lab's driver does it in the plainest order. */
const scheduleOf = (head: RunHead): Pick<RunHead, 'policy'> =>
  isReal(head) ? { policy: choosePolicy(undefined, undefined).name } : head;

/** Gives the other run, in one go. Throws ScenarioError and NotAgain. */
export function rerun(record: RunRecord, variant: string): RunRecord {
  const under = new Rerun(record, variant);
  while (under.advance());
  return under.finish();
}
