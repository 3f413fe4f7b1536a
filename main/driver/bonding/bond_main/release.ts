// Letting a slave go (bond_main.c: __bond_release_one; facts/driver 5.1, 10.4). Under RTNL. The
// order of the steps is the order of the events that others see; mlx4_en reacts to each of them.
// Left out: VLANs, XDP.

import { EINVAL } from '#kernel/errno.ts';
import { dev_close, dev_set_mac_address, dev_set_mtu } from '#kernel/net/dev.ts';
import { __dev_set_mtu } from '#kernel/net/dev-config.ts';
import { eth_hw_addr_random } from '#kernel/net/eth.ts';
import { NETDEV_CHANGEADDR, NETDEV_RELEASE } from '#kernel/net/events.ts';
import { IFF_BONDING, IFF_NO_ADDRCONF, IFF_SLAVE } from '#kernel/net/flags.ts';
import { formatMacAt } from '#bus/mac.ts';
import { netdev_priv, netif_is_bond_master } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netdev_info } from '#kernel/net/netdev-log.ts';
import { call_netdevice_notifiers } from '#kernel/net/notifier.ts';
import { netdev_rx_handler_unregister } from '#kernel/net/receive.ts';
import { ether_addr_equal } from '#kernel/net/skb.ts';
import { unregister_netdevice } from '#kernel/net/unregister.ts';
import { synchronize_rcu } from '#kernel/rcu.ts';
import type { MaySleep } from '#sim/task.ts';
import { bond_3ad_unbind_slave } from '../bond_3ad/bind.ts';
import { bond_remove_proc_entry } from '../bond_procfs.ts';
import { bond_sysfs_slave_del } from '../bond_sysfs_slave.ts';
import {
  BOND_FOM_ACTIVE,
  bond_get_slave_by_dev,
  bond_has_slaves,
  bond_is_active_slave,
  BOND_MODE,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  BOND_MODE_BROADCAST,
  bond_mode_can_use_xmit_hash,
  bond_uses_primary,
  slave_dbg,
  slave_info,
  slave_warn,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import { bond_set_slave_inactive_flags } from '../slave-state.ts';
import { bond_set_carrier } from './carrier.ts';
import { bond_upper_dev_unlink } from './enslave.ts';
import { bond_change_active_slave, bond_select_active_slave } from './failover.ts';
import { bond_compute_features } from './features.ts';
import { dropFilters } from './hw-addr.ts';
import { kobject_put } from './slave.ts';
import { bond_update_slave_arr } from './slave-array.ts';
import { bond_get_stats } from './stats.ts';
import { tellActive } from './told.ts';

/** The slave kept its own address all the time. */
const keptAddress = (bond: bonding): boolean =>
  bond.params.fail_over_mac === BOND_FOM_ACTIVE && BOND_MODE(bond) === BOND_MODE_ACTIVEBACKUP;

/** No more traffic over the slave, and no more bond above it: CHANGEUPPER. */
function* cutOff(slave: slave): MaySleep<void> {
  const { bond, dev: slave_dev } = slave;
  yield* bond_set_slave_inactive_flags(slave);
  yield* bond_sysfs_slave_del(slave);
  yield* bond_get_stats(bond.dev);
  yield* netdev_rx_handler_unregister(slave_dev);
  if (BOND_MODE(bond) === BOND_MODE_8023AD) yield* bond_3ad_unbind_slave(slave);
  yield* bond_upper_dev_unlink(slave);
  if (bond_mode_can_use_xmit_hash(bond) || BOND_MODE(bond) === BOND_MODE_BROADCAST) {
    yield* bond_update_slave_arr(bond, slave);
  }
  const role = (yield* bond_is_active_slave(slave)) ? 'active' : 'backup';
  slave_info(bond.dev, slave_dev, `Releasing ${role} interface`);
}

/** The bond goes on using the address of a slave that is leaving. */
function warnAboutAddress(slave: slave): void {
  const { bond } = slave;
  const inUse = ether_addr_equal(bond.dev.dev_addr, 0, slave.perm_hwaddr);
  if (keptAddress(bond) || !inUse || !bond_has_slaves(bond)) return;
  const which = `the permanent HWaddr of slave - ${formatMacAt(slave.perm_hwaddr)}`;
  const advice = 'set the HWaddr of slave to a different address to avoid conflicts';
  slave_warn(bond.dev, slave.dev, `${which} - is still in use by bond - ${advice}`);
}

/** Another slave takes its place; with the last one the bond loses address and carrier. */
function* replaceSlave(slave: slave, all: boolean): MaySleep<void> {
  const { bond } = slave;
  const wasActive = (yield* bond.curr_active_slave.read()) === slave;
  yield* bond.current_arp_slave.write(null);
  if (!all) warnAboutAddress(slave);
  if ((yield* bond.primary_slave.read()) === slave) yield* bond.primary_slave.write(null);
  if (wasActive) yield* bond_change_active_slave(bond, null);
  if (all) {
    yield* bond.curr_active_slave.write(null);
    tellActive(bond, null);
  } else if (wasActive) yield* bond_select_active_slave(bond);
  yield* bond_set_carrier(bond);
  if (!bond_has_slaves(bond)) eth_hw_addr_random(bond.dev);
  yield* synchronize_rcu(bond.k);
  bond.slave_cnt--;
  if (bond_has_slaves(bond)) return;
  yield* call_netdevice_notifiers(NETDEV_CHANGEADDR, bond.dev);
  yield* call_netdevice_notifiers(NETDEV_RELEASE, bond.dev);
}

/** Closes the netdev and gives it back its address and MTU. */
function* restoreNetdev(slave: slave, unregister: boolean): MaySleep<void> {
  const { bond, dev: slave_dev } = slave;
  yield* dev_close(slave_dev);
  slave_dev.priv_flags &= ~IFF_NO_ADDRCONF;
  if (!keptAddress(bond)) yield* dev_set_mac_address(slave_dev, slave.perm_hwaddr);
  if (unregister) yield* __dev_set_mtu(slave_dev, slave.original_mtu);
  else yield* dev_set_mtu(slave_dev, slave.original_mtu);
  if (!netif_is_bond_master(slave_dev)) slave_dev.priv_flags &= ~IFF_BONDING;
}

/**
 * Lets one slave go. `all`: the bond itself is going, so nobody takes its place. `unregister`: the
 * netdev is going, so its MTU is restored without telling anybody.
 */
export function* __bond_release_one(
  bond_dev: NetDevice,
  slave_dev: NetDevice,
  all: boolean,
  unregister: boolean,
): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  const flags = bond_dev.flags;
  const above = slave_dev.upper.some((adjacent) => adjacent.dev === bond_dev);
  if ((slave_dev.flags & IFF_SLAVE) === 0 || !above) {
    slave_dbg(bond_dev, slave_dev, 'cannot release slave');
    return -EINVAL;
  }
  const slave = bond_get_slave_by_dev(bond, slave_dev);
  if (slave === undefined) {
    slave_info(bond_dev, slave_dev, 'interface not enslaved');
    return -EINVAL;
  }
  yield* cutOff(slave);
  yield* replaceSlave(slave, all);
  yield* bond_compute_features(bond);
  if (!bond_uses_primary(bond)) yield* dropFilters(bond, slave_dev, flags);
  yield* restoreNetdev(slave, unregister);
  yield* kobject_put(slave);
  return 0;
}

/** Lets one slave go, on request. */
export function* bond_release(bond_dev: NetDevice, slave_dev: NetDevice): MaySleep<number> {
  return yield* __bond_release_one(bond_dev, slave_dev, false, false);
}

/** For bonds of other types than Ethernet: with its last slave the bond goes as well. */
export function* bond_release_and_destroy(
  bond_dev: NetDevice,
  slave_dev: NetDevice,
): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  const err = yield* __bond_release_one(bond_dev, slave_dev, false, true);
  if (err === 0 && !bond_has_slaves(bond) && bond_dev.reg_state !== 'unregistering') {
    netdev_info(bond_dev, 'Destroying bond');
    bond_remove_proc_entry(bond);
    yield* unregister_netdevice(bond_dev);
  }
  return err;
}
