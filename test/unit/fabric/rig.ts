// A scripted port for fabric tests: it records everything that a cable tells it, with times. Not a
// mock of our own classes: WirePort is an interface, and this is one more thing to plug a cable
// into.

import type { Clock } from '#bus/clock.ts';
import type { LinkOffer, LinkState, WireEnd, WirePort } from '#bus/wire.ts';

export const secondNs = 1_000_000_000;
export const msNs = 1_000_000;

export class ScriptedPort implements WirePort {
  readonly name: string;
  readonly links: (LinkState & { readonly atNs: number })[] = [];
  readonly frames: { readonly atNs: number; readonly frame: Uint8Array }[] = [];
  readonly damaged: Uint8Array[] = [];
  end: WireEnd | null = null;
  current: LinkOffer = { enabled: true, protocol: 'eth', speedsMbps: [10_000, 40_000] };
  onLink: (state: LinkState) => void = () => {};
  onFrame: (frame: Uint8Array) => void = () => {};
  private readonly clock: Clock;

  constructor(name: string, clock: Clock) {
    this.name = name;
    this.clock = clock;
  }

  get up(): boolean {
    return this.links.at(-1)?.up ?? false;
  }

  change(offer: Partial<LinkOffer>): void {
    this.current = { ...this.current, ...offer };
    this.end?.offerChanged();
  }

  offer(): LinkOffer {
    return this.current;
  }

  plugged(end: WireEnd | null): void {
    this.end = end;
  }

  linkChanged(state: LinkState): void {
    this.links.push({ ...state, atNs: this.clock.now() });
    this.onLink(state);
  }

  frameArrived(frame: Uint8Array): void {
    this.frames.push({ atNs: this.clock.now(), frame });
    this.onFrame(frame);
  }

  damagedFrameArrived(frame: Uint8Array): void {
    this.damaged.push(frame);
  }
}
