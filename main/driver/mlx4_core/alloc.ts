// Memory of a queue (alloc.c: mlx4_buf_alloc, mlx4_alloc_hwq_res): a buffer, its translation
// entries, and a doorbell record. mlx4_en's buffers are contiguous, with pages as large as their
// addresses allow; mlx4_ib's are of single pages when they are larger than two, which here lie
// behind one another all the same. Bitmaps, zones and doorbell pages are in alloc/.

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

/** How the memory of a queue is asked for. */
export interface HwqShape {
  /** Largest buffer that is contiguous for sure, bytes: max_direct of mlx4_buf_alloc(). */
  readonly max_direct?: number;
  /** log2 of the doorbell record's words. */
  readonly dbOrder?: 0 | 1;
}

/**
 * Memory, translation and doorbell record of a queue of `size` bytes; a negative error otherwise.
 */
export function* mlx4_alloc_hwq_res(
  dev: mlx4_dev,
  size: number,
  { max_direct = Infinity, dbOrder = 1 }: HwqShape = {},
): MaySleep<mlx4_hwq_resources | number> {
  const { pdev } = dev.persist;
  const db = yield* mlx4_db_alloc(dev, dbOrder);
  db.write(0, 0);
  const buf = dma_alloc_coherent(pdev, size);
  const page_shift = size <= max_direct ? pageShiftOf(buf) : PAGE_SHIFT;
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
