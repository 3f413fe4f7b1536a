// What comes to the bench next: a scenario from its begin, a run of the library, or a fork. It is
// found before the session on the bench is ended, so that nothing is ended in vain; only a fork of
// that session has to end it first.

import { programHash, programVersion } from '#db/program.ts';
import { loadRun } from '#db/reader.ts';
import { askFromMark } from '#lab/choosing/begin.ts';
import { choosePolicy, makePolicy } from '#lab/policy.ts';
import { assertDoable, NotAgain } from '#lab/real-run.ts';
import type { RunHead, RunRecord } from '#lab/record/run-record.ts';
import { ScenarioRun } from '#lab/run.ts';
import { variantProblem } from '#lab/variants.ts';
import type { BodyOf } from '#contract/requests.ts';
import type { Library } from '../library/library.ts';
import { replayTo } from './fork.ts';
import type { LiveSession } from './live-session.ts';
import { RecordedSession } from './recorded-session.ts';
import { Refused } from './refused.ts';
import { scenarioSource } from './scenarios.ts';

type Wanted = BodyOf<'session.open'>;
export type ScenarioWanted = Extract<Wanted, { from: 'scenario' }>;
type ForkWanted = Extract<Wanted, { from: 'fork' }>;

/** A machine that is ready to be driven, and the head of its recording. */
export interface LivePlan {
  readonly run: ScenarioRun;
  readonly head: RunHead;
}

/** What of the bench is needed to find out. */
export interface Opener {
  readonly session: LiveSession | RecordedSession;
  readonly library: Library;
  end(): Promise<void>;
}

interface Parent {
  /** Number in the library; null when it is not kept. */
  readonly run: number | null;
  readonly record: RunRecord;
}

const madeHere = (): Pick<RunHead, 'engineVersion' | 'programHash'> => ({
  engineVersion: programVersion(),
  programHash: programHash(),
});

function checkVariant(variant: string): void {
  const problem = variantProblem(variant);
  if (problem !== null) throw new Refused(`There is no driver ${variant}: ${problem}.`);
}

/** A scenario from its begin, driven by a person. Throws Refused. */
export function scenarioPlan(wanted: ScenarioWanted): LivePlan {
  const { file, text, scenario } = scenarioSource(wanted.scenario);
  const { variant } = wanted;
  checkVariant(variant);
  const policy = choosePolicy(wanted.policy, wanted.seed ?? undefined);
  const scripted = wanted.scenario !== null;
  const run = new ScenarioRun(scenario, {
    policy: makePolicy(policy),
    variant,
    scripted,
    live: true,
  });
  if (scenario.chooseFrom !== null) askFromMark(run, scenario.chooseFrom);
  return {
    run,
    head: {
      scenarioFile: file,
      scenarioName: scenario.name,
      scenarioText: text,
      variant,
      policy: policy.name,
      seed: policy.seed,
      untilNs: null,
      scripted,
      live: true,
      ...madeHere(),
      parent: null,
    },
  };
}

const recorded = (library: Library, run: number): RecordedSession =>
  new RecordedSession(
    run,
    library.with((db) => loadRun(db, run)),
  );

/** Told of the way to a moment. */
type OnProgress = (done: number, total: number) => void;

/** Throws Refused, StoreError, ScenarioError. */
export async function nextSession(
  opener: Opener,
  wanted: Wanted,
  onProgress: OnProgress,
): Promise<LivePlan | RecordedSession> {
  if (wanted.from === 'scenario') return scenarioPlan(wanted);
  if (wanted.from === 'run') return recorded(opener.library, wanted.run);
  const parent = await parentOf(opener, wanted.run);
  const { variant } = wanted;
  if (variant === undefined || variant === parent.record.head.variant) {
    return forked(opener.library, parent, wanted, onProgress);
  }
  return recorded(opener.library, await rerun(opener.library, parent, variant));
}

/** A run of the library, or what is on the bench, which is ended and kept. */
async function parentOf(opener: Opener, run: number | null): Promise<Parent> {
  if (run !== null) return { run, record: recorded(opener.library, run).record };
  await opener.end();
  const { session } = opener;
  const isKept = session instanceof RecordedSession;
  return { run: isKept ? session.number : null, record: session.record };
}

async function forked(
  library: Library,
  { run, record }: Parent,
  wanted: ForkWanted,
  onProgress: OnProgress,
): Promise<LivePlan> {
  const seq = Math.min(wanted.seq, record.trace.count);
  const machineRun = await replayTo(record, seq, (done) => {
    onProgress(done, seq);
  });
  const shared = machineRun.machine.k.trace.count;
  const parent = run === null ? null : { run: library.summary(run).identity, seq: shared };
  return { run: machineRun, head: { ...record.head, live: true, ...madeHere(), parent } };
}

/** Found out here: from the thread that runs it, it would be a mistake of the lab's. */
function checkDoable(record: RunRecord): void {
  try {
    assertDoable(record);
  } catch (error) {
    throw error instanceof NotAgain ? new Refused(error.message) : error;
  }
}

/** The same choices on another driver, kept: its number. */
async function rerun(library: Library, { run, record }: Parent, variant: string): Promise<number> {
  checkVariant(variant);
  if (run === null) throw new Refused('This session is not kept, so it cannot be run again.');
  checkDoable(record);
  const said = `running ${record.head.scenarioName} again on ${variant}`;
  const name = `Same choices, ${variant}`;
  return library.make(said, 'rerun', { file: library.kept, run, variant, name });
}
