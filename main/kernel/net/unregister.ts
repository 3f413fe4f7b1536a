// Unregistration of a device up to the end of the RTNL section (net/core/dev.c:
// unregister_netdevice_many_notify; facts/driver 9.7), and its last free. What follows, the wait
// for its users, is in todo.ts: rtnl_unlock() does it.

import { Oops } from '#sim/shared.ts';
import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { put_device } from '../base/device.ts';
import { synchronize_rcu } from '../rcu.ts';
import { might_sleep } from '../sched.ts';
import { warn_on } from '../warn.ts';
import { dev_mc_flush, dev_uc_flush } from './addr-list.ts';
import { dev_close_many } from './dev.ts';
import { NETDEV_PRE_UNINIT, NETDEV_UNREGISTER } from './events.ts';
import { netif_napi_del } from './napi.ts';
import { netdev_unregister_kobject } from './net-sysfs.ts';
import { netdevState } from './netdev-log.ts';
import { dev_put } from './netdevice.ts';
import type { NetDevice } from './netdevice.ts';
import { call_netdevice_notifiers } from './notifier.ts';
import { dev_shutdown } from './qdisc.ts';
import { ASSERT_RTNL, rtnl_lock, rtnl_unlock } from './rtnetlink.ts';
import { flushBacklogs } from './softnet.ts';
import { netdev_has_any_lower_dev, netdev_has_any_upper_dev } from './upper.ts';

function unlist_netdevice(dev: NetDevice): void {
  const { devices } = dev.k.net;
  const at = devices.indexOf(dev);
  if (at >= 0) devices.splice(at, 1);
}

/** Devices that can be unregistered; one that never was registered is complained about. */
function registeredOnes(devs: readonly NetDevice[]): NetDevice[] {
  return devs.filter((dev) => {
    if (dev.reg_state === 'uninitialized') {
      warn_on(dev.k, 'net/core/dev.c:10996', 'unregister_netdevice_many_notify');
      return false;
    }
    dev.dismantle = true;
    if (dev.reg_state !== 'registered') throw new Oops('kernel BUG at net/core/dev.c:11001!');
    return true;
  });
}

/** Tells everybody that the device goes, and takes away what is its own. */
function* dismantle(dev: NetDevice): MaySleep<void> {
  const { k } = dev;
  dev_shutdown(dev);
  yield* call_netdevice_notifiers(NETDEV_UNREGISTER, dev);
  yield* dev_uc_flush(dev);
  yield* dev_mc_flush(dev);
  if (k.is612) yield* call_netdevice_notifiers(NETDEV_PRE_UNINIT, dev);
  if (dev.ops.ndo_uninit !== undefined) yield* dev.ops.ndo_uninit(dev);
  if (netdev_has_any_upper_dev(dev) || netdev_has_any_lower_dev(dev)) {
    warn_on(k, 'net/core/dev.c:11060', 'unregister_netdevice_many_notify');
  }
  yield* netdev_unregister_kobject(dev);
}

function* unregister_netdevice_many_notify(devs: readonly NetDevice[]): MaySleep<void> {
  const first = devs[0];
  if (first === undefined) return;
  const { k } = first;
  ASSERT_RTNL(k, 'net/core/dev.c (10983)');
  const list = registeredOnes(devs);
  yield* dev_close_many(list);
  for (const dev of list) {
    unlist_netdevice(dev);
    dev.reg_state = 'unregistering';
    netdevState(dev, 'unregistering');
    dev.k.trace.emit(K['netdev.going'], dev.refs.object, 1);
    flushBacklogs(dev);
  }
  yield* synchronize_rcu(k);
  for (const dev of list) yield* dismantle(dev);
  yield* synchronize_rcu(k);
  for (const dev of list) {
    yield* dev_put(dev);
    k.net.todo.push(dev);
    k.net.dev_unreg_count++;
  }
}

/** Unregisters several devices; they die in rtnl_unlock(). RTNL is held. */
export function* unregister_netdevice_many(devs: readonly NetDevice[]): MaySleep<void> {
  yield* unregister_netdevice_many_notify(devs);
}

/** Unregisters a device now, or puts it on a list for unregister_netdevice_many(). RTNL is held. */
export function* unregister_netdevice_queue(
  dev: NetDevice,
  list: NetDevice[] | null,
): MaySleep<void> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (10955)');
  if (list !== null) list.push(dev);
  else yield* unregister_netdevice_many([dev]);
}

/** Unregisters a device; it dies in rtnl_unlock(). RTNL is held. */
export function* unregister_netdevice(dev: NetDevice): MaySleep<void> {
  yield* unregister_netdevice_queue(dev, null);
}

/** Takes RTNL, unregisters a device, and waits until nobody uses it any more. */
export function* unregister_netdev(dev: NetDevice): MaySleep<void> {
  yield* rtnl_lock(dev.k);
  yield* unregister_netdevice(dev);
  yield* rtnl_unlock(dev.k);
}

/**
 * Frees a device that is not registered (any more). Its private data may not be used afterwards.
 */
export function* free_netdev(dev: NetDevice): MaySleep<void> {
  might_sleep(dev.k);
  if (dev.reg_state === 'unregistering') {
    ASSERT_RTNL(dev.k, 'net/core/dev.c (10875)');
    dev.needs_free_netdev = true;
    return;
  }
  for (const napi of [...dev.napi_list]) yield* netif_napi_del(napi);
  if (dev.reg_state === 'uninitialized') {
    dev.freed = true;
    return;
  }
  if (dev.reg_state !== 'unregistered') throw new Oops('kernel BUG at net/core/dev.c:10907!');
  dev.reg_state = 'released';
  if (dev.dev !== null) yield* put_device(dev.dev);
}
