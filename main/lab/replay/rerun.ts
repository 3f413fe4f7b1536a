// One schedule on another driver: the scenario again, with the recorded switches as far as they fit
// and a person's inputs at their times, to its own end. Unlike a replay it goes on where it parts
// from the recording; what the two have in common and where they part is for compare/.

import { ReplayPolicy } from '#explore/replay.ts';
import { Trace } from '#trace/trace.ts';
import { runEndOf } from '../record/run-record.ts';
import type { RunRecord } from '../record/run-record.ts';
import { ScenarioRun } from '../run.ts';
import { loadScenario } from '../scenario/load.ts';

/** Gives the other run. Throws ScenarioError when this program does not know the scenario. */
export function rerun(record: RunRecord, variant: string): RunRecord {
  const { head, inputs, choices, end } = record;
  const trace = new Trace();
  const run = new ScenarioRun(loadScenario(head.scenarioFile, head.scenarioText), {
    policy: new ReplayPolicy(choices, (object) => trace.text(object)),
    trace,
    variant,
    scripted: head.scripted,
    live: head.live,
    ...(head.untilNs === null ? {} : { untilNs: head.untilNs }),
  });
  const { machine } = run;
  for (const { timeNs, input } of inputs) {
    advanceTo(run, timeNs);
    machine.enter(input);
  }
  if (head.live) advanceTo(run, end?.virtualNs ?? record.trace.nowNs);
  else while (!run.over) run.advance();
  return {
    head: { ...head, variant },
    end: runEndOf(run.result()),
    inputs: machine.inputs,
    choices: machine.k.sim.choices,
    trace,
  };
}

/** On to a time, whatever stops the engine on the way; not past the end of the run. */
function advanceTo(run: ScenarioRun, timeNs: number): void {
  const { sim } = run.machine.k;
  while (!run.over && !run.machine.halted && sim.now() < timeNs) {
    const stop = run.advance(timeNs);
    if (stop === 'stepLimit' || stop === 'quiescent') return;
  }
}
