// The random policy: at each point, with a small chance, somebody else. Fair to spinning contexts
// by construction, since everyone who can run has the same chance.

import type { Policy } from '#sim/policy.ts';
import { Random } from '#sim/random.ts';

/** One point in this many switches, on average. */
const switchEvery = 16;

/** Random schedules by seed. Equal seeds give equal schedules of the same program. */
export function randomPolicy(seed: number): Policy {
  const random = new Random(seed);
  return {
    name: 'random',
    choose: (runnable, current) => {
      if (current !== null && random.below(switchEvery) !== 0) return current;
      return runnable[random.below(runnable.length)]!;
    },
  };
}
