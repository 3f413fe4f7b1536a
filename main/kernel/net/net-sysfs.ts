// A netdev's class device (net/core/net-sysfs.c; facts/driver 8.12): its place below its parent,
// its files, and the links between devices above and below. The files themselves are in
// net-sysfs-files.ts. The uevent is sent when all files are there, as the driver core does for
// attribute groups.

import type { MaySleep } from '#sim/task.ts';
import {
  Device,
  device_add,
  device_create_file,
  device_del,
  device_initialize,
  deviceAttributeFile,
  get_device,
} from '../base/device.ts';
import { kobject_uevent } from '../base/uevent.ts';
import {
  sysfs_create_dir,
  sysfs_create_file,
  sysfs_create_link,
  sysfs_remove_link,
  sysfs_rename_link,
  textAttribute,
} from '../fs/sysfs.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import type { NetDevice } from './netdevice.ts';
import { netdevAttributes, statisticsAttributes } from './net-sysfs-files.ts';

/** The last reference is gone: the memory is. */
function makeClassDevice(dev: NetDevice): Device {
  const device = new Device(dev.k, dev.name, dev.parent);
  device.className = 'net';
  device.drvdata = dev;
  device.uevent = () => ({ INTERFACE: dev.name, IFINDEX: String(dev.ifindex) });
  device.release = function* netdev_release() {
    dev.freed = true;
  };
  return device;
}

/** The netdev behind a class device of `net`. */
export const to_net_dev = (device: Device): NetDevice => device.drvdata as NetDevice;

/** statistics/, queues/, and what the driver has besides. */
function createGroups(dev: NetDevice, device: Device, kobj: KernfsNode): void {
  const statistics = sysfs_create_dir(kobj, 'statistics') as KernfsNode;
  for (const attribute of statisticsAttributes(dev)) sysfs_create_file(statistics, attribute);
  const queues = sysfs_create_dir(kobj, 'queues') as KernfsNode;
  for (const queue of dev.txQueues.slice(0, dev.real_num_tx_queues)) {
    const directory = sysfs_create_dir(queues, `tx-${queue.index}`) as KernfsNode;
    const text = (): string => `${queue.trans_timeout}\n`;
    sysfs_create_file(directory, textAttribute('tx_timeout', text));
  }
  for (const group of dev.sysfs_groups) {
    const directory = sysfs_create_dir(kobj, group.name) as KernfsNode;
    for (const attribute of group.attributes) {
      sysfs_create_file(directory, deviceAttributeFile(device, attribute));
    }
  }
}

/** Makes the class device. 0 or a negative error. */
export function* netdev_register_kobject(dev: NetDevice): MaySleep<number> {
  const device = makeClassDevice(dev);
  dev.dev = device;
  yield* device_initialize(device);
  device.uevent_suppress = true;
  const err = yield* device_add(device);
  if (err !== 0) return err;
  for (const attribute of netdevAttributes(dev)) device_create_file(device, attribute);
  if (device.kobj !== null) createGroups(dev, device, device.kobj);
  device.uevent_suppress = false;
  kobject_uevent(device, 'add');
  return 0;
}

/** Removes the class device; waits until nobody reads or writes its files. */
export function* netdev_unregister_kobject(dev: NetDevice): MaySleep<void> {
  if (dev.dev === null) return;
  yield* get_device(dev.dev);
  yield* device_del(dev.dev);
}

/** Links `upper_U` and `lower_D`, and `master` for a master. */
export function netdev_adjacent_sysfs_add(dev: NetDevice, upper: NetDevice, master: boolean): void {
  const [below, above] = [dev.dev?.kobj, upper.dev?.kobj];
  if (!below || !above) return;
  sysfs_create_link(below, `upper_${upper.name}`, above);
  sysfs_create_link(above, `lower_${dev.name}`, below);
  if (master) sysfs_create_link(below, 'master', above);
}

export function netdev_adjacent_sysfs_del(dev: NetDevice, upper: NetDevice, master: boolean): void {
  const [below, above] = [dev.dev?.kobj, upper.dev?.kobj];
  if (below) sysfs_remove_link(below, `upper_${upper.name}`);
  if (below && master) sysfs_remove_link(below, 'master');
  if (above) sysfs_remove_link(above, `lower_${dev.name}`);
}

/** The device was `before`: links of devices above and below get the new name. */
export function netdev_adjacent_rename_links(dev: NetDevice, before: string): void {
  for (const { dev: upper } of dev.upper) {
    const kobj = upper.dev?.kobj;
    if (kobj) sysfs_rename_link(kobj, `lower_${before}`, `lower_${dev.name}`);
  }
  for (const { dev: lower } of dev.lower) {
    const kobj = lower.dev?.kobj;
    if (kobj) sysfs_rename_link(kobj, `upper_${before}`, `upper_${dev.name}`);
  }
}
