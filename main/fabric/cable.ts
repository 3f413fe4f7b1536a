// A cable between two ports: plugging, link training, frames. The link comes up when both ends are
// plugged in, enabled, speak one protocol and share a speed; otherwise it is down at once.
// The training time (20 ms) and the propagation delay (25 ns, 5 m of cable) are declared, not
// measured. Calls back into ports synchronously (linkChanged); a port may call offerChanged or send
// from there. Left out: auto-negotiation details, FEC, cable EEPROM, flow control.

import type { Clock } from '#bus/clock.ts';
import type { LinkOffer, LinkState, WireEnd, WirePort } from '#bus/wire.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { armedCableFaults, checkCableFaults, isNth, noCableFaults } from './faults.ts';
import type { CableFaults } from './faults.ts';
import { Lane } from './lane.ts';
import type { Flight } from './lane.ts';

/** The two ends of a cable. */
export type CableSide = 'a' | 'b';

/** How a cable is made. */
export interface CableOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly trace: Trace;
  /** Highest speed that the cable carries, Mb/s; unlimited unless given. */
  readonly speedMbps?: number;
  /** From the last change of an offer to link up; 20 ms unless given. */
  readonly trainingNs?: number;
  /** 25 ns unless given. */
  readonly propagationNs?: number;
  /** Most frames waiting or under way in one direction; 65,536 unless given. */
  readonly framesMax?: number;
  /** Whether packets are recorded in the trace; true unless given. Drops always are. */
  readonly recordPackets?: boolean;
}

/** What an end has sent and received, in frames. */
export interface CableCounters {
  sent: number;
  received: number;
  receivedBytes: number;
  /** Sent by this end and lost: link down, pulled while under way, queue full, or a fault. */
  dropped: number;
  /** Arrived at this end with a wrong FCS. */
  damaged: number;
}

const down: LinkState = Object.freeze({ up: false, speedMbps: 0 });

/** What the cable keeps per side. */
interface Side {
  readonly side: CableSide;
  port: WirePort | null;
  end: CableEnd | null;
  /** What the port was last told. */
  told: LinkState;
  /** Carries what this side sends; null while the link is down. */
  lane: Lane | null;
  readonly counters: CableCounters;
}

const newSide = (side: CableSide): Side => ({
  side,
  port: null,
  end: null,
  told: down,
  lane: null,
  counters: { sent: 0, received: 0, receivedBytes: 0, dropped: 0, damaged: 0 },
});

/** What a port holds of the cable. Useless after the plug is pulled. */
class CableEnd implements WireEnd {
  private readonly cable: Cable;
  private readonly side: CableSide;

  constructor(cable: Cable, side: CableSide) {
    this.cable = cable;
    this.side = side;
  }

  send(frame: Uint8Array): void {
    this.cable.sendFrom(this, this.side, frame);
  }

  offerChanged(): void {
    this.cable.offerChangedAt(this, this.side);
  }

  peerOffer(): LinkOffer | null {
    return this.cable.peerOfferOf(this, this.side);
  }
}

/** A cable with two ends, each plugged into a port or hanging free. */
export class Cable {
  readonly name: string;
  private readonly clock: Clock;
  private readonly trace: Trace;
  private readonly options: CableOptions;
  private readonly a = newSide('a');
  private readonly b = newSide('b');
  private current: LinkState = down;
  private why = 'end a is not plugged in';
  private currentFaults: CableFaults = noCableFaults;
  /** Bumped by everything that makes a training or a flap under way stale. */
  private training = 0;
  private flapping = 0;
  private signalLost = false;

  constructor(options: CableOptions) {
    this.options = options;
    this.name = options.name;
    this.clock = options.clock;
    this.trace = options.trace;
  }

  /** The link as it is now. */
  get link(): LinkState {
    return this.current;
  }

  /** Why the link is as it is, for people: `up`, `training`, `no common speed`, … */
  get reason(): string {
    return this.why;
  }

  /** The port that an end is plugged into, or null. */
  portAt(side: CableSide): WirePort | null {
    return this.sideOf(side).port;
  }

  /** Counters of an end; they go on over plugging. */
  countersAt(side: CableSide): Readonly<CableCounters> {
    return this.sideOf(side).counters;
  }

