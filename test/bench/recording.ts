// What recording costs the run. Machines that run benches change their speed by half from second to
// second, so two equal runs, one of them recorded, advance side by side in short turns, and each
// pair of turns gives one ratio. A turn fills several segments: the recorder's thread works while
// the engine does, and what that costs is in the figure. The disk catches up between turns, so that
// the bare run pays for nothing.

import { join } from 'node:path';
import { Recorder } from '#db/recorder.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { runEndOf } from '#lab/record/run-record.ts';
import { ScenarioRun } from '#lab/run.ts';
import { loadScenario } from '#lab/scenario/load.ts';
import { chunkRecords } from '#trace/trace.ts';
import { recordScenario, scenarioPath, scenarioText } from '#test/support/run-record.ts';
import { threadSeconds } from './clock.ts';
import { inFolder } from './folder.ts';

/** A run of the story that goes on until it has some 900,000 events, ns. */
const longStoryNs = 4000e9;
const turnEvents = 3 * chunkRecords;
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const storyRun = (): ScenarioRun =>
  new ScenarioRun(loadScenario(scenarioPath('bond-deadlock'), scenarioText('bond-deadlock')), {
    policy: makePolicy(choosePolicy(undefined, undefined)),
    variant: 'naive',
    untilNs: longStoryNs,
  });

/** Seconds of the engine's thread for one turn. */
function turnSeconds(run: ScenarioRun): number {
  const { trace } = run.machine.k;
  const end = trace.count + turnEvents;
  const start = threadSeconds();
  while (!run.over && trace.count < end) run.advance(Infinity, undefined, end);
  return threadSeconds() - start;
}

/** Ratios of the turns of two equal runs: the recorded one to the bare one. */
async function ratiosOfRound(file: string): Promise<number[]> {
  const { head } = recordScenario('bond-deadlock', { untilNs: 1e6 });
  const [bare, recorded] = [storyRun(), storyRun()];
  const recorder = new Recorder(file, { ...head, untilNs: null }, '');
  recorder.watch(recorded.machine);
  const ratios: number[] = [];
  while (!recorded.over) {
    const bareFirst = ratios.length % 2 === 0;
    const before = bareFirst ? turnSeconds(bare) : 0;
    const took = turnSeconds(recorded);
    while (recorder.state.behind > chunkRecords) await pause(5);
    ratios.push(took / (bareFirst ? before : turnSeconds(bare)));
  }
  await recorder.finish(runEndOf(recorded.result()), '');
  return ratios;
}

/** Time of a recorded run as a multiple of the same run unrecorded: the median of all turns. */
export const recordingRatio = (rounds: number): Promise<number> =>
  inFolder(async (folder) => {
    const ratios: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ratios.push(...(await ratiosOfRound(join(folder, 'runs.db'))));
    }
    ratios.sort((a, b) => a - b);
    return ratios[Math.floor(ratios.length / 2)]!;
  });
