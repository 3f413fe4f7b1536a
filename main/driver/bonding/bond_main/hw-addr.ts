// Addresses and receive filters that the bond shares with its slaves (bond_main.c:
// bond_set_dev_addr, bond_hw_addr_swap, bond_hw_addr_flush, bond_set_rx_mode, bond_change_rx_flags;
// facts/driver 10.6). Modes with a primary keep them on the active slave, the others on all.

import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { NETDEV_CHANGEADDR, NETDEV_PRE_CHANGEADDR } from '#kernel/net/events.ts';
import { IFF_ALLMULTI, IFF_PROMISC, IFF_UP, NET_ADDR_STOLEN } from '#kernel/net/flags.ts';
import {
  dev_mc_add,
  dev_mc_del,
  dev_mc_sync,
  dev_mc_sync_multiple,
  dev_mc_unsync,
  dev_uc_sync,
  dev_uc_sync_multiple,
  dev_uc_unsync,
} from '#kernel/net/addr-list.ts';
import { dev_set_allmulti, dev_set_promiscuity } from '#kernel/net/dev.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { call_netdevice_notifiers, call_netdevice_notifiers_info } from '#kernel/net/notifier.ts';
import { notifier_to_errno } from '#kernel/notifier.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { lacpdu_mcast_addr } from '../bond_3ad/lacpdu.ts';
import {
  BOND_MODE,
  BOND_MODE_8023AD,
  bond_slaves,
  bond_uses_primary,
  slave_dbg,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';

/** The bond takes the slave's address. 0, or the error of who objects. */
export function* bond_set_dev_addr(bond_dev: NetDevice, slave_dev: NetDevice): MaySleep<number> {
  slave_dbg(bond_dev, slave_dev, `bond takes the address, addr_len=${slave_dev.addr_len}`);
  const dev_addr = slave_dev.dev_addr.slice();
  const info = { dev: bond_dev, dev_addr };
  const err = notifier_to_errno(yield* call_netdevice_notifiers_info(NETDEV_PRE_CHANGEADDR, info));
  if (err !== 0) return err;
  bond_dev.dev_addr = dev_addr;
  bond_dev.addr_assign_type = NET_ADDR_STOLEN;
  yield* call_netdevice_notifiers(NETDEV_CHANGEADDR, bond_dev);
  return 0;
}

/** Slaves that carry the bond's filters. */
function* filterSlaves(bond: bonding): Atomic<slave[]> {
  if (!bond_uses_primary(bond)) return bond_slaves(bond);
  const active = yield* bond.curr_active_slave.read();
  return active === null ? [] : [active];
}

/** ndo_change_rx_flags. */
export function* bond_change_rx_flags(bond_dev: NetDevice, change: number): MaySleep<void> {
  const slaves = yield* filterSlaves(netdev_priv<bonding>(bond_dev));
  const by = (flag: number): number => ((bond_dev.flags & flag) === 0 ? -1 : 1);
  for (const { dev } of slaves) {
    if ((change & IFF_PROMISC) !== 0) yield* dev_set_promiscuity(dev, by(IFF_PROMISC));
  }
  for (const { dev } of slaves) {
    if ((change & IFF_ALLMULTI) !== 0) yield* dev_set_allmulti(dev, by(IFF_ALLMULTI));
  }
}

/** ndo_set_rx_mode, under the bond's addr_list_lock. */
export function* bond_set_rx_mode(bond_dev: NetDevice): Atomic<void> {
  const bond = netdev_priv<bonding>(bond_dev);
  const one = bond_uses_primary(bond);
  for (const { dev } of yield* filterSlaves(bond)) {
    yield* one ? dev_uc_sync(dev, bond_dev) : dev_uc_sync_multiple(dev, bond_dev);
    yield* one ? dev_mc_sync(dev, bond_dev) : dev_mc_sync_multiple(dev, bond_dev);
  }
}

/** Takes the bond's addresses off a slave. */
export function* bond_hw_addr_flush(bond: bonding, slave_dev: NetDevice): Atomic<void> {
  yield* dev_uc_unsync(slave_dev, bond.dev);
  yield* dev_mc_unsync(slave_dev, bond.dev);
  if (BOND_MODE(bond) === BOND_MODE_8023AD) yield* dev_mc_del(slave_dev, lacpdu_mcast_addr);
}

/** Moves filters and addresses from the old active slave to the new one. */
export function* bond_hw_addr_swap(
  bond: bonding,
  new_active: slave | null,
  old_active: slave | null,
): MaySleep<void> {
  const { flags } = bond.dev;
  if (old_active !== null) {
    if ((flags & IFF_PROMISC) !== 0) yield* dev_set_promiscuity(old_active.dev, -1);
    if ((flags & IFF_ALLMULTI) !== 0) yield* dev_set_allmulti(old_active.dev, -1);
    if ((flags & IFF_UP) !== 0) yield* bond_hw_addr_flush(bond, old_active.dev);
  }
  if (new_active !== null) {
    if ((flags & IFF_PROMISC) !== 0) yield* dev_set_promiscuity(new_active.dev, 1);
    if ((flags & IFF_ALLMULTI) !== 0) yield* dev_set_allmulti(new_active.dev, 1);
    if ((flags & IFF_UP) === 0) return;
    yield* spin_lock_bh(bond.dev.addr_list_lock);
    yield* dev_uc_sync(new_active.dev, bond.dev);
    yield* dev_mc_sync(new_active.dev, bond.dev);
    yield* spin_unlock_bh(bond.dev.addr_list_lock);
  }
}

/**
 * Modes without primary: a new slave takes over the filters and addresses. 0 or a negative error.
 */
export function* copyFilters(bond: bonding, slave_dev: NetDevice): MaySleep<number> {
  const { flags } = bond.dev;
  if ((flags & IFF_PROMISC) !== 0) {
    const err = yield* dev_set_promiscuity(slave_dev, 1);
    if (err !== 0) return err;
  }
  if ((flags & IFF_ALLMULTI) !== 0) {
    const err = yield* dev_set_allmulti(slave_dev, 1);
    if (err !== 0 && (flags & IFF_PROMISC) !== 0) yield* dev_set_promiscuity(slave_dev, -1);
    if (err !== 0) return err;
  }
  if ((flags & IFF_UP) === 0) return 0;
  yield* spin_lock_bh(bond.dev.addr_list_lock);
  yield* dev_mc_sync_multiple(slave_dev, bond.dev);
  yield* dev_uc_sync_multiple(slave_dev, bond.dev);
  yield* spin_unlock_bh(bond.dev.addr_list_lock);
  if (BOND_MODE(bond) === BOND_MODE_8023AD) yield* dev_mc_add(slave_dev, lacpdu_mcast_addr);
  return 0;
}

/**
 * Modes without primary: a leaving slave gives up what it had when the bond's flags were `flags`.
 */
export function* dropFilters(bond: bonding, slave_dev: NetDevice, flags: number): MaySleep<void> {
  if ((flags & IFF_PROMISC) !== 0) yield* dev_set_promiscuity(slave_dev, -1);
  if ((flags & IFF_ALLMULTI) !== 0) yield* dev_set_allmulti(slave_dev, -1);
  if ((flags & IFF_UP) !== 0) yield* bond_hw_addr_flush(bond, slave_dev);
}
