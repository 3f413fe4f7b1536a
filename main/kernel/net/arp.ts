// ARP (net/ipv4/arp.c): requests and answers for the neighbour table, gratuitous announcements. A
// request for one of our addresses is answered and teaches us the asker; other packets only renew
// what is known. Left out: proxy ARP, arp_ignore, arp_announce, arp_filter, arp_accept (all off by
// default).

import { ArpOperation, buildArpFrame, parseArp } from '#bus/arp.ts';
import type { ArpPacket } from '#bus/arp.ts';
import { readBe32 } from '#bus/bytes.ts';
import { EtherType, ethHeaderBytes } from '#bus/frame.ts';
import { broadcastMac, macToBytes, readMac } from '#bus/mac.ts';
import type { Atomic } from '#sim/task.ts';
import { NOTIFY_DONE } from '../notifier.ts';
import { NETDEV_CHANGE, NETDEV_CHANGEADDR } from './events.ts';
import { IFF_LOOPBACK, IFF_NOARP, NET_RX_DROP, NET_RX_SUCCESS } from './flags.ts';
import { ipv4_link_failure } from './icmp.ts';
import { ip_eth_mc_map } from './igmp.ts';
import { inet_select_addr } from './inetdev.ts';
import type { InDevice } from './inetdev.ts';
import { LOCKTIME, UCAST_PROBES } from './neigh-params.ts';
import { neigh_create, neigh_flush_dev, neigh_remove_one, neigh_update } from './neigh.ts';
import type { Neighbour, NeighOps, NeighTable } from './neigh.ts';
import type { NetDevice } from './netdevice.ts';
import type { NetdevNotifierBlock } from './notifier.ts';
import type { PacketType } from './receive.ts';
import { inet_addr_type } from './route.ts';
import { alloc_skb, networkOffset, PACKET_HOST, PACKET_OTHERHOST } from './skb.ts';
import type { SkBuff } from './skb.ts';
import { dev_queue_xmit } from './xmit.ts';

/** Offset of the source address in an IPv4 header. */
const sourceAt = 12;

/** Sends an ARP packet; `destination` is the MAC in the frame's header. */
function* arp_send(dev: NetDevice, destination: number, packet: ArpPacket): Atomic<void> {
  if ((dev.flags & IFF_NOARP) !== 0) return;
  const skb = alloc_skb(buildArpFrame(destination, packet), dev, EtherType.arp);
  yield* dev_queue_xmit(skb);
}

const ownMac = (dev: NetDevice): number => readMac(dev.dev_addr);

/** The address to ask from: that of the packet that waits, when it is ours. */
function askFrom(neigh: Neighbour, skb: SkBuff | null): number {
  const { dev } = neigh;
  if (skb !== null) {
    const source = readBe32(skb.data, networkOffset + sourceAt);
    if (inet_addr_type(dev.k, source) === 'local') return source;
  }
  return inet_select_addr(dev, neigh.primary_key);
}

/** Asks the neighbour itself while its MAC is only in doubt, else everybody. */
function* arp_solicit(neigh: Neighbour, skb: SkBuff | null): Atomic<void> {
  const { dev } = neigh;
  if (dev.ip_ptr === null) return;
  const mac = neigh.probes < UCAST_PROBES ? readMac(neigh.ha) : broadcastMac;
  yield* arp_send(dev, mac, {
    operation: ArpOperation.request,
    senderMac: ownMac(dev),
    senderIp: askFrom(neigh, skb),
    targetMac: 0,
    targetIp: neigh.primary_key,
  });
}

/** How the table asks, and what happens to packets for somebody who does not answer. */
export const arpOps: NeighOps = {
  solicit: arp_solicit,
  error_report: (_neigh, skb) => ipv4_link_failure(skb),
};

/** Addresses that need no question: groups, broadcast, loopback. */
function arp_constructor(neigh: Neighbour): void {
  const { dev, primary_key: address } = neigh;
  if (address >= 0xe000_0000 && address < 0xf000_0000) neigh.ha.set(ip_eth_mc_map(address));
  else if ((dev.flags & (IFF_NOARP | IFF_LOOPBACK)) !== 0) neigh.ha.set(dev.dev_addr);
  else if (inet_addr_type(dev.k, address) === 'broadcast') neigh.ha.set(dev.broadcast);
  else return;
  neigh.nud_state = 'noarp';
}

/** All that goes to the machine itself is one neighbour. */
const neighbourKey = (address: number, dev: NetDevice): number =>
  (dev.flags & IFF_LOOPBACK) !== 0 ? 0 : address;

/** The entry for an address on a device, when it is there. */
export const arp_lookup = (
  tbl: NeighTable,
  address: number,
  dev: NetDevice,
): Neighbour | undefined => tbl.lookup(neighbourKey(address, dev), dev);

