// Taking a card out of the kernel's view (drivers/pci/remove.c): unbind the driver, unregister,
// forget.

import type { MaySleep } from '#sim/task.ts';
import { device_release_driver } from '../base/dd.ts';
import { device_del, put_device } from '../base/device.ts';
import { mutex_lock, mutex_unlock } from '../locking/mutex.ts';
import type { PciDevice } from './pci-device.ts';

function* pci_stop_bus_device(pdev: PciDevice): MaySleep<void> {
  yield* device_release_driver(pdev);
}

function* pci_destroy_dev(pdev: PciDevice): MaySleep<void> {
  if (pdev.kobj === null) return;
  yield* device_del(pdev);
  const { slots } = pdev.k.pci;
  if (!pdev.pciSlot.present) slots.splice(slots.indexOf(pdev.pciSlot), 1);
  yield* put_device(pdev);
}

function* pci_remove_bus_device(pdev: PciDevice): MaySleep<void> {
  yield* pci_destroy_dev(pdev);
}

/** Unbinds and unregisters; the caller holds the rescan lock. */
export function* pci_stop_and_remove_bus_device(pdev: PciDevice): MaySleep<void> {
  yield* pci_stop_bus_device(pdev);
  yield* pci_remove_bus_device(pdev);
}

/** The same with the lock, as `echo 1 > remove` does it. */
export function* pci_stop_and_remove_bus_device_locked(pdev: PciDevice): MaySleep<void> {
  yield* mutex_lock(pdev.k.pci.rescanRemoveLock);
  yield* pci_stop_and_remove_bus_device(pdev);
  yield* mutex_unlock(pdev.k.pci.rescanRemoveLock);
}
