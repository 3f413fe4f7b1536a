// The scheduler's state as the window has it: the question, which card is looked at, the answer.
// Asked for again whenever the lab says that something is asked, or not any more.

import type { AnswerOf } from '#contract/requests.ts';
import { Latest } from '../state/latest.ts';
import type { Session } from '../state/session.svelte.ts';

export type ChoosingState = AnswerOf<'choosing.state'>;
export type Card = NonNullable<ChoosingState['question']>['cards'][number];

/** Cards that have a digit. */
const digitsMax = 9;

export class Chooser {
  state = $state.raw<ChoosingState | null>(null);
  /** Card that the arrow keys are on. */
  at = $state(0);
  private readonly session: Session;
  private readonly asks: Latest<null>;

  constructor(session: Session) {
    this.session = session;
    this.asks = new Latest(async () => {
      this.state = await session.ask('choosing.state', {});
      this.at = 0;
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

  /** A key of the scheduler; true when it was one. */
  key(name: string): boolean {
    const digit = Number(name);
    if (digit >= 1 && digit <= digitsMax) void this.pick(this.cards[digit - 1]);
    else if (name === 'ArrowRight') this.at = Math.min(this.at + 1, this.cards.length - 1);
    else if (name === 'ArrowLeft') this.at = Math.max(this.at - 1, 0);
    else if (name === 'Enter') void this.pick(this.cards[this.at]);
    else if (name === 'Backspace') void this.takeBack();
    else if (name === 'Space') void this.letRun(this.state?.letsRun !== true);
    else return false;
    return true;
  }
}
