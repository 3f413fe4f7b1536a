// Settings that `ethtool` shows and changes: pause, interrupt moderation, rings, channels, private
// flags (en_ethtool.c; facts/driver 8.11). Changes take effect at once on a running port.
// Left out: changing the sizes or the number of rings, and the private flags.

import { fcsBytes } from '#bus/frame.ts';
import { EINVAL, ERANGE } from '#kernel/errno.ts';
import type {
  EthtoolChannels,
  EthtoolCoalesce,
  EthtoolPauseparam,
  EthtoolRingparam,
} from '#kernel/net/ethtool.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_get_eqs_per_port } from '../../mlx4_core/eq.ts';
import { mlx4_SET_PORT_general } from '../../mlx4_core/port.ts';
import { mlx4_en_set_cq_moder } from '../en_cq.ts';
import {
  en_err,
  MAX_RX_RINGS,
  MAX_TX_RINGS,
  MLX4_EN_MAX_RX_SIZE,
  MLX4_EN_MAX_TX_SIZE,
} from '../mlx4_en.ts';
import type { mlx4_en_cq, mlx4_en_priv } from '../mlx4_en.ts';

/** Largest count and time that a CQ's moderation takes (16 bits). */
const MLX4_EN_MAX_COAL = 0xffff;

export function* mlx4_en_get_ringparam(dev: NetDevice): MaySleep<EthtoolRingparam> {
  const { rx_ring, tx_ring } = netdev_priv<mlx4_en_priv>(dev);
  const [rx] = rx_ring;
  const [tx] = tx_ring;
  return {
    rx_max_pending: MLX4_EN_MAX_RX_SIZE,
    tx_max_pending: MLX4_EN_MAX_TX_SIZE,
    // A running ring may have fewer descriptors than it was made for.
    rx_pending: rx === undefined ? 0 : dev.running ? rx.actual_size : rx.size,
    tx_pending: tx?.size ?? 0,
  };
}

export function* mlx4_en_get_channels(dev: NetDevice): MaySleep<EthtoolChannels> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { cpus } = dev.k.options;
  const eqs = Math.max(mlx4_get_eqs_per_port(priv.mdev.dev, priv.port), 1);
  return {
    max_rx: Math.min(MAX_RX_RINGS, eqs, cpus),
    max_tx: Math.min(MAX_TX_RINGS, cpus),
    rx_count: priv.rx_ring.length,
    tx_count: priv.tx_ring.length,
  };
}

export function* mlx4_en_get_pauseparam(dev: NetDevice): MaySleep<EthtoolPauseparam> {
  const { prof } = netdev_priv<mlx4_en_priv>(dev);
  return { autoneg: false, rx_pause: prof.rx_pause !== 0, tx_pause: prof.tx_pause !== 0 };
}

/** Global pause excludes priority flow control. */
export function* mlx4_en_set_pauseparam(
  dev: NetDevice,
  wanted: EthtoolPauseparam,
): MaySleep<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { prof, mdev, port } = priv;
  if (wanted.autoneg) return -EINVAL;
  const before = { ...prof };
  prof.tx_pause = wanted.tx_pause ? 1 : 0;
  prof.rx_pause = wanted.rx_pause ? 1 : 0;
  if (wanted.rx_pause || wanted.tx_pause) prof.rx_ppp = prof.tx_ppp = 0;
  const err = yield* mlx4_SET_PORT_general(mdev.dev, port, priv.rx_skb_size + fcsBytes, prof);
  if (err === 0) return 0;
  en_err(priv, 'Failed setting pause params');
  Object.assign(prof, before);
  return err;
}

export function* mlx4_en_get_coalesce(dev: NetDevice): MaySleep<EthtoolCoalesce> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  return {
    tx_coalesce_usecs: priv.tx_usecs,
    tx_max_coalesced_frames: priv.tx_frames,
    rx_coalesce_usecs: priv.rx_usecs,
    rx_max_coalesced_frames: priv.rx_frames,
    use_adaptive_rx_coalesce: priv.adaptive_rx_coal,
    pkt_rate_low: priv.pkt_rate_low,
    rx_coalesce_usecs_low: priv.rx_usecs_low,
    pkt_rate_high: priv.pkt_rate_high,
    rx_coalesce_usecs_high: priv.rx_usecs_high,
    rate_sample_interval: priv.sample_interval,
  };
}

/** Gives queues a new moderation and tells the card of those that run. */
function* moderate(
  priv: mlx4_en_priv,
  queues: readonly mlx4_en_cq[],
  count: number,
  time: number,
): MaySleep<number> {
  for (const cq of queues) {
    cq.moder_cnt = count;
    cq.moder_time = time;
    if (!(yield* priv.port_up.read())) continue;
    const err = yield* mlx4_en_set_cq_moder(priv, cq);
    if (err !== 0) return err;
  }
  return 0;
}

export function* mlx4_en_set_coalesce(dev: NetDevice, wanted: EthtoolCoalesce): MaySleep<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const numbers = [
    wanted.rx_coalesce_usecs,
    wanted.rx_max_coalesced_frames,
    wanted.tx_coalesce_usecs,
    wanted.tx_max_coalesced_frames,
  ];
  if (numbers.some((value) => value > MLX4_EN_MAX_COAL)) return -ERANGE;
  priv.rx_usecs = wanted.rx_coalesce_usecs;
  priv.rx_frames = wanted.rx_max_coalesced_frames;
  priv.tx_usecs = wanted.tx_coalesce_usecs;
  priv.tx_frames = wanted.tx_max_coalesced_frames;
  priv.pkt_rate_low = wanted.pkt_rate_low ?? priv.pkt_rate_low;
  priv.pkt_rate_high = wanted.pkt_rate_high ?? priv.pkt_rate_high;
  priv.rx_usecs_low = wanted.rx_coalesce_usecs_low ?? priv.rx_usecs_low;
  priv.rx_usecs_high = wanted.rx_coalesce_usecs_high ?? priv.rx_usecs_high;
  priv.sample_interval = wanted.rate_sample_interval ?? priv.sample_interval;
  priv.adaptive_rx_coal = wanted.use_adaptive_rx_coalesce;
  const err = yield* moderate(priv, priv.tx_cq, priv.tx_frames, priv.tx_usecs);
  if (err !== 0 || priv.adaptive_rx_coal) return err;
  return yield* moderate(priv, priv.rx_cq, priv.rx_frames, priv.rx_usecs);
}
