// A transmit queue that does not move for 15 s (en_netdev.c: mlx4_en_tx_timeout; facts/driver 8.6).
// Called by the netdev watchdog in softirq context, after its own warning: it says where the ring
// stands and queues a restart, unless one is on its way.

import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { queue_work } from '#kernel/workqueue.ts';
import type { Atomic } from '#sim/task.ts';
import { en_dbg, en_warn, NETIF_MSG } from '../mlx4_en.ts';
import type { mlx4_en_priv } from '../mlx4_en.ts';

const hex = (value: number): string => `0x${value.toString(16)}`;

/** ndo_tx_timeout. */
export function* mlx4_en_tx_timeout(dev: NetDevice, queue: number): Atomic<void> {
  const priv = netdev_priv<mlx4_en_priv>(dev);
  const { mdev, port } = priv;
  if ((priv.msg_enable & NETIF_MSG.TIMER) !== 0) {
    en_warn(priv, `Tx timeout called on port:${port}`);
  }
  const ring = priv.tx_ring[queue];
  if (ring !== undefined) {
    const ids = `queue: ${queue}, QP: ${hex(ring.qpn)}, CQ: ${hex(ring.cqn)}`;
    en_warn(priv, `TX timeout on ${ids}, Cons: ${hex(ring.cons)}, Prod: ${hex(ring.prod)}`);
  }
  priv.tx_timeouts++;
  if (priv.restarting) return;
  priv.restarting = true;
  en_dbg('DRV', priv, 'Scheduling watchdog');
  yield* queue_work(mdev.workqueue, priv.restart_task);
}
