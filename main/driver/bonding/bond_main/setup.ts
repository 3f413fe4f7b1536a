// Making and unmaking a bond (bond_main.c: bond_setup, bond_init, bond_create, bond_uninit,
// bond_destructor; facts/driver 1.8, 10.2). The bond's workqueue is named after it, ordered, and
// made when it is registered.

import { spin_lock_init } from '#kernel/locking/spinlock.ts';
import { dev_get_valid_name } from '#kernel/net/dev-name.ts';
import { netif_carrier_off } from '#kernel/net/linkwatch.ts';
import {
  IFF_BONDING,
  IFF_MASTER,
  IFF_NO_QUEUE,
  IFF_UNICAST_FLT,
  NET_ADDR_PERM,
  NETIF_F_HW_VLAN_CTAG_TX,
  NETIF_F_LLTX,
} from '#kernel/net/flags.ts';
import { alloc_etherdev_mqs, netdev_priv, zeroStats } from '#kernel/net/netdevice.ts';
import type { NetDevice, NetDeviceOps } from '#kernel/net/netdevice.ts';
import { netdev_info } from '#kernel/net/netdev-log.ts';
import { register_netdevice } from '#kernel/net/register.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import type { RtnlLinkOps } from '#kernel/net/rtnl-link-ops.ts';
import { free_netdev } from '#kernel/net/unregister.ts';
import {
  create_singlethread_workqueue,
  destroy_workqueue,
  INIT_DELAYED_WORK,
} from '#kernel/workqueue.ts';
import type { DelayedWork, Workqueue } from '#kernel/workqueue.ts';
import { Shared } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { newAdBondInfo } from '../bond_3ad/bind.ts';
import { bond_3ad_state_machine_handler } from '../bond_3ad/handler.ts';
import { bond_slaves, DRV_NAME } from '../bonding.ts';
import type { bonding, bonding_module } from '../bonding.ts';
import { bonding_group } from '../bond_sysfs.ts';
import { bond_arp_monitor } from './arp-monitor.ts';
import { bond_change_mtu, bond_close, bond_open, bond_set_mac_address } from './device.ts';
import { bond_enslave } from './enslave.ts';
import { bond_ethtool_ops } from './ethtool.ts';
import { bond_resend_igmp_join_requests_delayed } from './failover.ts';
import { bond_fix_features, BOND_VLAN_FEATURES } from './features.ts';
import { bond_change_rx_flags, bond_set_rx_mode } from './hw-addr.ts';
import { eth_hw_addr_random } from '#kernel/net/eth.ts';
import { bond_mii_monitor } from './miimon.ts';
import { __bond_release_one, bond_release } from './release.ts';
import { bond_slave_arr_handler } from './slave-array.ts';
import { tellMode } from './told.ts';
import { bond_get_stats } from './stats.ts';
import { bond_select_queue, bond_start_xmit } from './xmit.ts';

/** Longest MTU of a bond; its slaves are asked as well. */
const ETH_MAX_MTU = 65535;

/** ndo_init. */
function* bond_init(bond_dev: NetDevice): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  bond.wq = create_singlethread_workqueue(bond.k, bond_dev.name, bond_dev.name);
  bond.notifier_ctx = false;
  bond.module.dev_list.push(bond);
  bond_dev.sysfs_groups = [bonding_group];
  const zero = bond_dev.dev_addr.every((byte) => byte === 0);
  if (zero && bond_dev.addr_assign_type === NET_ADDR_PERM) eth_hw_addr_random(bond_dev);
  return 0;
}

/** ndo_uninit: the bond is going, and its slaves become free. */
function* bond_uninit(bond_dev: NetDevice): MaySleep<void> {
  const bond = netdev_priv<bonding>(bond_dev);
  for (const slave of bond_slaves(bond)) {
    yield* __bond_release_one(bond_dev, slave.dev, true, true);
  }
  netdev_info(bond_dev, 'Released all slaves');
  yield* bond.usable_slaves.write(null);
  yield* bond.all_slaves.write(null);
  const { dev_list } = bond.module;
  dev_list.splice(dev_list.indexOf(bond), 1);
}

/** priv_destructor: nobody refers to the bond any more. */
function* bond_destructor(bond_dev: NetDevice): MaySleep<void> {
  const wq = netdev_priv<bonding>(bond_dev).wq as Workqueue | undefined;
  if (wq !== undefined) yield* destroy_workqueue(wq);
}

