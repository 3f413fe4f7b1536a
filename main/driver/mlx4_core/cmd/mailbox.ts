// Mailboxes of commands (cmd.c: mlx4_alloc_cmd_mailbox; mm/dmapool.c): a DMA pool of 4 KiB blocks,
// each in a page of its own. A block that was given back keeps its memory: a card that answers
// after a time-out writes into whatever the next command has there. The youngest free page is taken
// first, as the pool's list gives.

import { dma_alloc_coherent, dma_free_coherent } from '#kernel/pci/dma.ts';
import type { DmaBuffer } from '#kernel/pci/dma.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import { MLX4_MAILBOX_SIZE } from '#prm/firmware.ts';

/** struct mlx4_cmd_mailbox. */
export interface mlx4_cmd_mailbox {
  readonly buf: DmaBuffer;
  /** Bus address, for in_param and out_param. */
  readonly dma: number;
}

/** The pool of one card. */
export interface MailboxPool {
  /** Every page, in the order in which they were made. */
  readonly pages: DmaBuffer[];
  readonly busy: Set<DmaBuffer>;
}

/** dma_pool_create(). */
export const createMailboxPool = (): MailboxPool => ({ pages: [], busy: new Set() });

/** dma_pool_zalloc(). */
export function takeMailbox(pool: MailboxPool, pdev: PciDevice): mlx4_cmd_mailbox {
  let buf = pool.pages.findLast((page) => !pool.busy.has(page));
  if (buf === undefined) {
    buf = dma_alloc_coherent(pdev, MLX4_MAILBOX_SIZE);
    pool.pages.push(buf);
  } else buf.fill(0, MLX4_MAILBOX_SIZE, 0);
  pool.busy.add(buf);
  return { buf, dma: buf.address };
}

/** dma_pool_free(). */
export function giveMailboxBack(pool: MailboxPool, mailbox: mlx4_cmd_mailbox): void {
  pool.busy.delete(mailbox.buf);
}

/** dma_pool_destroy(): the memory of mailboxes that somebody still has stays. */
export function destroyMailboxPool(pool: MailboxPool, pdev: PciDevice): void {
  for (const page of pool.pages) if (!pool.busy.has(page)) dma_free_coherent(pdev, page);
  pool.pages.length = 0;
}
