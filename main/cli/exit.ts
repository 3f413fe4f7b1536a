// Exit codes, and how results map to them. They are the contract with scripts: a deadlock is no
// failure by itself, because a scenario may be about one.

import type { RunResult } from '#lab/run.ts';

export const exitPassed = 0;
/** A check, a step or a comparison. */
export const exitCheckFailed = 1;
export const exitUsage = 2;
export const exitBadFile = 3;
export const exitTimeOut = 42;

type Judged = Pick<RunResult, 'outcome' | 'checks'>;

/**
 * 1 for a failed check or step, 42 when a bound was hit, else 0: a deadlock may be what is wanted.
 */
export function exitStatus({ outcome, checks }: Judged): number {
  if (outcome === 'checkFailed' || checks.some((check) => !check.holds)) return exitCheckFailed;
  const bounded = outcome === 'timeOut' || outcome === 'stepLimit';
  return bounded ? exitTimeOut : exitPassed;
}
