// `mlx4-lab fork`: a kept run is run again up to a moment and goes on from there otherwise: under a
// person's hands, or with --run by itself under another schedule. It is kept as a run of its own
// that names its parent and the moment.

import { makePolicy, choosePolicy } from '#lab/policy.ts';
import type { PolicyChoice } from '#lab/policy.ts';
import { runEndOf } from '#lab/record/run-record.ts';
import { seqOf } from '#lab/replay/moment.ts';
import type { Replay } from '#lab/replay/replay.ts';
import { reportOf } from '#lab/report.ts';
import { BadFile } from './bad-file.ts';
import { exitPassed, exitStatus, exitUsage } from './exit.ts';
import { traceHash } from './load.ts';
import { print, printError, secondsText } from './print.ts';
import { Progress } from './progress.ts';
import { keptText, Recording } from './recording.ts';
import type { RunPlan } from './recording.ts';
import { beginReplay, programText } from './replay.ts';
import { resultText } from './result.ts';
import { runToEnd } from './run.ts';
import type { RunArguments } from './run.ts';
import { loadKept } from './runs.ts';
import type { Kept } from './runs.ts';
import { driveSession, Session } from './session.ts';
import { styleFor, wrap } from './style.ts';

export interface ForkArguments extends Omit<RunArguments, 'variant' | 'until' | 'quiet'> {
  /** The moment: number of an event, or a time with a unit. */
  readonly at: string;
  /** By itself to its end, not in a session. */
  readonly run?: boolean;
}

/** A run that stands at the moment, and how it goes on. */
interface Forked extends Kept {
  readonly replay: Replay;
  readonly policy: PolicyChoice;
  readonly plan: RunPlan;
}

/** Throws BadFile when the run cannot be run again up to there. */
function forkAt(kept: Kept, seq: number, settings: ForkArguments): Forked {
  const { summary, record } = kept;
  const live = settings.run !== true;
  const replay = beginReplay(kept, { live: live || record.head.live });
  const progress = new Progress('running up to the moment');
  const isThere = replay.advanceTo(seq, (events) => {
    progress.part(events, seq);
  });
  progress.end();
  if (!isThere) {
    const why = replay.difference?.said ?? `its end is at event ${replay.events}: fork it earlier`;
    const said = wrap(`run ${summary.run} cannot be forked there: ${why}`);
    throw new BadFile([said, programText(record)].join('\n').trim());
  }
  const policy = choosePolicy(settings.policy, settings.seed);
  const { machine } = replay.run;
  machine.k.sim.setPolicy(makePolicy(policy));
  const parent = { run: summary.identity, seq: machine.k.trace.count };
  const { engineVersion: _version, programHash: _hash, ...head } = record.head;
  const plan = { ...head, policy: policy.name, seed: policy.seed, live: replay.run.live, parent };
  return { ...kept, replay, policy, plan };
}

function whereText({ summary, plan, replay }: Forked): string {
  const time = secondsText(replay.run.machine.k.sim.now());
  return `forked off run ${summary.run} before event ${plan.parent!.seq}, at ${time}`;
}

/** On to its end without anybody. */
async function runOn(forked: Forked, settings: ForkArguments): Promise<number> {
  const { replay, policy, plan } = forked;
  const { run } = replay;
  const where = whereText(forked);
  const recording = new Recording(plan, settings);
  recording.watch(run.machine);
  const result = runToEnd(run, false);
  const number = await recording.finish(runEndOf(result));
  if (settings.json === true) {
    const report = reportOf(result, policy, traceHash(result.trace));
    print(JSON.stringify({ ...report, parent: plan.parent, run: number }, null, 2));
  } else {
    const style = styleFor(process.stdout);
    print([where, resultText(result, style)].join('\n'));
    if (number !== null) print(style.dim(keptText(number, recording)));
  }
  return exitStatus(result);
}

/** Forks a run; gives the exit status. Throws StoreError and BadFile. */
export async function forkCommand(run: number, settings: ForkArguments): Promise<number> {
  const kept = loadKept(run, settings);
  const { trace, head } = kept.record;
  const seq = seqOf(trace, settings.at);
  if (seq === null) {
    printError(`--at: give an event from 0 to ${trace.count}, or a time with a unit: 6.1s`);
    return exitUsage;
  }
  if (settings.run === true && head.live) {
    printError(`--run: run ${run} was driven by a person and has no end of its own; leave it out`);
    return exitUsage;
  }
  const forked = forkAt(kept, seq, settings);
  if (settings.run === true) return runOn(forked, settings);
  const { replay, policy, plan } = forked;
  const session = new Session({ run: replay.run, policy, plan }, settings);
  session.say(whereText(forked));
  await driveSession(session);
  return exitPassed;
}
