// Drivers of the driver core (drivers/base/driver.c). Buses extend the class with their own
// callbacks.

import type { MaySleep } from '#sim/task.ts';
import { EBUSY } from '../errno.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import type { Kernel } from '../kernel.ts';
import type { Module } from '../module.ts';
import { pr_err } from '../printk.ts';
import { bus_add_driver, bus_remove_driver } from './bus.ts';
import type { BusType } from './bus.ts';
import type { Device } from './device.ts';
import { KlistNode } from './klist.ts';

export interface DriverOptions {
  readonly name: string;
  readonly bus: BusType;
  readonly owner: Module | null;
}

export class DeviceDriver {
  readonly k: Kernel;
  readonly name: string;
  readonly bus: BusType;
  readonly owner: Module | null;
  /** Devices bound to it, in order of binding. */
  readonly devices: Device[] = [];
  /** /sys/bus/BUS/drivers/NAME while registered. */
  kobj: KernfsNode | null = null;
  /** Its place on the list of the bus. */
  readonly knode_bus: KlistNode;

  constructor(options: DriverOptions) {
    this.k = options.bus.k;
    this.knode_bus = new KlistNode(this.k, `driver ${options.name}`);
    this.name = options.name;
    this.bus = options.bus;
    this.owner = options.owner;
  }
}

/**
 * Registers a driver and probes what matches. 0 or a negative error; a failed probe is no error.
 */
export function* driver_register(drv: DeviceDriver): MaySleep<number> {
  if (drv.bus.drivers.some((other) => other.name === drv.name)) {
    pr_err(drv.k, `Error: Driver '${drv.name}' is already registered, aborting...`);
    return -EBUSY;
  }
  return yield* bus_add_driver(drv);
}

/** Unbinds every device and forgets the driver. */
export function* driver_unregister(drv: DeviceDriver): MaySleep<void> {
  yield* bus_remove_driver(drv);
}
