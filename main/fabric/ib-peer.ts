// The far end of an InfiniBand cable, just enough for a port to sense `ib` and to bring its link
// up. There is NO subnet manager behind it: nobody assigns LIDs, so a real port would stay in INIT
// and never reach ACTIVE by itself. Frames that arrive are counted and go nowhere.

import type { LinkOffer, LinkState, WireEnd, WirePort } from '#bus/wire.ts';

/** Data rates of 4x QDR and 4x FDR, Mb/s, as the rest of the lab counts them. */
const ibSpeedsMbps: readonly number[] = Object.freeze([40_000, 56_000]);

/** A stand-in for an InfiniBand switch port. */
export class IbPeer implements WirePort {
  readonly name: string;
  /** Frames that arrived. */
  received = 0;
  private end: WireEnd | null = null;
  private state: LinkState = { up: false, speedMbps: 0 };
  private isEnabled = true;

  constructor(name: string) {
    this.name = name;
  }

  /** The link as the cable last told it. */
  get link(): LinkState {
    return this.state;
  }

  /** Switches the port on or off; off holds the link down. */
  setEnabled(enabled: boolean): void {
    if (enabled === this.isEnabled) return;
    this.isEnabled = enabled;
    this.end?.offerChanged();
  }

  offer(): LinkOffer {
    return { enabled: this.isEnabled, protocol: 'ib', speedsMbps: ibSpeedsMbps };
  }

  plugged(end: WireEnd | null): void {
    this.end = end;
  }

  linkChanged(state: LinkState): void {
    this.state = state;
  }

  frameArrived(): void {
    this.received++;
  }
}
