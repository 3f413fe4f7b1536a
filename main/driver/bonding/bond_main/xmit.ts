// Transmit (bond_main.c: bond_start_xmit; facts/driver 10.8): active-backup sends on the active
// slave, balance-xor and 802.3ad by hash over the usable slaves. A frame for which there is no
// slave is dropped and counted. The bond has no queue of its own; the slave's queues work as
// without a bond.
// Simpler than the kernel: balance-tlb and -alb send on the active slave (no load statistics, no
// learning packets, no ARP tricks), and queue_id chooses no slave.

import { NET_XMIT_DROP, NETDEV_TX_OK } from '#kernel/net/flags.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netdev_err } from '#kernel/net/netdev-log.ts';
import { alloc_skb } from '#kernel/net/skb.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import { dev_queue_xmit } from '#kernel/net/xmit.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import type { Atomic } from '#sim/task.ts';
import {
  bond_has_slaves,
  BOND_LINK_UP,
  BOND_MODE,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  BOND_MODE_ALB,
  BOND_MODE_BROADCAST,
  BOND_MODE_ROUNDROBIN,
  BOND_MODE_TLB,
  BOND_MODE_XOR,
  bond_slave_can_tx,
  bond_slave_is_up,
  bond_slaves,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import { bond_xmit_hash } from './hash.ts';

/** Hands the frame to a slave. */
export function* bond_dev_queue_xmit(skb: SkBuff, slave_dev: NetDevice): Atomic<number> {
  skb.dev = slave_dev;
  return yield* dev_queue_xmit(skb);
}

function bond_tx_drop(bond: bonding): number {
  bond.dev.core_stats.tx_dropped++;
  return NET_XMIT_DROP;
}

/** The first slave that can send, from number `first` on and around. */
function* bond_get_slave_by_id(bond: bonding, first: number): Atomic<slave | null> {
  const slaves = bond_slaves(bond);
  for (const slave of [...slaves.slice(first), ...slaves.slice(0, first)]) {
    if (yield* bond_slave_can_tx(slave)) return slave;
  }
  return null;
}

function* bond_xmit_roundrobin_slave_get(bond: bonding): Atomic<slave | null> {
  if (bond.slave_cnt === 0) return null;
  const packets = bond.params.packets_per_slave;
  const turn = packets === 0 ? bond.k.net.random.u32() : Math.floor(++bond.rr_tx_counter / packets);
  return yield* bond_get_slave_by_id(bond, turn % bond.slave_cnt);
}

function* bond_xmit_3ad_xor_slave_get(bond: bonding, skb: SkBuff): Atomic<slave | null> {
  const usable = (yield* bond.usable_slaves.read()) ?? [];
  if (usable.length === 0) return null;
  return usable[bond_xmit_hash(bond.params.xmit_policy, skb) % usable.length]!;
}

/** Every slave with a link gets a copy. */
function* bond_xmit_broadcast(bond: bonding, skb: SkBuff): Atomic<number> {
  let sent = false;
  for (const slave of (yield* bond.all_slaves.read()) ?? []) {
    if (!bond_slave_is_up(slave) || (yield* slave.link.read()) !== BOND_LINK_UP) continue;
    const copy = alloc_skb(skb.data.slice(), slave.dev, skb.protocol);
    copy.ip_summed = skb.ip_summed;
    copy.csum_start = skb.csum_start;
    copy.csum_offset = skb.csum_offset;
    copy.vlan_tci = skb.vlan_tci;
    if ((yield* bond_dev_queue_xmit(copy, slave.dev)) === NETDEV_TX_OK) sent = true;
  }
  return sent ? NETDEV_TX_OK : bond_tx_drop(bond);
}

function* slaveFor(bond: bonding, skb: SkBuff): Atomic<slave | null> {
  switch (BOND_MODE(bond)) {
    case BOND_MODE_ROUNDROBIN:
      return yield* bond_xmit_roundrobin_slave_get(bond);
    case BOND_MODE_8023AD:
    case BOND_MODE_XOR:
      return yield* bond_xmit_3ad_xor_slave_get(bond, skb);
    case BOND_MODE_ACTIVEBACKUP:
    case BOND_MODE_TLB:
    case BOND_MODE_ALB:
      return yield* bond.curr_active_slave.read();
    default:
      netdev_err(bond.dev, `Unknown bonding mode ${BOND_MODE(bond)}`);
      return null;
  }
}

function* __bond_start_xmit(skb: SkBuff, bond: bonding): Atomic<number> {
  if (BOND_MODE(bond) === BOND_MODE_BROADCAST) return yield* bond_xmit_broadcast(bond, skb);
  const slave = yield* slaveFor(bond, skb);
  return slave === null ? bond_tx_drop(bond) : yield* bond_dev_queue_xmit(skb, slave.dev);
}

/** ndo_start_xmit. */
export function* bond_start_xmit(skb: SkBuff, dev: NetDevice): Atomic<number> {
  const bond = netdev_priv<bonding>(dev);
  yield* rcu_read_lock(bond.k);
  const answer = bond_has_slaves(bond) ? yield* __bond_start_xmit(skb, bond) : bond_tx_drop(bond);
  yield* rcu_read_unlock(bond.k);
  return answer;
}

/**
 * ndo_select_queue: the queue that the frame came in on, so that a slave's choice stays its own.
 */
export const bond_select_queue = (dev: NetDevice, skb: SkBuff): number =>
  skb.queue_mapping % dev.real_num_tx_queues;
