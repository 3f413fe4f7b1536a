// Receive queue pairs and their spreading (en_rx.c: mlx4_en_config_rss_steer,
// mlx4_en_create_drop_qp; en_netdev.c: mlx4_en_get_qp, mlx4_en_set_rss_steer_rules; facts/device
// 6.5, 11.7). One ring needs no RSS queue pair: steering points to it directly. Messages as in
// Linux. Left out: tunnel steering, VXLAN, keep-FCS.

import { readMac } from '#bus/mac.ts';
import {
  MLX4_RSS_HASH_TOP,
  MLX4_RSS_HASH_XOR,
  MLX4_RSS_IPV4,
  MLX4_RSS_IPV6,
  MLX4_RSS_TCP_IPV4,
  MLX4_RSS_TCP_IPV6,
  MLX4_RSS_UDP_IPV4,
  MLX4_RSS_UDP_IPV6,
  rssContext,
  rssContextOffset,
} from '#prm/qp-context.ts';
import { MLX4_STEERING_MODE_A0, MLX4_UC_STEER, MLX4_PROT_ETH, ethernetGid } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_unicast_attach, mlx4_unicast_detach } from '../mlx4_core/mcg.ts';
import { mlx4_has_cap2 } from '../mlx4_core/mlx4.ts';
import type { mlx4_qp } from '../mlx4_core/mlx4.ts';
import { mlx4_get_base_qpn, mlx4_register_mac, mlx4_unregister_mac } from '../mlx4_core/port.ts';
import {
  mlx4_qp_alloc,
  mlx4_qp_free,
  mlx4_qp_modify_to_reset,
  mlx4_qp_release_range,
  mlx4_qp_remove,
  mlx4_qp_reserve_range,
  mlx4_qp_to_ready,
} from '../mlx4_core/qp.ts';
import { udpRss } from './en_profile.ts';
import { mlx4_en_fill_qp_context } from './en_resources.ts';
import { mlx4_en_update_rx_prod_db } from './en_rx.ts';
import { en_err, en_info, macText, mlx4_err } from './mlx4_en.ts';
import type { mlx4_en_priv, mlx4_en_rx_ring } from './mlx4_en.ts';

/**
 * The Toeplitz key that Linux draws at random at module load; fixed here, as every run must be
 * equal.
 */
const rssKey = Uint8Array.from([
  0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67, 0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0,
  0xd0, 0xca, 0x2b, 0xcb, 0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30, 0xf2, 0x0c,
  0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
]);

/** Registers the port's MAC and reserves what receives for it. A queue pair number or an error. */
export function* mlx4_en_get_qp(priv: mlx4_en_priv): MaySleep<number> {
  const { dev } = priv.mdev;
  const mac = readMac(priv.dev.dev_addr);
  const index = yield* mlx4_register_mac(dev, priv.port, mac);
  if (index < 0) {
    en_err(priv, `Failed adding MAC: ${macText(mac)}`);
    return index;
  }
  en_info(priv, `Steering Mode ${dev.caps.steering_mode}`);
  if (dev.caps.steering_mode === MLX4_STEERING_MODE_A0) {
    return mlx4_get_base_qpn(dev, priv.port) + index;
  }
  const qpn = yield* mlx4_qp_reserve_range(dev, 1, 1, 'a0');
  if (qpn < 0) {
    en_err(priv, 'Failed to reserve qp for mac registration');
    yield* mlx4_unregister_mac(dev, priv.port, mac);
  }
  return qpn;
}

/** Gives back what mlx4_en_get_qp() reserved. */
export function* mlx4_en_put_qp(priv: mlx4_en_priv, qpn: number): MaySleep<void> {
  const { dev } = priv.mdev;
  if (dev.caps.steering_mode === MLX4_STEERING_MODE_A0) {
    yield* mlx4_unregister_mac(dev, priv.port, readMac(priv.dev.dev_addr));
  } else yield* mlx4_qp_release_range(dev, qpn, 1);
}