  /** The faults in force. */
  get faults(): CableFaults {
    return this.currentFaults;
  }

  /** Plugs an end into a port. Throws when that end is plugged in already. */
  plug(side: CableSide, port: WirePort): void {
    const here = this.sideOf(side);
    if (here.port !== null) throw new Error(`${this.name}: end ${side} is in ${here.port.name}`);
    here.port = port;
    here.end = new CableEnd(this, side);
    here.told = down;
    this.note(`end ${side} plugged into ${port.name}`);
    this.tellEnd(side, port.name);
    port.plugged(here.end);
    this.retrain();
  }

  /** Pulls an end out and gives the port that it was in, or null for a free end. */
  unplug(side: CableSide): WirePort | null {
    const here = this.sideOf(side);
    const { port } = here;
    if (port === null) return null;
    this.note(`end ${side} pulled out of ${port.name}`);
    this.tellEnd(side, '');
    this.training++;
    this.dropLink(`end ${side} is not plugged in`);
    here.port = null;
    here.end = null;
    port.plugged(null);
    this.retrain();
    return port;
  }

  /** Moves an end to another port. */
  swap(side: CableSide, port: WirePort): void {
    this.unplug(side);
    this.plug(side, port);
  }

  /** Sets faults; what is not named keeps its value. Setting `flap` starts it over. */
  setFaults(faults: Partial<CableFaults>): void {
    const next = { ...this.currentFaults, ...faults };
    checkCableFaults(next);
    this.currentFaults = next;
    this.note(`faults ${JSON.stringify(next)}`);
    this.tellFaults();
    if (faults.flap === undefined) return;
    this.flapping++;
    if (this.signalLost) this.setSignalLost(false);
    if (next.flap !== null && next.flap.times > 0) this.flap(this.flapping, next.flap.times);
  }

  /** For CableEnd: a port sends. */
  sendFrom(end: WireEnd, side: CableSide, frame: Uint8Array): void {
    const here = this.sideOf(side);
    if (here.end !== end || here.port === null) return; // A plug that was pulled: nothing is there.
    here.counters.sent++;
    const record = this.options.recordPackets !== false;
    const blob = record ? this.trace.keep(frame) : 0;
    if (record) this.trace.emit(K['packet.send'], this.trace.intern(here.port.name), blob);
    const { lane, counters } = here;
    if (lane === null) return this.drop(here, 'link is down');
    const { direction, dropEveryNth, corruptEveryNth } = this.currentFaults;
    const hit = direction === 'both' || (direction === 'fromA') === (side === 'a');
    if (hit && isNth(counters.sent, dropEveryNth)) return this.drop(here, 'fault dropEveryNth');
    const damaged = hit && isNth(counters.sent, corruptEveryNth);
    if (!lane.send({ frame, blob, damaged })) this.drop(here, 'queue full');
  }

  /** For CableEnd: a port's offer changed. */
  offerChangedAt(end: WireEnd, side: CableSide): void {
    if (this.sideOf(side).end === end) this.retrain();
  }

  /** For CableEnd: what the other end offers. */
  peerOfferOf(end: WireEnd, side: CableSide): LinkOffer | null {
    if (this.sideOf(side).end !== end) return null;
    return this.sideOf(side === 'a' ? 'b' : 'a').port?.offer() ?? null;
  }

  private sideOf(side: CableSide): Side {
    return side === 'a' ? this.a : this.b;
  }

  /** Drops the link and, when the two offers fit, starts training. */
  private retrain(): void {
    const plan = this.plan();
    const training = ++this.training;
    this.dropLink(typeof plan === 'string' ? plan : 'training');
    // A port that was told "down" may have changed its offer: then that newer training counts.
    if (typeof plan === 'string' || training !== this.training) return;
    this.note(`training, ${plan} Mb/s`);
    this.clock.after(this.options.trainingNs ?? 20_000_000, () => {
      if (training === this.training) this.linkUp(plan);
    });
  }

