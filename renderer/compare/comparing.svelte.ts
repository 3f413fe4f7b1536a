// The comparison in the window: the two runs, the one cursor in both, and what is in view. Moments
// are asked for one at a time; the newest wins.

import type { Session } from '../state/session.svelte.ts';
import { Latest } from '../state/latest.ts';
import { firstView, showing } from './lanes.ts';
import type { Compared, View } from './lanes.ts';
import type { MomentOfRun } from './machine.ts';

export class Comparing {
  compared = $state.raw<Compared | null>(null);
  /** Both machines at the cursor. */
  moments = $state.raw<{ readonly a: MomentOfRun; readonly b: MomentOfRun } | null>(null);
  /** The cursor, ns since they parted. */
  afterNs = $state(0);
  view = $state.raw<View>({ fromNs: -1, toNs: 1 });
  /** The difference that was gone to last. */
  row = $state(0);
  private pair: readonly [number, number] | null = null;
  private readonly session: Session;
  private readonly looks: Latest<number>;

  constructor(session: Session) {
    this.session = session;
    this.looks = new Latest((afterNs) => this.look(afterNs));
  }

  async load(a: number, b: number): Promise<void> {
    this.pair = [a, b];
    this.compared = null;
    this.moments = null;
    const compared = await this.session.ask('compare', { a, b });
    if (compared === null || this.pair[0] !== a || this.pair[1] !== b) return;
    this.compared = compared;
    this.view = firstView(compared);
    this.row = 0;
    this.lookAt(0);
  }

  async swap(): Promise<void> {
    if (this.pair !== null) await this.load(this.pair[1], this.pair[0]);
  }

  lookAt(afterNs: number): void {
    this.afterNs = afterNs;
    this.view = showing(this.view, afterNs);
    this.looks.put(afterNs);
  }

  /** To another difference. */
  go(row: number): void {
    const rows = this.compared?.rows ?? [];
    const wanted = rows[(row + rows.length) % Math.max(1, rows.length)];
    if (wanted === undefined) return;
    this.row = rows.indexOf(wanted);
    this.lookAt(wanted.afterNs);
  }

  private async look(afterNs: number): Promise<void> {
    const { compared, pair } = this;
    if (compared === null || pair === null) return;
    const { a, b } = compared.at;
    const runs = { a: pair[0], b: pair[1], seqA: a.seq, seqB: b.seq };
    const moments = await this.session.ask('compare.moment', { ...runs, afterNs });
    if (moments !== null && this.pair === pair) this.moments = moments;
  }
}
