// Queueing disciplines as far as the slice has them (net/sched/sch_generic.c): one simple fifo for
// each transmit queue, active while the device is open and has carrier; otherwise `noop`, which
// drops. The name is what `ip link` shows: `mq` over several fifos, `pfifo_fast` for one, `noqueue`
// for devices without.

import type { MaySleep } from '#sim/task.ts';
import type { Atomic } from '#sim/task.ts';
import { synchronize_rcu } from '../rcu.ts';
import { schedule_timeout_uninterruptible } from '../time/delay.ts';
import { IFF_NO_QUEUE } from './flags.ts';
import type { NetDevice } from './netdevice.ts';
import { __netdev_watchdog_up, dev_watchdog_down, initWatchdog } from './watchdog.ts';

/** True while packets go to the `noop` discipline. */
export const qdisc_tx_is_noop = (dev: NetDevice): boolean => !dev.qdiscActive;

/** True when the discipline that is attached is not the one that packets go to. */
export const qdisc_tx_changing = (dev: NetDevice): boolean =>
  dev.qdisc !== 'noop' && !dev.qdiscActive;

/** At registration: nothing is attached yet. */
export function dev_init_scheduler(dev: NetDevice): void {
  dev.qdisc = 'noop';
  dev.qdiscActive = false;
  initWatchdog(dev);
}

function attach_default_qdiscs(dev: NetDevice): void {
  if ((dev.priv_flags & IFF_NO_QUEUE) !== 0 || dev.tx_queue_len === 0) dev.qdisc = 'noqueue';
  else dev.qdisc = dev.txQueues.length > 1 ? 'mq' : 'pfifo_fast';
}

/** Has packets go to the queues; waits for carrier. */
export function* dev_activate(dev: NetDevice): Atomic<void> {
  if (dev.qdisc === 'noop') attach_default_qdiscs(dev);
  if (!dev.carrier) return;
  dev.qdiscActive = true;
  for (const queue of dev.txQueues) queue.trans_start = dev.k.jiffies;
  yield* __netdev_watchdog_up(dev);
}

function purge(dev: NetDevice): void {
  for (const queue of dev.txQueues) queue.dropped += queue.backlog.takeAll().length;
}

/** Has packets dropped, throws away those that wait, and waits until nobody is sending. */
export function* dev_deactivate_many(devs: readonly NetDevice[]): MaySleep<void> {
  const first = devs[0];
  if (first === undefined) return;
  for (const dev of devs) {
    dev.qdiscActive = false;
    yield* dev_watchdog_down(dev);
  }
  yield* synchronize_rcu(first.k);
  for (const dev of devs) purge(dev);
  const busy = (): boolean =>
    devs.some((dev) => dev.txQueues.some((queue) => queue.running || queue.scheduled));
  while (busy()) yield* schedule_timeout_uninterruptible(first.k, 1);
}

export function* dev_deactivate(dev: NetDevice): MaySleep<void> {
  yield* dev_deactivate_many([dev]);
}

/** At unregistration. */
export function dev_shutdown(dev: NetDevice): void {
  dev.qdisc = 'noop';
  dev.qdiscActive = false;
}
