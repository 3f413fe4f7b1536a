// One flow steering rule (facts/device 5.28): read from the mailbox of FLOW_STEERING_ATTACH, and
// whether a frame matches it. A rule is a head and specs back to back; a frame matches when it
// matches every spec, so a rule without specs takes everything. Value and mask of a spec are
// compared as bytes with the same bytes of the frame.
// Left out: InfiniBand, IPv6 and VXLAN specs, mirrors and sniffers; such a rule is refused.

import { payloadType, vlanTci } from '#bus/frame.ts';
import { IpProtocol } from '#bus/ipv4.ts';
import type { Field } from '#prm/layout.ts';
import {
  MLX4_FS_TYPE,
  MLX4_NET_TRANS_RULE_ID,
  flowRule,
  flowRuleBytes,
  flowSpec,
  flowSpecEth,
  flowSpecIpv4,
  flowSpecTcpUdp,
} from '#prm/steering.ts';
import { demand } from './command.ts';
import type { Packet } from './packet.ts';

/** A kind of spec that this card takes. */
export type FlowSpecName = 'ETH' | 'IPV4' | 'TCP' | 'UDP';
/** A kind of rule that this card takes. */
export type FlowTypeName = 'REGULAR' | 'ALL_DEFAULT' | 'MC_DEFAULT';

/** Bytes of a frame that must equal a value where the mask has ones. */
interface Comparison {
  /** Where in the frame: from its start, from its IP header, or from its TCP or UDP header. */
  readonly base: 'frame' | 'ip' | 'l4';
  readonly offset: number;
  readonly value: Uint8Array;
  readonly mask: Uint8Array;
}

/** A rule, decoded. */
export interface FlowRule {
  readonly portNumber: 1 | 2;
  readonly type: FlowTypeName;
  /** Lower values are tried first. */
  readonly priority: number;
  /** Goes before the rules of its priority that are there already. */
  readonly lifo: boolean;
  /** A frame that matches is not looked at further, not even a multicast one. */
  readonly exclusive: boolean;
  /** Frames that the card itself sent may match. */
  readonly loopback: boolean;
  readonly qpn: number;
  readonly specs: readonly FlowSpecName[];
  readonly comparisons: readonly Comparison[];
  /** VLAN tag; with a mask of 0 it does not matter. */
  readonly tci: number;
  readonly tciMask: number;
  /** EtherType behind the tags, or null for any. */
  readonly etherType: number | null;
  /** Rules with equal keys share an entry of the table: all is equal but the queue pair. */
  readonly key: string;
}

/** A value and its mask in a spec, and what in a frame they are about. */
interface Pair {
  readonly base: Comparison['base'];
  readonly offset: number;
  readonly value: Field;
  readonly mask: Field;
}

const pair = (base: Pair['base'], offset: number, value: Field, mask: Field): Pair => ({
  base,
  offset,
  value,
  mask,
});

const eth = flowSpecEth.fields;
const ipv4 = flowSpecIpv4.fields;
const ports = flowSpecTcpUdp.fields;
const portPairs = [
  pair('l4', 2, ports.dst_port, ports.dst_port_msk),
  pair('l4', 0, ports.src_port, ports.src_port_msk),
];

/** The kinds of spec: size in bytes, and what they compare. */
const kinds: Readonly<Record<FlowSpecName, { readonly bytes: number; readonly pairs: Pair[] }>> = {
  ETH: {
    bytes: flowSpecEth.sizeBytes,
    pairs: [
      pair('frame', 0, eth.dst_mac, eth.dst_mac_msk),
      pair('frame', 6, eth.src_mac, eth.src_mac_msk),
    ],
  },
  IPV4: {
    bytes: flowSpecIpv4.sizeBytes,
    pairs: [
      pair('ip', 16, ipv4.dst_ip, ipv4.dst_ip_msk),
      pair('ip', 12, ipv4.src_ip, ipv4.src_ip_msk),
    ],
  },
  TCP: { bytes: flowSpecTcpUdp.sizeBytes, pairs: portPairs },
  UDP: { bytes: flowSpecTcpUdp.sizeBytes, pairs: portPairs },
};

const hex = (value: number): string => `0x${value.toString(16)}`;

/** Name of a number in a table of constants, or undefined. */
const nameIn = (table: Readonly<Record<string, number>>, value: number): string | undefined =>
  Object.entries(table).find(([, each]) => each === value)?.[0];

function typeOf(input: Uint8Array): FlowTypeName {
  const type = flowRule.get(input, 'type');
  const name = nameIn(MLX4_FS_TYPE, type);
  const known = name === 'REGULAR' || name === 'ALL_DEFAULT' || name === 'MC_DEFAULT';
  demand(known, 'BAD_PARAM', `rules of type ${name ?? type} are not modelled`);
  return name;
}

