// What a test asks the bench for most: a scenario under the driver that deadlocks.

import type { BodyOf } from '#contract/requests.ts';

type Wanted = Extract<BodyOf<'session.open'>, { from: 'scenario' }>;

/** A scenario; or null, the machine without a script. */
export const naive = (scenario: string | null): Wanted => ({
  from: 'scenario',
  scenario,
  variant: 'naive',
  policy: 'until-blocked',
  seed: null,
});

/** The story, which ends in the deadlock. */
export const story = naive('bond-deadlock');
