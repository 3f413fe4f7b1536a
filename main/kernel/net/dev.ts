// Looking devices up, opening and closing them, their flags and counters (net/core/dev.c;
// facts/driver
// 9.7). Callers hold RTNL. The order of events: PRE_UP, ndo_open, UP; GOING_DOWN, queues off,
// ndo_stop, DOWN. Left out: netlink messages to listeners, netpoll, rx filters of user space.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { ENODEV } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { notifier_to_errno } from '../notifier.ts';
import { dev_set_rx_mode } from './addr-list.ts';
import { __dev_set_allmulti, __dev_set_promiscuity, dev_change_rx_flags } from './dev-config.ts';
import {
  NETDEV_CHANGE,
  NETDEV_DOWN,
  NETDEV_GOING_DOWN,
  NETDEV_NOTIFY_PEERS,
  NETDEV_PRE_UP,
  NETDEV_RESEND_IGMP,
  NETDEV_UP,
} from './events.ts';
import { IFF_ALLMULTI, IFF_MULTICAST, IFF_NOARP, IFF_PROMISC, IFF_UP } from './flags.ts';
import { netdevState } from './netdev-log.ts';
import type { NetDevice, NetdevStats } from './netdevice.ts';
import { call_netdevice_notifiers, call_netdevice_notifiers_info } from './notifier.ts';
import { dev_activate, dev_deactivate_many } from './qdisc.ts';
import { ASSERT_RTNL } from './rtnetlink.ts';

/** A registered device by its name. */
export const __dev_get_by_name = (k: Kernel, name: string): NetDevice | undefined =>
  k.net.devices.find((dev) => dev.name === name);

/** A registered device by its number. */
export const __dev_get_by_index = (k: Kernel, ifindex: number): NetDevice | undefined =>
  k.net.devices.find((dev) => dev.ifindex === ifindex);

export function* __dev_open(dev: NetDevice): MaySleep<number> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (1421)');
  if (!dev.present) return -ENODEV;
  let err = notifier_to_errno(yield* call_netdevice_notifiers(NETDEV_PRE_UP, dev));
  if (err !== 0) return err;
  dev.running = true;
  if (dev.ops.ndo_open !== undefined) err = yield* dev.ops.ndo_open(dev);
  if (err !== 0) {
    dev.running = false;
    return err;
  }
  dev.flags |= IFF_UP;
  netdevState(dev, 'up');
  yield* dev_set_rx_mode(dev);
  yield* dev_activate(dev);
  return 0;
}

/** Opens a device and tells the chain. 0 (also when it is open) or a negative error. */
export function* dev_open(dev: NetDevice): MaySleep<number> {
  if ((dev.flags & IFF_UP) !== 0) return 0;
  const err = yield* __dev_open(dev);
  if (err < 0) return err;
  yield* call_netdevice_notifiers(NETDEV_UP, dev);
  return err;
}

export function* __dev_close_many(devs: readonly NetDevice[]): MaySleep<void> {
  for (const dev of devs) {
    ASSERT_RTNL(dev.k, 'net/core/dev.c (1517)');
    yield* call_netdevice_notifiers(NETDEV_GOING_DOWN, dev);
    dev.running = false;
  }
  yield* dev_deactivate_many(devs);
  for (const dev of devs) {
    if (dev.ops.ndo_stop !== undefined) yield* dev.ops.ndo_stop(dev);
    dev.flags &= ~IFF_UP;
    netdevState(dev, 'down');
  }
}

/** Closes those that are open, and tells the chain. */
export function* dev_close_many(devs: readonly NetDevice[]): MaySleep<void> {
  const open = devs.filter((dev) => (dev.flags & IFF_UP) !== 0);
  if (open.length === 0) return;
  yield* __dev_close_many(open);
  for (const dev of open) yield* call_netdevice_notifiers(NETDEV_DOWN, dev);
}

export function* dev_close(dev: NetDevice): MaySleep<void> {
  if ((dev.flags & IFF_UP) !== 0) yield* dev_close_many([dev]);
}

/** Bits that dev_change_flags() may set as they are asked for. */
const settableFlags = IFF_NOARP | IFF_MULTICAST;

