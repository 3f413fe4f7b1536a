// `mlx4-lab replay`: a kept run, run again and held against its recording event by event. The exit
// status is 1 when they part; where and how is said in one sentence.

import { NotAgain } from '#lab/real-run.ts';
import { Replay } from '#lab/replay/replay.ts';
import type { Replayed, ReplayOptions } from '#lab/replay/replay.ts';
import type { RunRecord } from '#lab/record/run-record.ts';
import { ScenarioError } from '#lab/scenario/reader.ts';
import { BadFile } from './bad-file.ts';
import { exitCheckFailed, exitPassed } from './exit.ts';
import { print } from './print.ts';
import { programHash } from '#db/program.ts';
import { Progress } from './progress.ts';
import { loadKept } from './runs.ts';
import type { DatabaseArguments, Kept } from './runs.ts';
import { styleFor, wrap } from './style.ts';

/**
 * A replay that is about to begin. Throws BadFile for a scenario that is not understood now, and
 * for a run that cannot be run again.
 */
export function beginReplay({ summary, record }: Kept, options: ReplayOptions): Replay {
  try {
    return new Replay(record, options);
  } catch (error) {
    if (error instanceof NotAgain) throw new BadFile(`run ${summary.run}: ${error.message}`);
    if (!(error instanceof ScenarioError)) throw error;
    const said = 'its scenario is not understood by this version';
    throw new BadFile(`run ${summary.run}: ${said}:\n${error.message}`, error.problems);
  }
}

/** That another program recorded it, or nothing. */
export const programText = ({ head }: RunRecord): string =>
  head.programHash === programHash()
    ? ''
    : `It was recorded by another program (version ${head.engineVersion}, ` +
      `${head.programHash.slice(0, 12)}; this is ${programHash().slice(0, 12)}).`;

function replayText({ summary, record }: Kept, { events, difference }: Replayed): string {
  const style = styleFor(process.stdout);
  const { run, scenario, variant } = summary;
  const name = `run ${run}, ${scenario} under ${variant}`;
  const ending = record.end === null ? 'up to where it was cut' : 'and so is what it came to';
  const said =
    difference === null
      ? `${style.green('the same')}: ${name}: ${events} events, every one the same, ${ending}`
      : `${style.red('not the same')}: ${name}: ${events} events are the same, ` +
        `then ${difference.said}`;
  return [said, programText(record)]
    .filter((text) => text !== '')
    .map((text) => wrap(text))
    .join('\n');
}

/** Replays a run; gives the exit status. Throws StoreError and BadFile. */
export function replayCommand(
  run: number,
  settings: DatabaseArguments & { readonly variant?: string },
): number {
  const kept = loadKept(run, settings);
  const { record } = kept;
  const replaying = beginReplay(kept, settings.variant === undefined ? {} : settings);
  const progress = new Progress('replaying');
  while (replaying.advance()) progress.part(replaying.events, record.trace.count);
  const replayed = replaying.finish();
  progress.end();
  const { events, difference, end } = replayed;
  const same = difference === null;
  const isSameProgram = record.head.programHash === programHash();
  if (settings.json !== true) print(replayText(kept, replayed));
  else {
    const outcome = end?.outcome ?? null;
    print(JSON.stringify({ run, same, events, difference, outcome, isSameProgram }, null, 2));
  }
  return same ? exitPassed : exitCheckFailed;
}
