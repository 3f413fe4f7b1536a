// Configuration space (drivers/pci/access.c) and capabilities. Each access is a point and a trace
// event.

import { preempt } from '#sim/task.ts';
import type { Atomic } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { AccessSize } from '#bus/pci-function.ts';
import type { PciDevice } from './pci-device.ts';

export const PCI_COMMAND = 0x04;
export const PCI_COMMAND_MEMORY = 0x2;
export const PCI_COMMAND_MASTER = 0x4;
export const PCI_COMMAND_INTX_DISABLE = 0x400;
export const PCI_CAP_ID_EXP = 0x10;
export const PCI_CAP_ID_MSIX = 0x11;
const PCI_STATUS = 0x06;
const PCI_STATUS_CAP_LIST = 0x10;
const PCI_CAPABILITY_LIST = 0x34;
/** Most capabilities that a list can have; a damaged list must end. */
const capabilitiesMax = 48;

function* read(pdev: PciDevice, offset: number, size: AccessSize): Atomic<number> {
  const value = pdev.configRead(offset, size);
  if (pdev.k.sim.point(K['mmio.read'], pdev.configName(offset), value)) yield preempt;
  return value;
}

function* write(pdev: PciDevice, offset: number, size: AccessSize, value: number): Atomic<void> {
  if (pdev.k.sim.point(K['mmio.write'], pdev.configName(offset), value)) yield preempt;
  pdev.configWrite(offset, size, value);
}

/** All ones when the card is gone. */
export const pci_read_config_byte = (pdev: PciDevice, offset: number): Atomic<number> =>
  read(pdev, offset, 1);
export const pci_read_config_word = (pdev: PciDevice, offset: number): Atomic<number> =>
  read(pdev, offset, 2);
export const pci_read_config_dword = (pdev: PciDevice, offset: number): Atomic<number> =>
  read(pdev, offset, 4);
export const pci_write_config_byte = (pdev: PciDevice, offset: number, v: number): Atomic<void> =>
  write(pdev, offset, 1, v);
export const pci_write_config_word = (pdev: PciDevice, offset: number, v: number): Atomic<void> =>
  write(pdev, offset, 2, v);
export const pci_write_config_dword = (pdev: PciDevice, offset: number, v: number): Atomic<void> =>
  write(pdev, offset, 4, v);

/** Offset of a capability, or 0. */
export function* pci_find_capability(pdev: PciDevice, id: number): Atomic<number> {
  const status = yield* pci_read_config_word(pdev, PCI_STATUS);
  if ((status & PCI_STATUS_CAP_LIST) === 0) return 0;
  let at = (yield* pci_read_config_byte(pdev, PCI_CAPABILITY_LIST)) & 0xfc;
  for (let seen = 0; at >= 0x40 && seen < capabilitiesMax; seen++) {
    const header = yield* pci_read_config_word(pdev, at);
    if (header === 0xffff) return 0;
    if ((header & 0xff) === id) return at;
    at = (header >> 8) & 0xfc;
  }
  return 0;
}

/** A register of the PCI Express capability; 0 when the card has none. */
export function* pcie_capability_read_word(pdev: PciDevice, offset: number): Atomic<number> {
  const at = yield* pci_find_capability(pdev, PCI_CAP_ID_EXP);
  return at === 0 ? 0 : yield* pci_read_config_word(pdev, at + offset);
}

export function* pcie_capability_read_dword(pdev: PciDevice, offset: number): Atomic<number> {
  const at = yield* pci_find_capability(pdev, PCI_CAP_ID_EXP);
  return at === 0 ? 0 : yield* pci_read_config_dword(pdev, at + offset);
}

export function* pcie_capability_write_word(
  pdev: PciDevice,
  offset: number,
  value: number,
): Atomic<number> {
  const at = yield* pci_find_capability(pdev, PCI_CAP_ID_EXP);
  if (at !== 0) yield* pci_write_config_word(pdev, at + offset, value);
  return 0;
}

/** Changes COMMAND: sets and clears bits. */
export function* pci_change_command(pdev: PciDevice, set: number, clear: number): Atomic<void> {
  const before = yield* pci_read_config_word(pdev, PCI_COMMAND);
  const after = (before | set) & ~clear;
  if (after !== before) yield* pci_write_config_word(pdev, PCI_COMMAND, after);
}
