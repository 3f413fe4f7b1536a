// MSI-X (drivers/pci/msi/): the capability tells where the card's vector table is; the kernel
// writes message and mask of each entry through the BAR, as any register. Entries stay masked until
// a handler asks for the interrupt. Files: msi_irqs/ in the device's directory.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { Oops } from '#sim/shared.ts';
import { EINVAL, ENOSPC } from '../errno.ts';
import type { KernfsNode } from '../fs/kernfs.ts';
import {
  sysfs_create_dir,
  sysfs_create_file,
  sysfs_remove_dir,
  textAttribute,
} from '../fs/sysfs.ts';
import {
  PCI_CAP_ID_MSIX,
  PCI_COMMAND_INTX_DISABLE,
  pci_change_command,
  pci_find_capability,
  pci_read_config_dword,
  pci_read_config_word,
  pci_write_config_word,
} from './config.ts';
import { ioremap, iounmap, writel } from './io.ts';
import type { IoMem } from './io.ts';
import type { IrqDesc } from './irq.ts';
import type { PciDevice } from './pci-device.ts';

const PCI_MSIX_FLAGS_ENABLE = 0x8000;
const PCI_MSIX_FLAGS_MASKALL = 0x4000;
const entryBytes = 16;

/** What an enabled MSI-X has. */
export interface MsixState {
  readonly capability: number;
  readonly table: IoMem;
  readonly descs: readonly IrqDesc[];
  readonly directory: KernfsNode | null;
}

/** Label of the interrupt chip in /proc/interrupts. */
function chipLabel(pdev: PciDevice, index: number): string {
  if (pdev.k.is612) return `PCI-MSIX-${pdev.slot}   ${index}-edge`;
  const [, bus, rest] = pdev.slot.split(':');
  const [slot, fn] = (rest ?? '0.0').split('.');
  const id = parseInt(bus ?? '0', 16) * 256 + parseInt(slot ?? '0', 16) * 8 + Number(fn ?? 0);
  return `PCI-MSI ${id * 2048 + index}-edge`;
}

/**
 * Lets an interrupt reach its entry of the card's table without a point: the CPU's vector code does
 * it.
 */
function wireEntry(pdev: PciDevice, table: IoMem, desc: IrqDesc, index: number): void {
  const at = table.offset + index * entryBytes;
  desc.setMasked = (masked) => {
    pdev.barWrite(table.bar, at + 12, 4, masked ? 1 : 0);
  };
  desc.setMessage = (message) => {
    pdev.barWrite(table.bar, at, 4, message.address);
    pdev.barWrite(table.bar, at + 8, 4, message.data);
  };
}

function* programEntry(table: IoMem, desc: IrqDesc, index: number): Atomic<void> {
  const at = index * entryBytes;
  const { address, data } = desc.message;
  yield* writel(table, at + 12, 1);
  yield* writel(table, at, address);
  yield* writel(table, at + 4, 0);
  yield* writel(table, at + 8, data);
}

function populateDirectory(pdev: PciDevice, descs: readonly IrqDesc[]): KernfsNode | null {
  if (pdev.kobj === null) return null;
  const directory = sysfs_create_dir(pdev.kobj, 'msi_irqs');
  if (typeof directory === 'number') return null;
  for (const desc of descs) {
    sysfs_create_file(
      directory,
      textAttribute(String(desc.irq), () => 'msix\n'),
    );
  }
  return directory;
}

/**
 * Enables MSI-X with as many vectors as there are, at most `maxvec`. Gives their number, -ENOSPC
 * when fewer than `minvec` are there, or -EINVAL when the card has no MSI-X or it is on already.
 */
export function* pci_enable_msix_range(
  pdev: PciDevice,
  minvec: number,
  maxvec: number,
): MaySleep<number> {
  if (minvec < 1 || maxvec < minvec || pdev.msix !== null) return -EINVAL;
  const capability = yield* pci_find_capability(pdev, PCI_CAP_ID_MSIX);
  if (capability === 0) return -EINVAL;
  const control = yield* pci_read_config_word(pdev, capability + 2);
  const size = (control & 0x7ff) + 1;
  const where = yield* pci_read_config_dword(pdev, capability + 4);
  const table = ioremap(pdev, where & 7, where & ~7, size * entryBytes);
  if (table === null) return -EINVAL;
  const flags = (control & ~0xc000) | PCI_MSIX_FLAGS_ENABLE;
  yield* pci_write_config_word(pdev, capability + 2, flags | PCI_MSIX_FLAGS_MASKALL);
  const descs: IrqDesc[] = [];
  while (descs.length < Math.min(size, maxvec)) {
    const desc = pdev.k.irqs.allocateMessage(chipLabel(pdev, descs.length));
    if (desc === null) break;
    wireEntry(pdev, table, desc, descs.length);
    yield* programEntry(table, desc, descs.length);
    descs.push(desc);
  }
  if (descs.length < minvec) {
    for (const desc of descs) pdev.k.irqs.freeMessage(desc);
    yield* pci_write_config_word(pdev, capability + 2, control & ~0xc000);
    iounmap(table);
    return -ENOSPC;
  }
  yield* pci_change_command(pdev, PCI_COMMAND_INTX_DISABLE, 0);
  yield* pci_write_config_word(pdev, capability + 2, flags);
  pdev.msix = { capability, table, descs, directory: populateDirectory(pdev, descs) };
  return descs.length;
}

/** Disables MSI-X and frees its interrupts; one with a handler is a bug of the driver. */
export function* pci_disable_msix(pdev: PciDevice): MaySleep<void> {
  const state = pdev.msix;
  if (state === null) return;
  if (state.descs.some((desc) => desc.actions.length > 0)) {
    throw new Oops('kernel BUG at drivers/pci/msi/msi.c: irq_has_action()');
  }
  pdev.msix = null;
  const control = yield* pci_read_config_word(pdev, state.capability + 2);
  if (control !== 0xffff) {
    yield* pci_write_config_word(pdev, state.capability + 2, control & ~0xc000);
  }
  yield* pci_change_command(pdev, 0, PCI_COMMAND_INTX_DISABLE);
  for (const desc of state.descs) pdev.k.irqs.freeMessage(desc);
  if (state.directory !== null) yield* sysfs_remove_dir(state.directory);
  iounmap(state.table);
}

/** Interrupt number of a vector, or -EINVAL. Without MSI-X vector 0 is the INTx line. */
export function pci_irq_vector(pdev: PciDevice, index: number): number {
  if (pdev.msix === null) return index === 0 ? pdev.irq : -EINVAL;
  return pdev.msix.descs[index]?.irq ?? -EINVAL;
}
