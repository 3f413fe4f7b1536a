// A port of a switch: what plugs into a cable, with its counters and its readable state. It decides
// nothing: everything that arrives goes to its owner.

import type { LinkOffer, LinkState, WireEnd, WirePort } from '#bus/wire.ts';
import type { LacpParty } from '#bus/lacpdu.ts';
import type { LacpMuxState, LacpRxState } from './lacp-port.ts';

/** What the owner of a port hears of it. */
export interface SwitchPortOwner {
  portLinkChanged(port: SwitchPort): void;
  portFrameArrived(port: SwitchPort, frame: Uint8Array): void;
}

/** Frames of a port. */
export interface SwitchPortCounters {
  received: number;
  sent: number;
  /** Arrived while the port may not carry traffic (LACP not there yet). */
  blocked: number;
  /** Arrived, and not sent on: link-local, or its receiver is on the side it came from. */
  filtered: number;
  /** Arrived with a wrong FCS. */
  damaged: number;
}

/** LACP on a port, for the window. */
export interface SwitchPortLacp {
  readonly rx: LacpRxState;
  readonly mux: LacpMuxState;
  readonly selected: boolean;
  readonly actor: LacpParty;
  readonly partner: LacpParty;
  readonly received: number;
  readonly sent: number;
}

/** A port, for the window. */
export interface SwitchPortState {
  readonly portNumber: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly link: LinkState;
  /** The LAG that the port is configured into. */
  readonly lagId: number | null;
  /** Where its traffic counts: `lag` with others, `alone`, or nowhere. */
  readonly carries: 'nothing' | 'lag' | 'alone';
  /** Null on a port without LACP. */
  readonly lacp: SwitchPortLacp | null;
  readonly counters: Readonly<SwitchPortCounters>;
}

/** One port of a switch. */
export class SwitchPort implements WirePort {
  readonly name: string;
  readonly portNumber: number;
  readonly counters: SwitchPortCounters = {
    received: 0,
    sent: 0,
    blocked: 0,
    filtered: 0,
    damaged: 0,
  };
  private readonly owner: SwitchPortOwner;
  private readonly speedsMbps: readonly number[];
  private end: WireEnd | null = null;
  private isEnabled = true;
  private state: LinkState = { up: false, speedMbps: 0 };

  constructor(
    owner: SwitchPortOwner,
    name: string,
    portNumber: number,
    speedsMbps: readonly number[],
  ) {
    this.owner = owner;
    this.name = name;
    this.portNumber = portNumber;
    this.speedsMbps = speedsMbps;
  }

  /** The link as the cable last told it. */
  get link(): LinkState {
    return this.state;
  }

  get enabled(): boolean {
    return this.isEnabled;
  }

  /** Opens or shuts the port; a shut port holds the link down. */
  setEnabled(enabled: boolean): void {
    if (enabled === this.isEnabled) return;
    this.isEnabled = enabled;
    this.end?.offerChanged();
  }

  /** Sends a frame; it is lost when nothing is plugged in. */
  send(frame: Uint8Array): void {
    if (this.end === null) return;
    this.counters.sent++;
    this.end.send(frame);
  }

  offer(): LinkOffer {
    return { enabled: this.isEnabled, protocol: 'eth', speedsMbps: this.speedsMbps };
  }

  plugged(end: WireEnd | null): void {
    this.end = end;
  }

  linkChanged(state: LinkState): void {
    this.state = state;
    this.owner.portLinkChanged(this);
  }

  frameArrived(frame: Uint8Array): void {
    this.counters.received++;
    this.owner.portFrameArrived(this, frame);
  }

  damagedFrameArrived(): void {
    this.counters.damaged++;
  }
}
