// The far end of an InfiniBand cable: enough for a port to sense `ib` and to bring its link up, and
// a subnet manager that can be switched on. Without one nobody assigns LIDs, and a port stays in
// INIT. With one, each port that comes up gets a LID and is led to ARMED and then to ACTIVE, by
// Set(PortInfo) as in IB specification 14.2.5.6; and what a port asks subnet administration is
// answered (subnet-administration.ts). On this wire an InfiniBand packet is its 256-byte management
// datagram alone: LRH, BTH and DETH are left out, and so is everything else of InfiniBand.

import type { Clock } from '#bus/clock.ts';
import type { LinkOffer, LinkState, WireEnd, WirePort } from '#bus/wire.ts';
import {
  IB_MGMT_CLASS_SUBN_LID_ROUTED,
  IB_MGMT_METHOD_GET_RESP,
  IB_MGMT_METHOD_SET,
  IB_PORT_STATE,
  IB_SMP_ATTR_PORT_INFO,
  mad,
  madBytes,
  madDataOffset,
  portInfo,
} from '#prm/mad.ts';
import { administrationAnswer } from './subnet-administration.ts';

/** Data rates of 4x QDR and 4x FDR, Mb/s, as the rest of the lab counts them. */
const ibSpeedsMbps: readonly number[] = Object.freeze([40_000, 56_000]);
/** From link up (or from being switched on) to the manager's first datagram. */
const sweepNs = 100_000_000;
/** From a question to subnet administration to its answer. */
const answerNs = 100_000;
/** The manager's own LID; ports get the next ones. */
const managerLid = 1;
/**
 * What OpenSM gives every port unless told otherwise: 4.096 µs × 2^18, about a second. Within it
 * subnet administration answers, too.
 */
const subnetTimeout = 18;
/** Datagrams of a bring-up: ARMED, then ACTIVE. */
type Step = 'idle' | 'arming' | 'activating';

/** How a peer is made. */
export interface IbPeerOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly subnetManager?: boolean;
}

/** A stand-in for an InfiniBand switch port. */
export class IbPeer implements WirePort {
  readonly name: string;
  /** Datagrams that arrived. */
  received = 0;
  private readonly clock: Clock;
  private end: WireEnd | null = null;
  private state: LinkState = { up: false, speedMbps: 0 };
  private isEnabled = true;
  private managed: boolean;
  private step: Step = 'idle';
  private transaction = 0;
  private nextLid = managerLid + 1;
  /** Bumped by whatever makes a sweep or an answer that is under way stale. */
  private epoch = 0;

  constructor(options: IbPeerOptions) {
    this.name = options.name;
    this.clock = options.clock;
    this.managed = options.subnetManager ?? false;
  }

  /** The link as the cable last told it. */
  get link(): LinkState {
    return this.state;
  }

  /** A subnet manager runs. */
  get subnetManager(): boolean {
    return this.managed;
  }

  /** Starts or stops the subnet manager; ports that are ACTIVE stay so. */
  setSubnetManager(on: boolean): void {
    if (on === this.managed) return;
    this.managed = on;
    this.startSweep();
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
    this.startSweep();
  }

  /**
   * An answer of the port at the other end leads to the next step, a question to subnet
   * administration to an answer; anything else is counted only.
   */
  frameArrived(frame: Uint8Array): void {
    this.received++;
    if (!this.managed) return;
    const answer = administrationAnswer(frame, subnetTimeout);
    if (answer === null) this.takeStep(frame);
    else this.later(answerNs, () => this.end?.send(answer));
  }

  private takeStep(frame: Uint8Array): void {
    if (this.step === 'idle' || frame.length < madBytes) return;
    const answers =
      mad.get(frame, 'mgmt_class') === IB_MGMT_CLASS_SUBN_LID_ROUTED &&
      mad.get(frame, 'method') === IB_MGMT_METHOD_GET_RESP &&
      mad.get(frame, 'tid') === BigInt(this.transaction) &&
      mad.get(frame, 'status') === 0;
    if (!answers) return;
    if (this.step === 'activating') {
      this.step = 'idle';
      return;
    }
    const data = frame.slice(madDataOffset, madDataOffset + portInfo.sizeBytes);
    this.step = 'activating';
    this.setPortInfo(portInfo.get(data, 'lid'), IB_PORT_STATE.ACTIVE);
  }

  private startSweep(): void {
    this.epoch++;
    this.step = 'idle';
    if (!this.managed || !this.state.up) return;
    this.later(sweepNs, () => {
      this.step = 'arming';
      this.setPortInfo(this.nextLid++, IB_PORT_STATE.ARMED);
    });
  }

  /** Does something unless link or manager change until then. */
  private later(delayNs: number, work: () => void): void {
    const { epoch } = this;
    this.clock.after(delayNs, () => {
      if (epoch === this.epoch) work();
    });
  }

  private setPortInfo(lid: number, state: number): void {
    const data = portInfo.make({
      lid,
      sm_lid: managerLid,
      speed_state: state,
      subnet_timeout: subnetTimeout,
    });
    this.end?.send(
      mad.make({
        base_version: 1,
        mgmt_class: IB_MGMT_CLASS_SUBN_LID_ROUTED,
        class_version: 1,
        method: IB_MGMT_METHOD_SET,
        tid: BigInt(++this.transaction),
        attr_id: IB_SMP_ATTR_PORT_INFO,
        data,
      }),
    );
  }
}
