// Which frames the port takes: own addresses, multicast, promiscuous (en_netdev.c:
// mlx4_en_set_rx_mode, mlx4_en_do_set_rx_mode and what it calls; facts/device 11.7 step 16). The
// ndo only queues a work, as it runs under addr_list_lock; the work takes state_lock.
// Left out: device-managed steering (the card refuses it).

import { broadcastMac, readMac } from '#bus/mac.ts';
import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { IFF_ALLMULTI, IFF_PROMISC, IFF_UNICAST_FLT } from '#kernel/net/flags.ts';
import { netif_carrier_on } from '#kernel/net/linkwatch.ts';
import { netdev_priv, netif_carrier_ok } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { queue_work } from '#kernel/workqueue.ts';
import { MLX4_MCAST_CONFIG, MLX4_MCAST_DISABLE, MLX4_MCAST_ENABLE } from '#prm/port.ts';
import {
  ethernetGid,
  MLX4_PROT_ETH,
  MLX4_STEERING_MODE_A0,
  MLX4_STEERING_MODE_B0,
} from '#prm/steering.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import {
  mlx4_multicast_attach,
  mlx4_multicast_detach,
  mlx4_multicast_promisc_add,
  mlx4_multicast_promisc_remove,
  mlx4_unicast_promisc_add,
  mlx4_unicast_promisc_remove,
} from '../../mlx4_core/mcg.ts';
import {
  mlx4_register_mac,
  mlx4_SET_MCAST_FLTR,
  mlx4_SET_PORT_qpn_calc,
  mlx4_unregister_mac,
} from '../../mlx4_core/port.ts';
import { mlx4_en_QUERY_PORT } from '../en_port.ts';
import { mlx4_en_uc_steer_add, mlx4_en_uc_steer_release } from '../en_rss.ts';
import {
  en_dbg,
  en_err,
  en_warn,
  macText,
  MLX4_EN_FLAG_FORCE_PROMISC,
  MLX4_EN_FLAG_MC_PROMISC,
  MLX4_EN_FLAG_PROMISC,
} from '../mlx4_en.ts';
import type { mlx4_en_mc_list, mlx4_en_priv } from '../mlx4_en.ts';

/** ndo_set_rx_mode, under addr_list_lock. */
export function* mlx4_en_set_rx_mode(dev: NetDevice): Atomic<void> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  if (!(yield* priv.port_up.read())) return;
  yield* queue_work(priv.mdev.workqueue, priv.rx_mode_task);
}

/** The 16 bytes that stand for a multicast MAC of this port. */
export const multicastGid = (priv: mlx4_en_priv, mac: number): Uint8Array =>
  ethernetGid.make({ port: priv.port, mac_h: Math.floor(mac / 2 ** 32), mac_l: mac % 2 ** 32 });

export function* attachMulticast(priv: mlx4_en_priv, mac: number): MaySleep<number> {
  const gid = multicastGid(priv, mac);
  const qp = priv.rss_map.indir_qp!;
  return yield* mlx4_multicast_attach(priv.mdev.dev, qp, gid, priv.port, false, MLX4_PROT_ETH);
}

export function* detachMulticast(priv: mlx4_en_priv, mac: number): MaySleep<number> {
  const gid = multicastGid(priv, mac);
  return yield* mlx4_multicast_detach(priv.mdev.dev, priv.rss_map.indir_qp!, gid, MLX4_PROT_ETH);
}

/** Sets one entry or the mode of the multicast filter; complains on error. */
function* multicastFilter(
  priv: mlx4_en_priv,
  mac: number,
  clear: boolean,
  mode: number,
  complaint: string,
): MaySleep<void> {
  const err = yield* mlx4_SET_MCAST_FLTR(priv.mdev.dev, priv.port, mac, clear, mode);
  if (err !== 0 && complaint !== '') en_err(priv, complaint);
}

function* addMulticastPromisc(priv: mlx4_en_priv): MaySleep<void> {
  const { dev } = priv.mdev;
  if ((priv.flags & MLX4_EN_FLAG_MC_PROMISC) !== 0) return;
  if (dev.caps.steering_mode === MLX4_STEERING_MODE_B0) {
    const err = yield* mlx4_multicast_promisc_add(dev, priv.base_qpn, priv.port);
    if (err !== 0) en_err(priv, 'Failed enabling multicast promiscuous mode');
  }
  priv.flags |= MLX4_EN_FLAG_MC_PROMISC;
}

