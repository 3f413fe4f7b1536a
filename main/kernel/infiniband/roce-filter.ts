// Which netdevs count for a RoCE port (core/roce_gid_mgmt.c): the port's own, those above it, and
// a bond's only through its active slave. Links between netdevs are read as under RCU. What the
// private part of a bond looks like is known from net/bonding.h, as in Linux; here that is
// BondHeader.
// Left out: VLAN devices.

import type { Shared } from '#sim/shared.ts';
import type { Atomic } from '#sim/task.ts';
import { netif_is_bond_master } from '../net/netdevice.ts';
import type { NetDevice } from '../net/netdevice.ts';

/** What netdev_priv() of a bond master has for readers outside of the bonding module. */
interface BondHeader {
  readonly params: { readonly mode: number };
  readonly curr_active_slave: Shared<{ readonly dev: NetDevice } | null>;
}

/** Modes with one active slave: active-backup, TLB, ALB. */
const modesWithPrimary: ReadonlySet<number> = new Set([1, 5, 6]);

/** The active slave of a bond master; null in other modes, and while there is none. */
export function* bond_option_active_slave_get_rcu(upper: NetDevice): Atomic<NetDevice | null> {
  const { params, curr_active_slave } = upper.priv as BondHeader;
  const slave = yield* curr_active_slave.read();
  return modesWithPrimary.has(params.mode) ? (slave?.dev ?? null) : null;
}

/** Every device above, nearest first (netdev_walk_all_upper_dev_rcu). */
export function allUppers(dev: NetDevice): NetDevice[] {
  const found: NetDevice[] = [];
  const queue = dev.upper.map((link) => link.dev);
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (found.includes(next)) continue;
    found.push(next);
    queue.push(...next.upper.map((link) => link.dev));
  }
  return found;
}

const isUpperOf = (dev: NetDevice, upper: NetDevice): boolean => allUppers(dev).includes(upper);

const netif_is_bond_slave = (dev: NetDevice): boolean =>
  dev.master !== null && netif_is_bond_master(dev.master);

/** What a slave is for its bond; `na` without a bond or without an active slave. */
export function* is_eth_active_slave_of_bonding_rcu(
  dev: NetDevice,
  upper: NetDevice | null,
): Atomic<'active' | 'inactive' | 'na'> {
  if (upper === null || !netif_is_bond_master(upper)) return 'na';
  const active = yield* bond_option_active_slave_get_rcu(upper);
  if (active === null) return 'na';
  return active === dev ? 'active' : 'inactive';
}

/** A test whether `cookie` concerns the RoCE port whose netdev is `rdmaNdev`. */
export type RoceFilter = (rdmaNdev: NetDevice | null, cookie: NetDevice) => Atomic<boolean>;

/** The netdev is the port's, or above it and reached through the active slave. */
export const is_eth_port_of_netdev_filter: RoceFilter = function* filter(rdmaNdev, cookie) {
  if (rdmaNdev === null || rdmaNdev === cookie) return rdmaNdev !== null;
  if (!isUpperOf(rdmaNdev, cookie)) return false;
  return (yield* is_eth_active_slave_of_bonding_rcu(rdmaNdev, cookie)) !== 'inactive';
};

/** The port's netdev is a slave that is not the active one. */
export const is_eth_port_inactive_slave_filter: RoceFilter = function* filter(rdmaNdev) {
  if (rdmaNdev === null) return false;
  return (yield* is_eth_active_slave_of_bonding_rcu(rdmaNdev, rdmaNdev.master)) === 'inactive';
};

/** The netdev gives the port its default GIDs: its own one outside a bond, else the bond master. */
export const is_ndev_for_default_gid_filter: RoceFilter = function* filter(rdmaNdev, cookie) {
  if (rdmaNdev === null) return false;
  if (cookie === rdmaNdev && !netif_is_bond_slave(rdmaNdev)) return true;
  return netif_is_bond_master(cookie) && isUpperOf(rdmaNdev, cookie);
};

/** The netdev is a bond master above the port's. */
export const is_upper_ndev_bond_master_filter: RoceFilter = function* filter(rdmaNdev, cookie) {
  return rdmaNdev !== null && netif_is_bond_master(cookie) && isUpperOf(rdmaNdev, cookie);
};

/** The netdev is the port's or above it. */
export const upper_device_filter: RoceFilter = function* filter(rdmaNdev, cookie) {
  return rdmaNdev !== null && (rdmaNdev === cookie || isUpperOf(rdmaNdev, cookie));
};

export const pass_all_filter: RoceFilter = function* filter() {
  return true;
};
