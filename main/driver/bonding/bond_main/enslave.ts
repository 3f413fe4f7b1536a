// Taking a slave in (bond_main.c: bond_enslave; facts/driver 5.1, 10.3). Under RTNL. The order of
// the steps is the order of the events that others see: JOIN, MTU, address, UP, CHANGELOWERSTATE,
// CHANGEUPPER, and so on. A step that fails has the earlier ones undone, the youngest first.
// Left out: VLANs on the bond, XDP, netpoll, LRO.

import { ENOMEM } from '#kernel/errno.ts';
import {
  dev_close,
  dev_get_stats,
  dev_open,
  dev_set_mac_address,
  dev_set_mtu,
} from '#kernel/net/dev.ts';
import { eth_hw_addr_random, eth_random_addr } from '#kernel/net/eth.ts';
import { NETDEV_JOIN } from '#kernel/net/events.ts';
import {
  ARPHRD_ETHER,
  IFF_BONDING,
  IFF_NO_ADDRCONF,
  IFF_SLAVE,
  NET_ADDR_RANDOM,
} from '#kernel/net/flags.ts';
import { netif_is_bond_master } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { NetlinkExtack } from '#kernel/net/netlink.ts';
import { call_netdevice_notifiers } from '#kernel/net/notifier.ts';
import { netdev_rx_handler_register, netdev_rx_handler_unregister } from '#kernel/net/receive.ts';
import { ether_addr_equal } from '#kernel/net/skb.ts';
import { netdev_master_upper_dev_link, netdev_upper_dev_unlink } from '#kernel/net/upper.ts';
import { synchronize_rcu } from '#kernel/rcu.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { MaySleep } from '#sim/task.ts';
import { SLAVE_AD_INFO } from '../bond_3ad/ad.ts';
import { bond_3ad_bind_slave, bond_3ad_initialize } from '../bond_3ad/bind.ts';
import { bond_sysfs_slave_add, bond_sysfs_slave_del } from '../bond_sysfs_slave.ts';
import {
  BOND_FOM_FOLLOW,
  bond_has_slaves,
  bond_is_active_slave,
  bond_is_lb,
  BOND_LINK_BACK,
  BOND_LINK_DOWN,
  BOND_LINK_UP,
  BOND_MODE,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  BOND_MODE_BROADCAST,
  bond_mode_can_use_xmit_hash,
  bond_slaves,
  bond_uses_primary,
  slave_dbg,
  slave_err,
  slave_info,
  slave_warn,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import {
  bond_set_active_slave,
  bond_set_slave_inactive_flags,
  bond_set_slave_link_state,
} from '../slave-state.ts';
import { bond_check_dev_link, bond_set_carrier, bond_update_speed_duplex } from './carrier.ts';
import { adaptType, bond_ether_setup, checkAddress, checkCandidate } from './enslave-checks.ts';
import type { Candidate } from './enslave-checks.ts';
import { bond_change_active_slave, bond_select_active_slave } from './failover.ts';
import { bond_compute_features } from './features.ts';
import { bond_set_dev_addr, copyFilters } from './hw-addr.ts';
import { bond_lag_upper_info } from './lag-info.ts';
import { bond_lower_state_changed, bond_queue_slave_event } from './notify.ts';
import { bond_handle_frame } from './receive.ts';
import { bond_alloc_slave, kobject_put } from './slave.ts';
import { bond_update_slave_arr } from './slave-array.ts';
import { tellActive, tellSlave } from './told.ts';

/** Steps that have been done, to be undone in reverse when a later one fails. */
type Undo = (() => MaySleep<void>)[];

/** The slave keeps an address of its own: fail_over_mac in active-backup. */
export const keepsOwnAddress = (bond: bonding): boolean =>
  bond.params.fail_over_mac !== 0 && BOND_MODE(bond) === BOND_MODE_ACTIVEBACKUP;

/** Address that the new slave gets, or null for its own. */
function addressFor(bond: bonding, slave_dev: NetDevice): Uint8Array | null {
  if (!keepsOwnAddress(bond)) return bond.dev.dev_addr.slice();
  const follow = bond.k.is612 && bond.params.fail_over_mac === BOND_FOM_FOLLOW;
  const same = ether_addr_equal(slave_dev.dev_addr, 0, bond.dev.dev_addr);
  return follow && bond_has_slaves(bond) && same ? eth_random_addr(bond.k) : null;
}

/** MTU and address of the bond. 0 or a negative error. */
function* adoptSettings(slave: slave, undo: Undo): MaySleep<number> {
  const { bond, dev: slave_dev } = slave;
  let err = yield* dev_set_mtu(slave_dev, bond.dev.mtu);
  if (err !== 0) {
    slave_err(bond.dev, slave_dev, `Error ${err} calling dev_set_mtu`);
    return err;
  }
  undo.push(function* restoreMtu() {
    yield* dev_set_mtu(slave_dev, slave.original_mtu);
  });
  const address = addressFor(bond, slave_dev);
  if (address !== null) err = yield* dev_set_mac_address(slave_dev, address);
  if (err !== 0) {
    slave_err(bond.dev, slave_dev, `Error ${err} calling set_mac_address`);
    return err;
  }
  undo.push(function* restoreAddress() {
    markSlave(slave_dev, false);
    slave_dev.flags &= ~IFF_SLAVE;
    if (!keepsOwnAddress(bond)) yield* dev_set_mac_address(slave_dev, slave.perm_hwaddr);
  });
  return 0;
}

/** Keeps IPv6 from giving the slave an address: by IFF_SLAVE, in 6.12 by a flag of its own. */
function markSlave(slave_dev: NetDevice, on: boolean): void {
  if (slave_dev.k.is612) {
    if (on) slave_dev.priv_flags |= IFF_NO_ADDRCONF;
    else slave_dev.priv_flags &= ~IFF_NO_ADDRCONF;
  } else if (on) slave_dev.flags |= IFF_SLAVE;
  else slave_dev.flags &= ~IFF_SLAVE;
}

/** Opens the slave. 0 or a negative error. */
function* openSlave(slave: slave, undo: Undo): MaySleep<number> {
  const { bond, dev: slave_dev } = slave;
  markSlave(slave_dev, true);
  const err = yield* dev_open(slave_dev);
  if (err !== 0) {
    slave_err(bond.dev, slave_dev, 'Opening slave failed');
    return err;
  }
  slave_dev.priv_flags |= IFF_BONDING;
  slave.slave_stats = { ...(yield* dev_get_stats(slave_dev)) };
  undo.push(function* closeSlave() {
    if (!netif_is_bond_master(slave_dev)) slave_dev.priv_flags &= ~IFF_BONDING;
    yield* dev_close(slave_dev);
  });
  return 0;
}

/** Without carrier bits the monitor needs the driver's help. */
function warnAboutMonitor(slave: slave): void {
  const { bond, dev: slave_dev } = slave;
  const { miimon, use_carrier, arp_interval } = bond.params;
  if (miimon === 0 || use_carrier !== 0 || slave_dev.ethtool_ops.get_link !== undefined) return;
  const text =
    arp_interval === 0
      ? 'MII and ETHTOOL support not available for slave, and arp_interval/arp_ip_target module ' +
        'parameters not specified, thus bonding will not detect link failures! see bonding.txt ' +
        'for details'
      : "can't get link status from slave; the network driver associated with this interface " +
        'does not support MII or ETHTOOL link status reporting, thus miimon has no effect on ' +
        'this interface';
  slave_warn(bond.dev, slave_dev, text);
}

/** The link that the slave starts with; CHANGELOWERSTATE. */
function* initialLink(slave: slave): MaySleep<void> {
  const { bond } = slave;
  const { miimon, updelay, arp_interval } = bond.params;
  yield* bond_update_speed_duplex(slave);
  warnAboutMonitor(slave);
  const up = bond_check_dev_link(bond, slave);
  let link = BOND_LINK_UP;
  if (miimon > 0 && up && updelay > 0) {
    link = BOND_LINK_BACK;
    slave.delay = updelay;
  } else if ((miimon > 0 || arp_interval > 0) && !up) link = BOND_LINK_DOWN;
  yield* bond_set_slave_link_state(slave, link);
  if (link !== BOND_LINK_DOWN) slave.last_link_up = bond.k.jiffies;
  const words = link === BOND_LINK_DOWN ? 'DOWN' : link === BOND_LINK_UP ? 'UP' : 'BACK';
  slave_dbg(bond.dev, slave.dev, `Initial state of slave is BOND_LINK_${words}`);
}

/** What the mode makes of a new slave: active or backup. */
function* initialState(slave: slave): MaySleep<void> {
  const { bond } = slave;
  const mode = BOND_MODE(bond);
  if (bond_uses_primary(bond) && bond.params.primary === slave.dev.name) {
    yield* bond.primary_slave.write(slave);
    bond.force_primary = true;
  }
  if (mode === BOND_MODE_ACTIVEBACKUP) {
    yield* bond_set_slave_inactive_flags(slave);
  } else if (mode === BOND_MODE_8023AD) {
    yield* bond_set_slave_inactive_flags(slave);
    const previous = bond_slaves(bond).at(-1);
    SLAVE_AD_INFO(slave).id = previous === undefined ? 1 : SLAVE_AD_INFO(previous).id + 1;
    if (previous === undefined) bond_3ad_initialize(bond);
    yield* bond_3ad_bind_slave(slave);
  } else if (bond_is_lb(bond)) {
    yield* bond_set_active_slave(slave);
    yield* bond_set_slave_inactive_flags(slave);
  } else {
    slave_dbg(bond.dev, slave.dev, 'This slave is always active in trunk mode');
    yield* bond_set_active_slave(slave);
    const first = (yield* bond.curr_active_slave.read()) === null;
    if (first && (yield* slave.link.read()) === BOND_LINK_UP) {
      yield* bond.curr_active_slave.write(slave);
      tellActive(bond, slave);
    }
  }
}

/** The bond forgets that it may have chosen a slave that did not make it. */
function* forgetChoice(slave: slave): MaySleep<void> {
  const { bond } = slave;
  if ((yield* bond.primary_slave.read()) === slave) yield* bond.primary_slave.write(null);
  if ((yield* bond.curr_active_slave.read()) === slave) {
    yield* bond_change_active_slave(bond, null);
    yield* bond_select_active_slave(bond);
  }
  yield* synchronize_rcu(bond.k);
}

/** Frames go to the bond, and the bond is the slave's master: PRECHANGEUPPER, CHANGEUPPER. */
function* linkToBond(slave: slave, undo: Undo): MaySleep<number> {
  const { bond, dev: slave_dev } = slave;
  undo.push(() => forgetChoice(slave));
  let err = netdev_rx_handler_register(slave_dev, bond_handle_frame, slave);
  if (err !== 0) {
    slave_dbg(bond.dev, slave_dev, `Error ${err} calling netdev_rx_handler_register`);
    return err;
  }
  undo.push(() => netdev_rx_handler_unregister(slave_dev));
  err = yield* netdev_master_upper_dev_link(slave_dev, bond.dev, slave, bond_lag_upper_info(bond));
  if (err !== 0) {
    slave_dbg(bond.dev, slave_dev, `Error ${err} calling bond_master_upper_dev_link`);
    return err;
  }
  slave_dev.flags |= IFF_SLAVE;
  tellSlave(slave, true);
  undo.push(() => bond_upper_dev_unlink(slave));
  yield* bond_lower_state_changed(slave);
  err = bond_sysfs_slave_add(slave);
  if (err !== 0) return err;
  undo.push(() => bond_sysfs_slave_del(slave));
  return bond_uses_primary(bond) ? 0 : yield* copyFilters(bond, slave_dev);
}

/** Parts slave and bond. */
export function* bond_upper_dev_unlink(slave: slave): MaySleep<void> {
  yield* netdev_upper_dev_unlink(slave.dev, slave.bond.dev);
  slave.dev.flags &= ~IFF_SLAVE;
  tellSlave(slave, false);
}

/** The slave counts from now on. */
function* countIn(slave: slave): MaySleep<void> {
  const { bond } = slave;
  bond.slave_cnt++;
  yield* bond_compute_features(bond);
  yield* bond_set_carrier(bond);
  if (bond_uses_primary(bond)) yield* bond_select_active_slave(bond);
  if (bond_mode_can_use_xmit_hash(bond) || BOND_MODE(bond) === BOND_MODE_BROADCAST) {
    yield* bond_update_slave_arr(bond, null);
  }
  const role = (yield* bond_is_active_slave(slave)) ? 'an active' : 'a backup';
  const link = (yield* slave.link.read()) === BOND_LINK_DOWN ? 'a down' : 'an up';
  slave_info(bond.dev, slave.dev, `Enslaving as ${role} interface with ${link} link`);
  yield* bond_queue_slave_event(slave);
}

/** From the new slave's memory to its place in the bond. 0 or a negative error. */
function* joinBond(slave: slave, undo: Undo): MaySleep<number> {
  let err = yield* adoptSettings(slave, undo);
  if (err === 0) err = yield* openSlave(slave, undo);
  if (err !== 0) return err;
  yield* initialLink(slave);
  yield* initialState(slave);
  err = yield* linkToBond(slave, undo);
  if (err === 0) yield* countIn(slave);
  return err;
}

/** The first slave did not make it: the bond must not keep its address or type. */
function* forgetFirst(bond: bonding, slave_dev: NetDevice): MaySleep<void> {
  if (bond_has_slaves(bond)) return;
  if (ether_addr_equal(bond.dev.dev_addr, 0, slave_dev.dev_addr)) eth_hw_addr_random(bond.dev);
  if (bond.dev.type === ARPHRD_ETHER) return;
  yield* dev_close(bond.dev);
  bond_ether_setup(bond.dev);
}

/** Checks, JOIN, and the memory of the slave. A negative error, or the slave. */
function* prepareSlave(who: Candidate): MaySleep<slave | number> {
  const { bond, slave_dev } = who;
  const err = checkAddress(who);
  if (err !== 0) return err;
  yield* call_netdevice_notifiers(NETDEV_JOIN, slave_dev);
  if (!bond_has_slaves(bond) && bond.dev.addr_assign_type === NET_ADDR_RANDOM) {
    const refused = yield* bond_set_dev_addr(bond.dev, slave_dev);
    if (refused !== 0) return refused;
  }
  return bond_alloc_slave(bond, slave_dev) ?? -ENOMEM;
}

/** Makes `slave_dev` a slave of the bond. 0 or a negative error. */
export function* bond_enslave(
  bond_dev: NetDevice,
  slave_dev: NetDevice,
  extack: NetlinkExtack | null,
): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  const who: Candidate = { bond, slave_dev, extack };
  let err = checkCandidate(who);
  if (err === 0) err = yield* adaptType(who);
  if (err !== 0) return err;
  const slave = yield* prepareSlave(who);
  if (typeof slave === 'number') {
    yield* forgetFirst(bond, slave_dev);
    return slave;
  }
  const undo: Undo = [() => kobject_put(slave)];
  err = yield* joinBond(slave, undo);
  if (err === 0) return 0;
  for (const step of undo.toReversed()) yield* step();
  yield* forgetFirst(bond, slave_dev);
  return err;
}
