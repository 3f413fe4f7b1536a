// The software reset of a card (reset.c: mlx4_reset; facts/device 2.2): configuration space is
// saved before and written back behind it, since the card forgets it. Two dwords have side effects
// and are not touched. A card that does not come back within two seconds is given up.

import { EAGAIN, ENODEV, ENOMEM } from '#kernel/errno.ts';
import {
  PCI_CAP_ID_EXP,
  PCI_COMMAND,
  pci_find_capability,
  pci_read_config_dword,
  pci_read_config_word,
  pci_write_config_dword,
  pcie_capability_write_word,
} from '#kernel/pci/config.ts';
import { ioremap, iounmap, readl, swab32, writel } from '#kernel/pci/io.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import { msleep } from '#kernel/time/delay.ts';
import {
  configBytes,
  gatewayDwords,
  PCI_EXP_DEVCTL,
  PCI_EXP_LNKCTL,
  PCI_VENDOR_ID,
} from '#prm/pci-config.ts';
import {
  MLX4_RESET_BASE,
  MLX4_RESET_OFFSET,
  MLX4_RESET_SIZE,
  MLX4_RESET_VALUE,
  MLX4_SEM_OFFSET,
} from '#prm/registers.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_err } from './mlx4.ts';
import type { mlx4_dev } from './mlx4.ts';

/** Longest waits, s, and the pause in which nobody may touch the card, ms. */
const semaphoreTimeout = 10;
const returnTimeout = 2;
const resetPause = 1000;
/** Dwords of the standard header. */
const headerDwords = 16;
const goneVendor = 0xffff;

function* saveConfig(pdev: PciDevice): Atomic<number[]> {
  const saved: number[] = [];
  for (let dword = 0; dword < configBytes / 4; dword++) {
    saved.push(gatewayDwords.includes(dword) ? 0 : yield* pci_read_config_dword(pdev, dword * 4));
  }
  return saved;
}

/** Locks out flash updates: the register reads 0 for the one who gets it. */
function* takeSemaphore(dev: mlx4_dev, reset: IoMem): MaySleep<boolean> {
  const { k } = dev;
  const end = k.jiffies + semaphoreTimeout * k.HZ;
  do {
    if ((yield* readl(reset, MLX4_SEM_OFFSET)) === 0) return true;
    yield* msleep(k, 1);
  } while (k.jiffies < end);
  return false;
}

/** Waits until the card answers on the bus. */
function* comesBack(dev: mlx4_dev): MaySleep<boolean> {
  const { k, persist } = dev;
  yield* msleep(k, resetPause);
  const end = k.jiffies + returnTimeout * k.HZ;
  do {
    if ((yield* pci_read_config_word(persist.pdev, PCI_VENDOR_ID)) !== goneVendor) return true;
    yield* msleep(k, 1);
  } while (k.jiffies < end);
  return false;
}

/** Device and link control, the header, and COMMAND last: then the card may do DMA again. */
function* restoreConfig(
  pdev: PciDevice,
  pcieCapability: number,
  saved: readonly number[],
): Atomic<void> {
  if (pcieCapability !== 0) {
    for (const register of [PCI_EXP_DEVCTL, PCI_EXP_LNKCTL]) {
      const value = saved[(pcieCapability + register) / 4]! & 0xffff;
      yield* pcie_capability_write_word(pdev, register, value);
    }
  }
  for (let dword = 0; dword < headerDwords; dword++) {
    if (dword * 4 === PCI_COMMAND) continue;
    yield* pci_write_config_dword(pdev, dword * 4, saved[dword]!);
  }
  yield* pci_write_config_dword(pdev, PCI_COMMAND, saved[PCI_COMMAND / 4]!);
}

/** Resets the card. 0, or a negative error with a message. */
export function* mlx4_reset(dev: mlx4_dev): MaySleep<number> {
  const { pdev } = dev.persist;
  const pcieCapability = yield* pci_find_capability(pdev, PCI_CAP_ID_EXP);
  const saved = yield* saveConfig(pdev);
  const reset = ioremap(pdev, 0, MLX4_RESET_BASE, MLX4_RESET_SIZE);
  if (reset === null) {
    mlx4_err(dev, "Couldn't map HCA reset register, aborting");
    return -ENOMEM;
  }
  const owned = yield* takeSemaphore(dev, reset);
  if (owned) yield* writel(reset, MLX4_RESET_OFFSET, swab32(MLX4_RESET_VALUE));
  iounmap(reset);
  if (!owned) {
    mlx4_err(dev, 'Failed to obtain HW semaphore, aborting');
    return -EAGAIN;
  }
  if (!(yield* comesBack(dev))) {
    mlx4_err(dev, 'PCI device did not come back after reset, aborting');
    return -ENODEV;
  }
  yield* restoreConfig(pdev, pcieCapability, saved);
  return 0;
}