export function* removeMulticastPromisc(priv: mlx4_en_priv): MaySleep<void> {
  const { dev } = priv.mdev;
  if ((priv.flags & MLX4_EN_FLAG_MC_PROMISC) === 0) return;
  if (dev.caps.steering_mode === MLX4_STEERING_MODE_B0) {
    const err = yield* mlx4_multicast_promisc_remove(dev, priv.base_qpn, priv.port);
    if (err !== 0) en_err(priv, 'Failed disabling multicast promiscuous mode');
  }
  priv.flags &= ~MLX4_EN_FLAG_MC_PROMISC;
}

function* mlx4_en_set_promisc_mode(priv: mlx4_en_priv): MaySleep<void> {
  if ((priv.flags & MLX4_EN_FLAG_PROMISC) !== 0) return;
  const { dev } = priv.mdev;
  priv.flags |= MLX4_EN_FLAG_PROMISC;
  if (dev.caps.steering_mode === MLX4_STEERING_MODE_A0) {
    const err = yield* mlx4_SET_PORT_qpn_calc(dev, priv.port, priv.base_qpn, true);
    if (err !== 0) en_err(priv, 'Failed enabling promiscuous mode');
  } else {
    const err = yield* mlx4_unicast_promisc_add(dev, priv.base_qpn, priv.port);
    if (err !== 0) en_err(priv, 'Failed enabling unicast promiscuous mode');
    yield* addMulticastPromisc(priv);
  }
  const complaint = 'Failed disabling multicast filter';
  yield* multicastFilter(priv, 0, false, MLX4_MCAST_DISABLE, complaint);
}

export function* mlx4_en_clear_promisc_mode(priv: mlx4_en_priv): MaySleep<void> {
  const { dev } = priv.mdev;
  priv.flags &= ~MLX4_EN_FLAG_PROMISC;
  if (dev.caps.steering_mode === MLX4_STEERING_MODE_A0) {
    const err = yield* mlx4_SET_PORT_qpn_calc(dev, priv.port, priv.base_qpn, false);
    if (err !== 0) en_err(priv, 'Failed disabling promiscuous mode');
    return;
  }
  const err = yield* mlx4_unicast_promisc_remove(dev, priv.base_qpn, priv.port);
  if (err !== 0) en_err(priv, 'Failed disabling unicast promiscuous mode');
  yield* removeMulticastPromisc(priv);
}

/** What is to be attached and detached, from the list in the card and the wanted one. */
export function updateMulticastList(
  current: readonly mlx4_en_mc_list[],
  wanted: readonly number[],
): mlx4_en_mc_list[] {
  const kept = current.map((entry): mlx4_en_mc_list => {
    const action = wanted.includes(entry.mac) ? 'none' : 'remove';
    return { mac: entry.mac, action };
  });
  const fresh = wanted
    .filter((mac) => !current.some((entry) => entry.mac === mac))
    .map((mac): mlx4_en_mc_list => ({ mac, action: 'add' }));
  return [...kept, ...fresh];
}

function* mlx4_en_do_multicast(priv: mlx4_en_priv): MaySleep<void> {
  const { dev } = priv;
  const disabling = 'Failed disabling multicast filter';
  if ((dev.flags & IFF_ALLMULTI) !== 0) {
    yield* multicastFilter(priv, 0, false, MLX4_MCAST_DISABLE, disabling);
    yield* addMulticastPromisc(priv);
    return;
  }
  yield* removeMulticastPromisc(priv);
  yield* multicastFilter(priv, 0, false, MLX4_MCAST_DISABLE, disabling);
  yield* multicastFilter(priv, broadcastMac, true, MLX4_MCAST_CONFIG, '');
  yield* spin_lock_bh(dev.addr_list_lock);
  priv.mc_list = dev.mc.map((entry) => readMac(entry.addr));
  yield* spin_unlock_bh(dev.addr_list_lock);
  for (const mac of priv.mc_list) yield* multicastFilter(priv, mac, false, MLX4_MCAST_CONFIG, '');
  yield* multicastFilter(priv, 0, false, MLX4_MCAST_ENABLE, 'Failed enabling multicast filter');
  priv.curr_list = updateMulticastList(priv.curr_list, priv.mc_list);
  for (const entry of priv.curr_list) {
    if (entry.action === 'remove') {
      if ((yield* detachMulticast(priv, entry.mac)) !== 0) {
        en_err(priv, 'Fail to detach multicast address');
      }
    } else if (entry.action === 'add') {
      if ((yield* attachMulticast(priv, entry.mac)) !== 0) {
        en_err(priv, 'Fail to attach multicast address');
      }
      entry.action = 'none';
    }
  }
  priv.curr_list = priv.curr_list.filter((entry) => entry.action !== 'remove');
}

