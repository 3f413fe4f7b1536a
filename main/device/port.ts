// A port: the connector, which outlives a reset (PortPhy), and everything that firmware keeps about
// it (Port): type, filters, tables, counts (facts/device 5.13 to 5.18, 9). The link follows the
// cable: the port offers itself while it is initialised, and reports PORT_CHANGE when the link
// comes or goes by itself. Closing a port takes the link down without an event: software knows.

import type { LinkOffer, LinkState, WireEnd, WirePort } from '#bus/wire.ts';
import { gidBytes } from '#prm/port.ts';
import { MLX4_MAX_MAC_NUM, MLX4_MAX_VLAN_NUM, vlanFilterBit, vlanFilterWord } from '#prm/port.ts';
import { readBe32 } from '#bus/bytes.ts';
import type { HostLink } from './host-link.ts';
import type { PortOptions } from './options.ts';
import { PortStatistics } from './statistics.ts';

/** What is on the link. */
export type PortType = 'ib' | 'eth';

const linkDown: LinkState = { up: false, speedMbps: 0 };
/** Data rates of 4x QDR and 4x FDR, Mb/s. */
const ibSpeedsMbps: readonly number[] = [40_000, 56_000];
/** MTU until SET_PORT says otherwise: a full standard frame with tag and FCS. */
const defaultMtuBytes = 1526;

/** The connector of a port: what a cable is plugged into. */
export class PortPhy implements WirePort {
  readonly name: string;
  /** The firmware's side; null while the card is in reset. */
  port: Port | null = null;
  link: LinkState = linkDown;
  private readonly host: HostLink;
  private end: WireEnd | null = null;

  constructor(name: string, host: HostLink) {
    this.name = name;
    this.host = host;
  }

  offer(): LinkOffer {
    return this.port?.offer() ?? { enabled: false, protocol: 'eth', speedsMbps: [] };
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
    const { port } = this;
    if (port === null) return;
    try {
      port.received(frame);
    } catch (error) {
      this.host.error(String(error));
    }
  }

  damagedFrameArrived(frame: Uint8Array): void {
    if (this.port !== null && frame.length > 0) this.port.statistics.rxCrc++;
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

/** What the rest of the card does for a port. */
export interface PortOwner {
  /** The link came or went while the port was initialised. */
  portChanged(portNumber: 1 | 2, up: boolean): void;
  /** A frame passed the link. */
  frameReceived(port: Port, frame: Uint8Array): void;
}

/** The firmware's idea of a port. A software reset makes a new one. */
export class Port {
  readonly portNumber: 1 | 2;
  readonly options: PortOptions;
  readonly phy: PortPhy;
  type: PortType;
  initialised = false;
  /** Largest frame, FCS included. */
  mtuBytes = defaultMtuBytes;
  userMtu = 0;
  userMac = 0;
  /** Pause bytes as SET_PORT gave them: pptx, pfctx, pprx, pfcrx. */
  pause: readonly [number, number, number, number] = [0, 0, 0, 0];
  beaconSeconds = 0;
  /** MACs by table index; 0 = empty. */
  readonly macTable = new Float64Array(MLX4_MAX_MAC_NUM);
  /** VLAN ids by table index; -1 = empty. */
  readonly vlanTable = new Int16Array(MLX4_MAX_VLAN_NUM).fill(-1);
  readonly gidTable = new Uint8Array(128 * gidBytes);
  ibCapabilityMask = 0;
  /** Multicast addresses that pass while the filter is on. */
  readonly multicast = new Set<number>();
  multicastFilter = false;
  /** 4096-bit map; null until software sets one: then every tag passes. */
  vlanFilter: Uint8Array | null = null;
  statistics = new PortStatistics();
  private readonly owner: PortOwner;
  /** A portFlap fault holds the link down. */
  private forcedDown = false;
  private reportedUp = false;

  constructor(portNumber: 1 | 2, options: PortOptions, phy: PortPhy, owner: PortOwner) {
    this.portNumber = portNumber;
    this.options = options;
    this.phy = phy;
    this.owner = owner;
    const { supportsIb, supportsEth, suggested } = options;
    this.type = supportsIb && supportsEth ? suggested : supportsIb ? 'ib' : 'eth';
  }

  get linkUp(): boolean {
    return this.initialised && this.phy.link.up;
  }

  get speedMbps(): number {
    return this.linkUp ? this.phy.link.speedMbps : 0;
  }

  /** MACs in the table. */
  get macs(): readonly number[] {
    return Array.from(this.macTable).filter((mac) => mac !== 0);
  }

  supports(type: PortType): boolean {
    return type === 'ib' ? this.options.supportsIb : this.options.supportsEth;
  }

  offer(): LinkOffer {
    const speedsMbps = this.type === 'ib' ? ibSpeedsMbps : this.options.speedsMbps;
    return { enabled: this.initialised && !this.forcedDown, protocol: this.type, speedsMbps };
  }

  /** INIT_PORT; again is no change. */
  open(): void {
    if (this.initialised) return;
    this.initialised = true;
    this.reportedUp = false;
    this.phy.offerChanged();
  }

  /** CLOSE_PORT; again is no change. */
  close(): void {
    if (!this.initialised) return;
    this.initialised = false;
    this.reportedUp = false;
    this.phy.offerChanged();
  }

  /** Makes the port the given type; the link trains again when that changes it. */
  setType(type: PortType): void {
    if (type === this.type) return;
    this.type = type;
    if (this.initialised) this.phy.offerChanged();
  }

  /** The portFlap fault. */
  forceDown(down: boolean): void {
    if (down === this.forcedDown) return;
    this.forcedDown = down;
    if (this.initialised) this.phy.offerChanged();
  }

  linkChanged(state: LinkState): void {
    if (!this.initialised || state.up === this.reportedUp) return;
    // An InfiniBand port is active only when a subnet manager says so, and there is none.
    if (state.up && this.type === 'ib') return;
    this.reportedUp = state.up;
    this.owner.portChanged(this.portNumber, state.up);
  }

  received(frame: Uint8Array): void {
    if (this.linkUp) this.owner.frameReceived(this, frame);
  }

  /** True when the VLAN filter lets a tag with this id pass. */
  vlanPasses(vlan: number): boolean {
    if (this.vlanFilter === null) return true;
    const word = readBe32(this.vlanFilter, vlanFilterWord(vlan) * 4);
    return ((word >>> vlanFilterBit(vlan)) & 1) === 1;
  }
}
