// An Ethernet switch: learning, ageing, flooding, LAGs (static and LACP, see lacp-group.ts). Frames
// are sent on at once; all delay is in the cables. 01:80:c2:00:00:0x is never forwarded.
// Left out: VLANs (tags pass unchanged, one broadcast domain), spanning tree (two cables between
// two switches outside a LAG are a loop), multicast snooping (multicast floods), storm control.

import type { Clock } from '#bus/clock.ts';
import { EtherType, ethHeaderBytes, payloadOffset, payloadType } from '#bus/frame.ts';
import { parseLacpdu } from '#bus/lacpdu.ts';
import { formatMac, isLinkLocalAt, isMulticastAt, readMac } from '#bus/mac.ts';
import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { flowHash } from './hash.ts';
import { LacpGroup } from './lacp-group.ts';
import type { LacpPortOptions } from './lacp-port.ts';
import { checkLag } from './lag.ts';
import type { Lag, LagSpec } from './lag.ts';
import { MacTable } from './mac-table.ts';
import { SwitchPort } from './switch-port.ts';
import type { SwitchPortOwner, SwitchPortState } from './switch-port.ts';

/** Speeds of a port unless told otherwise, Mb/s. */
export const usualSpeedsMbps: readonly number[] = Object.freeze([1000, 10_000, 40_000, 56_000]);

/** How a switch is made. */
export interface SwitchOptions {
  readonly name: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly ports: number;
  /** System MAC, a 48-bit number; port n has this plus n. */
  readonly mac: number;
  readonly speedsMbps?: readonly number[];
  /** LACP system priority; 32768 unless given. */
  readonly systemPriority?: number;
  /** How long a silent address is kept; 300 s unless given. */
  readonly ageingNs?: number;
  readonly lags?: readonly LagSpec[];
}

/** A learned address, for the window. */
export interface LearnedMac {
  readonly mac: string;
  /** `port 3` or `lag 1`. */
  readonly place: string;
  readonly seenNs: number;
}

const tickNs = 100_000_000;
/** Places of the MAC table: 1 to 999 are ports, from here on LAGs, 0 is nowhere. */
const lagPlaces = 1000;

/** A switch. */
export class Switch implements SwitchPortOwner {
  readonly name: string;
  readonly mac: number;
  private readonly options: SwitchOptions;
  private readonly clock: Clock;
  private readonly trace: Trace;
  private readonly ports: readonly SwitchPort[];
  private readonly macs: MacTable;
  private readonly lags = new Map<number, Lag>();
  /**
   * By port number: the place that the port's traffic counts for, 0 for a port that carries none.
   */
  private readonly placeOf: number[];
  /** By port number: what was last written to the trace. */
  private readonly shown: string[];
  /** Ports that carry for a place. */
  private members = new Map<number, SwitchPort[]>();
  private ticking = false;

  constructor(options: SwitchOptions) {
    if (!Number.isInteger(options.ports) || options.ports < 1 || options.ports >= lagPlaces) {
      throw new RangeError(`${options.name}: ${options.ports} ports`);
    }
    this.options = options;
    this.name = options.name;
    this.mac = options.mac;
    this.clock = options.clock;
    this.trace = options.trace;
    this.macs = new MacTable(options.ageingNs ?? 300_000_000_000);
    const speeds = options.speedsMbps ?? usualSpeedsMbps;
    this.ports = Array.from(
      { length: options.ports },
      (_, index) => new SwitchPort(this, `${options.name} port ${index + 1}`, index + 1, speeds),
    );
    this.placeOf = new Array<number>(options.ports + 1).fill(0);
    this.shown = new Array<string>(options.ports + 1).fill('nothing');
    for (const lag of options.lags ?? []) this.addLag(lag);
  }

  /** A port by number, from 1. Throws RangeError for others. */
  port(portNumber: number): SwitchPort {
    const port = this.ports[portNumber - 1];
    if (port === undefined) throw new RangeError(`${this.name} has no port ${portNumber}`);
    return port;
  }

