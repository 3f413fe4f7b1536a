// A person's own marks: the note that is being written, and the mark that was taken away last and
// can be put back.

import type { Mark } from '#contract/timeline.ts';
import type { Session } from '../state/session.svelte.ts';

/** A note under the hand. */
export interface Noting {
  readonly seq: number;
  readonly timeNs: number;
  /** The mark that is changed; null for a new one. */
  readonly number: number | null;
  readonly text: string;
}

export class Notes {
  /** The note that is being written, or null. */
  noting = $state.raw<Noting | null>(null);
  /** The mark that was removed last, until something else is done with marks. */
  removed = $state.raw<Noting | null>(null);
  /** Why marks are not kept with the run, or null. */
  notKept = $state<string | null>(null);
  private readonly session: Session;
  private readonly onChange: () => void;

  constructor(session: Session, onChange: () => void) {
    this.session = session;
    this.onChange = onChange;
  }

  reset(): void {
    this.noting = null;
    this.removed = null;
  }

  /** Begins a mark at the cursor; one that is there already is taken into the hand. */
  begin(marks: readonly Mark[]): void {
    const { moment } = this.session;
    if (moment === null) return;
    const here = marks.find(({ kind, seq }) => kind === 'own' && seq === moment.seq);
    if (here !== undefined) return this.edit(here);
    this.noting = { seq: moment.seq, timeNs: moment.timeNs, number: null, text: '' };
  }

  /** Takes a mark into the hand. */
  edit({ seq, timeNs, text, number }: Mark): void {
    this.noting = { seq, timeNs, number: number ?? null, text };
  }

  /** Sets the mark with its note; an empty note sets none. */
  async set(text: string): Promise<void> {
    const { noting } = this;
    this.noting = null;
    if (noting === null || text.trim() === '' || text === noting.text) return;
    if (noting.number !== null) await this.take(noting.number);
    await this.add(noting.seq, text);
    this.removed = null;
  }

  /** Takes the mark away that is in the hand. */
  async remove(): Promise<void> {
    const { noting } = this;
    this.noting = null;
    const number = noting?.number ?? null;
    if (number !== null && (await this.take(number))) this.removed = noting;
  }

  async putBack(): Promise<void> {
    const { removed } = this;
    this.removed = null;
    if (removed !== null) await this.add(removed.seq, removed.text);
  }

  private async add(seq: number, text: string): Promise<void> {
    await this.session.done('timeline.addMark', { seq, text });
    this.onChange();
  }

  private async take(number: number): Promise<boolean> {
    const done = await this.session.done('timeline.removeMark', { number });
    this.onChange();
    return done;
  }
}
