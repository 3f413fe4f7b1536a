// The bond as a netdev: opening, closing, MTU and address (bond_main.c: bond_open, bond_close,
// bond_change_mtu, bond_set_mac_address; facts/driver 10.11). Under RTNL. Closing cancels the
// bond's works and waits for them: they only try RTNL, so that is no deadlock.

import { EADDRNOTAVAIL } from '#kernel/errno.ts';
import { dev_mc_add } from '#kernel/net/addr-list.ts';
import { dev_set_mac_address, dev_set_mtu } from '#kernel/net/dev.ts';
import { is_valid_ether_addr } from '#kernel/net/eth.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { synchronize_rcu } from '#kernel/rcu.ts';
import { cancel_delayed_work_sync, queue_delayed_work } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { bond_3ad_initiate_agg_selection } from '../bond_3ad/bind.ts';
import { lacpdu_mcast_addr } from '../bond_3ad/lacpdu.ts';
import { bond_3ad_lacpdu_recv } from '../bond_3ad/receive.ts';
import {
  BOND_MODE,
  BOND_MODE_8023AD,
  bond_mode_can_use_xmit_hash,
  bond_slaves,
  bond_uses_primary,
  slave_dbg,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import { bond_set_slave_active_flags, bond_set_slave_inactive_flags } from '../slave-state.ts';
import { bond_rcv_validate } from './arp-probe.ts';
import { keepsOwnAddress } from './enslave.ts';
import { bond_hw_addr_flush } from './hw-addr.ts';
import { bond_update_slave_arr } from './slave-array.ts';

/** Flags of the slaves as the mode wants them. */
function* resetFlags(bond: bonding): MaySleep<void> {
  const active = yield* bond.curr_active_slave.read();
  for (const slave of bond_slaves(bond)) {
    if (bond_uses_primary(bond) && slave !== active) yield* bond_set_slave_inactive_flags(slave);
    else if (BOND_MODE(bond) !== BOND_MODE_8023AD) yield* bond_set_slave_active_flags(slave);
  }
}

/** ndo_open. */
export function* bond_open(bond_dev: NetDevice): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  yield* resetFlags(bond);
  if (bond.params.miimon !== 0) yield* queue_delayed_work(bond.wq, bond.mii_work, 0);
  if (bond.params.arp_interval !== 0) {
    yield* queue_delayed_work(bond.wq, bond.arp_work, 0);
    yield* bond.recv_probe.write(bond_rcv_validate);
  }
  if (BOND_MODE(bond) === BOND_MODE_8023AD) {
    yield* queue_delayed_work(bond.wq, bond.ad_work, 0);
    yield* bond.recv_probe.write(bond_3ad_lacpdu_recv);
    bond_3ad_initiate_agg_selection(bond, 1);
    for (const slave of bond_slaves(bond)) yield* dev_mc_add(slave.dev, lacpdu_mcast_addr);
  }
  if (bond_mode_can_use_xmit_hash(bond)) yield* bond_update_slave_arr(bond, null);
  return 0;
}

/** Cancels every work of the bond and waits for those that run. */
function* bond_work_cancel_all(bond: bonding): MaySleep<void> {
  yield* cancel_delayed_work_sync(bond.mii_work);
  yield* cancel_delayed_work_sync(bond.arp_work);
  yield* cancel_delayed_work_sync(bond.ad_work);
  yield* cancel_delayed_work_sync(bond.mcast_work);
  yield* cancel_delayed_work_sync(bond.slave_arr_work);
}

/** ndo_stop. */
export function* bond_close(bond_dev: NetDevice): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  yield* bond_work_cancel_all(bond);
  yield* bond.send_peer_notif.write(0);
  yield* bond.recv_probe.write(null);
  yield* synchronize_rcu(bond.k);
  if (bond_uses_primary(bond)) {
    const active = yield* bond.curr_active_slave.read();
    if (active !== null) yield* bond_hw_addr_flush(bond, active.dev);
  } else {
    for (const slave of bond_slaves(bond)) yield* bond_hw_addr_flush(bond, slave.dev);
  }
  return 0;
}

/** Sets something on every slave; when one refuses, the earlier ones are set back. */
function* setOnAll(
  bond: bonding,
  set: (dev: NetDevice) => MaySleep<number>,
  undo: (dev: NetDevice) => MaySleep<number>,
): MaySleep<number> {
  const done: slave[] = [];
  for (const slave of bond_slaves(bond)) {
    const err = yield* set(slave.dev);
    if (err !== 0) {
      slave_dbg(bond.dev, slave.dev, `err ${err}`);
      for (const each of done) yield* undo(each.dev);
      return err;
    }
    done.push(slave);
  }
  return 0;
}

/** ndo_change_mtu. */
export function* bond_change_mtu(bond_dev: NetDevice, mtu: number): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  const before = bond_dev.mtu;
  const err = yield* setOnAll(
    bond,
    (dev) => dev_set_mtu(dev, mtu),
    (dev) => dev_set_mtu(dev, before),
  );
  if (err === 0) bond_dev.mtu = mtu;
  return err;
}

/**
 * ndo_set_mac_address; with fail_over_mac in active-backup it does nothing, and that is no error.
 */
export function* bond_set_mac_address(bond_dev: NetDevice, mac: Uint8Array): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  if (keepsOwnAddress(bond)) return 0;
  if (!is_valid_ether_addr(mac)) return -EADDRNOTAVAIL;
  const before = bond_dev.dev_addr.slice();
  const err = yield* setOnAll(
    bond,
    (dev) => dev_set_mac_address(dev, mac.slice()),
    (dev) => dev_set_mac_address(dev, before),
  );
  if (err === 0) bond_dev.dev_addr = mac.slice();
  return err;
}
