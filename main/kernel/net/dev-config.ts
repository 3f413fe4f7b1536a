// Settings of a device that drivers take part in: MTU, address, promiscuous and all-multicast mode
// (net/core/dev.c). Callers hold RTNL. Modes are counted: they end when the last user lets go.

import type { MaySleep } from '#sim/task.ts';
import { EINVAL, ENODEV, EOPNOTSUPP, EOVERFLOW } from '../errno.ts';
import { notifier_to_errno } from '../notifier.ts';
import { pr_info } from '../printk.ts';
import { dev_set_rx_mode } from './addr-list.ts';
import { __dev_notify_flags } from './dev.ts';
import {
  NETDEV_CHANGE_TX_QUEUE_LEN,
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEMTU,
  NETDEV_PRE_CHANGEADDR,
  NETDEV_PRECHANGEMTU,
} from './events.ts';
import { IFF_ALLMULTI, IFF_PROMISC, IFF_UP, NET_ADDR_SET } from './flags.ts';
import { netdev_err, netdev_info, netdev_warn } from './netdev-log.ts';
import type { NetDevice } from './netdevice.ts';
import { call_netdevice_notifiers, call_netdevice_notifiers_info } from './notifier.ts';
import { ASSERT_RTNL } from './rtnetlink.ts';

/** Complains about an MTU outside of the device's bounds. */
function dev_validate_mtu(dev: NetDevice, mtu: number): number {
  if (mtu < 0 || mtu < dev.min_mtu) {
    netdev_err(dev, `Invalid MTU ${mtu} requested, hw min ${dev.min_mtu}`);
    return -EINVAL;
  }
  if (dev.max_mtu > 0 && mtu > dev.max_mtu) {
    netdev_err(dev, `Invalid MTU ${mtu} requested, hw max ${dev.max_mtu}`);
    return -EINVAL;
  }
  return 0;
}

/** Sets the MTU without telling anybody: bonding does so for a slave that is being unregistered. */
export function* __dev_set_mtu(dev: NetDevice, mtu: number): MaySleep<number> {
  if (dev.ops.ndo_change_mtu !== undefined) return yield* dev.ops.ndo_change_mtu(dev, mtu);
  dev.mtu = mtu;
  return 0;
}

/** Sets the MTU: PRECHANGEMTU, the driver, CHANGEMTU. 0 or a negative error. */
export function* dev_set_mtu(dev: NetDevice, mtu: number): MaySleep<number> {
  if (mtu === dev.mtu) return 0;
  let err = dev_validate_mtu(dev, mtu);
  if (err !== 0) return err;
  if (!dev.present) return -ENODEV;
  err = notifier_to_errno(yield* call_netdevice_notifiers(NETDEV_PRECHANGEMTU, dev));
  if (err !== 0) return err;
  const before = dev.mtu;
  err = yield* __dev_set_mtu(dev, mtu);
  if (err !== 0) return err;
  const info = { dev, mtu: before };
  err = notifier_to_errno(yield* call_netdevice_notifiers_info(NETDEV_CHANGEMTU, info));
  if (err !== 0) {
    yield* __dev_set_mtu(dev, before);
    yield* call_netdevice_notifiers_info(NETDEV_CHANGEMTU, { dev, mtu });
  }
  return err;
}

/** Sets the address: PRE_CHANGEADDR, the driver, CHANGEADDR. 0 or a negative error. */
export function* dev_set_mac_address(dev: NetDevice, mac: Uint8Array): MaySleep<number> {
  if (dev.ops.ndo_set_mac_address === undefined) return -EOPNOTSUPP;
  if (!dev.present) return -ENODEV;
  const info = { dev, dev_addr: mac };
  let err = notifier_to_errno(yield* call_netdevice_notifiers_info(NETDEV_PRE_CHANGEADDR, info));
  if (err !== 0) return err;
  err = yield* dev.ops.ndo_set_mac_address(dev, mac);
  if (err !== 0) return err;
  dev.addr_assign_type = NET_ADDR_SET;
  yield* call_netdevice_notifiers(NETDEV_CHANGEADDR, dev);
  return 0;
}

