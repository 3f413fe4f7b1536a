// How a run can end (design section 6). Each bound that can be hit has an outcome of its own, so
// that no run ends without saying why. A deadlock or a hang counts while it lasts: one that
// somebody has ended, with a signal for example, stays a finding and is no outcome.

import { stillStands } from '#detect/graph.ts';
import type { Kernel } from '#kernel/kernel.ts';
import { stillHangs } from './findings.ts';

/** Every outcome. */
export const outcomes = [
  /** The script came to its end. */
  'settled',
  /** A person ended it while something waits, is held back or is not done (left.ts). */
  'left',
  /** Contexts can only be released by each other, and still are when the run ends. */
  'deadlock',
  /** The hung task detector reported a task, and it still has not run when the run ends. */
  'hung',
  /** The kernel crashed somewhere: use after free, a poisoned list, code that is gone. */
  'oops',
  /** A check of the scenario does not hold, or a step could not be done. */
  'checkFailed',
  /** More points than a run may have. */
  'stepLimit',
  /** The time of the run, or of a wait in its script, was over first. */
  'timeOut',
  /** A replay could not follow its recording. */
  'diverged',
] as const;

/** How a run ended. */
export type Outcome = (typeof outcomes)[number];

/** What only the runner knows about the end. */
export interface Ending {
  readonly scriptDone: boolean;
  /** A person ended it, and something is not done. */
  readonly left: boolean;
  /** A step that could not be done. */
  readonly stepFailed: boolean;
  /** The bound on points was hit. */
  readonly stepLimit: boolean;
  /** Where a replay left its recording, in words, or null. */
  readonly diverged: string | null;
}

/**
 * The outcome before the checks are judged: they may ask for it. What explains more comes first:
 * after a crash or in a deadlock it does not matter that the time was over, too.
 */
export function outcomeOf(k: Kernel, ending: Ending): Outcome {
  if (ending.diverged !== null) return 'diverged';
  if (k.findings.some(({ kind }) => kind === 'oops')) return 'oops';
  if (k.graph.deadlocks.some(stillStands)) return 'deadlock';
  if (k.findings.some((finding) => finding.kind === 'hung' && stillHangs(k, finding)))
    return 'hung';
  if (ending.left) return 'left';
  if (ending.scriptDone) return 'settled';
  if (ending.stepFailed) return 'checkFailed';
  return ending.stepLimit ? 'stepLimit' : 'timeOut';
}
