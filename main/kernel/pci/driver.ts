// PCI drivers and the PCI bus type (drivers/pci/pci-driver.c): matching by id table, the probe and
// remove chains as stacks show them. Left out: dynamic ids (new_id), driver_override, probing on
// the card's node.

import type { MaySleep } from '#sim/task.ts';
import { ENODEV } from '../errno.ts';
import { BusType } from '../base/bus.ts';
import { get_device, put_device } from '../base/device.ts';
import type { Device } from '../base/device.ts';
import { DeviceDriver, driver_register, driver_unregister } from '../base/driver.ts';
import type { Kernel } from '../kernel.ts';
import type { Module } from '../module.ts';
import { dev_warn } from '../printk.ts';
import type { PciDevice } from './pci-device.ts';
import { pciBusFiles, pciDeviceAttributes } from './sysfs.ts';

/** One row of an id table. */
export interface PciDeviceId {
  readonly vendor: number;
  readonly device: number;
  /** Whatever the driver wants to know of the row. */
  readonly driver_data?: number;
}

export interface PciDriver {
  readonly name: string;
  readonly id_table: readonly PciDeviceId[];
  probe(pdev: PciDevice, id: PciDeviceId): MaySleep<number>;
  remove(pdev: PciDevice): MaySleep<void>;
  shutdown?(pdev: PciDevice): MaySleep<void>;
  /** Set while registered. */
  driver?: DeviceDriver;
}

class PciDeviceDriver extends DeviceDriver {
  readonly pciDriver: PciDriver;

  constructor(bus: BusType, owner: Module | null, pciDriver: PciDriver) {
    super({ name: pciDriver.name, bus, owner });
    this.pciDriver = pciDriver;
  }
}

const driverOf = (dev: Device): PciDriver => (dev.driver as PciDeviceDriver).pciDriver;

function pci_match_device(drv: PciDriver, pdev: PciDevice): PciDeviceId | undefined {
  return drv.id_table.find((id) => id.vendor === pdev.vendor && id.device === pdev.device);
}

function* local_pci_probe(drv: PciDriver, pdev: PciDevice, id: PciDeviceId): MaySleep<number> {
  const answer = yield* drv.probe(pdev, id);
  if (answer > 0) {
    dev_warn(pdev, `Driver probe function unexpectedly returned ${answer}`);
    return 0;
  }
  return answer;
}

function* pci_device_probe(dev: Device): MaySleep<number> {
  const pdev = dev as PciDevice;
  const drv = driverOf(dev);
  const id = pci_match_device(drv, pdev);
  if (id === undefined) return -ENODEV;
  yield* get_device(pdev);
  const error = yield* local_pci_probe(drv, pdev, id);
  if (error !== 0) yield* put_device(pdev);
  return error;
}

function* pci_device_remove(dev: Device): MaySleep<void> {
  yield* driverOf(dev).remove(dev as PciDevice);
  yield* put_device(dev);
}

function* pci_device_shutdown(dev: Device): MaySleep<void> {
  if (dev.driver === null) return;
  const drv = driverOf(dev);
  if (drv.shutdown !== undefined) yield* drv.shutdown(dev as PciDevice);
}

const HEX = (value: number, digits: number): string =>
  value.toString(16).toUpperCase().padStart(digits, '0');

/** MODALIAS of a device, which udev gives to modprobe. */
export function pciModalias(pdev: PciDevice): string {
  const classByte = (shift: number): string => HEX((pdev.class >>> shift) & 0xff, 2);
  return (
    `pci:v${HEX(pdev.vendor, 8)}d${HEX(pdev.device, 8)}` +
    `sv${HEX(pdev.subsystemVendor, 8)}sd${HEX(pdev.subsystemDevice, 8)}` +
    `bc${classByte(16)}sc${classByte(8)}i${classByte(0)}`
  );
}

function pci_uevent(dev: Device): Record<string, string> {
  const pdev = dev as PciDevice;
  return {
    PCI_CLASS: HEX(pdev.class, 4),
    PCI_ID: `${HEX(pdev.vendor, 4)}:${HEX(pdev.device, 4)}`,
    PCI_SUBSYS_ID: `${HEX(pdev.subsystemVendor, 4)}:${HEX(pdev.subsystemDevice, 4)}`,
    PCI_SLOT_NAME: pdev.slot,
    MODALIAS: pciModalias(pdev),
  };
}

/** Makes the bus type; called once per kernel. */
export function createPciBusType(k: Kernel): BusType {
  const bus = new BusType(k, 'pci', {
    match: (dev, drv) =>
      pci_match_device((drv as PciDeviceDriver).pciDriver, dev as PciDevice) !== undefined,
    probe: pci_device_probe,
    remove: pci_device_remove,
    shutdown: pci_device_shutdown,
    uevent: pci_uevent,
    dev_groups: (dev) => pciDeviceAttributes(dev as PciDevice),
  });
  pciBusFiles(bus);
  return bus;
}

/** Registers a driver and probes the cards that are there. 0 or a negative error. */
export function* pci_register_driver(
  k: Kernel,
  drv: PciDriver,
  owner: Module | null,
): MaySleep<number> {
  const driver = new PciDeviceDriver(k.buses.pci, owner, drv);
  drv.driver = driver;
  return yield* driver_register(driver);
}

/** Unbinds every card and forgets the driver. */
export function* pci_unregister_driver(drv: PciDriver): MaySleep<void> {
  if (drv.driver !== undefined) yield* driver_unregister(drv.driver);
}
