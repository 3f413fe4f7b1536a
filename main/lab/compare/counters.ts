// How many events of each kind two runs have, where the numbers differ. What differs most comes
// first.

import { kindTable } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { Readings } from './aligned.ts';
import type { Both } from './both.ts';

/** Events of one kind. */
export interface KindCount {
  readonly kind: KindName;
  readonly times: Both<number>;
}

const sizeOf = ({ times }: KindCount): number => Math.abs(times.a - times.b);

/** Kinds of which one run has more. */
export function compareCounters({ a, b }: Readings): KindCount[] {
  return kindTable
    .map(({ name }, kind) => ({
      kind: name,
      times: { a: a.kindCounts[kind]!, b: b.kindCounts[kind]! },
    }))
    .filter(({ times }) => times.a !== times.b)
    .sort((one, other) => sizeOf(other) - sizeOf(one));
}
