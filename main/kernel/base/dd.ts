// Binding and unbinding (drivers/base/dd.c, facts/driver 7.2, 7.4, 9.8). device_lock is held around
// probe and remove. Function names are those of the stacks that the facts list;
// __device_release_driver is inlined there, so it has no frame here.
// Left out: deferred probing, asynchronous probing, devres, power management, parent locks.

import { K } from '#trace/kinds.ts';
import type { MaySleep } from '#sim/task.ts';
import { EBUSY, ENODEV, ENXIO } from '../errno.ts';
import { sysfs_create_link, sysfs_remove_link } from '../fs/sysfs.ts';
import { module_text } from '../module.ts';
import { dev_err, pr_warn } from '../printk.ts';
import { bus_for_each_dev, bus_for_each_drv } from './bus.ts';
import type { BusType } from './bus.ts';
import { device_lock, device_unlock, grabDevice, put_device } from './device.ts';
import type { Device } from './device.ts';
import type { DeviceDriver } from './driver.ts';
import { kobject_uevent } from './uevent.ts';

function driver_sysfs_add(dev: Device, drv: DeviceDriver): void {
  if (dev.kobj === null || drv.kobj === null) return;
  sysfs_create_link(drv.kobj, dev.name, dev.kobj);
  sysfs_create_link(dev.kobj, 'driver', drv.kobj);
}

function driver_sysfs_remove(dev: Device, drv: DeviceDriver): void {
  if (drv.kobj !== null) sysfs_remove_link(drv.kobj, dev.name);
  if (dev.kobj !== null) sysfs_remove_link(dev.kobj, 'driver');
}

function* call_driver_probe(dev: Device, drv: DeviceDriver): MaySleep<number> {
  if (drv.owner !== null) module_text(drv.owner, `${drv.name} probe`);
  const error = yield* drv.bus.ops.probe(dev);
  if (error === 0 || error === -ENODEV || error === -ENXIO) return error;
  if (dev.k.is612) dev_err(dev, `probe with driver ${drv.name} failed with error ${error}`);
  else pr_warn(dev.k, `${drv.name}: probe of ${dev.name} failed with error ${error}`);
  return error;
}

function* really_probe(dev: Device, drv: DeviceDriver): MaySleep<number> {
  const { trace } = dev.k;
  dev.driver = drv;
  driver_sysfs_add(dev, drv);
  trace.emit(K['device.bind'], trace.intern(dev.name), trace.intern(drv.name));
  const error = yield* call_driver_probe(dev, drv);
  if (error !== 0) {
    driver_sysfs_remove(dev, drv);
    dev.driver = null;
    dev.drvdata = null;
    return error;
  }
  drv.devices.push(dev);
  kobject_uevent(dev, 'bind');
  return 0;
}

/** Probes; the caller holds device_lock and has matched. 0 or a negative error. */
export function* driver_probe_device(drv: DeviceDriver, dev: Device): MaySleep<number> {
  if (dev.dead || dev.kobj === null) return -ENODEV;
  if (dev.driver !== null) return -EBUSY;
  return yield* really_probe(dev, drv);
}

/** One driver of the walk: 1 ends it, as the device is bound. */
function* __device_attach_driver(drv: DeviceDriver, dev: Device): MaySleep<number> {
  if (!drv.bus.ops.match(dev, drv)) return 0;
  return (yield* driver_probe_device(drv, dev)) === 0 ? 1 : 0;
}

function* attachAny(dev: Device, bus: BusType): MaySleep<number> {
  if (dev.driver !== null) return 1;
  return yield* bus_for_each_drv(bus, (drv) => __device_attach_driver(drv, dev));
}

/** Looks for a driver among those registered. 1 when the device is bound, else 0. */
export function* __device_attach(dev: Device): MaySleep<number> {
  const { bus } = dev;
  if (bus === null) return 0;
  yield* device_lock(dev);
  const bound = dev.dead ? 0 : yield* attachAny(dev, bus);
  yield* device_unlock(dev);
  return bound;
}

/** Probes a new device, synchronously. */
export function* bus_probe_device(dev: Device): MaySleep<void> {
  if (dev.bus?.autoprobe === true) yield* __device_attach(dev);
}

function* __driver_attach(drv: DeviceDriver, dev: Device): MaySleep<number> {
  if (!drv.bus.ops.match(dev, drv)) return 0;
  yield* device_lock(dev);
  yield* driver_probe_device(drv, dev);
  yield* device_unlock(dev);
  return 0;
}

/** Probes every device of the bus that matches a new driver. */
export function* driver_attach(drv: DeviceDriver): MaySleep<void> {
  yield* bus_for_each_dev(drv.bus, (dev) => __driver_attach(drv, dev));
}

/** Binds one device by hand (sysfs `bind`). 0 or a negative error. */
export function* device_driver_attach(drv: DeviceDriver, dev: Device): MaySleep<number> {
  yield* device_lock(dev);
  const error = yield* driver_probe_device(drv, dev);
  yield* device_unlock(dev);
  return error;
}

/** Calls the bus's remove, which calls the driver's. */
function* device_remove(dev: Device, drv: DeviceDriver): MaySleep<void> {
  if (drv.owner !== null) module_text(drv.owner, `${drv.name} remove`);
  yield* drv.bus.ops.remove(dev);
}

/** Unbinds under device_lock. With `drv` given, only when that driver is bound. */
export function* device_release_driver_internal(
  dev: Device,
  drv: DeviceDriver | null,
): MaySleep<void> {
  yield* device_lock(dev);
  const bound = dev.driver;
  if (bound !== null && (drv === null || drv === bound)) {
    const { trace } = dev.k;
    driver_sysfs_remove(dev, bound);
    trace.emit(K['device.unbind'], trace.intern(dev.name), trace.intern(bound.name));
    yield* device_remove(dev, bound);
    dev.driver = null;
    dev.drvdata = null;
    const at = bound.devices.indexOf(dev);
    if (at >= 0) bound.devices.splice(at, 1);
    kobject_uevent(dev, 'unbind');
  }
  yield* device_unlock(dev);
}

/** Unbinds whatever driver the device has. */
export function* device_release_driver(dev: Device): MaySleep<void> {
  yield* device_release_driver_internal(dev, null);
}

/** Unbinds one device by hand (sysfs `unbind`). */
export function* device_driver_detach(dev: Device): MaySleep<void> {
  yield* device_release_driver_internal(dev, null);
}

/** Unbinds all devices of a driver, the last bound first. */
export function* driver_detach(drv: DeviceDriver): MaySleep<void> {
  for (;;) {
    const dev = drv.devices.at(-1);
    if (dev === undefined) return;
    yield* grabDevice(dev);
    yield* device_release_driver_internal(dev, drv);
    yield* put_device(dev);
  }
}
