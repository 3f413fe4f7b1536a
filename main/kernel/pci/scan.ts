// Looking for cards: once at boot, and again when somebody writes to `rescan`
// (drivers/pci/probe.c).

import type { MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { pci_scan_single_device } from './probe.ts';

/** Finds the cards that are plugged in at boot. */
export function* pci_scan(k: Kernel): MaySleep<void> {
  for (const slot of [...k.pci.slots]) yield* pci_scan_single_device(k, slot, true);
}

/** Finds new cards; the caller holds the rescan lock. Gives their number. */
export function* pci_rescan_bus(k: Kernel): MaySleep<number> {
  let found = 0;
  for (const slot of [...k.pci.slots]) {
    if (yield* pci_scan_single_device(k, slot, false)) found++;
  }
  return found;
}