/** The 16 bytes that stand for a unicast MAC of this port. */
const unicastGid = (priv: mlx4_en_priv, mac: number): Uint8Array =>
  ethernetGid.make({
    port: priv.port,
    steer: MLX4_UC_STEER,
    mac_h: Math.floor(mac / 2 ** 32),
    mac_l: mac % 2 ** 32,
  });

/** Steers a MAC to the port's queue pair. */
export function* mlx4_en_uc_steer_add(priv: mlx4_en_priv, mac: number): MaySleep<number> {
  const { dev } = priv.mdev;
  const gid = unicastGid(priv, mac);
  const err = yield* mlx4_unicast_attach(dev, priv.base_qpn, gid, false, MLX4_PROT_ETH);
  if (err !== 0) mlx4_err(priv.mdev, 'Failed Attaching Unicast');
  return err;
}

export function* mlx4_en_uc_steer_release(priv: mlx4_en_priv, mac: number): MaySleep<void> {
  const gid = unicastGid(priv, mac);
  yield* mlx4_unicast_detach(priv.mdev.dev, priv.base_qpn, gid, MLX4_PROT_ETH);
}

/** Steers the netdev's own address (not with A0 steering, where the MAC table does it). */
export function* mlx4_en_set_rss_steer_rules(priv: mlx4_en_priv): MaySleep<number> {
  const mac = readMac(priv.dev.dev_addr);
  const err = yield* mlx4_en_uc_steer_add(priv, mac);
  if (err === 0) priv.mac_hash.add(mac);
  return err;
}

/** Takes the steering of every own address away, and the addresses out of the card's table. */
export function* mlx4_en_delete_rss_steer_rules(priv: mlx4_en_priv): MaySleep<void> {
  for (const mac of [...priv.mac_hash]) {
    yield* mlx4_en_uc_steer_release(priv, mac);
    yield* mlx4_unregister_mac(priv.mdev.dev, priv.port, mac);
    priv.mac_hash.delete(mac);
  }
}

function* mlx4_en_config_rss_qp(
  priv: mlx4_en_priv,
  qpn: number,
  ring: mlx4_en_rx_ring,
): MaySleep<mlx4_qp | number> {
  const { dev } = priv.mdev;
  const qp = yield* mlx4_qp_alloc(dev, qpn);
  if (typeof qp === 'number') {
    en_err(priv, `Failed to allocate qp #${qpn.toString(16)}`);
    return qp;
  }
  const context = mlx4_en_fill_qp_context(priv, {
    kind: 'rx',
    qpn,
    cqn: ring.cqn,
    size: ring.actual_size,
    stride: ring.stride,
    dbRecord: ring.wqres.db.dma,
  });
  const err = yield* mlx4_qp_to_ready(dev, ring.wqres.mtt, context, qp);
  if (err !== 0) {
    yield* mlx4_qp_remove(dev, qp);
    yield* mlx4_qp_free(dev, qp);
    return err;
  }
  mlx4_en_update_rx_prod_db(ring);
  return qp;
}

/** The queue pair that spreads packets over the rings by their hash. */
function* configureIndirection(priv: mlx4_en_priv): MaySleep<number> {
  const { mdev, rss_map } = priv;
  const qp = yield* mlx4_qp_alloc(mdev.dev, priv.base_qpn);
  if (typeof qp === 'number') {
    en_err(priv, 'Failed to allocate RSS indirection QP');
    return qp;
  }
  const context = mlx4_en_fill_qp_context(priv, {
    kind: 'rss',
    qpn: priv.base_qpn,
    cqn: priv.rx_ring[0]!.cqn,
    size: 0,
    stride: 0,
  });
  const fields = MLX4_RSS_IPV4 | MLX4_RSS_TCP_IPV4 | MLX4_RSS_IPV6 | MLX4_RSS_TCP_IPV6;
  const udp = udpRss(mdev) ? MLX4_RSS_UDP_IPV4 | MLX4_RSS_UDP_IPV6 : 0;
  const toeplitz = mlx4_has_cap2(mdev.dev, 'RSS_TOP');
  rssContext.write(
    context,
    {
      log_rings: Math.log2(priv.rx_ring.length),
      base_qpn: rss_map.base_qpn,
      default_qpn: rss_map.base_qpn,
      base_qpn_udp: udp === 0 ? 0 : rss_map.base_qpn,
      flags: fields | udp,
      hash_fn: toeplitz ? MLX4_RSS_HASH_TOP : MLX4_RSS_HASH_XOR,
      ...(toeplitz ? { rss_key: rssKey } : {}),
    },
    rssContextOffset,
  );
  const err = yield* mlx4_qp_to_ready(mdev.dev, priv.res!.mtt, context, qp);
  if (err !== 0) {
    yield* releaseQp(priv, qp);
    return err;
  }
  rss_map.rss_qp = qp;
  rss_map.indir_qp = qp;
  return 0;
}

