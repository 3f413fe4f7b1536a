// A network as data: switches, hosts, InfiniBand peers, and the cables between their ports and the
// ports of the machine's cards. Everything has a name: `switch0 port 3`, `host0`, `cable1`,
// `card0 port 1`. buildTopology() makes it real; topologyProblem() says beforehand why it cannot.

import type { Clock } from '#bus/clock.ts';
import type { WirePort } from '#bus/wire.ts';
import { Trace } from '#trace/trace.ts';
import { Fabric } from './fabric.ts';
import type { CableFaults } from './faults.ts';
import type { LagSpec } from './lag.ts';

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

/** The far end of an InfiniBand cable, as data. Its port has its name. */
export interface IbPeerSpec {
  readonly name: string;
  /** A subnet manager runs behind it; false unless given. */
  readonly subnetManager?: boolean;
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

/** A whole network, as data. */
export interface TopologySpec {
  readonly switches?: readonly SwitchSpec[];
  readonly hosts?: readonly HostSpec[];
  readonly ibPeers?: readonly IbPeerSpec[];
  readonly cables?: readonly CableSpec[];
  /** Whether packets are recorded in the trace; true unless given. */
  readonly recordPackets?: boolean;
}

/** Speed of the default machine's cables, Mb/s. */
const defaultSpeedMbps = 40_000;

const defaultCables: readonly CableSpec[] = [
  { a: 'card0 port 1', b: 'switch0 port 1', speedMbps: defaultSpeedMbps },
  { a: 'card0 port 2', b: 'switch0 port 2', speedMbps: defaultSpeedMbps },
  { a: 'host0', b: 'switch0 port 3', speedMbps: defaultSpeedMbps },
];

/** The network of the default machine: card0 on ports 1 and 2 of a switch, host 10.0.0.1 on 3. */
export const defaultTopology: TopologySpec = {
  switches: [{ name: 'switch0', ports: 8 }],
  hosts: [{ name: 'host0', ip: '10.0.0.1' }],
  cables: defaultCables,
};

/** The same, with ports 1 and 2 of the switch in LAG 1 by LACP: for a bond in mode 802.3ad. */
export const lacpTopology: TopologySpec = {
  ...defaultTopology,
  switches: [{ name: 'switch0', ports: 8, lacp: [1, 2] }],
};

/**
 * Builds a network and plugs its cables in. `ports`: the ports of the machine's cards by name.
 * Throws an Error that names the mistake and what is known instead.
 */
export function buildTopology(
  clock: Clock,
  trace: Trace,
  spec: TopologySpec,
  ports: ReadonlyMap<string, WirePort>,
): Fabric {
  return new Fabric(spec, { clock, trace, ports });
}

/** Why this network cannot be built, or null. `cardPorts`: names of the cards' ports. */
export function topologyProblem(spec: TopologySpec, cardPorts: readonly string[]): string | null {
  const clock: Clock = { now: () => 0, after: () => undefined };
  const ports = new Map(cardPorts.map((name) => [name, idlePort(name)]));
  try {
    buildTopology(clock, new Trace(), spec, ports);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Something to plug into: stands for a card's port while a network is checked. */
const idlePort = (name: string): WirePort => ({
  name,
  offer: () => ({ enabled: false, protocol: 'eth', speedsMbps: [] }),
  plugged: () => undefined,
  linkChanged: () => undefined,
  frameArrived: () => undefined,
});