/** The promiscuous and all-multicast wishes of user space count once each. */
function* changeUserModes(dev: NetDevice, flags: number): MaySleep<void> {
  if (((flags ^ dev.gflags) & IFF_PROMISC) !== 0) {
    const before = dev.flags;
    dev.gflags ^= IFF_PROMISC;
    const err = yield* __dev_set_promiscuity(dev, (flags & IFF_PROMISC) !== 0 ? 1 : -1);
    if (err >= 0 && dev.flags !== before) yield* dev_set_rx_mode(dev);
  }
  if (((flags ^ dev.gflags) & IFF_ALLMULTI) !== 0) {
    dev.gflags ^= IFF_ALLMULTI;
    yield* __dev_set_allmulti(dev, (flags & IFF_ALLMULTI) !== 0 ? 1 : -1);
  }
}

/** Sets the flags without telling the chain; __dev_notify_flags() does that. */
export function* __dev_change_flags(dev: NetDevice, flags: number): MaySleep<number> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (8566)');
  const before = dev.flags;
  dev.flags = (flags & settableFlags) | (dev.flags & ~settableFlags);
  if (((before ^ flags) & IFF_MULTICAST) !== 0) yield* dev_change_rx_flags(dev, IFF_MULTICAST);
  yield* dev_set_rx_mode(dev);
  let err = 0;
  if (((before ^ flags) & IFF_UP) !== 0) {
    if ((before & IFF_UP) !== 0) yield* __dev_close_many([dev]);
    else err = yield* __dev_open(dev);
  }
  yield* changeUserModes(dev, flags);
  return err;
}

/** Tells the chain what changed since the flags were `before`. */
export function* __dev_notify_flags(dev: NetDevice, before: number): MaySleep<void> {
  const changes = dev.flags ^ before;
  const up = (dev.flags & IFF_UP) !== 0;
  if ((changes & IFF_UP) !== 0) {
    yield* call_netdevice_notifiers(up ? NETDEV_UP : NETDEV_DOWN, dev);
  }
  if (up && (changes & ~(IFF_UP | IFF_PROMISC | IFF_ALLMULTI)) !== 0) {
    yield* call_netdevice_notifiers_info(NETDEV_CHANGE, { dev, flags_changed: changes });
  }
}

/** Sets the flags that user space may set: up, promisc, allmulti, multicast, noarp. */
export function* dev_change_flags(dev: NetDevice, flags: number): MaySleep<number> {
  const before = dev.flags;
  const err = yield* __dev_change_flags(dev, flags);
  if (err < 0) return err;
  yield* __dev_notify_flags(dev, before);
  return err;
}

/** Tells the chain that an open device's link or state is another now. */
export function* netdev_state_change(dev: NetDevice): MaySleep<void> {
  if ((dev.flags & IFF_UP) === 0) return;
  yield* call_netdevice_notifiers_info(NETDEV_CHANGE, { dev, flags_changed: 0 });
}

/** Makes everybody announce the device's addresses: it moved to another port of the switch. */
export function* __netdev_notify_peers(dev: NetDevice): MaySleep<void> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (1329)');
  yield* call_netdevice_notifiers(NETDEV_NOTIFY_PEERS, dev);
  yield* call_netdevice_notifiers(NETDEV_RESEND_IGMP, dev);
}

/** The device's counters and the core's, in a copy. */
export function* dev_get_stats(dev: NetDevice): Atomic<NetdevStats> {
  const from = dev.ops.ndo_get_stats === undefined ? dev.stats : yield* dev.ops.ndo_get_stats(dev);
  const { rx_dropped, tx_dropped, rx_nohandler } = dev.core_stats;
  return {
    ...from,
    rx_dropped: from.rx_dropped + rx_dropped,
    tx_dropped: from.tx_dropped + tx_dropped,
    rx_nohandler: from.rx_nohandler + rx_nohandler,
  };
}

export { dev_set_mac_address, dev_set_mtu } from './dev-config.ts';
export { dev_set_allmulti, dev_set_promiscuity } from './dev-config.ts';
export { netdev_change_features, netdev_update_features } from './dev-features.ts';
