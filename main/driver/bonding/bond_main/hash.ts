// The transmit hash (bond_main.c: bond_eth_hash, bond_vlan_srcmac_hash, bond_ip_hash,
// bond_xmit_hash; facts/driver 10.8). Pure: a policy and a frame give 32 bits. vlan+srcmac uses the
// whole tag that was taken off the frame (TCI), as the source has it. Left out: the hash of a
// socket, which encap3+4 prefers.

import { readBe16 } from '#bus/bytes.ts';
import { ethHeaderBytes } from '#bus/frame.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import {
  BOND_XMIT_POLICY_ENCAP23,
  BOND_XMIT_POLICY_ENCAP34,
  BOND_XMIT_POLICY_LAYER2,
  BOND_XMIT_POLICY_LAYER23,
  BOND_XMIT_POLICY_LAYER34,
  BOND_XMIT_POLICY_VLAN_SRCMAC,
} from '../bonding.ts';
import { innerFlow, ipFlow } from './flow.ts';
import type { Flow } from './flow.ts';

/** What of a buffer the hash looks at. */
export type HashedFrame = Pick<SkBuff, 'data' | 'protocol' | 'vlan_tci'>;

/** layer2: last bytes of both addresses, and the EtherType. */
function bond_eth_hash(data: Uint8Array): number {
  return data.length < ethHeaderBytes ? 0 : data[5]! ^ data[11]! ^ readBe16(data, 12);
}

/** vlan+srcmac: tag, vendor half and device half of the source address. */
function bond_vlan_srcmac_hash(frame: HashedFrame): number {
  const { data } = frame;
  if (data.length < ethHeaderBytes) return 0;
  const half = (at: number): number => (data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!;
  return Math.max(frame.vlan_tci, 0) ^ half(6) ^ half(9);
}

const usesPorts = (policy: number): boolean =>
  policy === BOND_XMIT_POLICY_LAYER34 || policy === BOND_XMIT_POLICY_ENCAP34;

/**
 * Folds the addresses in; the lowest bit goes where ports are used, since even ports are common.
 */
function bond_ip_hash(start: number, flow: Flow, policy: number): number {
  let hash = (start ^ flow.destination ^ flow.source) >>> 0;
  hash = (hash ^ (hash >>> 16)) >>> 0;
  hash = (hash ^ (hash >>> 8)) >>> 0;
  return usesPorts(policy) ? hash >>> 1 : hash;
}

/** bond_flow_dissect(): the flow that a policy looks at, or null. */
function flowOf(policy: number, frame: HashedFrame): Flow | null {
  if (policy === BOND_XMIT_POLICY_ENCAP23 || policy === BOND_XMIT_POLICY_ENCAP34) {
    return innerFlow(frame.data, frame.protocol);
  }
  return ipFlow(frame.data, frame.protocol, policy === BOND_XMIT_POLICY_LAYER34);
}

/** Hash of a frame that goes out through the bond, 32 bits. */
export function bond_xmit_hash(policy: number, frame: HashedFrame): number {
  if (policy === BOND_XMIT_POLICY_VLAN_SRCMAC) return bond_vlan_srcmac_hash(frame) >>> 0;
  if (policy === BOND_XMIT_POLICY_LAYER2) return bond_eth_hash(frame.data);
  const flow = flowOf(policy, frame);
  if (flow === null) return bond_eth_hash(frame.data);
  if (policy === BOND_XMIT_POLICY_LAYER23 || policy === BOND_XMIT_POLICY_ENCAP23) {
    return bond_ip_hash(bond_eth_hash(frame.data), flow, policy);
  }
  const hasId = flow.icmp >>> 16 !== 0;
  return bond_ip_hash(hasId ? flow.icmp : flow.ports, flow, policy);
}
