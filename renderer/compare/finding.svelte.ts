// Find in both runs: what a person typed, where it is, and walking from one hit to the next. Hits
// stand on the axis as it counts when they are looked for.

import type { Session } from '../state/session.svelte.ts';
import { inOrder } from './axis.ts';
import type { Side } from './axis.ts';
import type { Comparing } from './comparing.svelte.ts';

export class Finding {
  text = $state('');
  /** Since the parting, in order. */
  hits = $state.raw<readonly number[]>([]);
  /** How many there are in each run; null before anything was looked for. */
  counts = $state.raw<Readonly<Record<Side, number>> | null>(null);
  /** Why nothing can be found, or null. */
  said = $state<string | null>(null);
  private found = '';
  private readonly comparing: Comparing;
  private readonly session: Session;

  constructor(comparing: Comparing, session: Session) {
    this.comparing = comparing;
    this.session = session;
  }

  clear(): void {
    this.text = '';
    this.found = '';
    this.hits = [];
    this.counts = null;
    this.said = null;
  }

  /** Looks for what was typed; once it was found, goes to the next hit (1) or the one before. */
  async next(direction: 1 | -1): Promise<void> {
    if (this.text.trim() === '') this.clear();
    else await this.comparing.goTo(() => this.hitAfter(direction));
  }

  private async hitAfter(direction: 1 | -1): Promise<number | null> {
    if (this.text !== this.found) await this.look();
    const { comparing, hits } = this;
    const next =
      direction > 0
        ? (hits.find((hit) => hit > comparing.after) ?? hits[0])
        : (hits.findLast((hit) => hit < comparing.after) ?? hits.at(-1));
    return next ?? null;
  }

  private async look(): Promise<void> {
    const { text, comparing } = this;
    const [a, b] = await Promise.all([this.of('a', text), this.of('b', text)]);
    if (a === null || b === null) return;
    this.found = text;
    this.said = a.said;
    this.counts = { a: a.total, b: b.total };
    const isTime = comparing.scale === 'time';
    const after = (side: Side, found: typeof a): number[] =>
      found.hits.map(({ timeNs, seq }) => (isTime ? timeNs : seq) - comparing.base(side));
    // Before the parting the runs are one: what both have there is told once.
    const later = after('b', b).filter((hit) => hit >= 0);
    this.hits = inOrder([...after('a', a), ...later]);
  }

  private of(side: Side, text: string) {
    return this.session.ask('runs.find', { run: this.comparing.runOf(side), text });
  }
}
