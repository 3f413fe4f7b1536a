// Starting and stopping transmit queues (include/linux/netdevice.h). A stopped queue keeps its
// packets in the qdisc; waking it has a softirq send them. netif_tx_lock() keeps every queue from
// the driver.

import type { Atomic } from '#sim/task.ts';
import {
  local_bh_disable,
  local_bh_enable,
  spin_lock,
  spin_lock_bh,
  spin_unlock,
  spin_unlock_bh,
} from '../locking/spinlock.ts';
import type { NetDevice, NetdevQueue } from './netdevice.ts';
import { __netif_schedule } from './softnet.ts';
import { __netdev_watchdog_up } from './watchdog.ts';

/** The driver takes packets again; nothing is sent on its own. */
export function* netif_tx_start_queue(queue: NetdevQueue): Atomic<void> {
  queue.stopped = false;
}

/** The driver's ring is full. */
export function* netif_tx_stop_queue(queue: NetdevQueue): Atomic<void> {
  queue.stopped = true;
}

/** There is room again: what waits is sent. */
export function* netif_tx_wake_queue(queue: NetdevQueue): Atomic<void> {
  if (!queue.stopped) return;
  queue.stopped = false;
  __netif_schedule(queue);
}

export function* netif_tx_start_all_queues(dev: NetDevice): Atomic<void> {
  for (const queue of dev.txQueues) queue.stopped = false;
}

export function* netif_tx_stop_all_queues(dev: NetDevice): Atomic<void> {
  for (const queue of dev.txQueues) queue.stopped = true;
}

export function* netif_tx_wake_all_queues(dev: NetDevice): Atomic<void> {
  for (const queue of dev.txQueues) yield* netif_tx_wake_queue(queue);
}

export const netif_tx_queue_stopped = (queue: NetdevQueue): boolean => queue.stopped;

/** For devices with one queue. */
export const netif_start_queue = (dev: NetDevice): Atomic<void> =>
  netif_tx_start_queue(dev.txQueues[0]!);
export const netif_stop_queue = (dev: NetDevice): Atomic<void> =>
  netif_tx_stop_queue(dev.txQueues[0]!);
export const netif_wake_queue = (dev: NetDevice): Atomic<void> =>
  netif_tx_wake_queue(dev.txQueues[0]!);

/** Nobody may be inside the driver's transmit function, and nobody gets in. */
export function* netif_freeze_queues(dev: NetDevice): Atomic<void> {
  for (const queue of dev.txQueues) {
    yield* spin_lock(queue._xmit_lock);
    queue.frozen = true;
    yield* spin_unlock(queue._xmit_lock);
  }
}

export function* netif_unfreeze_queues(dev: NetDevice): Atomic<void> {
  for (const queue of dev.txQueues) {
    queue.frozen = false;
    if (!queue.stopped) __netif_schedule(queue);
  }
}

/** Keeps everybody out of the driver's transmit function. */
export function* netif_tx_lock_bh(dev: NetDevice): Atomic<void> {
  yield* spin_lock_bh(dev.tx_global_lock);
  yield* netif_freeze_queues(dev);
}

export function* netif_tx_unlock_bh(dev: NetDevice): Atomic<void> {
  yield* netif_unfreeze_queues(dev);
  yield* spin_unlock_bh(dev.tx_global_lock);
}

/** Stops every queue; nobody is inside the driver's transmit function afterwards. */
export function* netif_tx_disable(dev: NetDevice): Atomic<void> {
  yield* local_bh_disable(dev.k);
  yield* spin_lock(dev.tx_global_lock);
  for (const queue of dev.txQueues) {
    yield* spin_lock(queue._xmit_lock);
    queue.stopped = true;
    yield* spin_unlock(queue._xmit_lock);
  }
  yield* spin_unlock(dev.tx_global_lock);
  yield* local_bh_enable(dev.k);
}

/** The hardware is away for a while: nobody may open the device or send. */
export function* netif_device_detach(dev: NetDevice): Atomic<void> {
  if (!dev.present) return;
  dev.present = false;
  if (dev.running) yield* netif_tx_stop_all_queues(dev);
}

/** The hardware is back. */
export function* netif_device_attach(dev: NetDevice): Atomic<void> {
  if (dev.present) return;
  dev.present = true;
  if (!dev.running) return;
  yield* netif_tx_wake_all_queues(dev);
  yield* __netdev_watchdog_up(dev);
}
