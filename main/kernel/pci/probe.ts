// Finding cards (drivers/pci/probe.c, setup-res.c): read the ids, size each BAR by writing ones,
// give it an address, register the device. At boot the firmware has assigned addresses and switched
// decoding on; at a rescan the kernel assigns, and decoding waits for pci_enable_device().
// Left out: bridges, I/O BARs, expansion ROMs, more than one function.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { device_add, device_initialize, put_device } from '../base/device.ts';
import type { Device } from '../base/device.ts';
import type { Kernel } from '../kernel.ts';
import { dev_info } from '../printk.ts';
import {
  PCI_COMMAND,
  PCI_COMMAND_MEMORY,
  pci_change_command,
  pci_read_config_dword,
  pci_read_config_word,
  pci_write_config_dword,
} from './config.ts';
import { describeResource } from './pci.ts';
import { PciDevice } from './pci-device.ts';
import type { PciResource, PciSlot } from './pci-device.ts';

const PCI_BASE_ADDRESS_0 = 0x10;
const barIoSpace = 1;
const bar64Bit = 4;
const barPrefetch = 8;

/** The mask that a BAR answers after all ones were written, upper half included. */
function* readMask(pdev: PciDevice, at: number, wide: boolean): Atomic<number> {
  yield* pci_write_config_dword(pdev, at, 0xffff_ffff);
  const low = (yield* pci_read_config_dword(pdev, at)) & ~0xf;
  if (!wide) return (low >>> 0) + 0xffff_ffff * 0x1_0000_0000;
  yield* pci_write_config_dword(pdev, at + 4, 0xffff_ffff);
  const high = yield* pci_read_config_dword(pdev, at + 4);
  return (low >>> 0) + high * 0x1_0000_0000;
}

/** Sizes one BAR and writes its address. Null for one that is not implemented or is for I/O. */
function* __pci_read_base(pdev: PciDevice, bar: number): Atomic<PciResource | null> {
  const at = PCI_BASE_ADDRESS_0 + bar * 4;
  const before = yield* pci_read_config_dword(pdev, at);
  if ((before & barIoSpace) !== 0) return null;
  const is64Bit = (before & 6) === bar64Bit;
  const mask = yield* readMask(pdev, at, is64Bit);
  if ((mask & 0xffff_fff0) === 0 && mask < 0x1_0000_0000) return null;
  const low = (mask % 0x1_0000_0000) >>> 0;
  if (low === 0) return null;
  const sizeBytes = 0x1_0000_0000 - low;
  const start = pdev.k.pci.assign(sizeBytes);
  yield* pci_write_config_dword(pdev, at, start);
  if (is64Bit) yield* pci_write_config_dword(pdev, at + 4, 0);
  return { start, sizeBytes, is64Bit, prefetchable: (before & barPrefetch) !== 0, owner: null };
}

function* pci_read_bases(pdev: PciDevice): Atomic<void> {
  for (let bar = 0; bar < 6; bar++) {
    const resource = yield* __pci_read_base(pdev, bar);
    pdev.resources[bar] = resource;
    if (resource === null) continue;
    const label = pdev.k.is612
      ? `BAR ${bar}`
      : `reg 0x${(PCI_BASE_ADDRESS_0 + bar * 4).toString(16)}:`;
    dev_info(pdev, `${label} ${describeResource(resource)}`);
    if (resource.is64Bit) bar++;
  }
}

function* pci_setup_device(pdev: PciDevice, boot: boolean): Atomic<void> {
  const { k } = pdev;
  const ids = yield* pci_read_config_dword(pdev, 0);
  const classRevision = yield* pci_read_config_dword(pdev, 8);
  const subsystem = yield* pci_read_config_dword(pdev, 0x2c);
  pdev.vendor = ids & 0xffff;
  pdev.device = ids >>> 16;
  pdev.subsystemVendor = subsystem & 0xffff;
  pdev.subsystemDevice = subsystem >>> 16;
  pdev.class = classRevision >>> 8;
  pdev.revision = classRevision & 0xff;
  pdev.irq = k.pci.line(pdev.pciSlot);
  const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
  const kind = k.is612 ? ' PCIe Endpoint' : '';
  dev_info(
    pdev,
    `[${hex(pdev.vendor, 4)}:${hex(pdev.device, 4)}] type 00 class 0x${hex(pdev.class, 6)}${kind}`,
  );
  const command = yield* pci_read_config_word(pdev, PCI_COMMAND);
  yield* pci_change_command(pdev, 0, PCI_COMMAND_MEMORY);
  yield* pci_read_bases(pdev);
  if (boot || (command & PCI_COMMAND_MEMORY) !== 0) {
    yield* pci_change_command(pdev, PCI_COMMAND_MEMORY, 0);
  }
}

/** Memory of struct pci_dev: the slot forgets the device. */

function* pci_release_dev(dev: Device): Atomic<void> {
  const { pciSlot } = dev as PciDevice;
  if (pciSlot.device === dev) pciSlot.device = null;
}

/** Reads one slot and registers what is in it; false for an empty or known one. */
export function* pci_scan_single_device(
  k: Kernel,
  slot: PciSlot,
  boot: boolean,
): MaySleep<boolean> {
  if (!slot.present || slot.device !== null) return false;
  const { root } = k.pci;
  if (root.ref.count === 0) yield* device_initialize(root);
  const pdev = new PciDevice(k, slot);
  if (pdev.configRead(0, 2) === 0xffff) return false;
  slot.device = pdev;
  pdev.release = pci_release_dev;
  yield* device_initialize(pdev);
  yield* pci_setup_device(pdev, boot);
  const error = yield* device_add(pdev);
  if (error !== 0) yield* put_device(pdev);
  return error === 0;
}
