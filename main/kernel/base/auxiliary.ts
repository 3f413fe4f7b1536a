// The auxiliary bus (drivers/base/auxiliary.c, facts/driver 3.1, 9.9): parts of one card as devices
// of their own. Device `<modname>.<name>.<id>`; a driver matches by the part before the last dot.
// Left out: power domains.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { EINVAL } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import type { Module } from '../module.ts';
import { dev_err, pr_err } from '../printk.ts';
import { BusType } from './bus.ts';
import { Device, device_add, device_del, device_initialize, put_device } from './device.ts';
import { DeviceDriver, driver_register, driver_unregister } from './driver.ts';

export interface AuxiliaryDeviceOptions {
  /** Module in whose name it is registered, for example `mlx4_core`. */
  readonly modname: string;
  /** Kind, for example `eth`. */
  readonly name: string;
  readonly id: number;
  readonly parent: Device | null;
}

export class AuxiliaryDevice extends Device {
  readonly auxName: string;
  readonly id: number;

  constructor(k: Kernel, options: AuxiliaryDeviceOptions) {
    super(k, `${options.modname}.${options.name}.${options.id}`, options.parent);
    this.auxName = options.name;
    this.id = options.id;
  }

  /** What id tables name: `mlx4_core.eth`. */
  get matchName(): string {
    return this.name.slice(0, this.name.lastIndexOf('.'));
  }
}

/** A driver of auxiliary devices. */
export interface AuxiliaryDriver {
  readonly name: string;
  readonly id_table: readonly string[];
  probe(adev: AuxiliaryDevice): MaySleep<number>;
  remove(adev: AuxiliaryDevice): MaySleep<void>;
  shutdown?(adev: AuxiliaryDevice): MaySleep<void>;
  /** Set while registered. */
  driver?: DeviceDriver;
}

/** The driver core's side of an auxiliary driver. */
class AuxiliaryDeviceDriver extends DeviceDriver {
  readonly adrv: AuxiliaryDriver;

  constructor(bus: BusType, name: string, owner: Module | null, adrv: AuxiliaryDriver) {
    super({ name, bus, owner });
    this.adrv = adrv;
  }
}

const driverOf = (dev: Device): AuxiliaryDriver => (dev.driver as AuxiliaryDeviceDriver).adrv;

/** to_auxiliary_drv(dev->driver), null without one; the caller holds device_lock. */
export const auxiliaryDriverOf = (adev: AuxiliaryDevice): AuxiliaryDriver | null =>
  adev.driver === null ? null : driverOf(adev);

function auxiliary_match(dev: Device, drv: DeviceDriver): boolean {
  return (drv as AuxiliaryDeviceDriver).adrv.id_table.includes((dev as AuxiliaryDevice).matchName);
}

function* auxiliary_bus_probe(dev: Device): MaySleep<number> {
  return yield* driverOf(dev).probe(dev as AuxiliaryDevice);
}

function* auxiliary_bus_remove(dev: Device): MaySleep<void> {
  yield* driverOf(dev).remove(dev as AuxiliaryDevice);
}

function* auxiliary_bus_shutdown(dev: Device): MaySleep<void> {
  if (dev.driver === null) return;
  const adrv = driverOf(dev);
  if (adrv.shutdown !== undefined) yield* adrv.shutdown(dev as AuxiliaryDevice);
}

/** Makes the bus; called once per kernel. */
export function createAuxiliaryBus(k: Kernel): BusType {
  return new BusType(k, 'auxiliary', {
    match: auxiliary_match,
    probe: auxiliary_bus_probe,
    remove: auxiliary_bus_remove,
    shutdown: auxiliary_bus_shutdown,
    uevent: (dev) => ({ MODALIAS: `auxiliary:${(dev as AuxiliaryDevice).matchName}` }),
  });
}

/** Checks and initialises; after 0 the device must be given back with auxiliary_device_uninit(). */
export function* auxiliary_device_init(adev: AuxiliaryDevice): Atomic<number> {
  const complain = (text: string): number => {
    pr_err(adev.k, `auxiliary: auxiliary_device_init: ${text}`);
    return -EINVAL;
  };
  if (adev.parent === null) return complain('auxiliary_device has a NULL dev->parent');
  if (adev.auxName === '') return complain('auxiliary_device has a NULL name');
  adev.bus = adev.k.buses.auxiliary;
  yield* device_initialize(adev);
  return 0;
}

/** Registers and probes. 0 or a negative error; a failed probe is no error. */
export function* auxiliary_device_add(adev: AuxiliaryDevice, modname: string): MaySleep<number> {
  if (modname === '') {
    dev_err(adev, 'auxiliary device modname is NULL');
    return -EINVAL;
  }
  const error = yield* device_add(adev);
  if (error !== 0) dev_err(adev, `adding auxiliary device failed!: ${error}`);
  return error;
}

/** auxiliary_device_delete() is an inline of device_del(), so it has no frame of its own. */
export const auxiliary_device_delete = (adev: AuxiliaryDevice): MaySleep<void> => device_del(adev);

/** auxiliary_device_uninit() is an inline of put_device(). */
export const auxiliary_device_uninit = (adev: AuxiliaryDevice): Atomic<void> => put_device(adev);

/**
 * Registers a driver as `<modname>.<name>`; `owner` and `modname` are those of the module in whose
 * source the registering macro stands (facts 3.1).
 */
export function* auxiliary_driver_register(
  k: Kernel,
  adrv: AuxiliaryDriver,
  owner: Module | null,
  modname: string,
): MaySleep<number> {
  const driver = new AuxiliaryDeviceDriver(
    k.buses.auxiliary,
    `${modname}.${adrv.name}`,
    owner,
    adrv,
  );
  adrv.driver = driver;
  return yield* driver_register(driver);
}

export function* auxiliary_driver_unregister(adrv: AuxiliaryDriver): MaySleep<void> {
  if (adrv.driver !== undefined) yield* driver_unregister(adrv.driver);
}