  /** Number of ports. */
  get portsCount(): number {
    return this.ports.length;
  }

  /** Puts ports into a LAG. Throws when the LAG exists or a port is in another one. */
  addLag(spec: LagSpec): void {
    checkLag(spec, this.ports.length);
    if (this.lags.has(spec.id)) throw new Error(`${this.name}: LAG ${spec.id} exists`);
    const taken = spec.ports.find((portNumber) => this.lagOf(portNumber) !== null);
    if (taken !== undefined) throw new Error(`${this.name}: port ${taken} is in a LAG already`);
    const lacp = spec.mode === 'static' ? null : new LacpGroup(spec.id, this.lacpPorts(spec));
    this.lags.set(spec.id, { spec, hash: spec.hash ?? 'layer2+3', lacp });
    for (const portNumber of spec.ports) {
      const { up, speedMbps } = this.port(portNumber).link;
      if (up) lacp?.linkChanged(portNumber, up, speedMbps, this.clock.now());
    }
    this.refresh();
    if (lacp !== null) this.startTicking();
  }

  /** Dissolves a LAG; its ports are ordinary ports from now on. */
  removeLag(lagId: number): void {
    this.lags.delete(lagId);
    this.refresh();
  }

  /** LAGs as configured, by number. */
  get lagSpecs(): readonly LagSpec[] {
    return [...this.lags.values()].map((lag) => lag.spec);
  }

  /** Everything about a port that is worth seeing. */
  portState(portNumber: number): SwitchPortState {
    const port = this.port(portNumber);
    const lag = this.lagOf(portNumber);
    const lacp = lag?.lacp?.port(portNumber);
    const place = this.placeOf[portNumber]!;
    return {
      portNumber,
      name: port.name,
      enabled: port.enabled,
      link: port.link,
      lagId: lag?.spec.id ?? null,
      carries: place === 0 ? 'nothing' : place >= lagPlaces ? 'lag' : 'alone',
      lacp:
        lacp === undefined
          ? null
          : {
              rx: lacp.rx,
              mux: lacp.mux,
              selected: lacp.selected,
              actor: lacp.actor,
              partner: lacp.partner,
              received: lacp.received,
              sent: lacp.sent,
            },
      counters: { ...port.counters },
    };
  }

  /** Learned addresses that have not aged out, by address. */
  learned(): LearnedMac[] {
    return this.macs.list(this.clock.now()).map(({ mac, place, seenNs }) => ({
      mac: formatMac(mac),
      place: place >= lagPlaces ? `lag ${place - lagPlaces}` : `port ${place}`,
      seenNs,
    }));
  }

  /** For SwitchPort: its link changed. */
  portLinkChanged(port: SwitchPort): void {
    const { up, speedMbps } = port.link;
    const lacp = this.lagOf(port.portNumber)?.lacp;
    lacp?.linkChanged(port.portNumber, up, speedMbps, this.clock.now());
    this.refresh();
  }

  /** For SwitchPort: a frame arrived. */
  portFrameArrived(port: SwitchPort, frame: Uint8Array): void {
    if (frame.length < ethHeaderBytes || isLinkLocalAt(frame)) {
      if (!this.takeLacpdu(port, frame)) port.counters.filtered++;
      return;
    }
    const place = this.placeOf[port.portNumber]!;
    if (place === 0) {
      port.counters.blocked++;
      return;
    }
    const now = this.clock.now();
    if (!isMulticastAt(frame, 6)) this.macs.learn(readMac(frame, 6), place, now);
    const target = isMulticastAt(frame) ? null : this.macs.lookup(readMac(frame), now);
    if (target === null) this.flood(place, frame);
    else if (target === place) port.counters.filtered++;
    else this.sendTo(target, frame);
  }

  private lagOf(portNumber: number): Lag | null {
    for (const lag of this.lags.values()) if (lag.spec.ports.includes(portNumber)) return lag;
    return null;
  }

