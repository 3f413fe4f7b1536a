// A port as firmware keeps it: type, link, counts (facts/device 5.13, 9). The link follows the
// cable: the port offers itself while it is initialised, and reports PORT_CHANGE when it becomes
// usable or stops being so by itself: an Ethernet port with its link, an InfiniBand port when a
// subnet manager makes it ACTIVE. Closing a port takes the link down without an event: software
// knows.

import type { LinkOffer, LinkState } from '#bus/wire.ts';
import { isMacControl } from '#bus/mac-control.ts';
import { FlowControl } from './flow-control.ts';
import type { FlowClock } from './flow-control.ts';
import { IbPort } from './ib-port.ts';
import type { PortInfoSetting } from './ib-port.ts';
import type { PortOptions } from './options.ts';
import type { PortPhy } from './phy.ts';
import { PortSettings } from './port-settings.ts';
import { PortStatistics } from './statistics.ts';

/** What is on the link. */
export type PortType = 'ib' | 'eth';

/** Data rates of 4x QDR and 4x FDR, Mb/s. */
const ibSpeedsMbps: readonly number[] = [40_000, 56_000];

/** What the rest of the card does for a port. */
export interface PortOwner extends FlowClock {
  /** The port became usable or stopped being so while it was initialised. */
  portChanged(portNumber: 1 | 2, up: boolean): void;
  /** A subnet manager changed what the port is told; MLX4_EQ_PORT_INFO bits. */
  portInfoChanged(port: Port, changed: number): void;
  /** A frame passed the link. */
  frameReceived(port: Port, frame: Uint8Array): void;
}

/** The firmware's idea of a port. A software reset makes a new one. */
export class Port {
  readonly portNumber: 1 | 2;
  readonly options: PortOptions;
  readonly phy: PortPhy;
  readonly ib = new IbPort();
  readonly flow: FlowControl;
  type: PortType;
  initialised = false;
  settings = new PortSettings();
  statistics = new PortStatistics();
  /** Ethernet speeds that are offered, Mb/s: what PTYS was told, at first all. */
  private ethSpeedsMbps: readonly number[];
  private readonly owner: PortOwner;
  /** A portFlap fault holds the link down. */
  private forcedDown = false;
  private reportedUp = false;

  constructor(portNumber: 1 | 2, options: PortOptions, phy: PortPhy, owner: PortOwner) {
    this.portNumber = portNumber;
    this.options = options;
    this.phy = phy;
    this.owner = owner;
    this.flow = new FlowControl(owner);
    this.ethSpeedsMbps = options.speedsMbps;
    const { supportsIb, supportsEth, suggested } = options;
    this.type = supportsIb && supportsEth ? suggested : supportsIb ? 'ib' : 'eth';
  }

  /** The cable carries a signal for this port. */
  get carrier(): boolean {
    return this.initialised && this.phy.link.up;
  }

  /** The port can be used: QUERY_PORT's link bit. */
  get linkUp(): boolean {
    return this.carrier && (this.type === 'eth' || this.ib.active);
  }

  get speedMbps(): number {
    return this.carrier ? this.phy.link.speedMbps : 0;
  }

  /** Ethernet speeds that are offered, Mb/s. */
  get offeredMbps(): readonly number[] {
    return this.ethSpeedsMbps;
  }

  /** Leaves what it is in the trace: its type, open or closed, usable or not. */
  tell(): void {
    this.phy.note('card.type', this.type);
    this.phy.count('card.open', this.initialised);
    this.phy.count('card.usable', this.reportedUp);
  }

  /** MACs in the table. */
  get macs(): readonly number[] {
    return Array.from(this.settings.macTable).filter((mac) => mac !== 0);
  }

  supports(type: PortType): boolean {
    return type === 'ib' ? this.options.supportsIb : this.options.supportsEth;
  }

  offer(): LinkOffer {
    const speedsMbps = this.type === 'ib' ? ibSpeedsMbps : this.ethSpeedsMbps;
    return { enabled: this.initialised && !this.forcedDown, protocol: this.type, speedsMbps };
  }

  /** INIT_PORT; again is no change. */
  open(): void {
    if (this.initialised) return;
    this.initialised = true;
    this.phy.count('card.open', true);
    this.phy.offerChanged();
  }

  /** CLOSE_PORT; again is no change. */
  close(): void {
    if (!this.initialised) return;
    this.initialised = false;
    this.phy.count('card.open', false);
    this.setReported(false);
    this.ib.linkChanged(false);
    this.flow.release();
    this.phy.offerChanged();
  }

  /** CLOSE_HCA: the port is closed and forgets what it was told. */
  closeHca(): void {
    this.close();
    this.settings = new PortSettings();
    this.offerSpeeds(this.options.speedsMbps);
  }

  /** Makes the port the given type; the link trains again when that changes it. */
  setType(type: PortType): void {
    if (type === this.type) return;
    this.type = type;
    this.phy.note('card.type', type);
    if (this.initialised) this.phy.offerChanged();
  }

  /** Offers these Ethernet speeds only; the link trains again when that changes anything. */
  offerSpeeds(speedsMbps: readonly number[]): void {
    const same =
      speedsMbps.length === this.ethSpeedsMbps.length &&
      speedsMbps.every((speed) => this.ethSpeedsMbps.includes(speed));
    if (same) return;
    this.ethSpeedsMbps = speedsMbps;
    if (this.initialised && this.type === 'eth') this.phy.offerChanged();
  }

  /** The portFlap fault. */
  forceDown(down: boolean): void {
    if (down === this.forcedDown) return;
    this.forcedDown = down;
    if (this.initialised) this.phy.offerChanged();
  }

  /**
   * A subnet manager's Set(PortInfo). False when the port is not in a state for it, or cannot do
   * what it says.
   */
  manage(setting: PortInfoSetting): boolean {
    if (this.type !== 'ib' || !this.carrier || !this.ib.allows(setting)) return false;
    if (setting.neighborMtu > this.settings.infiniBand.mtuCap) return false;
    const changed = this.ib.apply(setting);
    if (changed !== 0) this.owner.portInfoChanged(this, changed);
    this.report(this.ib.active);
    return true;
  }

  linkChanged(state: LinkState): void {
    if (!this.initialised) return;
    if (this.type === 'ib') this.ib.linkChanged(state.up);
    if (!state.up) this.flow.release();
    this.report(this.linkUp);
  }

  received(frame: Uint8Array): void {
    if (!this.carrier) return;
    if (this.type === 'eth' && isMacControl(frame)) {
      this.flow.take(frame, this.settings.pause, this.speedMbps);
    } else this.owner.frameReceived(this, frame);
  }

  /** A frame with a wrong FCS came in. */
  receivedDamaged(): void {
    if (this.carrier) this.statistics.rxCrc++;
  }

  private setReported(up: boolean): void {
    if (up === this.reportedUp) return;
    this.reportedUp = up;
    this.phy.count('card.usable', up);
  }

  private report(up: boolean): void {
    if (up === this.reportedUp) return;
    this.setReported(up);
    this.owner.portChanged(this.portNumber, up);
  }
}
