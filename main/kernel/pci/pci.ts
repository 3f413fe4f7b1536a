// What drivers ask of a PCI device (drivers/pci/pci.c): enabling, regions, bus mastering, saved
// state. Left out: power states, resource conflicts between devices, AER.

import type { Atomic } from '#sim/task.ts';
import { EBUSY } from '../errno.ts';
import { dev_err, dev_info } from '../printk.ts';
import {
  PCI_COMMAND,
  PCI_COMMAND_MASTER,
  PCI_COMMAND_MEMORY,
  pci_change_command,
  pci_read_config_dword,
  pci_read_config_word,
  pci_write_config_dword,
} from './config.ts';
import type { PciDevice, PciResource } from './pci-device.ts';

const hex4 = (value: number): string => value.toString(16).padStart(4, '0');

export const pci_name = (pdev: PciDevice): string => pdev.slot;
export const pci_get_drvdata = (pdev: PciDevice): unknown => pdev.drvdata;
export function pci_set_drvdata(pdev: PciDevice, data: unknown): void {
  pdev.drvdata = data;
}

/** As `lspci` and the log print it: `[mem 0xe0000000-0xe00fffff 64bit pref]`. */
export function describeResource(resource: PciResource): string {
  const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;
  const flags = (resource.is64Bit ? ' 64bit' : '') + (resource.prefetchable ? ' pref' : '');
  return `[mem ${hex(resource.start)}-${hex(resource.start + resource.sizeBytes - 1)}${flags}]`;
}

/** Switches memory decoding on; counts. Always 0 here, as every BAR has an address. */
export function* pci_enable_device(pdev: PciDevice): Atomic<number> {
  if (pdev.enableCount++ > 0) return 0;
  const before = yield* pci_read_config_word(pdev, PCI_COMMAND);
  if ((before & PCI_COMMAND_MEMORY) === 0) {
    const after = before | PCI_COMMAND_MEMORY;
    dev_info(pdev, `enabling device (${hex4(before)} -> ${hex4(after)})`);
    yield* pci_change_command(pdev, PCI_COMMAND_MEMORY, 0);
  }
  return 0;
}

/** The last one switches bus mastering off; decoding stays on. */
export function* pci_disable_device(pdev: PciDevice): Atomic<void> {
  if (pdev.enableCount === 0 || --pdev.enableCount > 0) return;
  yield* pci_clear_master(pdev);
}

/** Lets the card do DMA and send messages. */
export function* pci_set_master(pdev: PciDevice): Atomic<void> {
  yield* pci_change_command(pdev, PCI_COMMAND_MASTER, 0);
  pdev.isBusMaster = true;
}

export function* pci_clear_master(pdev: PciDevice): Atomic<void> {
  yield* pci_change_command(pdev, 0, PCI_COMMAND_MASTER);
  pdev.isBusMaster = false;
}

/** Reserves every BAR. 0, or -EBUSY when somebody has one. */
export function pci_request_regions(pdev: PciDevice, name: string): number {
  for (const [bar, resource] of pdev.resources.entries()) {
    if (resource === null) continue;
    if (resource.owner !== null) {
      dev_err(pdev, `BAR ${bar}: can't reserve ${describeResource(resource)}`);
      pdev.resources.slice(0, bar).forEach((taken) => {
        if (taken !== null) taken.owner = null;
      });
      return -EBUSY;
    }
    resource.owner = name;
  }
  return 0;
}

export function pci_release_regions(pdev: PciDevice): void {
  for (const resource of pdev.resources) if (resource !== null) resource.owner = null;
}

/** Bytes of a BAR, 0 when there is none. */
export const pci_resource_len = (pdev: PciDevice, bar: number): number =>
  pdev.resources[bar]?.sizeBytes ?? 0;

/** Bus address of a BAR, 0 when there is none. */
export const pci_resource_start = (pdev: PciDevice, bar: number): number =>
  pdev.resources[bar]?.start ?? 0;

/**
 * True when error recovery has cut the card off. A card that was pulled out shows only as all ones.
 */
export const pci_channel_offline = (pdev: PciDevice): boolean => pdev.error_state !== 'normal';

/** Keeps the header, 16 dwords. */
export function* pci_save_state(pdev: PciDevice): Atomic<void> {
  const saved: number[] = [];
  for (let index = 0; index < 16; index++) {
    saved.push(yield* pci_read_config_dword(pdev, index * 4));
  }
  pdev.savedState = saved;
}

/** Writes back what differs, the last dword first and COMMAND among the last. */
export function* pci_restore_state(pdev: PciDevice): Atomic<void> {
  const saved = pdev.savedState;
  if (saved === null) return;
  for (let index = 15; index >= 0; index--) {
    const value = saved[index]!;
    if ((yield* pci_read_config_dword(pdev, index * 4)) !== value) {
      yield* pci_write_config_dword(pdev, index * 4, value);
    }
  }
}
