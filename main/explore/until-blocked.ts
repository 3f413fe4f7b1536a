// The plain policy: a context runs until it blocks or an interrupt comes; then the one that has
// been runnable longest. What a trainee sees first, and what makes logs easy to read.

import type { Policy } from '#sim/policy.ts';

/** First come, first served; interrupt frames go first. */
export function untilBlocked(): Policy {
  return {
    name: 'until-blocked',
    choose: (runnable, current) =>
      runnable.find((task) => task.kind !== 'task') ?? current ?? runnable[0]!,
  };
}
