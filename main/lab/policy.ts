// Scheduling policies by name, for command lines and windows. A policy without chance has no seed,
// and a report says so.

import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { Policy } from '#sim/policy.ts';

export const policyNames = ['until-blocked', 'random'] as const;
export type PolicyName = (typeof policyNames)[number];

/** What was asked for, completed: a seed alone means the random policy. */
export interface PolicyChoice {
  readonly name: PolicyName;
  /** Null for a policy without chance. */
  readonly seed: number | null;
}

export function choosePolicy(name: PolicyName | undefined, seed: number | undefined): PolicyChoice {
  const chosen = name ?? (seed === undefined ? 'until-blocked' : 'random');
  return { name: chosen, seed: chosen === 'random' ? (seed ?? 0) : null };
}

export const makePolicy = ({ name, seed }: PolicyChoice): Policy =>
  name === 'random' ? randomPolicy(seed ?? 0) : untilBlocked();
