// One port's share of LACP (IEEE 802.3ad-2000 clause 43.4): receive machine, periodic transmission,
// transmit limit, and what is known of the partner. Selection and mux are in lacp-group.ts, because
// they look at several ports. Times are ns of virtual time; a machine acts when run() is called.
// Left out: churn machines, the PORT_MOVED input, LACP version 2, half duplex.

import { LacpState, buildLacpduFrame } from '#bus/lacpdu.ts';
import type { LacpParty, Lacpdu } from '#bus/lacpdu.ts';

const secondNs = 1_000_000_000;
/** Times of clause 43.4.4. */
export const lacpTimes = {
  fastPeriodicNs: secondNs,
  slowPeriodicNs: 30 * secondNs,
  shortTimeoutNs: 3 * secondNs,
  longTimeoutNs: 90 * secondNs,
  aggregateWaitNs: 2 * secondNs,
} as const;
/** Most LACPDUs of a port in one fast period. */
const txPerPeriodMax = 3;

/** State of the receive machine, spelled as in the standard. */
export type LacpRxState = 'PORT_DISABLED' | 'EXPIRED' | 'DEFAULTED' | 'CURRENT';
/** State of the mux machine (coupled control), spelled as in the standard. */
export type LacpMuxState = 'DETACHED' | 'WAITING' | 'ATTACHED' | 'COLLECTING_DISTRIBUTING';

/** The partner that is assumed when nobody answers: not aggregatable, in sync. */
const defaultPartner: LacpParty = Object.freeze({
  systemPriority: 0,
  system: 0,
  key: 0,
  portPriority: 0,
  port: 0,
  state: LacpState.synchronization,
});

const { activity, timeout, aggregation, synchronization, defaulted, expired } = LacpState;
/** State bits whose difference makes a side say its piece again (update_NTT). */
const nttBits = activity | timeout | synchronization | aggregation;

const sameParty = (x: LacpParty, y: LacpParty) =>
  x.systemPriority === y.systemPriority &&
  x.system === y.system &&
  x.key === y.key &&
  x.portPriority === y.portPriority &&
  x.port === y.port;

/** What a port is set up with. */
export interface LacpPortOptions {
  readonly portNumber: number;
  readonly sourceMac: number;
  readonly systemPriority: number;
  readonly system: number;
  readonly portPriority: number;
  readonly active: boolean;
  /** Ask the partner for a LACPDU every second instead of every 30. */
  readonly fast: boolean;
  readonly send: (frame: Uint8Array) => void;
}

/** LACP on one port. */
export class LacpPort {
  readonly portNumber: number;
  readonly system: number;
  /** Actor key; the group sets it from LAG and speed when the link comes up. */
  key = 0;
  /** Written by the group's selection. */
  selected = false;
  /** Written by the group's mux machine. */
  mux: LacpMuxState = 'DETACHED';
  /** Written by the group's mux machine: when WAITING ends. */
  waitUntilNs = 0;
  /** LACPDUs received and sent. */
  received = 0;
  sent = 0;
  private readonly options: LacpPortOptions;
  private rxState: LacpRxState = 'PORT_DISABLED';
  private stateBits: number;
  private partnerParty: LacpParty = defaultPartner;
  private ntt = false;
  private currentUntilNs = 0;
  private nextPeriodicNs = 0;
  private periodicNs = 0;
  private txPeriodNs = 0;
  private txInPeriod = 0;

  constructor(options: LacpPortOptions) {
    this.options = options;
    this.portNumber = options.portNumber;
    this.system = options.system;
    this.stateBits = (options.active ? activity : 0) | (options.fast ? timeout : 0) | aggregation;
    this.recordDefault();
  }

  /** State of the receive machine. */
  get rx(): LacpRxState {
    return this.rxState;
  }

  /** This side, as its next LACPDU will say it. */
  get actor(): LacpParty {
    const { systemPriority, system, portPriority, portNumber } = this.options;
    const state = this.stateBits;
    return { systemPriority, system, key: this.key, portPriority, port: portNumber, state };
  }

  /** The other side, as known or assumed. */
  get partner(): LacpParty {
    return this.partnerParty;
  }

  /**
   * True while the port can only be a link of its own: no partner, or one that does not aggregate.
   */
  get individual(): boolean {
    return (this.partnerParty.state & aggregation) === 0;
  }

  /** True when the partner is in sync, so that mux may go on. */
  get partnerInSync(): boolean {
    return (this.partnerParty.state & synchronization) !== 0;
  }

  /** Sets or clears state bits that the mux machine owns, and says so to the partner. */
  setState(bits: number, on: boolean): void {
    const next = on ? this.stateBits | bits : this.stateBits & ~bits;
    if (next !== this.stateBits) this.ntt = true;
    this.stateBits = next;
  }

