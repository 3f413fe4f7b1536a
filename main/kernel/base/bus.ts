// Buses (drivers/base/bus.c, facts/driver 9.8): the lists of devices and drivers, their sysfs
// directories, and the files bind and unbind. No bus-wide lock is held over probe and remove; a
// walk holds a reference on the device or driver it looks at and also meets those that were added
// meanwhile, as a klist walk does; a driver that goes waits for whoever stands on it.
// Left out: such a wait for devices, interfaces of subsystems, asynchronous probing.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { EINVAL, ENODEV } from '../errno.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import {
  sysfs_create_dir,
  sysfs_create_file,
  sysfs_create_link,
  sysfs_remove_dir,
  sysfs_remove_file,
  sysfs_remove_link,
} from '../fs/sysfs.ts';
import type { Kernel } from '../kernel.ts';
import { bus_probe_device, device_driver_attach, device_driver_detach } from './dd.ts';
import { device_release_driver, driver_attach, driver_detach } from './dd.ts';
import { device_create_file, device_remove_file, grabDevice, put_device } from './device.ts';
import type { Device, DeviceAttribute } from './device.ts';
import type { DeviceDriver } from './driver.ts';
import { klist_hold, klist_release, klist_remove } from './klist.ts';

/** What a bus does. Generators carry the names that stacks show. */
export interface BusOperations {
  match(dev: Device, drv: DeviceDriver): boolean;
  probe(dev: Device): MaySleep<number>;
  remove(dev: Device): MaySleep<void>;
  shutdown?(dev: Device): MaySleep<void>;
  uevent?(dev: Device): Record<string, string>;
  /** Files that every device of the bus has. */
  dev_groups?(dev: Device): readonly DeviceAttribute[];
}

export class BusType {
  readonly k: Kernel;
  readonly name: string;
  readonly ops: BusOperations;
  /** In order of registration. */
  readonly devices: Device[] = [];
  readonly drivers: DeviceDriver[] = [];
  /** /sys/bus/NAME and the directories in it. */
  readonly kobj: KernfsNode;
  readonly devicesKset: KernfsNode;
  readonly driversKset: KernfsNode;
  /** drivers_autoprobe. */
  autoprobe = true;

  constructor(k: Kernel, name: string, ops: BusOperations) {
    this.k = k;
    this.name = name;
    this.ops = ops;
    this.kobj = k.vfs.directory(`/sys/bus/${name}`);
    this.devicesKset = k.vfs.directory(`/sys/bus/${name}/devices`);
    this.driversKset = k.vfs.directory(`/sys/bus/${name}/drivers`);
    bus_files(this);
  }
}

function bus_files(bus: BusType): void {
  sysfs_create_file(bus.kobj, {
    name: 'drivers_autoprobe',
    mode: 0o644,

    *show() {
      return bus.autoprobe ? '1\n' : '0\n';
    },

    *store(buf) {
      bus.autoprobe = !buf.startsWith('0');
      return buf.length;
    },
  });
  sysfs_create_file(bus.kobj, {
    name: 'drivers_probe',
    mode: 0o200,
    *store(buf) {
      const dev = findByName(bus, buf);
      if (dev === undefined) return -EINVAL;
      yield* grabDevice(dev);
      yield* bus_probe_device(dev);
      yield* put_device(dev);
      return buf.length;
    },
  });
}

/** The device whose name was written to a file. */
const findByName = (bus: BusType, buf: string): Device | undefined =>
  bus.devices.find((dev) => dev.name === buf.replace(/\n$/, ''));

/** Calls `fn` for each device until it gives something else than 0. */
export function* bus_for_each_dev(
  bus: BusType,
  fn: (dev: Device) => MaySleep<number>,
): MaySleep<number> {
  const seen = new Set<Device>();
  for (;;) {
    const dev = bus.devices.find((each) => !seen.has(each));
    if (dev === undefined) return 0;
    seen.add(dev);
    yield* grabDevice(dev);
    const answer = yield* fn(dev);
    yield* put_device(dev);
    if (answer !== 0) return answer;
  }
}

/** Calls `fn` for each driver until it gives something else than 0. */
export function* bus_for_each_drv(
  bus: BusType,
  fn: (drv: DeviceDriver) => MaySleep<number>,
): MaySleep<number> {
  const seen = new Set<DeviceDriver>();
  for (;;) {
    const drv = bus.drivers.find((each) => !seen.has(each));
    if (drv === undefined) return 0;
    seen.add(drv);
    yield* klist_hold(drv.knode_bus);
    const answer = yield* fn(drv);
    yield* klist_release(drv.knode_bus);
    if (answer !== 0) return answer;
  }
}

