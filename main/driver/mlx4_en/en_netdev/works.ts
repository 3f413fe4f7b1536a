// The deferred works of a netdev, all on the card's one `mlx4_en` queue (en_netdev.c; facts/driver
// 8.6): statistics and service every 250 ms, link state after a port event, restart after a
// transmit timeout. All take state_lock; the restart takes RTNL first.
// Left out: the overflow check of the PTP clock.

import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { netif_carrier_event, netif_carrier_off, netif_carrier_on } from '#kernel/net/linkwatch.ts';
import { netif_carrier_ok } from '#kernel/net/netdevice.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { queue_delayed_work } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_en_set_cq_moder } from '../en_cq.ts';
import { mlx4_en_DUMP_ETH_STATS, mlx4_en_QUERY_PORT } from '../en_port.ts';
import { mlx4_en_recover_from_oom } from '../en_rx.ts';
import {
  en_dbg,
  en_err,
  en_info,
  MLX4_EN_AUTO_CONF,
  MLX4_EN_AVG_PKT_SMALL,
  MLX4_EN_RX_RATE_THRESH,
} from '../mlx4_en.ts';
import type { mlx4_en_priv } from '../mlx4_en.ts';
import { mlx4_en_do_set_mac } from './mac.ts';
import { mlx4_en_start_port } from './start-port.ts';
import { mlx4_en_stop_port } from './stop-port.ts';

/** Period of the statistics and service works, jiffies. */
export const statsDelay = (priv: mlx4_en_priv): number => priv.k.HZ / 4;

/** Defaults of interrupt moderation, and a queue that knows no setting yet. */
export function mlx4_en_set_default_moderation(priv: mlx4_en_priv): void {
  for (const cq of priv.rx_cq) {
    cq.moder_cnt = priv.rx_frames;
    cq.moder_time = priv.rx_usecs;
  }
  for (const cq of priv.tx_cq) {
    cq.moder_cnt = priv.tx_frames;
    cq.moder_time = priv.tx_usecs;
  }
  priv.last_moder_time = priv.rx_ring.map(() => MLX4_EN_AUTO_CONF);
  priv.last_moder_jiffies = 0;
}

/** Microseconds between interrupts for a rate of packets per second and their mean size. */
function moderationTime(priv: mlx4_en_priv, rate: number, meanBytes: number): number {
  const { pkt_rate_low, pkt_rate_high, rx_usecs_low, rx_usecs_high } = priv;
  const busy = rate > MLX4_EN_RX_RATE_THRESH / priv.rx_ring.length;
  if (!busy || meanBytes <= MLX4_EN_AVG_PKT_SMALL || rate <= pkt_rate_low) return rx_usecs_low;
  if (rate >= pkt_rate_high) return rx_usecs_high;
  const share = (rate - pkt_rate_low) / (pkt_rate_high - pkt_rate_low);
  return Math.floor(share * (rx_usecs_high - rx_usecs_low)) + rx_usecs_low;
}

/** Adapts the interrupt moderation of every receive queue to its rate since the last call. */
function* mlx4_en_auto_moderation(priv: mlx4_en_priv): MaySleep<void> {
  const { k } = priv;
  const period = (k.jiffies - priv.last_moder_jiffies) >>> 0;
  if (!priv.adaptive_rx_coal || period < priv.sample_interval * k.HZ) return;
  for (const [index, ring] of priv.rx_ring.entries()) {
    const packets = ring.packets - ring.lastPackets;
    const rate = (packets * k.HZ) / Math.max(period, 1);
    const meanBytes = packets === 0 ? 0 : (ring.bytes - ring.lastBytes) / packets;
    const time = moderationTime(priv, rate, meanBytes);
    const cq = priv.rx_cq[index]!;
    if (time !== priv.last_moder_time[index] || cq.moder_cnt !== priv.rx_frames) {
      priv.last_moder_time[index] = time;
      cq.moder_time = time;
      cq.moder_cnt = priv.rx_frames;
      if ((yield* mlx4_en_set_cq_moder(priv, cq)) !== 0) {
        en_err(priv, `Failed modifying moderation for cq:${index}`);
      }
    }
    ring.lastPackets = ring.packets;
    ring.lastBytes = ring.bytes;
  }
  priv.last_moder_jiffies = k.jiffies;
}

export function* mlx4_en_do_get_stats(priv: mlx4_en_priv): MaySleep<void> {
  const { mdev } = priv;
  yield* mutex_lock(mdev.state_lock);
  if (mdev.device_up) {
    if (yield* priv.port_up.read()) {
      const err = yield* mlx4_en_DUMP_ETH_STATS(mdev, priv.port, false);
      if (err !== 0) en_dbg('DRV', priv, 'Could not update stats');
      yield* mlx4_en_auto_moderation(priv);
    }
    yield* queue_delayed_work(mdev.workqueue, priv.stats_task, statsDelay(priv));
  }
  const sibling = 3 - priv.port;
  if (mdev.mac_removed[sibling] === true) {
    yield* mlx4_en_do_set_mac(priv, priv.current_mac);
    mdev.mac_removed[sibling] = false;
  }
  yield* mutex_unlock(mdev.state_lock);
}

export function* mlx4_en_service_task(priv: mlx4_en_priv): MaySleep<void> {
  const { mdev } = priv;
  yield* mutex_lock(mdev.state_lock);
  if (mdev.device_up) {
    mlx4_en_recover_from_oom(priv);
    yield* queue_delayed_work(mdev.workqueue, priv.service_task, statsDelay(priv));
  }
  yield* mutex_unlock(mdev.state_lock);
}

/** Asks the card for the link and sets the carrier; state_lock is held. */
export function* mlx4_en_linkstate(priv: mlx4_en_priv): MaySleep<void> {
  const { dev, port_state } = priv;
  const err = yield* mlx4_en_QUERY_PORT(priv.mdev, priv.port);
  if (err !== 0) port_state.link_state = false;
  const up = port_state.link_state;
  if (up === netif_carrier_ok(dev)) yield* netif_carrier_event(dev);
  en_info(priv, up ? 'Link Up' : 'Link Down');
  if (up) yield* netif_carrier_on(dev);
  else yield* netif_carrier_off(dev);
}

export function* mlx4_en_linkstate_work(priv: mlx4_en_priv): MaySleep<void> {
  yield* mutex_lock(priv.mdev.state_lock);
  yield* mlx4_en_linkstate(priv);
  yield* mutex_unlock(priv.mdev.state_lock);
}

export function* mlx4_en_restart(priv: mlx4_en_priv): MaySleep<void> {
  const { k, mdev, dev, port } = priv;
  en_dbg('DRV', priv, `Watchdog task called for port ${port}`);
  yield* rtnl_lock(k);
  yield* mutex_lock(mdev.state_lock);
  if (yield* priv.port_up.read()) {
    yield* mlx4_en_stop_port(dev, true);
    if ((yield* mlx4_en_start_port(dev)) !== 0) en_err(priv, `Failed restarting port ${port}`);
  }
  yield* mutex_unlock(mdev.state_lock);
  yield* rtnl_unlock(k);
}
