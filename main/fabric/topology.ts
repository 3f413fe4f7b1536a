// Builds a fabric from data: switches, hosts, InfiniBand peers and the cables between their ports
// and the ports of the machine's cards. Everything is found by name: `switch0 port 3`, `host0`,
// `cable1`, `card0 port 1`. Names are checked when the fabric is built, with the known ones in the
// error.

import type { Clock } from '#bus/clock.ts';
import { parseMac } from '#bus/mac.ts';
import type { WirePort } from '#bus/wire.ts';
import type { Trace } from '#trace/trace.ts';
import { Cable } from './cable.ts';
import type { CableSide } from './cable.ts';
import type { CableFaults } from './faults.ts';
import { Host } from './host.ts';
import { IbPeer } from './ib-peer.ts';
import type { LagSpec } from './lag.ts';
import { Switch } from './switch.ts';

/** A switch, as data. */
export interface SwitchSpec {
  readonly name: string;
  readonly ports: number;
  /** System MAC as text; one is made from the position unless given. */
  readonly mac?: string;
  readonly systemPriority?: number;
  /** LAGs of any mode. */
  readonly lags?: readonly LagSpec[];
  /** Short for LAG 1 of these ports, in active mode. */
  readonly lacp?: readonly number[];
  readonly speedsMbps?: readonly number[];
  /** How long a silent address is kept; 300 s unless given. */
  readonly ageingNs?: number;
}

/** A host, as data. Its port has the host's name. */
export interface HostSpec {
  readonly name: string;
  /** As text; one is made from the position unless given. */
  readonly mac?: string;
  /** One address or several. */
  readonly ip: string | readonly string[];
}

/** A cable, as data: names of two ports; `null` is an end that hangs free. */
export interface CableSpec {
  /** `cable1`, `cable2`, … by position unless given. */
  readonly name?: string;
  readonly a: string | null;
  readonly b: string | null;
  /** Highest speed that the cable carries, Mb/s. */
  readonly speedMbps?: number;
  readonly trainingNs?: number;
  readonly propagationNs?: number;
  readonly faults?: Partial<CableFaults>;
}

/** A whole fabric, as data. */
export interface FabricSpec {
  readonly switches?: readonly SwitchSpec[];
  readonly hosts?: readonly HostSpec[];
  readonly ibPeers?: readonly { readonly name: string }[];
  readonly cables?: readonly CableSpec[];
  /** Whether packets are recorded in the trace; true unless given. */
  readonly recordPackets?: boolean;
}

/** What a fabric is built on. */
export interface FabricBase {
  readonly clock: Clock;
  readonly trace: Trace;
  /** Ports from outside by name: those of the machine's cards. Their own names must be the same. */
  readonly ports: ReadonlyMap<string, WirePort>;
}

/** An end of a cable. */
export interface CableEndPlace {
  readonly cable: Cable;
  readonly side: CableSide;
}

/**
 * The network of the default machine: both ports of card0 at 40 Gb/s on switch0, and host0 with
 * 10.0.0.1. `lacp` puts the card's two ports of the switch into LAG 1, for a bond in mode 802.3ad.
 */
export function defaultFabricSpec(options: { readonly lacp?: boolean } = {}): FabricSpec {
  return {
    switches: [{ name: 'switch0', ports: 8, ...(options.lacp === true ? { lacp: [1, 2] } : {}) }],
    hosts: [{ name: 'host0', ip: '10.0.0.1' }],
    cables: [
      { a: 'card0 port 1', b: 'switch0 port 1', speedMbps: 40_000 },
      { a: 'card0 port 2', b: 'switch0 port 2', speedMbps: 40_000 },
      { a: 'host0', b: 'switch0 port 3', speedMbps: 40_000 },
    ],
  };
}

/** Things by name; a second one of the same name, or a look-up that fails, throws. */
class Names<Thing> {
  private readonly what: string;
  private readonly byName = new Map<string, Thing>();

  constructor(what: string) {
    this.what = what;
  }

  add(name: string, thing: Thing): void {
    if (this.byName.has(name)) throw new Error(`two ${this.what}s are named "${name}"`);
    this.byName.set(name, thing);
  }

  get(name: string): Thing {
    const found = this.byName.get(name);
    if (found !== undefined) return found;
    const known = [...this.byName.keys()].join(', ') || 'none';
    throw new Error(`no ${this.what} is named "${name}"; known: ${known}`);
  }

  all(): Thing[] {
    return [...this.byName.values()];
  }
}

/** A fabric that was built. */
export class Fabric {
  private readonly switchNames = new Names<Switch>('switch');
  private readonly hostNames = new Names<Host>('host');
  private readonly ibPeerNames = new Names<IbPeer>('IB peer');
  private readonly cableNames = new Names<Cable>('cable');
  private readonly portNames = new Names<WirePort>('port');

