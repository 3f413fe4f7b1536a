// Starting a port (en_netdev.c: mlx4_en_start_port; facts/driver 8.4, facts/device 11.7): buffers,
// receive queues, own address, queue pairs, transmit queues, port parameters, INIT_PORT, steering.
// state_lock and RTNL are held. A failed step gives everything back, in the reverse order.
// Left out: interrupt affinity hints, DCB, VXLAN, the reset of tunnel ports.

import { broadcastMac } from '#bus/mac.ts';
import { fcsBytes } from '#bus/frame.ts';
import { local_bh_disable, local_bh_enable } from '#kernel/locking/spinlock.ts';
import { napi_schedule } from '#kernel/net/napi.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netif_device_attach, netif_tx_start_all_queues } from '#kernel/net/queue.ts';
import { queue_work } from '#kernel/workqueue.ts';
import { cqe, cqeOwnerOffset, MLX4_CQE_OWNER_MASK } from '#prm/completion.ts';
import { MLX4_STEERING_MODE_A0 } from '#prm/steering.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_get_default_counter_index } from '../../mlx4_core/fw.ts';
import {
  mlx4_INIT_PORT,
  mlx4_SET_PORT_general,
  mlx4_SET_PORT_qpn_calc,
  mlx4_SET_PORT_user_mtu,
} from '../../mlx4_core/port.ts';
import {
  mlx4_en_activate_cq,
  mlx4_en_arm_cq,
  mlx4_en_deactivate_cq,
  mlx4_en_set_cq_moder,
} from '../en_cq.ts';
import {
  mlx4_en_config_rss_steer,
  mlx4_en_create_drop_qp,
  mlx4_en_destroy_drop_qp,
  mlx4_en_get_qp,
  mlx4_en_put_qp,
  mlx4_en_release_rss_steer,
  mlx4_en_set_rss_steer_rules,
} from '../en_rss.ts';
import {
  mlx4_en_activate_rx_rings,
  mlx4_en_calc_rx_buf,
  mlx4_en_deactivate_rx_ring,
} from '../en_rx.ts';
import {
  clearTxRing,
  mlx4_en_activate_tx_ring,
  mlx4_en_deactivate_tx_ring,
  mlx4_en_free_tx_buf,
} from '../en_tx.ts';
import {
  en_dbg,
  en_err,
  MLX4_EN_FLAG_MC_PROMISC,
  MLX4_EN_FLAG_PROMISC,
  mlx4_warn,
} from '../mlx4_en.ts';
import type { mlx4_en_cq, mlx4_en_priv } from '../mlx4_en.ts';
import { attachMulticast } from './rx-mode.ts';

/** Steps to take back, newest last. */
type Undo = (() => MaySleep<void>)[];

/** Every entry belongs to the card: 1 is not this pass's owner bit. */
function ownEntries(priv: mlx4_en_priv, cq: mlx4_en_cq): void {
  const entryBytes = priv.mdev.dev.caps.cqe_size;
  const half = entryBytes - cqe.sizeBytes;
  for (let i = 0; i < cq.size; i++) {
    cq.buf.writeU8(i * entryBytes + half + cqeOwnerOffset, MLX4_CQE_OWNER_MASK);
  }
}

function* startRxQueues(priv: mlx4_en_priv, undo: Undo): MaySleep<number> {
  for (const [index, cq] of priv.rx_cq.entries()) {
    let err = yield* mlx4_en_activate_cq(priv, cq, index);
    if (err !== 0) {
      en_err(priv, 'Failed activating Rx CQ');
      return err;
    }
    undo.push(() => mlx4_en_deactivate_cq(priv, cq));
    ownEntries(priv, cq);
    err = yield* mlx4_en_set_cq_moder(priv, cq);
    if (err !== 0) {
      en_err(priv, 'Failed setting cq moderation parameters');
      return err;
    }
    yield* mlx4_en_arm_cq(cq);
    priv.rx_ring[index]!.cqn = cq.mcq!.cqn;
  }
  return 0;
}

function* startQueuePairs(priv: mlx4_en_priv, undo: Undo): MaySleep<number> {
  const { mdev, port } = priv;
  const qpn = yield* mlx4_en_get_qp(priv);
  if (qpn < 0) {
    en_err(priv, 'Failed getting eth qp');
    return qpn;
  }
  priv.base_qpn = qpn;
  undo.push(() => mlx4_en_put_qp(priv, qpn));
  priv.mac_qpn = qpn;
  mdev.mac_removed[port] = false;
  priv.counter_index = mlx4_get_default_counter_index(mdev.dev, port);
  let err = yield* mlx4_en_config_rss_steer(priv);
  if (err !== 0) {
    en_err(priv, 'Failed configuring rss steering');
    return err;
  }
  undo.push(() => mlx4_en_release_rss_steer(priv));
  err = yield* mlx4_en_create_drop_qp(priv);
  if (err !== 0) return err;
  undo.push(() => mlx4_en_destroy_drop_qp(priv));
  return 0;
}

