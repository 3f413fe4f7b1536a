// Links between devices: uppers and lowers, masters (net/core/dev.c: netdev_master_upper_dev_link
// and its kin; facts/driver 5.1 to 5.3), and the two events by which a master tells of its ports.
// Each side holds the other. RTNL is held; readers in interrupts look at the lists as under RCU.

import type { MaySleep } from '#sim/task.ts';
import { EBUSY, EEXIST } from '../errno.ts';
import { notifier_to_errno } from '../notifier.ts';
import {
  NETDEV_BONDING_INFO,
  NETDEV_CHANGELOWERSTATE,
  NETDEV_CHANGEUPPER,
  NETDEV_PRECHANGEUPPER,
} from './events.ts';
import { netdev_adjacent_sysfs_add, netdev_adjacent_sysfs_del } from './net-sysfs.ts';
import { dev_hold, dev_put } from './netdevice.ts';
import type { Adjacent, NetDevice } from './netdevice.ts';
import { call_netdevice_notifiers_info } from './notifier.ts';
import type { LagUpperInfo, NetdevBondingInfo, NetdevNotifierInfo } from './notifier.ts';
import { ASSERT_RTNL } from './rtnetlink.ts';

/** The device that rules this one, or null. */
export const netdev_master_upper_dev_get = (dev: NetDevice): NetDevice | null => dev.master;

/** True when any device is above this one. */
export const netdev_has_any_upper_dev = (dev: NetDevice): boolean => dev.upper.length > 0;

export const netdev_has_any_lower_dev = (dev: NetDevice): boolean => dev.lower.length > 0;

/** True when `upper` is above `dev`, at any distance. */
export const netdev_has_upper_dev_all = (dev: NetDevice, upper: NetDevice): boolean =>
  dev.upper.some((link) => link.dev === upper || netdev_has_upper_dev_all(link.dev, upper));

/** What the master keeps for a device below it (struct slave of a bond). */
export const netdev_lower_dev_get_private = <T>(dev: NetDevice, lower: NetDevice): T | null =>
  (dev.lower.find((link) => link.dev === lower)?.priv as T | undefined) ?? null;

/** Puts the link on both lists; a master comes first. */
function* linkNeighbours(
  dev: NetDevice,
  upper: NetDevice,
  priv: unknown,
  master: boolean,
): MaySleep<void> {
  yield* dev_hold(upper, null, `above ${dev.name}`);
  const up: Adjacent = { dev: upper, master, priv };
  if (master) dev.upper.unshift(up);
  else dev.upper.push(up);
  yield* dev_hold(dev, null, `below ${upper.name}`);
  upper.lower.push({ dev, master: false, priv });
  netdev_adjacent_sysfs_add(dev, upper, master);
}

function* unlinkNeighbours(dev: NetDevice, upper: NetDevice): MaySleep<void> {
  const up = dev.upper.findIndex((link) => link.dev === upper);
  const down = upper.lower.findIndex((link) => link.dev === dev);
  if (up < 0 || down < 0) return;
  netdev_adjacent_sysfs_del(dev, upper, dev.upper[up]!.master);
  dev.upper.splice(up, 1);
  yield* dev_put(upper);
  upper.lower.splice(down, 1);
  yield* dev_put(dev);
}

/** Why the link cannot be made, or 0. */
function linkProblem(dev: NetDevice, upper: NetDevice, master: boolean): number {
  if (dev === upper || netdev_has_upper_dev_all(upper, dev)) return -EBUSY;
  if (master) {
    if (dev.master === null) return 0;
    return dev.master === upper ? -EEXIST : -EBUSY;
  }
  return dev.upper.some((link) => link.dev === upper) ? -EEXIST : 0;
}

function* __netdev_upper_dev_link(
  dev: NetDevice,
  upper: NetDevice,
  master: boolean,
  priv: unknown,
  upper_info: LagUpperInfo | null,
): MaySleep<number> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (7650)');
  const info: NetdevNotifierInfo = { dev, upper_dev: upper, master, linking: true, upper_info };
  let err = linkProblem(dev, upper, master);
  if (err !== 0) return err;
  err = notifier_to_errno(yield* call_netdevice_notifiers_info(NETDEV_PRECHANGEUPPER, info));
  if (err !== 0) return err;
  yield* linkNeighbours(dev, upper, priv, master);
  err = notifier_to_errno(yield* call_netdevice_notifiers_info(NETDEV_CHANGEUPPER, info));
  if (err !== 0) yield* unlinkNeighbours(dev, upper);
  return err;
}

/** Puts `upper` above `dev`. PRECHANGEUPPER, the link, CHANGEUPPER. 0 or a negative error. */
export const netdev_upper_dev_link = (dev: NetDevice, upper: NetDevice): MaySleep<number> =>
  __netdev_upper_dev_link(dev, upper, false, null, null);

/**
 * Makes `upper` the master of `dev`; `priv` is what the master keeps for it. 0 or a negative error.
 */
export const netdev_master_upper_dev_link = (
  dev: NetDevice,
  upper: NetDevice,
  priv: unknown,
  info: LagUpperInfo | null,
): MaySleep<number> => __netdev_upper_dev_link(dev, upper, true, priv, info);

/** Takes the link away: PRECHANGEUPPER, CHANGEUPPER, both with linking false. */
export function* netdev_upper_dev_unlink(dev: NetDevice, upper: NetDevice): MaySleep<void> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (7782)');
  const master = dev.master === upper;
  const info: NetdevNotifierInfo = { dev, upper_dev: upper, master, linking: false };
  yield* call_netdevice_notifiers_info(NETDEV_PRECHANGEUPPER, info);
  yield* unlinkNeighbours(dev, upper);
  yield* call_netdevice_notifiers_info(NETDEV_CHANGEUPPER, info);
}

/** CHANGELOWERSTATE: a port of a master became active or inactive, or its link changed. */
export function* netdev_lower_state_changed(dev: NetDevice, state: unknown): MaySleep<void> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (8168)');
  const info = { dev, lower_state_info: state };
  yield* call_netdevice_notifiers_info(NETDEV_CHANGELOWERSTATE, info);
}

/** BONDING_INFO: how a slave stands, and its bond. */
export function* netdev_bonding_info_change(
  dev: NetDevice,
  bonding_info: NetdevBondingInfo,
): MaySleep<void> {
  yield* call_netdevice_notifiers_info(NETDEV_BONDING_INFO, { dev, bonding_info });
}
