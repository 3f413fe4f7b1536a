// Stopping a port (en_netdev.c: mlx4_en_stop_port; facts/driver 8.5, facts/device 11.8). state_lock
// and RTNL are held. port_up falls under stats_lock, before anything that handlers use is taken
// away. Left out: device-managed steering rules, interrupt affinity.

import { broadcastMac } from '#bus/mac.ts';
import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { napi_synchronize } from '#kernel/net/napi.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import {
  netif_device_detach,
  netif_tx_disable,
  netif_tx_lock_bh,
  netif_tx_stop_all_queues,
  netif_tx_unlock_bh,
} from '#kernel/net/queue.ts';
import { msleep } from '#kernel/time/delay.ts';
import { MLX4_MCAST_CONFIG } from '#prm/port.ts';
import { MLX4_STEERING_MODE_A0 } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_has_cap2, MLX4_SINK_COUNTER_INDEX } from '../../mlx4_core/mlx4.ts';
import { mlx4_CLOSE_PORT, mlx4_SET_MCAST_FLTR } from '../../mlx4_core/port.ts';
import { mlx4_en_deactivate_cq } from '../en_cq.ts';
import { mlx4_en_fold_software_stats } from '../en_port.ts';
import {
  mlx4_en_delete_rss_steer_rules,
  mlx4_en_destroy_drop_qp,
  mlx4_en_put_qp,
  mlx4_en_release_rss_steer,
} from '../en_rss.ts';
import { mlx4_en_deactivate_rx_ring } from '../en_rx.ts';
import { mlx4_en_deactivate_tx_ring, mlx4_en_free_tx_buf } from '../en_tx.ts';
import { en_dbg, MLX4_EN_FLAG_PROMISC } from '../mlx4_en.ts';
import type { mlx4_en_priv } from '../mlx4_en.ts';
import { detachMulticast, mlx4_en_clear_promisc_mode, removeMulticastPromisc } from './rx-mode.ts';

/** Pause between the end of the transmit queues and the release of their buffers, ms. */
const drainMs = 10;

function* stopQueues(dev: NetDevice, detach: boolean): MaySleep<void> {
  yield* netif_tx_lock_bh(dev);
  if (detach) yield* netif_device_detach(dev);
  yield* netif_tx_stop_all_queues(dev);
  yield* netif_tx_unlock_bh(dev);
  yield* netif_tx_disable(dev);
}

/** Promiscuous entries, broadcast, multicast addresses, the multicast filter. */
function* stopSteering(priv: mlx4_en_priv): MaySleep<void> {
  if ((priv.flags & MLX4_EN_FLAG_PROMISC) !== 0) yield* mlx4_en_clear_promisc_mode(priv);
  else yield* removeMulticastPromisc(priv);
  yield* detachMulticast(priv, broadcastMac);
  for (const { mac } of priv.curr_list) yield* detachMulticast(priv, mac);
  priv.mc_list = [];
  priv.curr_list = [];
  yield* mlx4_SET_MCAST_FLTR(priv.mdev.dev, priv.port, 0, true, MLX4_MCAST_CONFIG);
}

function* stopTxRings(priv: mlx4_en_priv): MaySleep<void> {
  for (const [index, ring] of priv.tx_ring.entries()) {
    yield* mlx4_en_deactivate_tx_ring(priv, ring);
    yield* mlx4_en_deactivate_cq(priv, priv.tx_cq[index]!);
  }
  yield* msleep(priv.k, drainMs);
  for (const ring of priv.tx_ring) mlx4_en_free_tx_buf(priv, ring);
}

function* stopRxRings(priv: mlx4_en_priv): MaySleep<void> {
  for (const [index, ring] of priv.rx_ring.entries()) {
    const cq = priv.rx_cq[index]!;
    yield* napi_synchronize(cq.napi!);
    mlx4_en_deactivate_rx_ring(priv, ring);
    yield* mlx4_en_deactivate_cq(priv, cq);
  }
}

/** Stops the data path; `detach` also takes the netdev away from its users, for a restart. */
export function* mlx4_en_stop_port(dev: NetDevice, detach: boolean): MaySleep<void> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { mdev, port } = priv;
  if (!(yield* priv.port_up.read())) {
    en_dbg('DRV', priv, 'stop port called while port already down');
    return;
  }
  yield* mlx4_CLOSE_PORT(mdev.dev, port);
  yield* stopQueues(dev, detach);
  yield* spin_lock_bh(priv.stats_lock);
  mlx4_en_fold_software_stats(dev);
  yield* priv.port_up.write(false);
  yield* spin_unlock_bh(priv.stats_lock);
  priv.counter_index = MLX4_SINK_COUNTER_INDEX(mdev.dev);
  yield* stopSteering(priv);
  yield* mlx4_en_destroy_drop_qp(priv);
  yield* stopTxRings(priv);
  if (mdev.dev.caps.steering_mode !== MLX4_STEERING_MODE_A0) {
    yield* mlx4_en_delete_rss_steer_rules(priv);
  }
  yield* mlx4_en_release_rss_steer(priv);
  yield* mlx4_en_put_qp(priv, priv.mac_qpn);
  if (!mlx4_has_cap2(mdev.dev, 'REASSIGN_MAC_EN')) mdev.mac_removed[port] = true;
  yield* stopRxRings(priv);
}
