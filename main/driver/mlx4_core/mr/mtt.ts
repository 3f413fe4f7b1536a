// Translation entries (mr.c: mlx4_mtt_*, mlx4_write_mtt; facts/device 6.1, 6.7): ranges from the
// buddy allocator, whose chunks of context memory are mapped while somebody uses them. The driver
// writes the entries itself, at most a page of them at a time. A range's entries belong to its
// owner.

import { pageBytes } from '#bus/memory.ts';
import { EINVAL, ENOMEM } from '#kernel/errno.ts';
import { MLX4_ICM_PAGE_SIZE } from '#prm/firmware.ts';
import { MLX4_MTT_FLAG_PRESENT, mttEntryBytes } from '#prm/contexts.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_table_find, mlx4_table_get_range, mlx4_table_put_range } from '../icm.ts';
import { mlx4_priv } from '../mlx4.ts';
import type { mlx4_dev, mlx4_mtt } from '../mlx4.ts';
import { notNull } from '../tables.ts';
import { mlx4_buddy_alloc, mlx4_buddy_free } from './buddy.ts';

/** log2 of a page of context memory. */
export const MLX4_ICM_PAGE_SHIFT = Math.log2(MLX4_ICM_PAGE_SIZE);
const entriesPerPage = pageBytes / mttEntryBytes;

/** log2 of the entries in a segment, the unit of the allocator. */
const logPerSegment = (dev: mlx4_dev): number => dev.priv.module.params.int('log_mtts_per_seg');

/** A range of 2^order entries: its first one, or -1. */
export function* mlx4_alloc_mtt_range(dev: mlx4_dev, order: number): MaySleep<number> {
  const { mtt_buddy, mtt_table } = mlx4_priv(dev).mr_table;
  const log = logPerSegment(dev);
  const segOrder = Math.max(order - log, 0);
  const seg = yield* mlx4_buddy_alloc(notNull(mtt_buddy), segOrder);
  if (seg < 0) return -1;
  const offset = seg * 2 ** log;
  const last = offset + 2 ** order - 1;
  if ((yield* mlx4_table_get_range(dev, notNull(mtt_table), offset, last)) === 0) return offset;
  yield* mlx4_buddy_free(notNull(mtt_buddy), seg, segOrder);
  return -1;
}

export function* mlx4_free_mtt_range(dev: mlx4_dev, offset: number, order: number): MaySleep<void> {
  const { mtt_buddy, mtt_table } = mlx4_priv(dev).mr_table;
  const log = logPerSegment(dev);
  yield* mlx4_buddy_free(notNull(mtt_buddy), offset / 2 ** log, Math.max(order - log, 0));
  yield* mlx4_table_put_range(dev, notNull(mtt_table), offset, offset + 2 ** order - 1);
}

/** Entries for pages; for none, the mark of a region without translation. -ENOMEM when full. */
export function* mlx4_mtt_init(
  dev: mlx4_dev,
  npages: number,
  page_shift: number,
): MaySleep<mlx4_mtt | number> {
  if (npages === 0) return { offset: 0, order: -1, page_shift: MLX4_ICM_PAGE_SHIFT };
  const order = Math.ceil(Math.log2(npages));
  const offset = yield* mlx4_alloc_mtt_range(dev, order);
  return offset < 0 ? -ENOMEM : { offset, order, page_shift };
}

export function* mlx4_mtt_cleanup(dev: mlx4_dev, mtt: mlx4_mtt): MaySleep<void> {
  if (mtt.order >= 0) yield* mlx4_free_mtt_range(dev, mtt.offset, mtt.order);
}

/** Place of a range as contexts name it: bytes from the start of the table. */
export const mlx4_mtt_addr = (dev: mlx4_dev, mtt: mlx4_mtt): number =>
  mtt.offset * dev.caps.mtt_entry_sz;

/** The two halves of that place, for a context with mtt_base_addr_h and _l. */
export function mttBase(
  dev: mlx4_dev,
  mtt: mlx4_mtt,
): { mtt_base_addr_h: number; mtt_base_addr_l: number } {
  const address = mlx4_mtt_addr(dev, mtt);
  return { mtt_base_addr_h: Math.floor(address / 2 ** 32), mtt_base_addr_l: address % 2 ** 32 };
}

/** Writes entries that lie in one page. */
function* mlx4_write_mtt_chunk(
  dev: mlx4_dev,
  mtt: mlx4_mtt,
  start: number,
  pages: readonly number[],
): MaySleep<number> {
  const { mtt_table } = mlx4_priv(dev).mr_table;
  const found = yield* mlx4_table_find(notNull(mtt_table), mtt.offset + start);
  if (found === null) return -ENOMEM;
  let at = found.offset;
  for (const address of pages) {
    found.buf.writeBe32(at, Math.floor(address / 2 ** 32));
    found.buf.writeBe32(at + 4, (address % 2 ** 32) + MLX4_MTT_FLAG_PRESENT);
    at += mttEntryBytes;
  }
  return 0;
}

/** Makes entries from `start` on point to pages (bus addresses). 0 or a negative error. */
export function* mlx4_write_mtt(
  dev: mlx4_dev,
  mtt: mlx4_mtt,
  start: number,
  pages: readonly number[],
): MaySleep<number> {
  if (mtt.order < 0) return -EINVAL;
  let done = 0;
  while (done < pages.length) {
    const room = entriesPerPage - ((mtt.offset + start + done) % entriesPerPage);
    const chunk = pages.slice(done, done + room);
    const err = yield* mlx4_write_mtt_chunk(dev, mtt, start + done, chunk);
    if (err !== 0) return err;
    done += chunk.length;
  }
  return 0;
}