const bond_netdev_ops: NetDeviceOps = {
  ndo_init: bond_init,
  ndo_uninit: bond_uninit,
  ndo_open: bond_open,
  ndo_stop: bond_close,
  ndo_start_xmit: bond_start_xmit,
  ndo_select_queue: bond_select_queue,
  ndo_get_stats: bond_get_stats,
  ndo_change_rx_flags: bond_change_rx_flags,
  ndo_set_rx_mode: bond_set_rx_mode,
  ndo_change_mtu: bond_change_mtu,
  ndo_set_mac_address: bond_set_mac_address,
  ndo_fix_features: bond_fix_features,
  ndo_add_slave: bond_enslave,
  ndo_del_slave: bond_release,
};

/** The bond's part of the device, named as it is going to be; queue and works come later. */
function newBonding(state: bonding_module, dev: NetDevice): bonding {
  const { k } = state;
  const found = dev_get_valid_name(k, dev.name);
  const label = typeof found === 'number' ? dev.name : found;
  const cell = <T>(name: string, value: T): Shared<T> =>
    new Shared(k.sim, `bond->${name}(${label})`, value);
  return {
    k,
    module: state,
    dev,
    curr_active_slave: cell<bonding['curr_active_slave']['peek']>('curr_active_slave', null),
    current_arp_slave: cell<bonding['current_arp_slave']['peek']>('current_arp_slave', null),
    primary_slave: cell<bonding['primary_slave']['peek']>('primary_slave', null),
    usable_slaves: cell<bonding['usable_slaves']['peek']>('usable_slaves', null),
    all_slaves: cell<bonding['all_slaves']['peek']>('all_slaves', null),
    force_primary: false,
    notifier_ctx: false,
    slave_cnt: 0,
    recv_probe: cell<bonding['recv_probe']['peek']>('recv_probe', null),
    mode_lock: spin_lock_init(k, `mode_lock(${label})`),
    stats_lock: spin_lock_init(k, `stats_lock(${label})`),
    send_peer_notif: cell('send_peer_notif', 0),
    igmp_retrans: 0,
    proc_file_name: '',
    rr_tx_counter: 0,
    ad_info: newAdBondInfo(),
    params: { ...state.bonding_defaults },
    bond_stats: zeroStats(),
  } satisfies Partial<bonding> as bonding;
}

/** A bond that is not registered; `name` may be a pattern. */
export function bond_setup(state: bonding_module, name: string): NetDevice {
  const dev = alloc_etherdev_mqs(state.k, name, state.tx_queues);
  dev.ops = bond_netdev_ops;
  dev.ethtool_ops = bond_ethtool_ops;
  dev.kind = 'bond';
  dev.max_mtu = ETH_MAX_MTU;
  dev.needs_free_netdev = true;
  dev.priv_destructor = bond_destructor;
  dev.flags |= IFF_MASTER;
  dev.priv_flags |= IFF_BONDING | IFF_UNICAST_FLT | IFF_NO_QUEUE;
  dev.hw_features = BOND_VLAN_FEATURES;
  dev.features |= BOND_VLAN_FEATURES | NETIF_F_HW_VLAN_CTAG_TX | NETIF_F_LLTX;
  dev.priv = newBonding(state, dev);
  return dev;
}

/** Gives the bond its works, when it is registered. */
export function bond_work_init_all(bond: bonding): void {
  const { k } = bond;
  const work = (name: string, fn: (bond: bonding) => MaySleep<void>): DelayedWork =>
    INIT_DELAYED_WORK(k, `${name}(${bond.dev.name})`, () => fn(bond), { module: DRV_NAME });
  bond.mcast_work = work(
    'bond_resend_igmp_join_requests_delayed',
    bond_resend_igmp_join_requests_delayed,
  );
  bond.mii_work = work('bond_mii_monitor', bond_mii_monitor);
  bond.arp_work = work('bond_arp_monitor', bond_arp_monitor);
  bond.ad_work = work('bond_3ad_state_machine_handler', bond_3ad_state_machine_handler);
  bond.slave_arr_work = work('bond_slave_arr_handler', bond_slave_arr_handler);
}

/** Registers a bond and makes it ready. RTNL is held. 0 or a negative error. */
export function* registerBond(dev: NetDevice): MaySleep<number> {
  const err = yield* register_netdevice(dev);
  if (err < 0) return err;
  tellMode(netdev_priv<bonding>(dev));
  yield* netif_carrier_off(dev);
  bond_work_init_all(netdev_priv<bonding>(dev));
  return 0;
}

/** Makes a bond; without a name it gets the next `bond%d`. Takes RTNL. 0 or a negative error. */
export function* bond_create(
  state: bonding_module,
  name: string | null,
  ops: RtnlLinkOps,
): MaySleep<number> {
  const { k } = state;
  yield* rtnl_lock(k);
  const dev = bond_setup(state, name ?? 'bond%d');
  dev.rtnl_link_ops = ops;
  const err = yield* registerBond(dev);
  if (err < 0) yield* free_netdev(dev);
  yield* rtnl_unlock(k);
  return err;
}
