// Registration of a device (net/core/dev.c: register_netdevice; facts/driver 9.7): name, ndo_init,
// number, features, POST_INIT, sysfs, linkwatch, qdisc, the reference for "registered", the list,
// REGISTER.

import type { MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import { EBUSY, EIO } from '../errno.ts';
import { notifier_to_errno } from '../notifier.ts';
import { Oops } from '#sim/shared.ts';
import { dev_get_valid_name } from './dev-name.ts';
import { __netdev_update_features } from './dev-features.ts';
import { NETDEV_POST_INIT, NETDEV_REGISTER } from './events.ts';
import { NET_ADDR_PERM, NETIF_F_GRO } from './flags.ts';
import { linkwatch_init_dev } from './linkwatch.ts';
import { netdev_register_kobject } from './net-sysfs.ts';
import { netdevState } from './netdev-log.ts';
import { dev_hold } from './netdevice.ts';
import type { NetDevice } from './netdevice.ts';
import { call_netdevice_notifiers } from './notifier.ts';
import { dev_init_scheduler } from './qdisc.ts';
import { ASSERT_RTNL, rtnl_lock, rtnl_unlock } from './rtnetlink.ts';
import { unregister_netdevice } from './unregister.ts';

/** Puts a device on the list, in the order of the numbers. */
function list_netdevice(dev: NetDevice): void {
  const { devices } = dev.k.net;
  const at = devices.findIndex((other) => other.ifindex > dev.ifindex);
  devices.splice(at < 0 ? devices.length : at, 0, dev);
}

/** Offloads that the stack does itself are there for everybody and can be switched. */
function completeFeatures(dev: NetDevice): void {
  dev.hw_features |= NETIF_F_GRO;
  dev.features |= NETIF_F_GRO;
  dev.wanted_features = dev.features & dev.hw_features;
}

/** A free number, or the one that the device asks for. 0 or a negative error. */
function takeIndex(dev: NetDevice): number {
  const { net } = dev.k;
  if (dev.ifindex === 0) dev.ifindex = net.newIfindex();
  return net.devices.some((other) => other.ifindex === dev.ifindex) ? -EBUSY : 0;
}

/** Name and ndo_init, each given back when a later step fails. */
function* prepare(dev: NetDevice): MaySleep<number> {
  const name = dev_get_valid_name(dev.k, dev.name);
  if (typeof name === 'number') return name;
  const numbered = dev.name.includes('%');
  dev.setName(name);
  if (!numbered && dev.name_assign_type === 1) dev.name_assign_type = 3;
  if (dev.ops.ndo_init === undefined) return 0;
  const err = yield* dev.ops.ndo_init(dev);
  return err > 0 ? -EIO : err;
}

/** Steps from number to sysfs. */
function* makeVisible(dev: NetDevice): MaySleep<number> {
  let err = takeIndex(dev);
  if (err !== 0) return err;
  completeFeatures(dev);
  err = notifier_to_errno(yield* call_netdevice_notifiers(NETDEV_POST_INIT, dev));
  if (err !== 0) return err;
  err = yield* netdev_register_kobject(dev);
  dev.reg_state = err === 0 ? 'registered' : 'unregistered';
  return err;
}

function* unwind(dev: NetDevice): MaySleep<void> {
  if (dev.ops.ndo_uninit !== undefined) yield* dev.ops.ndo_uninit(dev);
  if (dev.priv_destructor !== null) yield* dev.priv_destructor(dev);
}

/** Registers a device. RTNL is held. 0 or a negative error; the caller frees the device then. */
export function* register_netdevice(dev: NetDevice): MaySleep<number> {
  const { k } = dev;
  ASSERT_RTNL(k, 'net/core/dev.c (10141)');
  if (dev.reg_state !== 'uninitialized') throw new Oops('kernel BUG at net/core/dev.c:10146!');
  let err = yield* prepare(dev);
  if (err !== 0) return err;
  err = yield* makeVisible(dev);
  if (err !== 0) {
    yield* unwind(dev);
    return err;
  }
  yield* __netdev_update_features(dev);
  dev.present = true;
  linkwatch_init_dev(dev);
  dev_init_scheduler(dev);
  yield* dev_hold(dev, null, 'registered');
  list_netdevice(dev);
  netdevState(dev, 'registered');
  k.trace.emit(K['netdev.going'], dev.refs.object, 0);
  if (dev.addr_assign_type === NET_ADDR_PERM) dev.perm_addr = dev.dev_addr.slice();
  err = notifier_to_errno(yield* call_netdevice_notifiers(NETDEV_REGISTER, dev));
  if (err !== 0) {
    dev.needs_free_netdev = false;
    yield* unregister_netdevice(dev);
  }
  return err;
}

/** Takes RTNL and registers a device. 0 or a negative error. */
export function* register_netdev(dev: NetDevice): MaySleep<number> {
  yield* rtnl_lock(dev.k);
  const err = yield* register_netdevice(dev);
  yield* rtnl_unlock(dev.k);
  return err;
}
