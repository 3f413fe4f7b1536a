// The second line of a thing in the graph, short. What things are called is the lab's to say, for
// every view the same.

import { secondsText, tookText } from '../ui/numbers.ts';
import type { Thing } from '#contract/waits.ts';
import { texts } from './texts.ts';

/** The name and what tells it from others: `task A, sh:23`, `work W31, mlx4_en_bond_work#25`. */
export const fullName = ({ kind, name, shown, letter }: Thing): string => {
  const word = texts.kinds[kind];
  if (kind === 'task') return `${word} ${letter}, ${shown}`;
  return kind === 'work' ? `${word} ${shown}, ${name}` : shown;
};

/** The second line in the columns. */
export function restDetail(thing: Thing): string {
  return thing.kind === 'lock' && thing.state === 'free' ? '' : thing.detail;
}

/** What the ring needs to know beside the thing itself. */
export interface RingFacts {
  readonly nowNs: number;
  /** Letter of who holds it, and since when. */
  readonly holder: string;
  readonly heldSinceNs: number;
  /** Works in the queue behind it. */
  readonly behind: number;
}

/** The second line of a member of a cycle. */
export function ringDetail(thing: Thing, facts: RingFacts): string {
  switch (thing.kind) {
    case 'task':
      if (thing.detail.includes('polls')) return thing.detail;
      return `${thing.ps ?? ''}, ${tookText(facts.nowNs - thing.sinceNs)}`;
    case 'reference':
      return texts.refs(thing.count ?? 0, thing.needs ?? 1);
    case 'work':
      return facts.behind > 0 ? texts.moreQueued(facts.behind) : thing.detail;
    default:
      if (facts.holder === '') return thing.detail;
      return texts.heldSince(facts.holder, secondsText(facts.heldSinceNs));
  }
}
