// The session as the window has it: the latest word of the lab, the one cursor, and the moment that
// every view shows. At the live end the cursor follows; looking back leaves the machine running.

import type { AnswerOf, BodyOf } from '#contract/requests.ts';
import type { LibraryState } from '#contract/runs.ts';
import type { SessionState } from '#contract/session.ts';
import { Refusal } from '../bridge/lab.ts';
import type { Answered, Lab } from '../bridge/lab.ts';
import { Latest } from './latest.ts';
import { texts } from './texts.ts';

/** Where the cursor is. */
export type Cursor = BodyOf<'moment'>;

/** Everything at the cursor. */
export type Moment = AnswerOf<'moment'>;

export class Session {
  /** The latest word of the lab; null before the first. */
  state = $state.raw<SessionState | null>(null);
  /** The latest word about the library; null before the first. */
  library = $state.raw<LibraryState | null>(null);
  /** Everything at the cursor. */
  moment = $state.raw<Moment | null>(null);
  cursor = $state.raw<Cursor>({ at: 'end' });
  /** The way to the lab is open. */
  connected = $state(false);
  /** What the lab did not do last, in its words. */
  said = $state<string | null>(null);
  /** Id of the thing that is selected everywhere, or null. */
  selected = $state<string | null>(null);
  /** Also things that nobody holds or waits for. */
  allObjects = $state(false);
  /**
   * What the views show is of: another text when they have to ask again, which is with the cursor,
   * and at the live end with every event. Null before the first word.
   */
  readonly place = $derived.by(() => {
    const { state, cursor } = this;
    if (state === null) return null;
    return `${state.number} ${cursor.at === 'end' ? state.events : JSON.stringify(cursor)}`;
  });
  readonly lab: Lab;
  private readonly moments: Latest<Cursor>;

  constructor(lab: Lab) {
    this.lab = lab;
    this.moments = new Latest((cursor) => this.look(cursor));
    lab.on('session', (state) => this.hear(state));
    lab.on('library', (state) => {
      this.library = state;
    });
    lab.onWay = (isOpen) => {
      this.connected = isOpen;
    };
  }

  private hear(state: SessionState): void {
    const isOther = state.number !== this.state?.number;
    this.state = state;
    if (isOther && this.cursor.at !== 'end') this.cursor = { at: 'end' };
    if (isOther || this.cursor.at === 'end') this.moments.put(this.cursor);
  }

  /** True while the cursor is at the live end. */
  get following(): boolean {
    return this.cursor.at === 'end';
  }

  /** Why nothing can be done to the machine now, or null. */
  get blocked(): string | null {
    if (this.state?.live === false) return texts.recording;
    return this.following ? null : texts.lookingBack;
  }

  /** Puts the cursor somewhere; every view follows. */
  lookAt(cursor: Cursor): void {
    this.cursor = cursor;
    this.moments.put(cursor);
  }

  /**
   * Goes to the event that the lab names, unless the cursor was moved while it looked: the later
   * wish counts. True when it went there.
   */
  async goTo(named: Promise<number | null>): Promise<boolean> {
    const { cursor } = this;
    const seq = await named;
    if (seq === null || this.cursor !== cursor) return false;
    this.lookAt({ at: 'event', seq });
    return true;
  }

  /** Selects a thing everywhere; again, nothing. */
  select(id: string): void {
    this.selected = this.selected === id ? null : id;
  }

  /** Asks for an act, which has no answer: true when it was done. A refusal is shown. */
  async done<N extends Parameters<Lab['ask']>[0]>(name: N, body: BodyOf<N>): Promise<boolean> {
    return (await this.askWithPayload(name, body)) !== null;
  }

  private async look(cursor: Cursor): Promise<void> {
    const moment = await this.ask('moment', cursor);
    if (moment !== null) this.moment = moment;
  }

  /** Asks the lab; a refusal is shown to the person, and null. */
  async ask<N extends Parameters<Lab['ask']>[0]>(
    name: N,
    body: BodyOf<N>,
  ): Promise<AnswerOf<N> | null> {
    return (await this.askWithPayload(name, body))?.body ?? null;
  }

  /** The same, with bytes there or back. */
  async askWithPayload<N extends Parameters<Lab['ask']>[0]>(
    name: N,
    body: BodyOf<N>,
    payload: Uint8Array | null = null,
  ): Promise<Answered<N> | null> {
    try {
      return await this.lab.askWithPayload(name, body, payload);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      // That the lab is away is said by the status bar, for as long as it is so.
      if (this.connected) this.said = error.message;
      return null;
    }
  }
}
