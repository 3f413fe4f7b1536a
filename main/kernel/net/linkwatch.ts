// Carrier changes and what follows from them (net/core/link_watch.c, net/sched/sch_generic.c;
// facts/driver
// 9.7): a driver says on or off from any context; one delayed work, at most once a second, or at
// once when it is urgent, takes RTNL and sets operational state, qdisc, and NETDEV_CHANGE. A device
// on its list is held by it, so a dying one must be taken off.
// Unprotected: the carrier bit, as in Linux.

import type { Atomic, MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { spin_lock_init, spin_lock_irqsave, spin_unlock_irqrestore } from '../locking/spinlock.ts';
import type { SpinLock } from '../locking/spinlock.ts';
import { INIT_DELAYED_WORK, mod_delayed_work, queue_delayed_work } from '../workqueue.ts';
import type { DelayedWork } from '../workqueue.ts';
import { netdev_state_change } from './dev.ts';
import { IF_OPER_DORMANT, IF_OPER_DOWN, IF_OPER_UP, IFF_UP, operstates } from './flags.ts';
import { netdevState } from './netdev-log.ts';
import { dev_hold, dev_put, netif_is_bond_master, netif_is_bond_slave } from './netdevice.ts';
import type { NetDevice } from './netdevice.ts';
import { dev_activate, dev_deactivate, qdisc_tx_changing } from './qdisc.ts';
import { rtnl_lock, rtnl_unlock } from './rtnetlink.ts';
import { __netdev_watchdog_up } from './watchdog.ts';

/** The list of one machine and its work. */
export class Linkwatch {
  readonly list: NetDevice[] = [];
  readonly lock: SpinLock;
  readonly work: DelayedWork;
  /** LW_URGENT: an urgent run is asked for. */
  urgent = false;
  /** Jiffy before which no run comes that is not urgent. */
  nextEvent = -Infinity;

  constructor(k: Kernel) {
    this.lock = spin_lock_init(k, 'lweventlist_lock');
    this.work = INIT_DELAYED_WORK(k, 'linkwatch_event', () => linkwatch_event(k));
  }
}

function default_operstate(dev: NetDevice): number {
  if (!dev.carrier) return IF_OPER_DOWN;
  return dev.dormant ? IF_OPER_DORMANT : IF_OPER_UP;
}

function rfc2863_policy(dev: NetDevice): void {
  const operstate = default_operstate(dev);
  if (operstate === dev.operstate) return;
  dev.operstate = operstate;
  netdevState(dev, `operstate ${operstates[operstate]!}`);
}

/** At registration: a device without carrier is down from the start, not unknown. */
export function linkwatch_init_dev(dev: NetDevice): void {
  if (!dev.carrier || dev.dormant) rfc2863_policy(dev);
}

function linkwatch_urgent_event(dev: NetDevice): boolean {
  if (!dev.running) return false;
  if (netif_is_bond_slave(dev) || netif_is_bond_master(dev)) return true;
  return dev.carrier && qdisc_tx_changing(dev);
}

function* linkwatch_add_event(dev: NetDevice): Atomic<void> {
  const { linkwatch } = dev.k.net;
  yield* spin_lock_irqsave(linkwatch.lock);
  if (!linkwatch.list.includes(dev)) {
    linkwatch.list.push(dev);
    yield* dev_hold(dev, null, 'linkwatch');
  }
  yield* spin_unlock_irqrestore(linkwatch.lock);
}

function* linkwatch_schedule_work(k: Kernel, urgent: boolean): Atomic<void> {
  const { linkwatch, workqueues } = { linkwatch: k.net.linkwatch, workqueues: k.workqueues };
  if (linkwatch.urgent) return;
  if (urgent) {
    linkwatch.urgent = true;
    yield* mod_delayed_work(workqueues.system_unbound_wq, linkwatch.work, 0);
    return;
  }
  const left = linkwatch.nextEvent - k.jiffies;
  const delay = left < 0 || left > k.HZ ? 0 : left;
  yield* queue_delayed_work(workqueues.system_unbound_wq, linkwatch.work, delay);
}

/**
 * Sets what follows from the carrier; gives the list's reference back. RTNL is held, or nobody
 * cares.
 */
function* linkwatch_do_dev(dev: NetDevice): MaySleep<void> {
  dev.linkwatchPending = false;
  rfc2863_policy(dev);
  if ((dev.flags & IFF_UP) !== 0) {
    if (dev.carrier) yield* dev_activate(dev);
    else yield* dev_deactivate(dev);
    yield* netdev_state_change(dev);
  }
  yield* dev_put(dev);
}

function* __linkwatch_run_queue(k: Kernel, urgentOnly: boolean): MaySleep<void> {
  const { linkwatch } = k.net;
  if (!urgentOnly) linkwatch.nextEvent = k.jiffies + k.HZ;
  else if (linkwatch.nextEvent > k.jiffies + k.HZ) linkwatch.nextEvent = k.jiffies;
  linkwatch.urgent = false;
  yield* spin_lock_irqsave(linkwatch.lock);
  const work = linkwatch.list.splice(0);
  for (let dev = work.shift(); dev !== undefined; dev = work.shift()) {
    if (!dev.present || (urgentOnly && !linkwatch_urgent_event(dev))) {
      linkwatch.list.push(dev);
      continue;
    }
    yield* spin_unlock_irqrestore(linkwatch.lock);
    yield* linkwatch_do_dev(dev);
    yield* spin_lock_irqsave(linkwatch.lock);
  }
  if (linkwatch.list.length > 0) yield* linkwatch_schedule_work(k, false);
  yield* spin_unlock_irqrestore(linkwatch.lock);
}

/** Runs the whole list now. RTNL is held. */
export function* linkwatch_run_queue(k: Kernel): MaySleep<void> {
  yield* __linkwatch_run_queue(k, false);
}

function* linkwatch_event(k: Kernel): MaySleep<void> {
  yield* rtnl_lock(k);
  yield* __linkwatch_run_queue(k, k.net.linkwatch.nextEvent > k.jiffies);
  yield* rtnl_unlock(k);
}

/** Takes a dying device off the list. */
export function* linkwatch_forget_dev(dev: NetDevice): MaySleep<void> {
  const { linkwatch } = dev.k.net;
  yield* spin_lock_irqsave(linkwatch.lock);
  const at = linkwatch.list.indexOf(dev);
  if (at >= 0) linkwatch.list.splice(at, 1);
  yield* spin_unlock_irqrestore(linkwatch.lock);
  if (at >= 0) yield* linkwatch_do_dev(dev);
}

/** Something about the link changed. */
export function* linkwatch_fire_event(dev: NetDevice): Atomic<void> {
  const urgent = linkwatch_urgent_event(dev);
  if (!dev.linkwatchPending) {
    dev.linkwatchPending = true;
    yield* linkwatch_add_event(dev);
  } else if (!urgent) return;
  yield* linkwatch_schedule_work(dev.k, urgent);
}

/** The link is there. */
export function* netif_carrier_on(dev: NetDevice): Atomic<void> {
  if (dev.carrier) return;
  dev.carrier = true;
  if (dev.reg_state === 'uninitialized') return;
  dev.carrier_up_count++;
  netdevState(dev, 'carrier on');
  yield* linkwatch_fire_event(dev);
  if (dev.running) yield* __netdev_watchdog_up(dev);
}

/** The link is gone. */
export function* netif_carrier_off(dev: NetDevice): Atomic<void> {
  if (!dev.carrier) return;
  dev.carrier = false;
  if (dev.reg_state === 'uninitialized') return;
  dev.carrier_down_count++;
  netdevState(dev, 'carrier off');
  yield* linkwatch_fire_event(dev);
}

/** The link was away and came back faster than anybody could tell. */
export function* netif_carrier_event(dev: NetDevice): Atomic<void> {
  if (dev.reg_state === 'uninitialized') return;
  dev.carrier_up_count++;
  dev.carrier_down_count++;
  netdevState(dev, 'carrier event');
  yield* linkwatch_fire_event(dev);
}

/** netif_dormant_on() and netif_dormant_off(). */
export function* netif_set_dormant(dev: NetDevice, dormant: boolean): Atomic<void> {
  if (dev.dormant === dormant) return;
  dev.dormant = dormant;
  if (dev.reg_state !== 'uninitialized') yield* linkwatch_fire_event(dev);
}
