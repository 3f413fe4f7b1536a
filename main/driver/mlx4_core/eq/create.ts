// Making an event queue and giving it to the card (eq.c: mlx4_create_eq, mlx4_free_eq; facts/device
// 6.2, 7.2): memory in pages of 4 KiB, translation entries, context, and its doorbell, which four
// queues share a page of. The memory is one buffer here, though its pages are listed one by one.

import { pageBytes } from '#bus/memory.ts';
import { ENOMEM } from '#kernel/errno.ts';
import { dma_alloc_coherent, dma_free_coherent } from '#kernel/pci/dma.ts';
import { ioremap, iounmap } from '#kernel/pci/io.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import { synchronize_irq } from '#kernel/pci/irq.ts';
import { eqContext, MLX4_EQ_STATE_ARMED } from '#prm/contexts.ts';
import { eqDoorbellAddress, eqsPerUar, uarPageBytes } from '#prm/registers.ts';
import type { MaySleep } from '#sim/task.ts';
import { bufferPages } from '../alloc.ts';
import {
  ilog2,
  MLX4_USE_RR,
  mlx4_bitmap_alloc,
  mlx4_bitmap_free,
  NO_OBJECT,
  roundup_pow_of_two,
} from '../alloc/bitmap.ts';
import { mlx4_alloc_cmd_mailbox, mlx4_cmd, mlx4_free_cmd_mailbox } from '../cmd.ts';
import type { mlx4_cmd_mailbox } from '../cmd/mailbox.ts';
import { mlx4_err, mlx4_priv, mlx4_warn } from '../mlx4.ts';
import type { mlx4_dev } from '../mlx4.ts';
import { mlx4_mtt_cleanup, mlx4_mtt_init, mlx4_write_mtt, mttBase } from '../mr/mtt.ts';
import { notNull } from '../tables.ts';
import type { mlx4_eq } from '../tables.ts';

const PAGE_SHIFT = Math.log2(pageBytes);

/** A queue that is not there yet. */
export const emptyEq = (): mlx4_eq => ({
  doorbell: null,
  eqn: 0,
  cons_index: 0,
  irq: 0,
  have_irq: false,
  nent: 0,
  buf: null,
  mtt: null,
  ref_count: 0,
  actv_ports: new Set(),
});

/** Maps the page of a queue's doorbell, unless another queue has done it. */
function mlx4_get_eq_uar(dev: mlx4_dev, eqn: number): { page: IoMem; offset: number } | null {
  const { uar_map } = mlx4_priv(dev).eq_table;
  const index = Math.floor(eqn / eqsPerUar);
  const page =
    uar_map.get(index) ?? ioremap(dev.persist.pdev, 2, index * uarPageBytes, uarPageBytes);
  if (page === null) {
    const number = eqn.toString(16).padStart(6, '0');
    mlx4_err(dev, `Couldn't map EQ doorbell for EQN 0x${number}`);
    return null;
  }
  uar_map.set(index, page);
  return { page, offset: eqDoorbellAddress(eqn) - index * uarPageBytes };
}

export function mlx4_unmap_uar(dev: mlx4_dev): void {
  const { uar_map } = mlx4_priv(dev).eq_table;
  for (const page of uar_map.values()) iounmap(page);
  uar_map.clear();
}

/** Number and doorbell are there: translation entries, then the card. 0 or a negative error. */
function* giveToCard(
  dev: mlx4_dev,
  eq: mlx4_eq,
  intr: number,
  mailbox: mlx4_cmd_mailbox,
): MaySleep<number> {
  const pages = bufferPages(notNull(eq.buf), PAGE_SHIFT);
  const mtt = yield* mlx4_mtt_init(dev, pages.length, PAGE_SHIFT);
  if (typeof mtt === 'number') return mtt;
  eq.mtt = mtt;
  let err = yield* mlx4_write_mtt(dev, mtt, 0, pages);
  if (err === 0) {
    const context = eqContext.make({
      state: MLX4_EQ_STATE_ARMED,
      log_eq_size: ilog2(eq.nent),
      intr,
      ...mttBase(dev, mtt),
    });
    mailbox.buf.write(0, context);
    err = yield* mlx4_cmd(dev, mailbox.dma, eq.eqn, 0, 'MLX4_CMD_SW2HW_EQ');
    if (err === 0) return 0;
    mlx4_warn(dev, `SW2HW_EQ failed (${err})`);
  }
  yield* mlx4_mtt_cleanup(dev, mtt);
  return err;
}

/** A queue of at least `nent` entries that raises interrupt `intr`. 0 or a negative error. */
export function* mlx4_create_eq(
  dev: mlx4_dev,
  nent: number,
  intr: number,
  eq: mlx4_eq,
): MaySleep<number> {
  const { pdev } = dev.persist;
  const bitmap = notNull(mlx4_priv(dev).eq_table.bitmap);
  eq.nent = roundup_pow_of_two(Math.max(nent, 2));
  eq.cons_index = 0;
  const mailbox = yield* mlx4_alloc_cmd_mailbox(dev);
  eq.buf = dma_alloc_coherent(pdev, eq.nent * dev.caps.eqe_size);
  eq.eqn = yield* mlx4_bitmap_alloc(bitmap);
  let err = -ENOMEM;
  if (eq.eqn !== NO_OBJECT) {
    eq.doorbell = mlx4_get_eq_uar(dev, eq.eqn);
    if (eq.doorbell !== null) err = yield* giveToCard(dev, eq, intr, mailbox);
    if (err !== 0) yield* mlx4_bitmap_free(bitmap, eq.eqn, MLX4_USE_RR);
  }
  if (err !== 0) dma_free_coherent(pdev, eq.buf);
  yield* mlx4_free_cmd_mailbox(dev, mailbox);
  return err;
}

/** Takes a queue back and waits for its handler. */
export function* mlx4_free_eq(dev: mlx4_dev, eq: mlx4_eq): MaySleep<void> {
  const err = yield* mlx4_cmd(dev, 0, eq.eqn, 1, 'MLX4_CMD_HW2SW_EQ');
  if (err !== 0) mlx4_warn(dev, `HW2SW_EQ failed (${err})`);
  yield* synchronize_irq(dev.k, eq.irq);
  yield* mlx4_mtt_cleanup(dev, notNull(eq.mtt));
  dma_free_coherent(dev.persist.pdev, notNull(eq.buf));
  yield* mlx4_bitmap_free(notNull(mlx4_priv(dev).eq_table.bitmap), eq.eqn, MLX4_USE_RR);
}