  /** The speed that training will reach, or why there is nothing to train. */
  private plan(): number | string {
    if (this.a.port === null) return 'end a is not plugged in';
    if (this.b.port === null) return 'end b is not plugged in';
    if (this.signalLost) return 'no signal (flap fault)';
    const a = this.a.port.offer();
    const b = this.b.port.offer();
    if (!a.enabled) return `${this.a.port.name} is disabled`;
    if (!b.enabled) return `${this.b.port.name} is disabled`;
    if (a.protocol !== b.protocol) return `${a.protocol} meets ${b.protocol}`;
    const limit = this.options.speedMbps ?? Number.POSITIVE_INFINITY;
    const common = a.speedsMbps.filter((speed) => b.speedsMbps.includes(speed) && speed <= limit);
    return common.length === 0 ? 'no common speed' : Math.max(...common);
  }

  private linkUp(speedMbps: number): void {
    this.current = Object.freeze({ up: true, speedMbps });
    this.why = 'up';
    this.a.lane = this.newLane(this.b, speedMbps);
    this.b.lane = this.newLane(this.a, speedMbps);
    this.tellBoth();
  }

  private newLane(to: Side, speedMbps: number): Lane {
    return new Lane({
      clock: this.clock,
      speedMbps,
      propagationNs: this.options.propagationNs ?? 25,
      framesMax: this.options.framesMax ?? 65_536,
      arrived: (flight) => this.arrived(to, flight),
    });
  }

  private dropLink(why: string): void {
    this.why = why;
    for (const side of [this.a, this.b]) {
      const lost = side.lane?.close() ?? 0;
      side.lane = null;
      for (let i = 0; i < lost; i++) this.drop(side, 'link lost while under way');
    }
    this.current = down;
    this.tellBoth();
  }

  /**
   * Tells each port what it does not know yet. A port may change the link from inside the call; the
   * inner call then tells the news, and the outer one finds nothing left to tell.
   */
  private tellBoth(): void {
    for (const side of [this.a, this.b]) {
      const state = this.current;
      if (side.port === null || side.told === state) continue;
      side.told = state;
      this.trace.emit(K.link, this.trace.intern(side.port.name), state.speedMbps);
      side.port.linkChanged(state);
    }
  }

  private arrived(to: Side, flight: Flight): void {
    const { port, counters } = to;
    if (port === null) return;
    if (flight.damaged) {
      counters.damaged++;
      this.trace.emit(
        K['packet.drop'],
        this.trace.intern(port.name),
        this.trace.intern('bad FCS (fault corruptEveryNth)'),
      );
      const frame = flight.frame.slice();
      frame[frame.length - 1] = frame[frame.length - 1]! ^ 1;
      port.damagedFrameArrived?.(frame);
      return;
    }
    counters.received++;
    counters.receivedBytes += flight.frame.length;
    if (this.options.recordPackets !== false) {
      this.trace.emit(K['packet.receive'], this.trace.intern(port.name), flight.blob);
    }
    port.frameArrived(flight.frame);
  }

  private drop(from: Side, why: string): void {
    from.counters.dropped++;
    const name = from.port?.name ?? this.name;
    this.trace.emit(K['packet.drop'], this.trace.intern(name), this.trace.intern(why));
  }

  private flap(token: number, times: number): void {
    const { flap } = this.currentFaults;
    if (flap === null) return;
    this.clock.after(flap.upNs, () => {
      if (token !== this.flapping) return;
      this.setSignalLost(true);
      this.clock.after(flap.downNs, () => {
        if (token !== this.flapping) return;
        this.setSignalLost(false);
        if (times > 1) this.flap(token, times - 1);
      });
    });
  }

  private setSignalLost(lost: boolean): void {
    this.signalLost = lost;
    this.retrain();
  }

  /** Which port an end is in, for pictures; the empty name for none. */
  private tellEnd(side: CableSide, portName: string): void {
    const { trace } = this;
    const port = trace.intern(portName);
    trace.emit(K['cable.end'], trace.intern(this.name), port, trace.intern(side));
  }

  private tellFaults(): void {
    const { trace } = this;
    for (const [name, count] of armedCableFaults(this.currentFaults)) {
      trace.emit(K.fault, trace.intern(name), count, trace.intern(this.name));
    }
  }

  private note(what: string): void {
    this.trace.emit(K.cable, this.trace.intern(this.name), this.trace.intern(what));
  }
}
