// The last phase of a netdev's life (net/core/dev.c: netdev_run_todo, netdev_wait_allrefs_any;
// facts/driver
// 9.7, 7.2b): without RTNL, wait until nobody holds the device any more. The wait polls, with the
// sleeps, rebroadcasts and warnings of the real loop, and is a wait for the reference in the wait
// graph for all its length: so the graph sees a cycle at the moment it closes, while the kernel
// only prints its line.

import { captureStack } from '#sim/stack.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { put_device } from '../base/device.ts';
import type { Kernel } from '../kernel.ts';
import { pr_emerg } from '../printk.ts';
import { rcu_barrier } from '../rcu.ts';
import { currentActor } from '../sched.ts';
import { placeOf } from '../stack.ts';
import { msleep } from '../time/delay.ts';
import { wakeAll } from '../wait.ts';
import { NETDEV_UNREGISTER } from './events.ts';
import { linkwatch_forget_dev, linkwatch_run_queue } from './linkwatch.ts';
import { netdevState } from './netdev-log.ts';
import { netdev_refcnt_read } from './netdevice.ts';
import type { NetDevice } from './netdevice.ts';
import { call_netdevice_notifiers } from './notifier.ts';
import { __rtnl_unlock, rtnl_lock } from './rtnetlink.ts';
import { free_netdev } from './unregister.ts';

/** Bounds of the sleeps between two looks. */
const WAIT_REFS_MIN_MSECS = 1;
const WAIT_REFS_MAX_MSECS = 250;

const firstFree = (list: readonly NetDevice[]): NetDevice | undefined =>
  list.find((dev) => netdev_refcnt_read(dev) === 1);

/**
 * Tells everybody again that the devices are going, and empties the linkwatch queue if one is on
 * it.
 */
function* rebroadcastUnregister(k: Kernel, list: readonly NetDevice[]): MaySleep<void> {
  yield* rtnl_lock(k);
  for (const dev of list) yield* call_netdevice_notifiers(NETDEV_UNREGISTER, dev);
  yield* __rtnl_unlock(k);
  yield* rcu_barrier(k);
  yield* rtnl_lock(k);
  if (list.some((dev) => dev.linkwatchPending)) yield* linkwatch_run_queue(k);
  yield* __rtnl_unlock(k);
}

/** The line that everybody who has unregistered a netdev knows, and a finding for the lab. */
function warnAboutReferences(k: Kernel, list: readonly NetDevice[]): void {
  for (const dev of list) {
    const count = netdev_refcnt_read(dev);
    const text = `waiting for ${dev.name} to become free. Usage count = ${count}`;
    pr_emerg(k, `unregister_netdevice: ${text}`);
    k.trace.emit(K['ref.warning'], dev.refs.object, count);
    const task = k.sim.current.name;
    const place = placeOf(captureStack());
    k.report({ kind: 'netdevReference', timeNs: k.sim.now(), task, text, place });
  }
}

/**
 * Waits until one of the devices has no user left, and gives it. Inlined into its caller in stacks.
 */
function* netdev_wait_allrefs_any(k: Kernel, list: readonly NetDevice[]): MaySleep<NetDevice> {
  let rebroadcastTime = k.jiffies;
  let warningTime = k.jiffies;
  let waitMs = 0;
  for (let free = firstFree(list); ; free = firstFree(list)) {
    if (free !== undefined) return free;
    if (
      waitMs > 0 &&
      k.jiffies - warningTime > k.net.sysctls.netdev_unregister_timeout_secs * k.HZ
    ) {
      warnAboutReferences(k, list);
      warningTime = k.jiffies;
    }
    if (k.jiffies - rebroadcastTime > k.HZ) {
      yield* rebroadcastUnregister(k, list);
      rebroadcastTime = k.jiffies;
    }
    yield* rcu_barrier(k);
    if (waitMs === 0) waitMs = WAIT_REFS_MIN_MSECS;
    else {
      yield* msleep(k, waitMs);
      waitMs = Math.min(2 * waitMs, WAIT_REFS_MAX_MSECS);
    }
    for (const dev of list) k.trace.emit(K['ref.wait'], dev.refs.object, netdev_refcnt_read(dev));
  }
}

/** From "unregistering" to "unregistered": events and linkwatch cannot take new references. */
function* endRegistration(list: readonly NetDevice[]): MaySleep<void> {
  for (const dev of list) {
    dev.reg_state = 'unregistered';
    netdevState(dev, 'unregistered');
    yield* linkwatch_forget_dev(dev);
  }
}

/** The device has no user left. */
function* finishDevice(k: Kernel, dev: NetDevice): MaySleep<void> {
  if (dev.priv_destructor !== null) yield* dev.priv_destructor(dev);
  const device = dev.dev;
  if (dev.needs_free_netdev) yield* free_netdev(dev);
  k.net.dev_unreg_count--;
  if (k.net.dev_unreg_count === 0) wakeAll(k.net.netdev_unregistering_wq);
  if (device !== null) yield* put_device(device);
}

/** Gives RTNL back and finishes what was unregistered under it. */
export function* netdev_run_todo(k: Kernel): MaySleep<void> {
  const list = k.net.todo.splice(0);
  yield* __rtnl_unlock(k);
  if (list.length === 0) return;
  yield* rcu_barrier(k);
  yield* endRegistration(list);
  const actor = currentActor(k);
  for (const dev of list) {
    k.graph.hold(k.net.unregistering, actor, `unregisters ${dev.name}`);
    k.graph.wait(actor, dev.refs.resource);
  }
  while (list.length > 0) {
    const dev = yield* netdev_wait_allrefs_any(k, list);
    list.splice(list.indexOf(dev), 1);
    k.graph.endWait(actor, dev.refs.resource);
    yield* finishDevice(k, dev);
    k.graph.release(k.net.unregistering, actor);
  }
}