/** Kind and place of each spec. Refuses what is unknown, cut, of another size, or there twice. */
function specsOf(input: Uint8Array): Map<FlowSpecName, number> {
  const found = new Map<FlowSpecName, number>();
  for (let at = flowRuleBytes; at < input.length;) {
    const id = flowSpec.get(input, 'id', at);
    const name = nameIn(MLX4_NET_TRANS_RULE_ID, id);
    const known = name === 'ETH' || name === 'IPV4' || name === 'TCP' || name === 'UDP';
    demand(known, 'BAD_PARAM', `specs of kind ${name ?? hex(id)} are not modelled`);
    const { bytes } = kinds[name];
    const sized = flowSpec.get(input, 'size', at) * 4 === bytes && at + bytes <= input.length;
    demand(sized, 'BAD_PARAM', `a spec of kind ${name} has ${bytes} bytes`);
    demand(!found.has(name), 'BAD_PARAM', `two specs of kind ${name}`);
    found.set(name, at);
    at += bytes;
  }
  demand(!(found.has('TCP') && found.has('UDP')), 'BAD_PARAM', 'no packet is TCP and UDP');
  return found;
}

function comparisonsOf(input: Uint8Array, specs: Map<FlowSpecName, number>): Comparison[] {
  const part = (at: number, f: Field) => input.slice(at + f.offset, at + f.offset + f.bytes);
  const all = [...specs].flatMap(([name, at]) =>
    kinds[name].pairs.map(({ base, offset, value, mask }) => ({
      base,
      offset,
      value: part(at, value),
      mask: part(at, mask),
    })),
  );
  return all.filter(({ mask }) => mask.some((byte) => byte !== 0));
}

/**
 * The rule in a mailbox, cut to the length that the command states. Throws a Refusal (BAD_PARAM)
 * for one that is malformed or of a kind that the card does not know.
 */
export function readFlowRule(input: Uint8Array): FlowRule {
  const portNumber = flowRule.get(input, 'port');
  demand(portNumber === 1 || portNumber === 2, 'BAD_PARAM', `port ${portNumber}`);
  const type = typeOf(input);
  const specs = specsOf(input);
  demand(type === 'REGULAR' || specs.size === 0, 'BAD_PARAM', 'a default rule has no specs');
  const priority = flowRule.get(input, 'prio');
  const ethAt = specs.get('ETH');
  const typed = ethAt !== undefined && flowSpecEth.get(input, 'ether_type_enable', ethAt) !== 0;
  const rest = Array.from(input.subarray(flowRuleBytes)).join();
  return {
    portNumber,
    type,
    priority,
    lifo: flowRule.get(input, 'lifo'),
    exclusive: flowRule.get(input, 'exclusive'),
    loopback: flowRule.get(input, 'allow_loopback'),
    qpn: flowRule.get(input, 'qpn'),
    specs: [...specs.keys()],
    comparisons: comparisonsOf(input, specs),
    tci: ethAt === undefined ? 0 : flowSpecEth.get(input, 'vlan_tag', ethAt),
    tciMask: ethAt === undefined ? 0 : flowSpecEth.get(input, 'vlan_tag_msk', ethAt),
    etherType: typed ? flowSpecEth.get(input, 'ether_type', ethAt) : null,
    key: `${portNumber} ${type} ${priority} ${rest}`,
  };
}

/** True when the parsed frame has all that the rule asks for. */
export function matchesRule(rule: FlowRule, packet: Packet): boolean {
  const { comparisons, specs, tci, tciMask, etherType } = rule;
  const { frame, version, l4 } = packet;
  if (tciMask !== 0) {
    const tag = vlanTci(frame);
    if (tag === null || ((tag ^ tci) & tciMask) !== 0) return false;
  }
  if (etherType !== null && payloadType(frame) !== etherType) return false;
  for (const spec of specs) {
    if (spec === 'IPV4' && version !== 4) return false;
    if (spec === 'TCP' && l4 !== IpProtocol.tcp) return false;
    if (spec === 'UDP' && l4 !== IpProtocol.udp) return false;
  }
  for (const each of comparisons) if (!isEqual(packet, each)) return false;
  return true;
}

function isEqual(packet: Packet, { base, offset, value, mask }: Comparison): boolean {
  const { frame, ipAt, l4At } = packet;
  const at = (base === 'frame' ? 0 : base === 'ip' ? ipAt : l4At) + offset;
  for (let i = 0; i < value.length; i++) {
    if (((frame[at + i]! ^ value[i]!) & mask[i]!) !== 0) return false;
  }
  return true;
}
