// Probes of the ARP monitor and the times that it keeps (bond_main.c: bond_arp_send_all,
// bond_rcv_validate, bond_arp_rcv, bond_time_in_interval; facts/driver 10.10). Probes go out on a
// slave, whoever is active; what comes back is noted per slave. Times are jiffies, written by the
// receive path without a lock.
// Left out: probes through VLANs and other devices above the bond, IPv6 targets.

import { ArpOperation, buildArpRequest, parseArp } from '#bus/arp.ts';
import type { ArpPacket } from '#bus/arp.ts';
import { EtherType, ethHeaderBytes } from '#bus/frame.ts';
import { formatIpv4 } from '#bus/ipv4.ts';
import { readMac } from '#bus/mac.ts';
import { inet_select_addr } from '#kernel/net/inetdev.ts';
import type { RxHandlerResult } from '#kernel/net/netdevice.ts';
import { ip_route_output_key } from '#kernel/net/route.ts';
import { alloc_skb, PACKET_OTHERHOST } from '#kernel/net/skb.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import { dev_queue_xmit } from '#kernel/net/xmit.ts';
import { msecs_to_jiffies } from '#kernel/time/timer.ts';
import type { Atomic } from '#sim/task.ts';
import {
  BOND_ARP_FILTER,
  BOND_ARP_TARGETS_ALL,
  bond_is_active_slave,
  slave_dbg,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';

/** True from one interval before `time` to `mod` and a half intervals after it. */
export function bond_time_in_interval(bond: bonding, time: number, mod: number): boolean {
  const interval = msecs_to_jiffies(bond.k, bond.params.arp_interval);
  const now = bond.k.jiffies;
  return now >= time - interval && now <= time + mod * interval + Math.floor(interval / 2);
}

/**
 * When the slave last heard of a target; with arp_all_targets, of the one that was silent longest.
 */
export function slave_last_rx(bond: bonding, slave: slave): number {
  const { arp_all_targets, arp_targets } = bond.params;
  if (arp_all_targets !== BOND_ARP_TARGETS_ALL) return slave.last_rx;
  return Math.min(...slave.target_last_arp_rx.slice(0, Math.max(1, arp_targets.length)));
}

/**
 * Where a probe for the target comes from: an own address, 0 without a route, null off the bond.
 */
function probeSource(bond: bonding, target: number): number | null {
  const route = ip_route_output_key(bond.k, { destination: target });
  if (typeof route === 'number') return 0;
  return route.dev === bond.dev ? inet_select_addr(bond.dev, target) : null;
}

/** Sends a request for every target on the slave. */
export function* bond_arp_send_all(bond: bonding, slave: slave): Atomic<void> {
  for (const target of bond.params.arp_targets) {
    const source = probeSource(bond, target);
    if (source === null) {
      slave_dbg(bond.dev, slave.dev, `no path to arp_ip_target ${formatIpv4(target)}`);
      continue;
    }
    const frame = buildArpRequest(readMac(slave.dev.dev_addr), source, target);
    slave.last_tx = bond.k.jiffies;
    yield* dev_queue_xmit(alloc_skb(frame, slave.dev, EtherType.arp));
  }
}

/** `target` answered for `own`: note it when both are what they should be. */
function bond_validate_arp(bond: bonding, slave: slave, target: number, own: number): void {
  const ours = bond.dev.ip_ptr?.addresses.some((ifa) => ifa.address === own) === true;
  const at = bond.params.arp_targets.indexOf(target);
  if (target === 0 || !ours || at < 0) return;
  slave.last_rx = bond.k.jiffies;
  slave.target_last_arp_rx[at] = bond.k.jiffies;
}

/**
 * An active slave hears answers; a backup hears the requests of the active one, so they are
 * swapped.
 */
function* bond_arp_rcv(bond: bonding, slave: slave, arp: ArpPacket): Atomic<void> {
  const active = yield* bond.curr_active_slave.read();
  const probing = yield* bond.current_arp_slave.read();
  if (yield* bond_is_active_slave(slave)) {
    bond_validate_arp(bond, slave, arp.senderIp, arp.targetIp);
  } else if (active !== null && slave_last_rx(bond, active) > active.last_link_up) {
    bond_validate_arp(bond, slave, arp.targetIp, arp.senderIp);
  } else if (
    probing !== null &&
    arp.operation === ArpOperation.reply &&
    bond_time_in_interval(bond, probing.last_tx, 1)
  ) {
    bond_validate_arp(bond, slave, arp.senderIp, arp.targetIp);
  }
}

/** The probe in front of the rx handler while the ARP monitor runs. */
export function* bond_rcv_validate(
  skb: SkBuff,
  bond: bonding,
  slave: slave,
): Atomic<RxHandlerResult> {
  const isArp = skb.protocol === EtherType.arp;
  const { arp_validate } = bond.params;
  const validates = (arp_validate & (1 << (yield* slave.backup.read()))) !== 0;
  if (!validates) {
    if (isArp || (arp_validate & BOND_ARP_FILTER) === 0) slave.last_rx = bond.k.jiffies;
    return 'another';
  }
  if (!isArp || skb.pkt_type === PACKET_OTHERHOST) return 'another';
  const arp = parseArp(skb.data, ethHeaderBytes);
  if (arp !== null) yield* bond_arp_rcv(bond, slave, arp);
  return 'another';
}
