// Who drives the card (main.c: mlx4_get_ownership, mlx4_free_ownership; facts/device 2.1): a word
// that reads 0 for the first who asks, and that takes until the next reset or until 0 is written.

import { EIO, ENOMEM } from '#kernel/errno.ts';
import { ioremap, iounmap, readl, writel } from '#kernel/pci/io.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import { pci_channel_offline } from '#kernel/pci/pci.ts';
import { msleep } from '#kernel/time/delay.ts';
import { MLX4_OWNER_BASE } from '#prm/registers.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_err } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';

const MLX4_OWNER_SIZE = 4;
/** Pause behind giving the card up, ms. */
const releasePause = 1000;

function mapOwner(dev: mlx4_dev): IoMem | null {
  const owner = ioremap(dev.persist.pdev, 0, MLX4_OWNER_BASE, MLX4_OWNER_SIZE);
  if (owner === null) mlx4_err(dev, 'Failed to obtain ownership bit');
  return owner;
}

/** 0: the card is ours. 1: somebody else has it. Or a negative error. */
export function* mlx4_get_ownership(dev: mlx4_dev): MaySleep<number> {
  if (pci_channel_offline(dev.persist.pdev)) return -EIO;
  const owner = mapOwner(dev);
  if (owner === null) return -ENOMEM;
  const taken = yield* readl(owner, 0);
  iounmap(owner);
  return taken === 0 ? 0 : 1;
}

export function* mlx4_free_ownership(dev: mlx4_dev): MaySleep<void> {
  if (pci_channel_offline(dev.persist.pdev)) return;
  const owner = mapOwner(dev);
  if (owner === null) return;
  yield* writel(owner, 0, 0);
  yield* msleep(dev.k, releasePause);
  iounmap(owner);
}
