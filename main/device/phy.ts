// The connector of a port: what a cable is plugged into. It outlives a software reset and hands
// what comes in to the port that firmware keeps at the time (port.ts). Nothing that fails behind it
// gets out to the cable.

import type { LinkOffer, LinkState, WireEnd, WirePort } from '#bus/wire.ts';
import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { HostLink } from './host-link.ts';
import type { Port, PortType } from './port.ts';

const linkDown: LinkState = { up: false, speedMbps: 0 };
const nothingOffered: LinkOffer = { enabled: false, protocol: 'eth', speedsMbps: [] };

/** One connector. */
export class PortPhy implements WirePort {
  readonly name: string;
  /** The firmware's side. The card sets it, at power-on and at each reset. */
  port: Port | null = null;
  link: LinkState = linkDown;
  private readonly host: HostLink;
  private end: WireEnd | null = null;

  constructor(name: string, host: HostLink) {
    this.name = name;
    this.host = host;
  }

  /** A cable is plugged in, whatever is at its other end. */
  get connected(): boolean {
    return this.end !== null;
  }

  offer(): LinkOffer {
    return this.port?.offer() ?? nothingOffered;
  }

  plugged(end: WireEnd | null): void {
    this.end = end;
    this.host.note('card.port', this.name, end === null ? 'cable pulled' : 'cable plugged in');
  }

  linkChanged(state: LinkState): void {
    this.link = state;
    const text = state.up ? `link up at ${state.speedMbps} Mb/s` : 'link down';
    this.host.note('card.port', this.name, text);
    this.host.guard(() => this.port?.linkChanged(state));
  }

  frameArrived(frame: Uint8Array): void {
    this.host.guard(() => this.port?.received(frame));
  }

  damagedFrameArrived(): void {
    this.port?.receivedDamaged();
  }

  /** Leaves a trace event about the port. */
  note(kind: KindName, text: string): void {
    this.host.note(kind, this.name, text);
  }

  /** The same with a yes or no. */
  count(kind: KindName, on: boolean): void {
    const { trace } = this.host;
    trace.emit(K[kind], trace.intern(this.name), on ? 1 : 0);
  }

  /** Puts a frame on the wire; the bytes are given away. */
  send(frame: Uint8Array): void {
    this.end?.send(frame);
  }

  /** offer() changed: the link trains again. */
  offerChanged(): void {
    this.end?.offerChanged();
  }

  /** What the other end of the cable speaks, or null when there is nothing. */
  sense(): PortType | null {
    const peer = this.end?.peerOffer() ?? null;
    return peer === null || !peer.enabled ? null : peer.protocol;
  }
}