  private lacpPorts(spec: LagSpec): LacpPortOptions[] {
    return spec.ports.map((portNumber) => {
      const port = this.port(portNumber);
      return {
        portNumber,
        sourceMac: this.mac + portNumber,
        systemPriority: this.options.systemPriority ?? 32_768,
        system: this.mac,
        portPriority: 32_768,
        active: spec.mode !== 'passive',
        fast: spec.rate === 'fast',
        send: (frame) => port.send(frame),
      };
    });
  }

  /** Gives a LACPDU to the port's LAG. False when the frame is none, or the port has no LACP. */
  private takeLacpdu(port: SwitchPort, frame: Uint8Array): boolean {
    const lacp = this.lagOf(port.portNumber)?.lacp ?? null;
    if (lacp === null || payloadType(frame) !== EtherType.slow) return false;
    const pdu = parseLacpdu(frame, payloadOffset(frame));
    if (pdu === null) return false;
    lacp.pduArrived(port.portNumber, pdu, this.clock.now());
    this.refresh();
    return true;
  }

  /** Sends a frame to every place but `from`. */
  private flood(from: number, frame: Uint8Array): void {
    for (const place of this.members.keys()) if (place !== from) this.sendTo(place, frame);
  }

  private sendTo(place: number, frame: Uint8Array): void {
    const ports = this.members.get(place);
    if (ports === undefined) return;
    if (ports.length === 1) return ports[0]!.send(frame);
    const hash = flowHash(frame, this.lags.get(place - lagPlaces)?.hash ?? 'layer2');
    ports[hash % ports.length]!.send(frame);
  }

  private placeNow(port: SwitchPort): number {
    if (!port.link.up) return 0;
    const lag = this.lagOf(port.portNumber);
    if (lag === null) return port.portNumber;
    const carries = lag.lacp?.carries(port.portNumber) ?? 'lag';
    if (carries === 'lag') return lagPlaces + lag.spec.id;
    return carries === 'alone' ? port.portNumber : 0;
  }

  /** Brings places and members up to date after anything that may have changed them. */
  private refresh(): void {
    let changed = false;
    for (const port of this.ports) {
      const place = this.placeNow(port);
      if (place !== this.placeOf[port.portNumber]) changed = true;
      this.placeOf[port.portNumber] = place;
      this.show(port);
    }
    if (!changed) return;
    const before = this.members;
    this.members = new Map();
    for (const port of this.ports) {
      const place = this.placeOf[port.portNumber]!;
      const ports = this.members.get(place);
      if (ports !== undefined) ports.push(port);
      else if (place !== 0) this.members.set(place, [port]);
    }
    for (const place of before.keys()) if (!this.members.has(place)) this.macs.forget(place);
  }

  /** Writes a port's part in forwarding to the trace when it changed. */
  private show(port: SwitchPort): void {
    const place = this.placeOf[port.portNumber]!;
    const lacp = this.lagOf(port.portNumber)?.lacp?.port(port.portNumber);
    const carries =
      place === 0 ? 'nothing' : place >= lagPlaces ? `lag ${place - lagPlaces}` : 'alone';
    const text = lacp === undefined ? carries : `${carries}, rx ${lacp.rx}, mux ${lacp.mux}`;
    if (text === this.shown[port.portNumber]) return;
    this.shown[port.portNumber] = text;
    this.trace.emit(K['switch.port'], this.trace.intern(port.name), this.trace.intern(text));
  }

  private startTicking(): void {
    if (this.ticking) return;
    this.ticking = true;
    const tick = (): void => {
      const groups = [...this.lags.values()].flatMap((lag) => lag.lacp ?? []);
      if (groups.length === 0) {
        this.ticking = false;
        return;
      }
      for (const group of groups) group.run(this.clock.now());
      this.refresh();
      this.clock.after(tickNs, tick);
    };
    this.clock.after(tickNs, tick);
  }
}
