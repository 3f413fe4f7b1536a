// Scheduling policies by name, for command lines and windows. A policy without chance has no seed,
// and a report says so.

import { PersonPolicy } from '#explore/person.ts';
import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import type { Policy } from '#sim/policy.ts';

export const policyNames = ['until-blocked', 'random', 'you-choose'] as const;
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

/** Policies that need nobody: what a command line offers. */
export const batchPolicyNames = [
  'until-blocked',
  'random',
] as const satisfies readonly PolicyName[];

export function makePolicy({ name, seed }: PolicyChoice): Policy {
  if (name === 'random') return randomPolicy(seed ?? 0);
  return name === 'you-choose' ? new PersonPolicy() : untilBlocked();
}
