// A run again, up to a moment, to be gone on from by hand. It is run in slices, so that windows are
// served meanwhile.

import { choosePolicy, makePolicy } from '#lab/policy.ts';
import type { PolicyName } from '#lab/policy.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { NotAgain } from '#lab/real-run.ts';
import { Replay } from '#lab/replay/replay.ts';
import type { ScenarioRun } from '#lab/run.ts';
import { Refused } from './refused.ts';
import { inSlices } from './slices.ts';

/** Points between two looks at the clock. */
const lookPoints = 1000;

/** Throws Refused. */
function replayOf(record: RunRecord): Replay {
  try {
    return new Replay(record, { live: true });
  } catch (error) {
    if (error instanceof NotAgain) throw new Refused(error.message);
    throw error;
  }
}

/** The run, standing at the event or at the next point after it. Throws Refused. */
export async function replayTo(
  record: RunRecord,
  seq: number,
  onProgress: (done: number) => void,
): Promise<ScenarioRun> {
  const replay = replayOf(record);
  await inSlices(
    () => replay.approach(seq, lookPoints),
    () => {
      onProgress(replay.events);
    },
  );
  if (!replay.isAt(seq)) {
    const why = replay.difference?.said ?? `it ends at event ${replay.events}`;
    throw new Refused(`This run cannot be gone on from event ${seq}: ${why}.`);
  }
  const { head } = record;
  const policy = choosePolicy(head.policy as PolicyName, head.seed ?? undefined);
  replay.run.machine.k.sim.setPolicy(makePolicy(policy));
  return replay.run;
}