/** Puts a device on its bus: files, links, list. */
export function bus_add_device(dev: Device): void {
  const { bus, kobj } = dev;
  if (bus === null || kobj === null) return;
  for (const attr of bus.ops.dev_groups?.(dev) ?? []) device_create_file(dev, attr);
  sysfs_create_link(bus.devicesKset, dev.name, kobj);
  sysfs_create_link(kobj, 'subsystem', bus.kobj);
  bus.devices.push(dev);
}

/** Takes a device off its bus: the link goes first, then the driver is unbound. */
export function* bus_remove_device(dev: Device): MaySleep<void> {
  const { bus, kobj } = dev;
  if (bus === null || kobj === null) return;
  sysfs_remove_link(kobj, 'subsystem');
  sysfs_remove_link(bus.devicesKset, dev.name);
  for (const attr of bus.ops.dev_groups?.(dev) ?? []) yield* device_remove_file(dev, attr.name);
  const at = bus.devices.indexOf(dev);
  if (at >= 0) bus.devices.splice(at, 1);
  yield* device_release_driver(dev);
}

function* unbind_store(drv: DeviceDriver, buf: string): MaySleep<number> {
  const dev = findByName(drv.bus, buf);
  if (dev === undefined) return -ENODEV;
  yield* grabDevice(dev);
  const isOurs = dev.driver === drv;
  if (isOurs) yield* device_driver_detach(dev);
  yield* put_device(dev);
  return isOurs ? buf.length : -ENODEV;
}

function* bind_store(drv: DeviceDriver, buf: string): MaySleep<number> {
  const dev = findByName(drv.bus, buf);
  if (dev === undefined) return -ENODEV;
  yield* grabDevice(dev);
  const matches = drv.bus.ops.match(dev, drv);
  const error = matches ? yield* device_driver_attach(drv, dev) : -ENODEV;
  yield* put_device(dev);
  return error === 0 ? buf.length : error;
}

type DriverStore = (drv: DeviceDriver, buf: string) => MaySleep<number>;

function* drv_attr_store(drv: DeviceDriver, store: DriverStore, buf: string): MaySleep<number> {
  return yield* store(drv, buf);
}

function add_bind_files(drv: DeviceDriver, kobj: KernfsNode): void {
  const add = (name: string, store: DriverStore): number =>
    sysfs_create_file(kobj, {
      name,
      mode: 0o200,
      store: (buf) => drv_attr_store(drv, store, buf),
    });
  add('unbind', unbind_store);
  add('bind', bind_store);
}

function* remove_bind_files(kobj: KernfsNode): MaySleep<void> {
  yield* sysfs_remove_file(kobj, 'bind');
  yield* sysfs_remove_file(kobj, 'unbind');
}

/** Makes the driver known and probes the devices that are there. */
export function* bus_add_driver(drv: DeviceDriver): MaySleep<number> {
  const { bus } = drv;
  const kobj = sysfs_create_dir(bus.driversKset, drv.name);
  if (typeof kobj === 'number') return kobj;
  drv.kobj = kobj;
  bus.drivers.push(drv);
  if (bus.autoprobe) yield* driver_attach(drv);
  module_add_driver(drv, kobj);
  sysfs_create_file(kobj, { name: 'uevent', mode: 0o200, store: uevent_store });
  add_bind_files(drv, kobj);
  return 0;
}

function* uevent_store(buf: string): Atomic<number> {
  return buf.length;
}

function module_add_driver(drv: DeviceDriver, kobj: KernfsNode): void {
  const owner = drv.owner?.kobj ?? null;
  if (owner === null) return;
  sysfs_create_link(kobj, 'module', owner);
  const drivers = drv.k.vfs.directory(`${owner.path}/drivers`);
  sysfs_create_link(drivers, `${drv.bus.name}:${drv.name}`, kobj);
}

function module_remove_driver(drv: DeviceDriver): void {
  const drivers = drv.owner?.kobj?.children.get('drivers');
  if (drivers !== undefined) sysfs_remove_link(drivers, `${drv.bus.name}:${drv.name}`);
}

/**
 * The reverse: bind and unbind go first (and wait for their users), then every device is unbound.
 */
export function* bus_remove_driver(drv: DeviceDriver): MaySleep<void> {
  const { bus, kobj } = drv;
  if (kobj === null) return;
  yield* remove_bind_files(kobj);
  yield* sysfs_remove_file(kobj, 'uevent');
  const at = bus.drivers.indexOf(drv);
  if (at >= 0) bus.drivers.splice(at, 1);
  yield* klist_remove(drv.knode_bus);
  yield* driver_detach(drv);
  module_remove_driver(drv);
  yield* sysfs_remove_dir(kobj);
  drv.kobj = null;
}