function* releaseQp(priv: mlx4_en_priv, qp: mlx4_qp): MaySleep<void> {
  const { dev } = priv.mdev;
  yield* mlx4_qp_modify_to_reset(dev, qp);
  yield* mlx4_qp_remove(dev, qp);
  yield* mlx4_qp_free(dev, qp);
}

/** Brings a queue pair per ring, and the one above them, to "ready". */
export function* mlx4_en_config_rss_steer(priv: mlx4_en_priv): MaySleep<number> {
  const { mdev, rss_map, rx_ring } = priv;
  const rings = rx_ring.length;
  const base = yield* mlx4_qp_reserve_range(mdev.dev, rings, rings, rings === 1 ? 'a0' : 'none');
  if (base < 0) {
    en_err(priv, `Failed reserving ${rings} qps`);
    return base;
  }
  rss_map.base_qpn = base;
  rss_map.qps = [];
  for (const [index, ring] of rx_ring.entries()) {
    const qp = yield* mlx4_en_config_rss_qp(priv, base + index, ring);
    if (typeof qp === 'number') {
      yield* mlx4_en_release_rss_steer(priv);
      return qp;
    }
    rss_map.qps.push(qp);
  }
  if (rings === 1) {
    rss_map.indir_qp = rss_map.qps[0]!;
    priv.base_qpn = rss_map.indir_qp.qpn;
    en_info(priv, 'Optimized Non-RSS steering');
    return 0;
  }
  const err = yield* configureIndirection(priv);
  if (err !== 0) yield* mlx4_en_release_rss_steer(priv);
  return err;
}

export function* mlx4_en_release_rss_steer(priv: mlx4_en_priv): MaySleep<void> {
  const { rss_map } = priv;
  if (rss_map.rss_qp !== null) yield* releaseQp(priv, rss_map.rss_qp);
  rss_map.rss_qp = null;
  rss_map.indir_qp = null;
  for (const qp of rss_map.qps) yield* releaseQp(priv, qp);
  rss_map.qps = [];
  yield* mlx4_qp_release_range(priv.mdev.dev, rss_map.base_qpn, priv.rx_ring.length);
}

/** The target of rules that drop packets; it stays in RESET. */
export function* mlx4_en_create_drop_qp(priv: mlx4_en_priv): MaySleep<number> {
  const { dev } = priv.mdev;
  const qpn = yield* mlx4_qp_reserve_range(dev, 1, 1, 'a0');
  if (qpn < 0) {
    en_err(priv, 'Failed reserving drop qpn');
    return qpn;
  }
  const qp = yield* mlx4_qp_alloc(dev, qpn);
  if (typeof qp === 'number') {
    en_err(priv, 'Failed allocating drop qp');
    yield* mlx4_qp_release_range(dev, qpn, 1);
    return qp;
  }
  priv.drop_qp = qp;
  return 0;
}

export function* mlx4_en_destroy_drop_qp(priv: mlx4_en_priv): MaySleep<void> {
  const { dev } = priv.mdev;
  const qp = priv.drop_qp;
  if (qp === null) return;
  priv.drop_qp = null;
  yield* mlx4_qp_remove(dev, qp);
  yield* mlx4_qp_free(dev, qp);
  yield* mlx4_qp_release_range(dev, qp.qpn, 1);
}
