// A bare kernel for unit tests: engine, core services, no card.

import { randomPolicy } from '#explore/random.ts';
import { untilBlocked } from '#explore/until-blocked.ts';
import { Kernel } from '#kernel/kernel.ts';
import type { KernelOptions } from '#kernel/kernel.ts';
import type { Policy } from '#sim/policy.ts';
import { Trace } from '#trace/trace.ts';

/** A kernel with the default machine's numbers; `seed` selects the random policy. */
export function bareKernel(options: Partial<KernelOptions> & { seed?: number } = {}): Kernel {
  const { seed, ...rest } = options;
  const policy: Policy = seed === undefined ? untilBlocked() : randomPolicy(seed);
  const defaults = { cpus: 4, hz: 250, profile: '6.1', release: '6.1.0', pointsMax: 10_000_000 };
  return new Kernel({ ...defaults, ...rest } as KernelOptions, new Trace(), policy);
}

/** One second of virtual time, ns. */
export const second = 1e9;
