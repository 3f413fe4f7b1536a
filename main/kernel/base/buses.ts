// The buses of a machine (PCI, auxiliary) and the list of all its devices in order of registration,
// which is devices_kset of drivers/base/core.c.

import type { Kernel } from '../kernel.ts';
import { createPciBusType } from '../pci/driver.ts';
import { createAuxiliaryBus } from './auxiliary.ts';
import type { BusType } from './bus.ts';
import type { Device } from './device.ts';

export class Buses {
  readonly pci: BusType;
  readonly auxiliary: BusType;
  /** Every registered device, the oldest first (devices_kset). */
  readonly all: Device[] = [];

  constructor(k: Kernel) {
    this.pci = createPciBusType(k);
    this.auxiliary = createAuxiliaryBus(k);
  }
}
