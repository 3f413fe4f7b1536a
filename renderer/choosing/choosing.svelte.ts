// The scheduler's state as the window has it: the question, which card is looked at, the answer,
// hints. Asked for again whenever the lab says that something is asked, or not any more.

import type { AnswerOf } from '#contract/requests.ts';
import { Latest } from '../state/latest.ts';
import type { Session } from '../state/session.svelte.ts';

export type ChoosingState = AnswerOf<'choosing.state'>;
export type Card = NonNullable<ChoosingState['question']>['cards'][number];
export type Effect = Card['effects'][number];
export type Role = NonNullable<Card['role']>;
/** A task or a work as a card names it. */
export type ActorSign = (Effect & { readonly kind: 'waits' })['holder'];

/** Cards that have a digit. */
const digitsMax = 9;

/** What is printed on a card: 1 to 9, then letters. */
export const signOf = (index: number): string =>
  index < digitsMax ? String(index + 1) : String.fromCharCode(97 + index - digitsMax);

export class Chooser {
  state = $state.raw<ChoosingState | null>(null);
  /** Card that the arrow keys are on. */
  at = $state(0);
  /** A hint is being looked for. */
  looking = $state(false);
  /** The fewest choices that are known; null until a cycle has closed and it was looked for. */
  shortest = $state.raw<AnswerOf<'choosing.shortest'> | null>(null);
  private readonly session: Session;
  private readonly asks: Latest<null>;
  /** Session for which the shortest way was asked. */
  private askedFor: number | null = null;

  constructor(session: Session) {
    this.session = session;
    this.asks = new Latest(async () => {
      const before = this.state?.picks.length;
      this.state = await session.ask('choosing.state', {});
      if (this.state?.picks.length !== before) this.at = 0;
      this.askShortest();
    });
  }

  get cards(): readonly Card[] {
    return this.state?.question?.cards ?? [];
  }

  /** Something has changed: the question is asked for again. */
  refresh(): void {
    this.asks.put(null);
  }

  async pick(card: Card | undefined): Promise<void> {
    if (card === undefined) return;
    await this.session.ask('choosing.pick', { task: card.task });
    this.refresh();
  }

  async takeBack(): Promise<void> {
    await this.session.ask('choosing.takeBack', {});
    this.refresh();
  }

  async letRun(on: boolean): Promise<void> {
    await this.session.ask('choosing.letRun', { on });
    this.refresh();
  }

  async hint(): Promise<void> {
    if (this.looking) return;
    this.looking = true;
    await this.session.ask('choosing.hint', {});
    this.looking = false;
    this.refresh();
  }

  /** Once for each session in which a cycle has closed. */
  private askShortest(): void {
    const number = this.session.state?.number ?? null;
    if (this.askedFor !== number) this.shortest = null;
    if (!this.state?.reached || this.askedFor === number) return;
    this.askedFor = number;
    void this.session.ask('choosing.shortest', {}).then((found) => {
      if (this.askedFor === number) this.shortest = found;
    });
  }

  /** A key of the scheduler; true when it was one. */
  key(name: string): boolean {
    const digit = Number(name);
    const lettered = this.cards.findIndex((_card, at) => at >= digitsMax && signOf(at) === name);
    if (digit >= 1 && digit <= digitsMax) void this.pick(this.cards[digit - 1]);
    else if (name === 'ArrowRight') this.at = Math.min(this.at + 1, this.cards.length - 1);
    else if (name === 'ArrowLeft') this.at = Math.max(this.at - 1, 0);
    else if (name === 'Enter') void this.pick(this.cards[this.at]);
    else if (name === 'Backspace') void this.takeBack();
    else if (name === 'Space') void this.letRun(this.state?.letsRun !== true);
    else if (name === 'h') void this.hint();
    else if (lettered >= 0) void this.pick(this.cards[lettered]);
    else return false;
    return true;
  }
}