/** Most packets that wait for a stopped queue. */
export function* dev_change_tx_queue_len(dev: NetDevice, length: number): MaySleep<number> {
  if (length === dev.tx_queue_len) return 0;
  const before = dev.tx_queue_len;
  dev.tx_queue_len = length;
  const answer = yield* call_netdevice_notifiers(NETDEV_CHANGE_TX_QUEUE_LEN, dev);
  const err = notifier_to_errno(answer);
  if (err !== 0) dev.tx_queue_len = before;
  return err;
}

/** Tells the driver which flag changed. */
export function* dev_change_rx_flags(dev: NetDevice, flags: number): MaySleep<void> {
  if (dev.ops.ndo_change_rx_flags === undefined || (dev.flags & IFF_UP) === 0) return;
  yield* dev.ops.ndo_change_rx_flags(dev, flags);
}

/** The line about a mode that begins or ends; all-multicast is told of by 6.12 only. */
export function sayMode(dev: NetDevice, on: boolean, mode: 'promiscuous' | 'allmulticast'): void {
  const what = `${on ? 'entered' : 'left'} ${mode} mode`;
  if (dev.k.is612) netdev_info(dev, what);
  else if (mode === 'promiscuous') pr_info(dev.k, `device ${dev.name} ${what}`);
}

/** Counts; 0 or a negative error. The caller has the receive filter set when the flag changed. */
export function* __dev_set_promiscuity(dev: NetDevice, by: number): MaySleep<number> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (8264)');
  const before = dev.flags;
  dev.promiscuity += by;
  if (dev.promiscuity < 0) {
    dev.promiscuity -= by;
    netdev_warn(
      dev,
      'promiscuity touches roof, set promiscuity failed. ' +
        'promiscuity feature of device might be broken.',
    );
    return -EOVERFLOW;
  }
  if (dev.promiscuity > 0) dev.flags |= IFF_PROMISC;
  else dev.flags &= ~IFF_PROMISC;
  if (dev.flags !== before) {
    sayMode(dev, dev.promiscuity > 0, 'promiscuous');
    yield* dev_change_rx_flags(dev, IFF_PROMISC);
  }
  return 0;
}

/** One more (1) or fewer (-1) user of promiscuous mode. */
export function* dev_set_promiscuity(dev: NetDevice, by: number): MaySleep<number> {
  const before = dev.flags;
  const err = yield* __dev_set_promiscuity(dev, by);
  if (err < 0) return err;
  yield* __dev_notify_flags(dev, before);
  if (dev.flags !== before) yield* dev_set_rx_mode(dev);
  return 0;
}

/** Counts, and has the receive filter set when the flag changed. */
export function* __dev_set_allmulti(dev: NetDevice, by: number): MaySleep<number> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (8335)');
  const before = dev.flags;
  dev.allmulti += by;
  if (dev.allmulti < 0) {
    dev.allmulti -= by;
    netdev_warn(
      dev,
      'allmulti touches roof, set allmulti failed. allmulti feature of device might be broken.',
    );
    return -EOVERFLOW;
  }
  if (dev.allmulti > 0) dev.flags |= IFF_ALLMULTI;
  else dev.flags &= ~IFF_ALLMULTI;
  if (dev.flags !== before) {
    sayMode(dev, dev.allmulti > 0, 'allmulticast');
    yield* dev_change_rx_flags(dev, IFF_ALLMULTI);
    yield* dev_set_rx_mode(dev);
  }
  return 0;
}

/** One more (1) or fewer (-1) user of all-multicast mode. */
export function* dev_set_allmulti(dev: NetDevice, by: number): MaySleep<number> {
  const before = dev.flags;
  const err = yield* __dev_set_allmulti(dev, by);
  if (err === 0) yield* __dev_notify_flags(dev, before);
  return err;
}
