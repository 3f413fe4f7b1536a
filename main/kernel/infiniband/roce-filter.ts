// Which netdevs count for a RoCE port (core/roce_gid_mgmt.c): the port's own, those above it, and a bond's
// only through its active slave. Plain reads of the netdevs' links, as under RCU.
// What a bond's private part looks like is known from the bonding module's header, as in Linux; here that is
// BondHeader. Left out: VLAN devices.

import { netif_is_bond_master } from '../net/netdevice.ts';
import type { NetDevice } from '../net/netdevice.ts';

/** What net/bonding.h lets others see of a bond: netdev_priv() of a bond master. */
export interface BondHeader {
  /** bond_option_active_slave_get_rcu(): null in modes without an active slave. */
  readonly activeSlaveNetdev: NetDevice | null;
}

/** The active slave of a bond master, or null. */
export function bond_option_active_slave_get_rcu(upper: NetDevice): NetDevice | null {
  return (upper.priv as BondHeader | null)?.activeSlaveNetdev ?? null;
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

const isUpperOf = (dev: NetDevice, upper: NetDevice): boolean =>
  dev === upper || allUppers(dev).includes(upper);

export const netif_is_bond_slave = (dev: NetDevice): boolean =>
  dev.master !== null && netif_is_bond_master(dev.master);

/** What a slave is for its bond; NA without a bond or without an active slave. */
export function bondingSlaveState(
  dev: NetDevice,
  upper: NetDevice | null,
): 'active' | 'inactive' | 'na' {
  if (upper === null || !netif_is_bond_master(upper)) return 'na';
  const active = bond_option_active_slave_get_rcu(upper);
  if (active === null) return 'na';
  return active === dev ? 'active' : 'inactive';
}

/** A test whether `cookie` concerns the RoCE port whose netdev is `rdmaNdev`. */
export type RoceFilter = (rdmaNdev: NetDevice | null, cookie: NetDevice) => boolean;

/** The netdev is the port's, or above it and reached through the active slave. */
export const is_eth_port_of_netdev_filter: RoceFilter = (rdmaNdev, cookie) =>
  rdmaNdev !== null &&
  (rdmaNdev === cookie ||
    (isUpperOf(rdmaNdev, cookie) && bondingSlaveState(rdmaNdev, cookie) !== 'inactive'));

/** The port's netdev is a slave that is not the active one. */
export const is_eth_port_inactive_slave_filter: RoceFilter = (rdmaNdev) =>
  rdmaNdev !== null && bondingSlaveState(rdmaNdev, rdmaNdev.master) === 'inactive';

/** The netdev gives the port its default GIDs: its own one outside a bond, else the bond master. */
export const is_ndev_for_default_gid_filter: RoceFilter = (rdmaNdev, cookie) =>
  rdmaNdev !== null &&
  ((cookie === rdmaNdev && !netif_is_bond_slave(rdmaNdev)) ||
    (netif_is_bond_master(cookie) && isUpperOf(rdmaNdev, cookie)));

/** The netdev is a bond master above the port's. */
export const is_upper_ndev_bond_master_filter: RoceFilter = (rdmaNdev, cookie) =>
  rdmaNdev !== null && netif_is_bond_master(cookie) && isUpperOf(rdmaNdev, cookie);

/** The netdev is the port's or above it. */
export const upper_device_filter: RoceFilter = (rdmaNdev, cookie) =>
  rdmaNdev !== null && isUpperOf(rdmaNdev, cookie);

export const pass_all_filter: RoceFilter = () => true;