  /** The link came up (with the key that goes with its speed) or went down. */
  linkChanged(up: boolean, key: number, nowNs: number): void {
    this.selected = false;
    this.recordDefault();
    this.stateBits &= ~expired;
    if (up) {
      this.key = key;
      this.enterExpired(nowNs);
      this.ntt = true;
    } else {
      this.rxState = 'PORT_DISABLED';
      this.setPartnerState(synchronization, false);
      this.periodicNs = 0;
      this.ntt = false;
    }
  }

  /** A LACPDU arrived. */
  pduArrived(pdu: Lacpdu, nowNs: number): void {
    this.received++;
    if (this.rxState === 'PORT_DISABLED') return;
    const aggregates = (party: LacpParty) => party.state & aggregation;
    const same =
      sameParty(pdu.actor, this.partnerParty) &&
      aggregates(pdu.actor) === aggregates(this.partnerParty);
    if (!same) this.selected = false;
    const actor = this.actor;
    const known = sameParty(pdu.partner, actor);
    if (!known || ((pdu.partner.state ^ actor.state) & nttBits) !== 0) this.ntt = true;
    this.recordPdu(pdu, known && aggregates(pdu.partner) === aggregates(actor));
    this.rxState = 'CURRENT';
    this.stateBits &= ~expired;
    const long = (this.stateBits & timeout) === 0;
    this.currentUntilNs = nowNs + (long ? lacpTimes.longTimeoutNs : lacpTimes.shortTimeoutNs);
  }

  /** Lets the receive timer and the periodic machine act. */
  runTimers(nowNs: number): void {
    if (this.rxState === 'CURRENT' && nowNs >= this.currentUntilNs) {
      this.enterExpired(nowNs);
    } else if (this.rxState === 'EXPIRED' && nowNs >= this.currentUntilNs) {
      if (!sameParty(this.partnerParty, defaultPartner) || !this.individual) this.selected = false;
      this.recordDefault();
      this.stateBits &= ~expired;
      this.rxState = 'DEFAULTED';
    }
    this.runPeriodic(nowNs);
  }

  /** Sends the LACPDU that is due, if any and if the limit of three a second allows. */
  transmit(nowNs: number): void {
    if (this.periodicNs === 0) this.ntt = false;
    if (!this.ntt) return;
    if (nowNs >= this.txPeriodNs + lacpTimes.fastPeriodicNs) {
      this.txPeriodNs = nowNs;
      this.txInPeriod = 0;
    }
    if (this.txInPeriod >= txPerPeriodMax) return;
    this.txInPeriod++;
    this.ntt = false;
    this.sent++;
    const { actor, partner } = this;
    const pdu = { version: 1, actor, partner, collectorMaxDelay: 0 };
    this.options.send(buildLacpduFrame(this.options.sourceMac, pdu));
  }

  /**
   * NO_PERIODIC when disabled or when both sides are passive; else the partner's timeout decides.
   */
  private runPeriodic(nowNs: number): void {
    const spoken = (this.stateBits | this.partnerParty.state) & activity;
    if (this.rxState === 'PORT_DISABLED' || spoken === 0) {
      this.periodicNs = 0;
      return;
    }
    const fast = (this.partnerParty.state & timeout) !== 0;
    const wanted = fast ? lacpTimes.fastPeriodicNs : lacpTimes.slowPeriodicNs;
    if (this.periodicNs !== wanted) {
      if (this.periodicNs > wanted) this.ntt = true;
      this.periodicNs = wanted;
      this.nextPeriodicNs = nowNs + wanted;
    } else if (nowNs >= this.nextPeriodicNs) {
      this.ntt = true;
      this.nextPeriodicNs = nowNs + wanted;
    }
  }

  private enterExpired(nowNs: number): void {
    this.rxState = 'EXPIRED';
    this.setPartnerState(synchronization, false);
    this.setPartnerState(timeout, true);
    this.stateBits |= expired;
    this.currentUntilNs = nowNs + lacpTimes.shortTimeoutNs;
  }

  private recordDefault(): void {
    this.partnerParty = defaultPartner;
    this.stateBits |= defaulted;
  }

  private recordPdu(pdu: Lacpdu, matched: boolean): void {
    const { state } = pdu.actor;
    const talks = (state & activity) !== 0 || (this.stateBits & pdu.partner.state & activity) !== 0;
    const inSync =
      (state & synchronization) !== 0 && talks && (matched || (state & aggregation) === 0);
    this.partnerParty = pdu.actor;
    this.setPartnerState(synchronization, inSync);
    this.stateBits &= ~defaulted;
  }

  private setPartnerState(bits: number, on: boolean): void {
    const { state } = this.partnerParty;
    this.partnerParty = { ...this.partnerParty, state: on ? state | bits : state & ~bits };
  }
}
