// Exit codes and how results map to them.

import type { RunResult } from '#lab/run.ts';

export const exitPassed = 0;
export const exitCheckFailed = 1;
export const exitUsage = 2;
export const exitBadFile = 3;
export const exitTimeOut = 42;

/** 42 for a time-out or step limit, 1 for a failed check, else 0. */
export function exitStatus(result: RunResult): number {
  if (result.checks.some((check) => !check.holds)) return exitCheckFailed;
  if (result.outcome === 'timeOut' || result.outcome === 'stepLimit') return exitTimeOut;
  return result.outcome === 'checkFailed' ? exitCheckFailed : exitPassed;
}
