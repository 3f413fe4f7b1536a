// Files of PCI devices and of the PCI bus in sysfs (drivers/pci/pci-sysfs.c), readable by lspci -n.
// Left out: binary files (config, resourceN, rom), NUMA and power files.

import type { MaySleep } from '#sim/task.ts';
import type { BusType } from '../base/bus.ts';
import { device_remove_file_self } from '../base/device.ts';
import type { Device, DeviceAttribute } from '../base/device.ts';
import { EINVAL } from '../errno.ts';
import { sysfs_create_file } from '../fs/sysfs.ts';
import type { Kernel } from '../kernel.ts';
import { mutex_lock, mutex_unlock } from '../locking/mutex.ts';
import { pciModalias } from './driver.ts';
import { pcie_link_capable, pcie_link_current } from './link-speed.ts';
import type { PciDevice } from './pci-device.ts';
import { pci_rescan_bus } from './scan.ts';
import { pci_stop_and_remove_bus_device_locked } from './remove.ts';

const hex = (value: number, digits: number): string =>
  `0x${value.toString(16).padStart(digits, '0')}`;

/** kstrtoul() of what was written: null for anything but a number. */
function parseNumber(buf: string): number | null {
  return /^\d+\n?$/.test(buf) ? Number(buf) : null;
}

function resourceText(pdev: PciDevice): string {
  const lines = pdev.resources.map((resource) => {
    if (resource === null) return [0, 0, 0];
    const flags =
      0x40200 + (resource.is64Bit ? 0x100004 : 0) + (resource.prefetchable ? 0x2008 : 0);
    return [resource.start, resource.start + resource.sizeBytes - 1, flags];
  });
  // The last line is the expansion ROM, which the cards here do not have.
  return [...lines, [0, 0, 0]]
    .map((line) => `${line.map((value) => hex(value, 16)).join(' ')}\n`)
    .join('');
}

function constant(name: string, text: (pdev: PciDevice) => string): DeviceAttribute {
  return {
    name,
    mode: 0o444,

    *show(dev) {
      return `${text(dev as PciDevice)}\n`;
    },
  };
}

function* remove_store(dev: Device, buf: string): MaySleep<number> {
  const value = parseNumber(buf);
  if (value === null) return -EINVAL;
  if (value !== 0 && (yield* device_remove_file_self(dev, 'remove'))) {
    yield* pci_stop_and_remove_bus_device_locked(dev as PciDevice);
  }
  return buf.length;
}

function* rescanLocked(k: Kernel, buf: string): MaySleep<number> {
  const value = parseNumber(buf);
  if (value === null) return -EINVAL;
  if (value === 0) return buf.length;
  yield* mutex_lock(k.pci.rescanRemoveLock);
  yield* pci_rescan_bus(k);
  yield* mutex_unlock(k.pci.rescanRemoveLock);
  return buf.length;
}

function* dev_rescan_store(dev: Device, buf: string): MaySleep<number> {
  return yield* rescanLocked(dev.k, buf);
}

function* rescan_store(k: Kernel, buf: string): MaySleep<number> {
  return yield* rescanLocked(k, buf);
}

function* bus_attr_store(bus: BusType, buf: string): MaySleep<number> {
  return yield* rescan_store(bus.k, buf);
}

const attributes: readonly DeviceAttribute[] = [
  constant('vendor', (pdev) => hex(pdev.vendor, 4)),
  constant('device', (pdev) => hex(pdev.device, 4)),
  constant('subsystem_vendor', (pdev) => hex(pdev.subsystemVendor, 4)),
  constant('subsystem_device', (pdev) => hex(pdev.subsystemDevice, 4)),
  constant('class', (pdev) => hex(pdev.class, 6)),
  constant('revision', (pdev) => hex(pdev.revision, 2)),
  constant('irq', (pdev) => String(pdev.msix?.descs[0]?.irq ?? pdev.irq)),
  constant('enable', (pdev) => String(pdev.enableCount)),
  constant('modalias', pciModalias),
  constant('resource', (pdev) => resourceText(pdev).trimEnd()),
  {
    name: 'current_link_speed',
    mode: 0o444,
    *show(dev) {
      return `${(yield* pcie_link_current(dev as PciDevice)).speed}\n`;
    },
  },
  {
    name: 'current_link_width',
    mode: 0o444,
    *show(dev) {
      return `${(yield* pcie_link_current(dev as PciDevice)).width}\n`;
    },
  },
  {
    name: 'max_link_speed',
    mode: 0o444,
    *show(dev) {
      return `${(yield* pcie_link_capable(dev as PciDevice)).speed}\n`;
    },
  },
  { name: 'remove', mode: 0o200, store: remove_store },
  { name: 'rescan', mode: 0o200, store: dev_rescan_store },
];

/** Files that every PCI device has. */
export const pciDeviceAttributes = (_pdev: PciDevice): readonly DeviceAttribute[] => attributes;

/** Files of /sys/bus/pci itself. */
export function pciBusFiles(bus: BusType): void {
  sysfs_create_file(bus.kobj, {
    name: 'rescan',
    mode: 0o200,
    store: (buf) => bus_attr_store(bus, buf),
  });
}
