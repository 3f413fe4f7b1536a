// What drives a run, as the menu in the transport bar has it: driver, who runs next, seed. And the
// session that it asks for.

import type { AnswerOf, BodyOf } from '#contract/requests.ts';

type Wanted = Extract<BodyOf<'session.open'>, { from: 'scenario' }>;

/** Driver, who runs next, seed. */
export interface Driven {
  variant: string;
  policy: Wanted['policy'];
  /** Counts only where the policy is random. */
  seed: number | null;
}

const policies: readonly string[] = [
  'until-blocked',
  'random',
  'you-choose',
] satisfies Wanted['policy'][];

/** The lab's driver that is as the one of Linux 6.1, which guests run. */
export const variantOfLinux = 'v6.1';

/** A policy that a person can begin a run with; a recording may have had another one. */
export const isPolicy = (name: string): name is Wanted['policy'] => policies.includes(name);

/**
 * A new run of the scenario on the bench; one that is none of the lab's files is the bare bench.
 */
export function newRunOf(
  { variant, policy, seed }: Driven,
  scenario: string,
  { scenarios }: AnswerOf<'runs.choices'>,
): Wanted {
  const isKnown = scenarios.some(({ name }) => name === scenario);
  return {
    from: 'scenario',
    scenario: isKnown ? scenario : null,
    variant,
    policy,
    seed: policy === 'random' ? (seed ?? 0) : null,
  };
}
