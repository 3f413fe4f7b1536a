// The transport keys. At the live end they drive the machine; looking back, and in a recording,
// they move the cursor through what has happened. Either way they go to the same places.

import type { BodyOf } from '#contract/requests.ts';
import { texts } from '../frame/texts.ts';
import type { Session } from './session.svelte.ts';

type Goal = BodyOf<'session.step'>['to'];

/** Virtual seconds for each second with which a recording is played at `max`. */
const playedAtMax = 100;

export class Transport {
  /** Virtual seconds for each second; null as fast as it goes. */
  speed = $state<number | null>(1);
  /** A recording is being played. */
  playing = $state(false);
  private readonly session: Session;

  constructor(session: Session) {
    this.session = session;
  }

  /** The keys drive the machine. */
  get drives(): boolean {
    return this.session.state?.live === true && this.session.following;
  }

  get moving(): boolean {
    return this.drives ? this.session.state?.running === true : this.playing;
  }

  /** The speed as it is written: `1×`, `max`. */
  get speedText(): string {
    return this.speed === null ? texts.max : `${Number(this.speed.toPrecision(2))}×`;
  }

  /** Run and pause. */
  async toggle(): Promise<void> {
    const { session } = this;
    if (session.state?.live === true) {
      const running = session.state.running;
      if (!running) session.lookAt({ at: 'end' });
      if (running) await session.ask('session.pause', {});
      else await session.ask('session.run', { speed: this.speed });
      return;
    }
    if (this.playing) this.playing = false;
    else this.play();
  }

  async setSpeed(speed: number | null): Promise<void> {
    this.speed = speed;
    if (this.session.state?.running === true) await this.session.ask('session.run', { speed });
  }

  /** One step on. */
  async step(to: Goal): Promise<void> {
    const { session } = this;
    this.playing = false;
    if (this.drives) await session.ask('session.step', { to });
    else await this.find('on', to);
  }

  /** One step back: the machine goes on or stands, the cursor moves. */
  async back(to: Goal): Promise<void> {
    this.playing = false;
    if (this.session.state?.running === true) await this.session.ask('session.pause', {});
    await this.find('back', to);
  }

  private async find(direction: 'on' | 'back', to: Goal): Promise<void> {
    const { session } = this;
    const from = session.moment?.seq ?? 0;
    const seq = await session.ask('session.find', { from, direction, to });
    if (seq !== null) session.lookAt({ at: 'event', seq });
  }

  /** Lets the cursor go through a recording at the speed of the slider. */
  private play(): void {
    const { session } = this;
    const endNs = session.state?.timeNs ?? 0;
    const atEnd = (session.moment?.timeNs ?? 0) >= endNs;
    let timeNs = atEnd ? 0 : (session.moment?.timeNs ?? 0);
    let lastMs = performance.now();
    this.playing = true;
    const frame = (nowMs: number): void => {
      if (!this.playing) return;
      timeNs += Math.max(0, nowMs - lastMs) * 1e6 * (this.speed ?? playedAtMax);
      lastMs = nowMs;
      if (timeNs >= endNs) {
        this.playing = false;
        session.lookAt({ at: 'end' });
        return;
      }
      session.lookAt({ at: 'time', timeNs });
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  }
}