/** The entry for an address on a device; made when it is not there. */
export function* arp_neighbour(
  tbl: NeighTable,
  address: number,
  dev: NetDevice,
): Atomic<Neighbour> {
  const key = neighbourKey(address, dev);
  return tbl.lookup(key, dev) ?? (yield* neigh_create(tbl, key, dev, arp_constructor));
}

/** Announces every address of a device. */
export function* inetdev_send_gratuitous_arp(in_dev: InDevice): Atomic<void> {
  const { dev } = in_dev;
  for (const { address } of in_dev.addresses) {
    yield* arp_send(dev, broadcastMac, {
      operation: ArpOperation.request,
      senderMac: ownMac(dev),
      senderIp: address,
      targetMac: 0,
      targetIp: address,
    });
  }
}

function* answer(dev: NetDevice, arp: ArpPacket): Atomic<void> {
  yield* arp_send(dev, arp.senderMac, {
    operation: ArpOperation.reply,
    senderMac: ownMac(dev),
    senderIp: arp.targetIp,
    targetMac: arp.senderMac,
    targetIp: arp.senderIp,
  });
}

/** Somebody asks for one of our addresses. */
function* requestForUs(dev: NetDevice, arp: ArpPacket): Atomic<void> {
  const { arp_tbl } = dev.k.net;
  if (arp.senderIp !== 0) {
    const neigh = yield* arp_neighbour(arp_tbl, arp.senderIp, dev);
    yield* neigh_update(arp_tbl, neigh, macToBytes(arp.senderMac), 'stale', true);
  }
  yield* answer(dev, arp);
}

/** A packet about somebody whom we know. The first of several answers counts for a second. */
function* aboutKnown(skb: SkBuff, dev: NetDevice, arp: ArpPacket): Atomic<void> {
  const { k } = dev;
  const neigh = k.net.arp_tbl.lookup(arp.senderIp, dev);
  if (neigh === undefined) return;
  const isReply = arp.operation === ArpOperation.reply;
  const gratuitous = arp.senderIp === arp.targetIp && inet_addr_type(k, arp.senderIp) === 'unicast';
  const override = k.jiffies > neigh.updated + LOCKTIME * k.HZ || gratuitous;
  const state = isReply && skb.pkt_type === PACKET_HOST ? 'reachable' : 'stale';
  yield* neigh_update(k.net.arp_tbl, neigh, macToBytes(arp.senderMac), state, override);
}

const isLoopback = (address: number): boolean => address >>> 24 === 0x7f;
const isMulticast = (address: number): boolean => address >>> 28 === 0xe;

function* arp_process(skb: SkBuff, dev: NetDevice, arp: ArpPacket): Atomic<number> {
  if (isMulticast(arp.targetIp) || isLoopback(arp.targetIp)) return NET_RX_DROP;
  const isRequest = arp.operation === ArpOperation.request;
  if (!isRequest && arp.operation !== ArpOperation.reply) return NET_RX_DROP;
  const forUs = inet_addr_type(dev.k, arp.targetIp) === 'local';
  if (isRequest && forUs) yield* requestForUs(dev, arp);
  else if (arp.senderIp !== 0) yield* aboutKnown(skb, dev, arp);
  return NET_RX_SUCCESS;
}

function* arp_rcv(skb: SkBuff, dev: NetDevice): Atomic<number> {
  const unwanted = (dev.flags & IFF_NOARP) !== 0 || skb.pkt_type === PACKET_OTHERHOST;
  if (unwanted || dev.ip_ptr === null) return NET_RX_SUCCESS;
  const arp = parseArp(skb.data, ethHeaderBytes);
  return arp === null ? NET_RX_DROP : yield* arp_process(skb, dev, arp);
}

export const arp_packet_type: PacketType = { type: EtherType.arp, func: arp_rcv };

/** The neighbours of a device that goes down. */
export const arp_ifdown = (dev: NetDevice): Atomic<void> => neigh_flush_dev(dev.k.net.arp_tbl, dev);

/** An address that has another meaning now. */
export function* arp_invalidate(dev: NetDevice, address: number): Atomic<void> {
  const { arp_tbl } = dev.k.net;
  const neigh = arp_tbl.lookup(address, dev);
  if (neigh !== undefined && neigh.nud_state !== 'noarp') yield* neigh_remove_one(arp_tbl, neigh);
}

export const arp_netdev_notifier: NetdevNotifierBlock = {
  name: 'arp_netdev_event',
  priority: 0,
  *notifier_call(event, { dev, flags_changed = 0 }) {
    const { arp_tbl } = dev.k.net;
    if (event === NETDEV_CHANGEADDR) yield* neigh_flush_dev(arp_tbl, dev);
    if (event !== NETDEV_CHANGE) return NOTIFY_DONE;
    if ((flags_changed & IFF_NOARP) !== 0) yield* neigh_flush_dev(arp_tbl, dev);
    if (!dev.carrier) yield* neigh_flush_dev(arp_tbl, dev, true);
    return NOTIFY_DONE;
  },
};
