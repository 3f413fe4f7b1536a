// ndo_open and ndo_stop, and the changes that restart a running port (en_netdev.c; facts/driver
// 8.3). The core holds RTNL; all take state_lock. Left out: XDP limits of the MTU, loopback and
// RXFCS features.

import { EBUSY } from '#kernel/errno.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { NETIF_F_HW_VLAN_CTAG_RX } from '#kernel/net/flags.ts';
import { netif_carrier_off } from '#kernel/net/linkwatch.ts';
import { netdev_priv, netif_running } from '#kernel/net/netdevice.ts';
import type { NetDevice, NetdevStats } from '#kernel/net/netdevice.ts';
import { queue_work } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_en_DUMP_ETH_STATS, mlx4_en_fold_software_stats } from '../en_port.ts';
import { en_dbg, en_err, en_info } from '../mlx4_en.ts';
import type { mlx4_en_priv } from '../mlx4_en.ts';
import { mlx4_en_start_port } from './start-port.ts';
import { mlx4_en_stop_port } from './stop-port.ts';
import { mlx4_en_linkstate } from './works.ts';

/** Sets the counters of card and driver to 0. */
function* mlx4_en_clear_stats(priv: mlx4_en_priv): MaySleep<void> {
  if ((yield* mlx4_en_DUMP_ETH_STATS(priv.mdev, priv.port, true)) !== 0) {
    en_dbg('DRV', priv, 'Failed dumping statistics');
  }
  priv.hw_stats.clear();
  for (const ring of priv.tx_ring) {
    ring.bytes = ring.packets = ring.tx_csum = ring.tso_packets = 0;
    ring.xmit_more = ring.queue_stopped = ring.wake_queue = ring.tx_dropped = 0;
  }
  for (const ring of priv.rx_ring) {
    ring.bytes = ring.packets = ring.csum_ok = ring.csum_none = 0;
    ring.csum_complete = ring.dropped = ring.lastBytes = ring.lastPackets = 0;
  }
}

/** ndo_open. */
export function* mlx4_en_open(dev: NetDevice): MaySleep<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { mdev, port } = priv;
  yield* mutex_lock(mdev.state_lock);
  let err = -EBUSY;
  if (!mdev.device_up) en_err(priv, 'Cannot open - device down/disabled');
  else {
    yield* mlx4_en_clear_stats(priv);
    err = yield* mlx4_en_start_port(dev);
    if (err !== 0) en_err(priv, `Failed starting port:${port}`);
    else yield* mlx4_en_linkstate(priv);
  }
  yield* mutex_unlock(mdev.state_lock);
  return err;
}

/** ndo_stop. */
export function* mlx4_en_close(dev: NetDevice): MaySleep<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { mdev } = priv;
  en_dbg('IFDOWN', priv, 'Close port called');
  yield* mutex_lock(mdev.state_lock);
  yield* mlx4_en_stop_port(dev, false);
  yield* netif_carrier_off(dev);
  yield* mutex_unlock(mdev.state_lock);
  return 0;
}

/** Stops and starts a running port; a failure queues a restart. state_lock is held. */
function* restartPort(priv: mlx4_en_priv): MaySleep<void> {
  const { mdev, dev, port } = priv;
  yield* mlx4_en_stop_port(dev, true);
  const err = yield* mlx4_en_start_port(dev);
  if (err === 0) return;
  en_err(priv, `Failed restarting port:${port}`);
  if (priv.restarting) return;
  priv.restarting = true;
  yield* queue_work(mdev.workqueue, priv.restart_task);
}

/** ndo_change_mtu. */
export function* mlx4_en_change_mtu(dev: NetDevice, mtu: number): MaySleep<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { mdev } = priv;
  en_dbg('DRV', priv, `Change MTU called - current:${dev.mtu} new:${mtu}`);
  dev.mtu = mtu;
  if (!netif_running(dev)) return 0;
  yield* mutex_lock(mdev.state_lock);
  if (mdev.device_up) yield* restartPort(priv);
  else en_dbg('DRV', priv, 'Change MTU called with card down!?');
  yield* mutex_unlock(mdev.state_lock);
  return 0;
}

/** ndo_set_features: VLAN stripping is part of the queue pairs' contexts, so the port restarts. */
export function* mlx4_en_set_features(dev: NetDevice, features: number): MaySleep<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { mdev } = priv;
  const changed = (dev.features ^ features) & NETIF_F_HW_VLAN_CTAG_RX;
  if (changed === 0) return 0;
  const on = (features & NETIF_F_HW_VLAN_CTAG_RX) !== 0;
  en_info(priv, `Turn ${on ? 'ON' : 'OFF'} RX vlan strip offload`);
  yield* mutex_lock(mdev.state_lock);
  dev.features ^= NETIF_F_HW_VLAN_CTAG_RX;
  if (yield* priv.port_up.read()) yield* restartPort(priv);
  yield* mutex_unlock(mdev.state_lock);
  return 0;
}

/** ndo_get_stats. */
export function* mlx4_en_get_stats64(dev: NetDevice): Atomic<NetdevStats> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  yield* spin_lock_bh(priv.stats_lock);
  mlx4_en_fold_software_stats(dev);
  yield* spin_unlock_bh(priv.stats_lock);
  return dev.stats;
}
