// The network of a scenario's machine: switches, hosts, InfiniBand peers and cables. What a file
// leaves out is that of the default machine. Mistakes are found one by one where they stand; what
// is left for the whole is asked of the fabric itself.

import { parseMac } from '#bus/mac.ts';
import { parseIpv4Address } from '#bus/ipv4.ts';
import type { LagSpec } from '#fabric/lag.ts';
import { defaultTopology, topologyProblem } from '#fabric/topology.ts';
import type {
  CableSpec,
  HostSpec,
  IbPeerSpec,
  SwitchSpec,
  TopologySpec,
} from '#fabric/topology.ts';
import { cardPorts, Names } from './names.ts';
import { present } from './present.ts';
import type { Value } from './reader.ts';

/** Most ports of a switch. */
const switchPortsMax = 64;

/** Keys of `machine:` that belong to the network. */
export const networkKeys = ['switches', 'hosts', 'ibPeers', 'cables'] as const;

type NetworkValues = Partial<Record<(typeof networkKeys)[number], Value>>;

/** Parses the network; `machine` is where a mistake of the whole is reported. */
export function parseNetwork(values: NetworkValues, machine: Value | undefined): TopologySpec {
  const before = machine?.problems.list.length ?? 0;
  const nodes: TopologySpec = {
    switches:
      values.switches?.list().flatMap((value) => parseSwitch(value) ?? []) ??
      defaultTopology.switches!,
    hosts:
      values.hosts?.list().flatMap((value) => parseHost(value) ?? []) ?? defaultTopology.hosts!,
    ...present({
      ibPeers: values.ibPeers?.list().flatMap((value) => parseIbPeer(value) ?? []),
    }),
  };
  const names = new Names(nodes, () => null);
  const taken = new Set<string>();
  const cables =
    values.cables?.list().flatMap((value) => parseCable(value, names, taken) ?? []) ??
    defaultTopology.cables!;
  const topology = { ...nodes, cables };
  if (machine !== undefined && machine.problems.list.length === before) {
    const problem = topologyProblem(topology, cardPorts);
    if (problem !== null) machine.fail(`has a network that cannot be built: ${problem}`, 'mend it');
  }
  return topology;
}

function parseSwitch(value: Value): SwitchSpec | undefined {
  const keys = value.map(['name', 'ports', 'mac', 'systemPriority', 'speeds', 'lacp', 'lags']);
  const name = keys.name?.text();
  if (keys.name === undefined) value.fail('has no name', 'add name: switch0');
  if (keys.ports === undefined) value.fail('has no ports', 'add ports: 8');
  const ports = keys.ports?.integer(1, switchPortsMax);
  const portList = (list: Value): number[] =>
    list.list().flatMap((item) => item.integer(1, ports ?? switchPortsMax) ?? []);
  const lags = keys.lags?.list().flatMap((item) => parseLag(item, portList) ?? []);
  const spec = present({
    mac: parseMacText(keys.mac),
    systemPriority: keys.systemPriority?.integer(0, 65_535),
    speedsMbps: keys.speeds?.list().flatMap((item) => item.speed() ?? []),
    lacp: keys.lacp === undefined ? undefined : portList(keys.lacp),
    lags,
  });
  return name === undefined || ports === undefined ? undefined : { name, ports, ...spec };
}

function parseLag(value: Value, portList: (list: Value) => number[]): LagSpec | undefined {
  const keys = value.map(['id', 'ports', 'mode', 'rate', 'hash']);
  if (keys.id === undefined) value.fail('has no id', 'add id: 1');
  if (keys.ports === undefined) value.fail('has no ports', 'add ports: [1, 2]');
  const id = keys.id?.integer(1, 999);
  const ports = keys.ports === undefined ? undefined : portList(keys.ports);
  const spec = present({
    mode: keys.mode?.oneOf(['static', 'active', 'passive']),
    rate: keys.rate?.oneOf(['slow', 'fast']),
    hash: keys.hash?.oneOf(['layer2', 'layer2+3', 'layer3+4']),
  });
  return id === undefined || ports === undefined ? undefined : { id, ports, ...spec };
}

function parseHost(value: Value): HostSpec | undefined {
  const keys = value.map(['name', 'ip', 'mac']);
  const name = keys.name?.text();
  if (keys.name === undefined) value.fail('has no name', 'add name: host0');
  if (keys.ip === undefined) value.fail('has no address', 'add ip: 10.0.0.1');
  const ip = keys.ip?.oneOrList().flatMap((item) => parseIp(item) ?? []);
  const mac = present({ mac: parseMacText(keys.mac) });
  return name === undefined || ip === undefined ? undefined : { name, ip, ...mac };
}

function parseIbPeer(value: Value): IbPeerSpec | undefined {
  const keys = value.map(['name', 'subnetManager']);
  const name = keys.name?.text();
  if (keys.name === undefined) value.fail('has no name', 'add name: ibpeer0');
  const spec = present({ subnetManager: keys.subnetManager?.boolean() });
  return name === undefined ? undefined : { name, ...spec };
}

function parseCable(value: Value, names: Names, taken: Set<string>): CableSpec | undefined {
  const keys = value.map(['name', 'a', 'b', 'speed', 'length', 'training']);
  const end = (key: 'a' | 'b'): string | null | undefined => {
    const given = keys[key];
    if (given === undefined) return value.fail(`has no end ${key}`, `add ${key}: card0 port 1`);
    if (given.text() === 'free') return null;
    const port = names.port(given);
    if (port === undefined) return undefined;
    if (taken.has(port)) return given.fail(`is taken: ${port}`, 'a port takes one cable');
    taken.add(port);
    return port;
  };
  const [a, b] = [end('a'), end('b')];
  const spec = present({
    name: keys.name?.text(),
    speedMbps: keys.speed?.speed(),
    propagationNs: keys.length?.length(),
    trainingNs: keys.training?.time(),
  });
  return a === undefined || b === undefined ? undefined : { a, b, ...spec };
}

function parseMacText(value: Value | undefined): string | undefined {
  return value && checked(value, parseMac, 'wants a MAC address', 'write 00:02:c9:00:00:01');
}

const parseIp = (value: Value): string | undefined =>
  checked(value, parseIpv4Address, 'wants an IPv4 address', 'write for example 10.0.0.1');

/** A text that another parser must take; it throws for one that it does not. */
function checked(
  value: Value,
  parse: (text: string) => number,
  message: string,
  mend: string,
): string | undefined {
  const text = value.text();
  if (text === undefined) return undefined;
  try {
    parse(text);
    return text;
  } catch {
    return value.fail(`${message}, not ${JSON.stringify(text)}`, mend);
  }
}
