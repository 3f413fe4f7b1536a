// Names of devices (net/core/dev.c): what a name may be, numbering by a pattern, renaming.
// Everything that is named after the device follows: reference, locks, directory, links.

import type { MaySleep } from '#sim/task.ts';
import { device_rename } from '../base/device.ts';
import { EBUSY, EEXIST, EINVAL, ENFILE } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { down_write, up_write } from '../locking/rwsem.ts';
import { notifier_to_errno } from '../notifier.ts';
import { synchronize_rcu } from '../rcu.ts';
import { NETDEV_CHANGENAME } from './events.ts';
import { IFF_UP } from './flags.ts';
import { netdev_err, netdev_info } from './netdev-log.ts';
import { netdev_adjacent_rename_links } from './net-sysfs.ts';
import type { NetDevice } from './netdevice.ts';
import { call_netdevice_notifiers } from './notifier.ts';
import { ASSERT_RTNL } from './rtnetlink.ts';

/** Bytes of a name, the end mark included. */
const IFNAMSIZ = 16;
const numbersMax = 8 * 4096;
const NET_NAME_RENAMED = 4;

/** True for a name that a device may have. */
export const dev_valid_name = (name: string): boolean =>
  name.length < IFNAMSIZ && name !== '.' && name !== '..' && /^[^/:\s]+$/.test(name);

const netdev_name_in_use = (k: Kernel, name: string): boolean =>
  k.net.devices.some((dev) => dev.name === name);

/** The first free name of a pattern such as `eth%d`, or a negative error. */
function dev_alloc_name(k: Kernel, pattern: string): string | number {
  if (!/^[^%]*%d[^%]*$/.test(pattern)) return -EINVAL;
  for (let number = 0; number < numbersMax; number++) {
    const name = pattern.replace('%d', String(number));
    if (name.length >= IFNAMSIZ) return -ENFILE;
    if (!netdev_name_in_use(k, name)) return name;
  }
  return -ENFILE;
}

/** The name that a device gets for a wish or a pattern, or a negative error. */
export function dev_get_valid_name(k: Kernel, wish: string): string | number {
  if (!dev_valid_name(wish)) return -EINVAL;
  if (wish.includes('%')) return dev_alloc_name(k, wish);
  return netdev_name_in_use(k, wish) ? -EEXIST : wish;
}

/** Gives the device, its directory and its locks the name. 0 or a negative error. */
function giveName(dev: NetDevice, name: string, say: boolean): number {
  const { name: before } = dev;
  dev.setName(name);
  if (say) netdev_info(dev, `renamed from ${before}`);
  const err = dev.dev === null ? 0 : device_rename(dev.dev, name);
  if (err !== 0) dev.setName(before);
  return err;
}

/** Links of devices above and below follow; then everybody hears of it. */
function* announceName(dev: NetDevice, before: string): MaySleep<number> {
  netdev_adjacent_rename_links(dev, before);
  yield* synchronize_rcu(dev.k);
  return notifier_to_errno(yield* call_netdevice_notifiers(NETDEV_CHANGENAME, dev));
}

/** Somebody objected to the new name: the old one comes back. */
function* rollBack(dev: NetDevice, before: string): MaySleep<void> {
  const refused = dev.name;
  let err = giveName(dev, before, false);
  if (err === 0) err = yield* announceName(dev, refused);
  if (err !== 0) netdev_err(dev, `name change rollback failed: ${err}`);
}

/** Renames a device that is down. `wish` may be a pattern. 0 or a negative error. RTNL is held. */
export function* dev_change_name(dev: NetDevice, wish: string): MaySleep<number> {
  const { k, name: before } = dev;
  const { devnet_rename_sem } = k.net;
  ASSERT_RTNL(k, 'net/core/dev.c (1178)');
  if ((dev.flags & IFF_UP) !== 0) return -EBUSY;
  yield* down_write(devnet_rename_sem);
  const name = wish === before ? before : dev_get_valid_name(k, wish);
  let err = typeof name === 'number' ? name : 0;
  if (typeof name === 'string' && name !== before) err = giveName(dev, name, true);
  yield* up_write(devnet_rename_sem);
  if (err !== 0 || name === before) return err;
  dev.name_assign_type = NET_NAME_RENAMED;
  err = yield* announceName(dev, before);
  if (err !== 0) yield* rollBack(dev, before);
  return err;
}