/** Takes addresses off the card that nobody wants any more. True when there were any. */
function* removeUnicast(priv: mlx4_en_priv, wanted: ReadonlySet<number>): MaySleep<boolean> {
  const gone = [...priv.mac_hash].filter((mac) => !wanted.has(mac) && mac !== priv.current_mac);
  for (const mac of gone) {
    yield* mlx4_en_uc_steer_release(priv, mac);
    yield* mlx4_unregister_mac(priv.mdev.dev, priv.port, mac);
    priv.mac_hash.delete(mac);
    en_dbg('DRV', priv, `Removed MAC ${macText(mac)} on port:${priv.port}`);
  }
  return gone.length > 0;
}

/** Registers and steers one secondary address. 0 or a negative error. */
function* addUnicast(priv: mlx4_en_priv, mac: number): MaySleep<number> {
  const { port } = priv;
  const { dev: card } = priv.mdev;
  const index = yield* mlx4_register_mac(card, port, mac);
  if (index < 0) {
    en_err(priv, `Failed registering MAC ${macText(mac)} on port ${port}: ${index}`);
    return index;
  }
  const err = yield* mlx4_en_uc_steer_add(priv, mac);
  if (err !== 0) {
    en_err(priv, `Failed adding MAC ${macText(mac)} on port ${port}: ${err}`);
    yield* mlx4_unregister_mac(card, port, mac);
    return err;
  }
  priv.mac_hash.add(mac);
  en_dbg('DRV', priv, `Added MAC ${macText(mac)} on port:${port}`);
  return 0;
}

/**
 * Makes the card's secondary unicast addresses those of the netdev. Too many of them force
 * promiscuous mode, which lasts until one was removed and all others fit.
 */
function* mlx4_en_do_uc_filter(priv: mlx4_en_priv): MaySleep<void> {
  const { dev, port } = priv;
  yield* spin_lock_bh(dev.addr_list_lock);
  const wanted = new Set(dev.uc.map((entry) => readMac(entry.addr)));
  yield* spin_unlock_bh(dev.addr_list_lock);
  const wasForced = (priv.flags & MLX4_EN_FLAG_FORCE_PROMISC) !== 0;
  const removed = yield* removeUnicast(priv, wanted);
  if (wasForced && !removed) return;
  priv.flags &= ~MLX4_EN_FLAG_FORCE_PROMISC;
  for (const mac of wanted) {
    if (priv.mac_hash.has(mac) || (yield* addUnicast(priv, mac)) === 0) continue;
    priv.flags |= MLX4_EN_FLAG_FORCE_PROMISC;
    en_warn(priv, `Forcing promiscuous mode on port:${port}`);
    return;
  }
  if (wasForced) en_warn(priv, `Stop forcing promiscuous mode on port:${port}`);
}

/** The filters themselves; state_lock is held and the port is up. */
function* setFilters(priv: mlx4_en_priv): MaySleep<void> {
  const { dev, mdev, port } = priv;
  if (!netif_carrier_ok(dev)) {
    const err = yield* mlx4_en_QUERY_PORT(mdev, port);
    if (err === 0 && priv.port_state.link_state) {
      yield* netif_carrier_on(dev);
      en_dbg('LINK', priv, 'Link Up');
    }
  }
  if ((dev.priv_flags & IFF_UNICAST_FLT) !== 0) yield* mlx4_en_do_uc_filter(priv);
  const forced = (priv.flags & MLX4_EN_FLAG_FORCE_PROMISC) !== 0;
  if ((dev.flags & IFF_PROMISC) !== 0 || forced) {
    yield* mlx4_en_set_promisc_mode(priv);
    return;
  }
  if ((priv.flags & MLX4_EN_FLAG_PROMISC) !== 0) yield* mlx4_en_clear_promisc_mode(priv);
  yield* mlx4_en_do_multicast(priv);
}

/** rx_mode_task. */
export function* mlx4_en_do_set_rx_mode(priv: mlx4_en_priv): MaySleep<void> {
  const { mdev } = priv;
  yield* mutex_lock(mdev.state_lock);
  if (!mdev.device_up) en_dbg('DRV', priv, 'Card is not up, ignoring rx mode change.');
  else if (!(yield* priv.port_up.read())) {
    en_dbg('DRV', priv, 'Port is down, ignoring rx mode change.');
  } else yield* setFilters(priv);
  yield* mutex_unlock(mdev.state_lock);
}
