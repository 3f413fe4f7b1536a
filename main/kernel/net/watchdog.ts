// The transmit watchdog (net/sched/sch_generic.c; facts/driver 8.6): while a device has carrier, a
// timer looks whether a stopped queue has not sent for longer than watchdog_timeo; then it says so
// and calls the driver with all queues frozen. The armed timer holds the device.
// The line is that of 6.1 (a WARN_ONCE with driver name) or that of 6.12 (one line each time).

import type { Atomic } from '#sim/task.ts';
import { spin_lock, spin_unlock } from '../locking/spinlock.ts';
import { KERN_CRIT } from '../printk.ts';
import { del_timer, mod_timer, round_jiffies, timer_setup } from '../time/timer.ts';
import { warn_on } from '../warn.ts';
import { netdev_printk } from './netdev-log.ts';
import { dev_hold, dev_put } from './netdevice.ts';
import type { NetDevice, NetdevQueue } from './netdevice.ts';
import { netif_freeze_queues, netif_unfreeze_queues } from './queue.ts';

/** Seconds for devices that name no time. */
const defaultTimeoutS = 5;

/** A stopped queue that has not sent for too long. */
function stuckQueue(dev: NetDevice): NetdevQueue | undefined {
  const { jiffies } = dev.k;
  return dev.txQueues.find(
    (queue) => queue.stopped && jiffies - queue.trans_start > dev.watchdog_timeo,
  );
}

/** Jiffy from which the next look counts: that of the stopped queue that sent longest ago. */
function oldestStart(dev: NetDevice): number {
  const stopped = dev.txQueues.filter((queue) => queue.stopped);
  return Math.min(dev.k.jiffies, ...stopped.map((queue) => queue.trans_start));
}

function complain(dev: NetDevice, queue: NetdevQueue): void {
  const { k } = dev;
  if (k.is612) {
    const ms = Math.floor(((k.jiffies - queue.trans_start) * 1000) / k.HZ);
    const cpu = k.sim.current.cpu;
    const text = `CPU: ${cpu}: transmit queue ${queue.index} timed out ${ms} ms`;
    netdev_printk(dev, KERN_CRIT, `NETDEV WATCHDOG: ${text}`);
    return;
  }
  if (k.net.watchdogWarned) return;
  k.net.watchdogWarned = true;
  const driver = dev.parent?.driver?.name ?? '';
  const text = `${dev.name} (${driver}): transmit queue ${queue.index} timed out`;
  warn_on(k, 'net/sched/sch_generic.c:525', 'dev_watchdog', `NETDEV WATCHDOG: ${text}`);
}

function* timedOut(dev: NetDevice, queue: NetdevQueue): Atomic<void> {
  queue.trans_timeout++;
  complain(dev, queue);
  yield* netif_freeze_queues(dev);
  yield* dev.ops.ndo_tx_timeout!(dev, queue.index);
  yield* netif_unfreeze_queues(dev);
}

function* dev_watchdog(dev: NetDevice): Atomic<void> {
  yield* spin_lock(dev.tx_global_lock);
  let release = true;
  if (dev.qdiscActive && dev.present && dev.running && dev.carrier) {
    const queue = stuckQueue(dev);
    const start = queue === undefined ? oldestStart(dev) : dev.k.jiffies;
    if (queue !== undefined) yield* timedOut(dev, queue);
    const next = round_jiffies(dev.k, start + dev.watchdog_timeo);
    if (!(yield* mod_timer(dev.watchdog_timer!, next))) release = false;
  }
  yield* spin_unlock(dev.tx_global_lock);
  if (release) yield* dev_put(dev);
}

/** Makes the timer, at registration. */
export function initWatchdog(dev: NetDevice): void {
  dev.watchdog_timer = timer_setup(dev.k, `watchdog_timer(${dev.name})`, () => dev_watchdog(dev));
}

/** Arms the timer, for devices whose driver can do something about it. */
export function* __netdev_watchdog_up(dev: NetDevice): Atomic<void> {
  if (dev.ops.ndo_tx_timeout === undefined || dev.watchdog_timer === null) return;
  if (dev.watchdog_timeo <= 0) dev.watchdog_timeo = defaultTimeoutS * dev.k.HZ;
  const at = round_jiffies(dev.k, dev.k.jiffies + dev.watchdog_timeo);
  if (!(yield* mod_timer(dev.watchdog_timer, at))) yield* dev_hold(dev, null, 'watchdog');
}

/** Disarms the timer. */
export function* dev_watchdog_down(dev: NetDevice): Atomic<void> {
  yield* spin_lock(dev.tx_global_lock);
  const armed = dev.watchdog_timer !== null && (yield* del_timer(dev.watchdog_timer));
  if (armed) yield* dev_put(dev);
  yield* spin_unlock(dev.tx_global_lock);
}
