// The transport keys. At the live end they drive the machine; looking back, and in a recording,
// they move the cursor through what has happened. Either way they go to the same places.

import type { BodyOf } from '#contract/requests.ts';
import type { SessionState } from '#contract/session.ts';
import { speedTexts } from '../ui/texts.ts';
import { Player } from './player.svelte.ts';
import type { Session } from './session.svelte.ts';
import { playedAtMax } from './speed.ts';

type Goal = BodyOf<'session.step'>['to'];

export class Transport {
  /** Virtual seconds for each second; null as fast as it goes. */
  speed = $state<number | null>(1);
  /** Plays recordings. */
  private readonly player = new Player();
  private readonly session: Session;
  /** The bench's own speed, as it was told last. */
  private heard: number | null = 1;
  /** Speeds of this window that the lab has not answered yet. */
  private asking = 0;
  /**
   * What the run key was pressed for last, until the lab's word about it has come: pressed again at
   * once, it means the opposite of that. `answeredAt`: the word that was the latest at the answer.
   */
  private pressed: { readonly run: boolean; answeredAt?: SessionState | null } | null = null;

  constructor(session: Session) {
    this.session = session;
  }

  /**
   * The bench runs at this speed: the slider follows, whoever has changed it. What comes while this
   * window's own wish is under way is older than the wish.
   */
  hear(speed: number | null): void {
    const isOther = speed !== this.heard;
    this.heard = speed;
    if (isOther && this.asking === 0) this.speed = speed;
  }

  /** The keys drive the machine. */
  get drives(): boolean {
    return this.session.state?.live === true && this.session.following;
  }

  get moving(): boolean {
    return this.drives ? this.session.state?.running === true : this.player.playing;
  }

  /** The speed as it is written: `1×`, `max`. */
  get speedText(): string {
    return this.speed === null ? speedTexts.max : speedTexts.times(this.speed);
  }

  /** Run and pause. */
  async toggle(): Promise<void> {
    const { session } = this;
    if (session.state?.live === true) {
      const run = !this.willRun(session.state);
      const pressed: typeof this.pressed = { run };
      this.pressed = pressed;
      if (run) session.lookAt({ at: 'end' });
      const isDone = run
        ? await session.done('session.run', { speed: this.speed })
        : await session.done('session.pause', {});
      pressed.answeredAt = isDone ? session.state : null;
      return;
    }
    if (this.player.playing) this.player.stop();
    else this.play();
  }

  /** The machine runs, or will when the lab has done what it was asked. */
  private willRun(state: SessionState): boolean {
    const { pressed } = this;
    const isKnown = pressed === null || ('answeredAt' in pressed && pressed.answeredAt !== state);
    return isKnown ? state.running : pressed.run;
  }

  async setSpeed(speed: number | null): Promise<void> {
    this.speed = speed;
    const { state } = this.session;
    if (state === null || !this.willRun(state)) return;
    this.asking++;
    await this.session.ask('session.run', { speed });
    this.asking--;
  }

  /** One step on. */
  async step(to: Goal): Promise<void> {
    const { session } = this;
    this.player.stop();
    if (this.drives) await session.ask('session.step', { to });
    else await this.find('on', to);
  }

  /** One step back: the machine goes on or stands, the cursor moves. */
  async back(to: Goal): Promise<void> {
    this.player.stop();
    if (this.session.state?.running === true) await this.session.ask('session.pause', {});
    await this.find('back', to);
  }

  /** To the flag after the cursor, or before it. */
  async toMark(direction: 1 | -1): Promise<void> {
    const { session } = this;
    this.player.stop();
    const seq = session.moment?.seq ?? 0;
    const asked = session.ask('timeline.mark', { seq, direction });
    await session.goTo(asked.then((mark) => mark?.seq ?? null));
  }

  private async find(direction: 'on' | 'back', to: Goal): Promise<void> {
    const { session } = this;
    const from = session.moment?.seq ?? 0;
    await session.goTo(session.ask('session.find', { from, direction, to }));
  }

  /**
   * Lets the cursor go through a recording at the speed of the slider, until somebody else moves it
   * or another session is shown.
   */
  private play(): void {
    const { session } = this;
    const endNs = session.state?.timeNs ?? 0;
    const atEnd = (session.moment?.timeNs ?? 0) >= endNs;
    let { cursor } = session;
    this.player.start({
      from: atEnd ? 0 : (session.moment?.timeNs ?? 0),
      to: endNs,
      perMs: () => 1e6 * (this.speed ?? playedAtMax),
      look: (timeNs) => {
        if (session.cursor !== cursor) {
          this.player.stop();
          return;
        }
        session.lookAt({ at: 'time', timeNs });
        ({ cursor } = session);
      },
      onEnd: () => {
        if (session.cursor === cursor) session.lookAt({ at: 'end' });
      },
    });
  }
}