  /** Builds everything and plugs the cables in, in the order of the data. */
  constructor(spec: FabricSpec, base: FabricBase) {
    for (const [name, port] of base.ports) this.portNames.add(name, port);
    spec.switches?.forEach((entry, index) => this.addSwitch(entry, index, base));
    spec.hosts?.forEach((entry, index) => this.addHost(entry, index, base));
    for (const { name } of spec.ibPeers ?? []) {
      const peer = new IbPeer(name);
      this.ibPeerNames.add(name, peer);
      this.portNames.add(name, peer);
    }
    const record = spec.recordPackets ?? true;
    spec.cables?.forEach((entry, index) => this.addCable(entry, index, base, record));
  }

  get switches(): readonly Switch[] {
    return this.switchNames.all();
  }

  get hosts(): readonly Host[] {
    return this.hostNames.all();
  }

  get cables(): readonly Cable[] {
    return this.cableNames.all();
  }

  /** A switch by name. This and the other look-ups throw for a name that is unknown. */
  switch(name: string): Switch {
    return this.switchNames.get(name);
  }

  host(name: string): Host {
    return this.hostNames.get(name);
  }

  ibPeer(name: string): IbPeer {
    return this.ibPeerNames.get(name);
  }

  cable(name: string): Cable {
    return this.cableNames.get(name);
  }

  port(name: string): WirePort {
    return this.portNames.get(name);
  }

  /** The cable's end that is in the named port, or null for a free port. */
  cableAt(portName: string): CableEndPlace | null {
    const port = this.port(portName);
    for (const cable of this.cables) {
      if (cable.portAt('a') === port) return { cable, side: 'a' };
      if (cable.portAt('b') === port) return { cable, side: 'b' };
    }
    return null;
  }

  /** Plugs a free end of a cable into a port. Throws when the port or the end is taken. */
  plug(cableName: string, side: CableSide, portName: string): void {
    const taken = this.cableAt(portName);
    if (taken !== null) throw new Error(`${portName} holds ${taken.cable.name} already`);
    this.cable(cableName).plug(side, this.port(portName));
  }

  /** Pulls the cable out of a port and says which end it was. Throws when the port is free. */
  pull(portName: string): CableEndPlace {
    const place = this.cableAt(portName);
    if (place === null) throw new Error(`nothing is plugged into ${portName}`);
    place.cable.unplug(place.side);
    return place;
  }

  private addSwitch(entry: SwitchSpec, index: number, base: FabricBase): void {
    const { name, ports, systemPriority, speedsMbps, ageingNs } = entry;
    const short: LagSpec[] = entry.lacp === undefined ? [] : [{ id: 1, ports: entry.lacp }];
    const made = new Switch({
      name,
      ports,
      clock: base.clock,
      trace: base.trace,
      mac: entry.mac === undefined ? 0x0200_0000_1000 + index * 0x1000 : parseMac(entry.mac),
      lags: [...short, ...(entry.lags ?? [])],
      ...(systemPriority === undefined ? {} : { systemPriority }),
      ...(speedsMbps === undefined ? {} : { speedsMbps }),
      ...(ageingNs === undefined ? {} : { ageingNs }),
    });
    this.switchNames.add(name, made);
    for (let portNumber = 1; portNumber <= ports; portNumber++) {
      const port = made.port(portNumber);
      this.portNames.add(port.name, port);
    }
  }

  private addHost(entry: HostSpec, index: number, base: FabricBase): void {
    const host = new Host({
      name: entry.name,
      clock: base.clock,
      mac: entry.mac === undefined ? 0x0200_0000_0001 + index : parseMac(entry.mac),
      ips: typeof entry.ip === 'string' ? [entry.ip] : entry.ip,
    });
    this.hostNames.add(host.name, host);
    this.portNames.add(host.name, host);
  }

  private addCable(entry: CableSpec, index: number, base: FabricBase, record: boolean): void {
    const { speedMbps, trainingNs, propagationNs } = entry;
    const cable = new Cable({
      name: entry.name ?? `cable${index + 1}`,
      clock: base.clock,
      trace: base.trace,
      recordPackets: record,
      ...(speedMbps === undefined ? {} : { speedMbps }),
      ...(trainingNs === undefined ? {} : { trainingNs }),
      ...(propagationNs === undefined ? {} : { propagationNs }),
    });
    this.cableNames.add(cable.name, cable);
    if (entry.faults !== undefined) cable.setFaults(entry.faults);
    if (entry.a !== null) this.plug(cable.name, 'a', entry.a);
    if (entry.b !== null) this.plug(cable.name, 'b', entry.b);
  }
}