function* startTxQueues(priv: mlx4_en_priv, undo: Undo): MaySleep<number> {
  for (const [index, ring] of priv.tx_ring.entries()) {
    const cq = priv.tx_cq[index]!;
    let err = yield* mlx4_en_activate_cq(priv, cq, index);
    if (err !== 0) {
      en_err(priv, 'Failed allocating Tx CQ');
      return err;
    }
    undo.push(() => mlx4_en_deactivate_cq(priv, cq));
    err = yield* mlx4_en_set_cq_moder(priv, cq);
    if (err !== 0) {
      en_err(priv, 'Failed setting cq moderation parameters');
      return err;
    }
    // "Resetting index of collapsed CQ to -1", into the first 32 bytes whatever the entry size.
    cq.buf.write(cqe.fields.wqe_index.offset, Uint8Array.of(0xff, 0xff));
    err = yield* mlx4_en_activate_tx_ring(priv, ring, cq.mcq!.cqn);
    if (err !== 0) {
      en_err(priv, 'Failed allocating Tx ring');
      return err;
    }
    undo.push(function* () {
      yield* mlx4_en_deactivate_tx_ring(priv, ring);
      mlx4_en_free_tx_buf(priv, ring);
    });
    yield* mlx4_en_arm_cq(cq);
    clearTxRing(ring);
  }
  return 0;
}

/** MTU, pause, default queue pair, then the port itself. */
function* startHardwarePort(priv: mlx4_en_priv): MaySleep<number> {
  const { prof, port, dev: netdev } = priv;
  const { dev } = priv.mdev;
  let err = yield* mlx4_SET_PORT_general(dev, port, priv.rx_skb_size + fcsBytes, prof);
  if (err !== 0) {
    const text = `Failed setting port general configurations for port ${port}`;
    en_err(priv, `${text}, with error ${err}`);
    return err;
  }
  err = yield* mlx4_SET_PORT_user_mtu(dev, port, netdev.mtu);
  if (err !== 0) {
    const text = `Failed to pass user MTU(${netdev.mtu}) to Firmware for port ${port}`;
    en_err(priv, `${text}, with error ${err}`);
    return err;
  }
  err = yield* mlx4_SET_PORT_qpn_calc(dev, port, priv.base_qpn, false);
  if (err !== 0) {
    en_err(priv, 'Failed setting default qp numbers');
    return err;
  }
  err = yield* mlx4_INIT_PORT(dev, port);
  if (err !== 0) en_err(priv, 'Failed Initializing port');
  return err;
}

/** Own address and broadcast; failures are only complained about. */
function* startSteering(priv: mlx4_en_priv): MaySleep<void> {
  const { mdev } = priv;
  if (mdev.dev.caps.steering_mode !== MLX4_STEERING_MODE_A0) {
    const err = yield* mlx4_en_set_rss_steer_rules(priv);
    if (err !== 0) mlx4_warn(mdev, 'Failed setting steering rules');
  }
  if ((yield* attachMulticast(priv, broadcastMac)) !== 0) {
    mlx4_warn(mdev, 'Failed Attaching Broadcast');
  }
  priv.flags &= ~(MLX4_EN_FLAG_PROMISC | MLX4_EN_FLAG_MC_PROMISC);
}

function* takeBack(undo: Undo): MaySleep<void> {
  for (const step of undo.toReversed()) yield* step();
}

/** The steps that may fail. */
function* allocateDataPath(priv: mlx4_en_priv): MaySleep<number> {
  const undo: Undo = [];
  let err = mlx4_en_activate_rx_rings(priv);
  if (err !== 0) {
    en_err(priv, 'Failed to activate RX rings');
    return err;
  }
  undo.push(function* () {
    for (const ring of priv.rx_ring) mlx4_en_deactivate_rx_ring(priv, ring);
  });
  err = yield* startRxQueues(priv, undo);
  if (err === 0) err = yield* startQueuePairs(priv, undo);
  if (err === 0) err = yield* startTxQueues(priv, undo);
  if (err === 0) err = yield* startHardwarePort(priv);
  if (err !== 0) yield* takeBack(undo);
  return err;
}

/** Starts the data path of a port. 0 or a negative error. */
export function* mlx4_en_start_port(dev: NetDevice): MaySleep<number> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { k, mdev } = priv;
  if (yield* priv.port_up.read()) {
    en_dbg('DRV', priv, 'start port called while port already up');
    return 0;
  }
  priv.mc_list = [];
  priv.curr_list = [];
  dev.mtu = Math.min(dev.mtu, dev.max_mtu);
  mlx4_en_calc_rx_buf(priv);
  const err = yield* allocateDataPath(priv);
  if (err !== 0) return err;
  yield* startSteering(priv);
  yield* queue_work(mdev.workqueue, priv.rx_mode_task);
  yield* priv.port_up.write(true);
  // Completions may have come before the handlers were listened to.
  yield* local_bh_disable(k);
  for (const cq of priv.rx_cq) yield* napi_schedule(cq.napi!);
  yield* local_bh_enable(k);
  priv.restarting = false;
  yield* netif_tx_start_all_queues(dev);
  yield* netif_device_attach(dev);
  return 0;
}
