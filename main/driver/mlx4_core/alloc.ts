// Memory of a queue (alloc.c: mlx4_buf_direct_alloc, mlx4_alloc_hwq_res): one contiguous buffer,
// its translation entries with pages as large as its address allows, and a doorbell record of two
// words. Bitmaps, zones and doorbell pages are in alloc/.

import { pageBytes } from '#bus/memory.ts';
import { dma_alloc_coherent, dma_free_coherent } from '#kernel/pci/dma.ts';
import type { DmaBuffer } from '#kernel/pci/dma.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_db_alloc, mlx4_db_free } from './alloc/db.ts';
import type { mlx4_dev, mlx4_hwq_resources } from './mlx4.ts';
import { mlx4_mtt_cleanup, mlx4_mtt_init, mlx4_write_mtt } from './mr/mtt.ts';

const PAGE_SHIFT = Math.log2(pageBytes);

/** log2 of the largest page that divides a buffer. */
function pageShiftOf(buf: DmaBuffer): number {
  let shift = Math.max(Math.ceil(Math.log2(buf.sizeBytes)), PAGE_SHIFT);
  while (buf.address % 2 ** shift !== 0) shift--;
  return shift;
}

/** Bus addresses of the pages that cover a buffer. */
export function bufferPages(buf: DmaBuffer, page_shift: number): number[] {
  const pages: number[] = [];
  for (let at = 0; at < buf.sizeBytes; at += 2 ** page_shift) pages.push(buf.address + at);
  return pages;
}

/**
 * Memory, translation and doorbell record of a queue of `size` bytes; a negative error otherwise.
 */
export function* mlx4_alloc_hwq_res(
  dev: mlx4_dev,
  size: number,
): MaySleep<mlx4_hwq_resources | number> {
  const { pdev } = dev.persist;
  const db = yield* mlx4_db_alloc(dev, 1);
  db.write(0, 0);
  const buf = dma_alloc_coherent(pdev, size);
  const page_shift = pageShiftOf(buf);
  const pages = bufferPages(buf, page_shift);
  const mtt = yield* mlx4_mtt_init(dev, pages.length, page_shift);
  if (typeof mtt === 'number') {
    dma_free_coherent(pdev, buf);
    yield* mlx4_db_free(dev, db);
    return mtt;
  }
  const err = yield* mlx4_write_mtt(dev, mtt, 0, pages);
  const resources = { db, mtt, buf };
  if (err === 0) return resources;
  yield* mlx4_free_hwq_res(dev, resources);
  return err;
}

export function* mlx4_free_hwq_res(
  dev: mlx4_dev,
  { db, mtt, buf }: mlx4_hwq_resources,
): MaySleep<void> {
  yield* mlx4_mtt_cleanup(dev, mtt);
  dma_free_coherent(dev.persist.pdev, buf);
  yield* mlx4_db_free(dev, db);
}
