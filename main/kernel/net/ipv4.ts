// IPv4 in and out (net/ipv4/ip_input.c, ip_output.c). Received packets for us go to ICMP; UDP and
// TCP have no sockets here: UDP is answered by "port unreachable", TCP is dropped.
// Left out: forwarding, fragments in both directions (too long a packet is -EMSGSIZE), options, TCP
// resets.

import { EtherType, ethHeaderBytes } from '#bus/frame.ts';
import { UnreachableCode } from '#bus/icmp.ts';
import { IpProtocol, isFragment, parseIpv4 } from '#bus/ipv4.ts';
import type { Ipv4Header } from '#bus/ipv4.ts';
import { l4ChecksumOk } from '#bus/l4.ts';
import type { Atomic } from '#sim/task.ts';
import { EMSGSIZE } from '../errno.ts';
import { arp_lookup, arp_neighbour } from './arp.ts';
import { NET_RX_DROP, NET_XMIT_SUCCESS } from './flags.ts';
import { icmp_rcv, icmp_send_unreachable } from './icmp.ts';
import { neigh_output } from './neigh.ts';
import type { NetDevice } from './netdevice.ts';
import type { PacketType } from './receive.ts';
import { ip_route_input } from './route.ts';
import type { AddressType, Route } from './route.ts';
import { alloc_skb, CHECKSUM_UNNECESSARY, networkOffset, PACKET_OTHERHOST } from './skb.ts';
import type { SkBuff } from './skb.ts';
import { dropPacket } from './xmit.ts';

function drop(dev: NetDevice, reason: string): number {
  dropPacket(dev, reason);
  return NET_RX_DROP;
}

/** A datagram for a port that nobody listens on. */
function* udp_rcv(skb: SkBuff, header: Ipv4Header, type: AddressType): Atomic<number> {
  const { dev, data } = skb;
  const checked = skb.ip_summed === CHECKSUM_UNNECESSARY;
  if (!checked && l4ChecksumOk(data, networkOffset, header) === false) {
    return drop(dev, 'bad UDP checksum');
  }
  if (type === 'local') yield* icmp_send_unreachable(skb, header, UnreachableCode.port);
  return drop(dev, 'no UDP socket');
}

/** A whole packet for us. */
function* ip_local_deliver(skb: SkBuff, header: Ipv4Header, type: AddressType): Atomic<number> {
  const { dev } = skb;
  if (isFragment(header)) return drop(dev, 'fragment');
  switch (header.protocol) {
    case IpProtocol.icmp:
      return yield* icmp_rcv(skb, header, type);
    case IpProtocol.udp:
      return yield* udp_rcv(skb, header, type);
    case IpProtocol.tcp:
      return drop(dev, 'no TCP socket');
    default:
      if (type === 'local') yield* icmp_send_unreachable(skb, header, UnreachableCode.protocol);
      return drop(dev, 'unknown IP protocol');
  }
}

/** Takes a packet from the receive path. */
export function* ip_rcv(skb: SkBuff, dev: NetDevice): Atomic<number> {
  if (skb.pkt_type === PACKET_OTHERHOST) return NET_RX_DROP;
  if (dev.ip_ptr === null) return drop(dev, 'no IPv4 on the device');
  const header = parseIpv4(skb.data, ethHeaderBytes);
  if (header === null) return drop(dev, 'bad IPv4 header');
  if (!header.checksumOk) return drop(dev, 'bad IPv4 checksum');
  const type = ip_route_input(dev, header.source, header.destination);
  if (type === null) return drop(dev, 'martian');
  if (type === 'unicast') return drop(dev, 'not for us, no forwarding');
  return yield* ip_local_deliver(skb, header, type);
}

export const ip_packet_type: PacketType = { type: EtherType.ipv4, func: ip_rcv };

/**
 * Sends a whole frame with an IPv4 packet, MACs not filled in, along its route. NET_XMIT_SUCCESS,
 * also while the packet waits for its neighbour, or a drop code or negative error.
 */
export function* ip_output(route: Route, frame: Uint8Array, packetBytes: number): Atomic<number> {
  const { dev } = route;
  if (packetBytes > dev.mtu) return -EMSGSIZE;
  const { arp_tbl } = dev.k.net;
  const { nexthop } = route;
  const skb = alloc_skb(frame, dev, EtherType.ipv4);
  const neigh = arp_lookup(arp_tbl, nexthop, dev) ?? (yield* arp_neighbour(arp_tbl, nexthop, dev));
  const result = yield* neigh_output(arp_tbl, neigh, skb);
  return result === 0 ? NET_XMIT_SUCCESS : result;
}
