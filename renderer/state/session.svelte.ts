// The session as the window has it: the latest word of the lab, the one cursor, and the moment that
// every view shows. At the live end the cursor follows; looking back leaves the machine running.

import { untrack } from 'svelte';
import type { AnswerOf, BodyOf } from '#contract/requests.ts';
import type { LibraryState } from '#contract/runs.ts';
import type { SessionState } from '#contract/session.ts';
import { Refusal } from '../bridge/lab.ts';
import type { Answered, Lab } from '../bridge/lab.ts';
import { Behind } from './behind.ts';
import type { Delays } from './behind.ts';
import { Latest } from './latest.ts';
import { lettersOf } from './letters.ts';
import type { Letters } from './letters.ts';
import type { Memory } from './memory.ts';
import { texts } from './texts.ts';

/** Where the cursor is. */
export type Cursor = BodyOf<'moment'>;

/** Everything at the cursor. */
export type Moment = AnswerOf<'moment'>;

/**
 * Asks for what a view shows beside the moment, and gives what shows it. It is asked with the
 * moment and shown with it: whoever looks through a run sees every view change in one frame.
 */
export type Beside = (cursor: Cursor) => Promise<() => void>;

export class Session {
  /** The latest word of the lab; null before the first. */
  state = $state.raw<SessionState | null>(null);
  /** The latest word about the library; null before the first. */
  library = $state.raw<LibraryState | null>(null);
  /** Everything at the cursor. */
  moment = $state.raw<Moment | null>(null);
  /** Of all tasks that have been in play in its run. */
  letters = $state.raw<Letters>(lettersOf([], null));
  cursor = $state.raw<Cursor>({ at: 'end' });
  /** The way to the lab is open. */
  connected = $state(false);
  /** It was closed, or could not be opened: not so before the first word of it. */
  lost = $state(false);
  /** What the lab did not do last, in its words. */
  said = $state<string | null>(null);
  /** Id of the thing that is selected everywhere, or null. */
  selected = $state<string | null>(null);
  /** How far window and disk are behind, as they were looked at last. */
  delays = $state.raw<Delays>({ windowMs: 0, diskMs: 0 });
  /** How long the window was gone, in words, for as long as it takes to read it; or null. */
  gone = $state<string | null>(null);
  /** Also things that nobody holds or waits for. */
  allObjects = $state(false);
  /** True while the cursor is at the live end. */
  readonly following: boolean = $derived(this.cursor.at === 'end');
  /** Why nothing can be done to the machine now, or null. */
  readonly blocked: string | null = $derived.by(() => {
    if (this.state?.live === false) return this.state.real ? texts.realRecording : texts.recording;
    return this.following ? null : texts.lookingBack;
  });
  readonly lab: Lab;
  /** What is there again when the window was gone. */
  readonly memory: Memory;
  private readonly moments: Latest<Cursor>;
  private besides: readonly Beside[] = [];
  private readonly behind = new Behind();

  constructor(lab: Lab, memory: Memory) {
    this.lab = lab;
    this.memory = memory;
    this.moments = new Latest((cursor) => this.show(cursor));
    lab.on('session', (state) => this.hear(state));
    lab.on('library', (state) => {
      this.library = state;
    });
    lab.onWay = (isOpen) => {
      this.connected = isOpen;
      this.lost = !isOpen;
    };
  }

  private hear(state: SessionState): void {
    const isOther = state.number !== this.state?.number;
    this.state = state;
    if (isOther) this.begin(state);
    const isToShow = this.cursor.at === 'end' && state.events !== this.moment?.seq;
    this.behind.hear(state, isToShow);
    if (isOther || this.cursor.at === 'end') this.moments.put(this.cursor);
  }

  /** Another session, or the first that this page hears of: it may have looked at it before. */
  private begin({ number, events }: SessionState): void {
    const goneMs = this.memory.meet(number, events, Date.now());
    this.cursor = this.memory.recall<Cursor>('cursor') ?? { at: 'end' };
    this.selected = null;
    if (goneMs !== null) this.gone = texts.gone(goneMs);
  }

  /** Looks how far things are behind, and notes that the window is there. */
  look(): void {
    const nowMs = Date.now();
    this.delays = this.behind.look(nowMs);
    this.memory.write(this.state?.events ?? 0, nowMs);
  }

  /** Puts another session on the bench: null when it was refused, which is shown. */
  async open(wanted: BodyOf<'session.open'>): Promise<SessionState | null> {
    const state = await this.ask('session.open', wanted);
    // Whoever opened it may look somewhere at once: the word that comes later changes nothing.
    if (state !== null) this.hear(state);
    return state;
  }

  /** Puts the cursor somewhere; every view follows. */
  lookAt(cursor: Cursor): void {
    this.cursor = cursor;
    this.memory.keep('cursor', cursor);
    this.moments.put(cursor);
  }

  /**
   * Goes to the event that the lab names, unless the cursor was moved while it looked: the later
   * wish counts. True when it went there.
   */
  async goTo(named: Promise<number | null>): Promise<boolean> {
    // Whoever looks for a moment has the cursor: what plays lets go of it.
    const cursor = { ...this.cursor };
    this.cursor = cursor;
    const seq = await named;
    if (seq === null || this.cursor !== cursor) return false;
    this.lookAt({ at: 'event', seq });
    return true;
  }

  /** A view comes that shows more than the moment; it goes when what is given back is called. */
  accompany(beside: Beside): () => void {
    this.besides = [...this.besides, beside];
    untrack(() => {
      if (this.state !== null) this.moments.put(this.cursor);
    });
    return () => {
      this.besides = this.besides.filter((one) => one !== beside);
    };
  }

  /** Selects a thing everywhere; again, nothing. */
  select(id: string): void {
    this.selected = this.selected === id ? null : id;
  }

  /** Asks for an act, which has no answer: true when it was done. A refusal is shown. */
  async done<N extends Parameters<Lab['ask']>[0]>(name: N, body: BodyOf<N>): Promise<boolean> {
    return (await this.askWithPayload(name, body)) !== null;
  }

  private async show(cursor: Cursor): Promise<void> {
    this.behind.ask();
    const [moment, ...shows] = await Promise.all([
      this.ask('moment', cursor),
      ...this.besides.map((beside) => beside(cursor)),
    ]);
    this.behind.show(Date.now());
    // An answer from the bench before is of no use to anybody.
    if (moment === null || moment.session < (this.state?.number ?? 0)) return;
    const isSame = moment.session === this.moment?.session;
    this.letters = lettersOf(moment.cast, isSame ? this.letters : null);
    this.moment = moment;
    for (const show of shows) show();
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
