// A network that was built (topology.ts): finds things by name, and does with cables what hands do:
// pull, plug, swap. The look-ups throw for an unknown name, with the known ones in the message;
// act() gives such a message back instead, because a scenario or a person may have made the
// mistake.

import type { Clock } from '#bus/clock.ts';
import { parseMac } from '#bus/mac.ts';
import type { WirePort } from '#bus/wire.ts';
import type { Trace } from '#trace/trace.ts';
import { Cable } from './cable.ts';
import type { CableSide } from './cable.ts';
import { Host } from './host.ts';
import { IbPeer } from './ib-peer.ts';
import type { LagSpec } from './lag.ts';
import { Switch } from './switch.ts';
import type { CableSpec, HostSpec, IbPeerSpec, SwitchSpec, TopologySpec } from './topology.ts';

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

/** What hands do with a cable. */
export type CableAction = 'pull' | 'plug' | 'swap';

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
  /** What was last pulled out of a port, by its name. */
  private readonly pulledFrom = new Map<string, CableEndPlace>();

  /** Builds everything and plugs the cables in, in the order of the data. */
  constructor(spec: TopologySpec, base: FabricBase) {
    for (const [name, port] of base.ports) this.portNames.add(name, port);
    spec.switches?.forEach((entry, index) => this.addSwitch(entry, index, base));
    spec.hosts?.forEach((entry, index) => this.addHost(entry, index, base));
    for (const entry of spec.ibPeers ?? []) this.addIbPeer(entry, base);
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
    this.pulledFrom.set(portName, place);
    return place;
  }

  /** Exchanges what is plugged into two ports; one of them may be free. */
  swap(portName: string, otherName: string): void {
    const here = this.cableAt(portName);
    const there = this.cableAt(otherName);
    if (here === null && there === null) {
      throw new Error(`nothing is plugged into ${portName} or ${otherName}`);
    }
    here?.cable.unplug(here.side);
    there?.cable.unplug(there.side);
    here?.cable.plug(here.side, this.port(otherName));
    there?.cable.plug(there.side, this.port(portName));
  }

  /**
   * One action on the cable of a port: `pull`; `plug` a free end into it (of the cable `other`,
   * else the end that was pulled from this port, else the only free one); `swap` with the port
   * `other`. Gives null, or in words why it was not done.
   */
  act(action: CableAction, portName: string, other?: string): string | null {
    try {
      if (action === 'pull') this.pull(portName);
      else if (action === 'plug') this.plugBack(portName, other);
      else if (other === undefined) return `swap ${portName} with which port?`;
      else this.swap(portName, other);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  private plugBack(portName: string, cableName: string | undefined): void {
    this.port(portName);
    const free = this.freeEnds(cableName);
    const before = this.pulledFrom.get(portName);
    const same = free.find((end) => end.cable === before?.cable && end.side === before.side);
    const end = same ?? (free.length === 1 || cableName !== undefined ? free[0] : undefined);
    if (end === undefined) {
      const names = free.map(({ cable }) => cable.name).join(', ');
      throw new Error(free.length === 0 ? 'no cable hangs free' : `which cable? free: ${names}`);
    }
    this.plug(end.cable.name, end.side, portName);
    this.pulledFrom.delete(portName);
  }

  /** Ends that are in no port, of one cable or of all. */
  private freeEnds(cableName: string | undefined): CableEndPlace[] {
    const cables = cableName === undefined ? this.cables : [this.cable(cableName)];
    return cables.flatMap((cable) =>
      (['a', 'b'] as const)
        .filter((side) => cable.portAt(side) === null)
        .map((side) => ({ cable, side })),
    );
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

  private addIbPeer({ name, subnetManager }: IbPeerSpec, base: FabricBase): void {
    const peer = new IbPeer({ name, clock: base.clock, subnetManager: subnetManager ?? false });
    this.ibPeerNames.add(name, peer);
    this.portNames.add(name, peer);
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
