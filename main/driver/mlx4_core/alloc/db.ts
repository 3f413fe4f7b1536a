// Doorbell records (alloc.c: mlx4_db_alloc, mlx4_db_free): pages of 1,024 words, given out in ones
// (order 0) or pairs (order 1) by two levels of buddies. The list of pages is protected by
// pgdir_mutex. A page that is empty again is freed.

import { pageBytes } from '#bus/memory.ts';
import { mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import { dma_alloc_coherent, dma_free_coherent } from '#kernel/pci/dma.ts';
import type { DmaBuffer } from '#kernel/pci/dma.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_priv } from '../mlx4.ts';
import type { mlx4_db, mlx4_dev } from '../mlx4.ts';

const wordBytes = 4;
const MLX4_DB_PER_PAGE = pageBytes / wordBytes;

/** A page of records: single words that are free beside a taken one, and free pairs. */
export interface mlx4_db_pgdir {
  readonly page: DmaBuffer;
  /** Indices of free single words. */
  readonly order0: Set<number>;
  /** Pairs below this one were given out at least once. */
  untouched: number;
  /** Indices of free pairs among those. */
  readonly order1: Set<number>;
}

/** A record in its page. */
class DoorbellRecord implements mlx4_db {
  readonly pgdir: mlx4_db_pgdir;
  /** Number of the word in the page. */
  readonly index: number;
  readonly order: 0 | 1;

  constructor(pgdir: mlx4_db_pgdir, index: number, order: 0 | 1) {
    this.pgdir = pgdir;
    this.index = index;
    this.order = order;
  }

  get dma(): number {
    return this.pgdir.page.address + this.index * wordBytes;
  }

  write(offset: number, value: number): void {
    this.pgdir.page.writeBe32(this.index * wordBytes + offset, value);
  }

  read(offset: number): number {
    return this.pgdir.page.readBe32(this.index * wordBytes + offset);
  }
}

/** find_first_bit() of a small set, or -1. */
function lowest(set: ReadonlySet<number>): number {
  let least = -1;
  for (const value of set) if (least < 0 || value < least) least = value;
  return least;
}

/** A free pair of a page, or -1. */
function takePair(pgdir: mlx4_db_pgdir): number {
  const freed = lowest(pgdir.order1);
  if (freed >= 0) {
    pgdir.order1.delete(freed);
    return freed;
  }
  return pgdir.untouched < MLX4_DB_PER_PAGE / 2 ? pgdir.untouched++ : -1;
}

/** A record of a page, or null when it is full. */
function fromPage(pgdir: mlx4_db_pgdir, order: 0 | 1): DoorbellRecord | null {
  const single = order === 0 ? lowest(pgdir.order0) : -1;
  if (single >= 0) {
    pgdir.order0.delete(single);
    return new DoorbellRecord(pgdir, single, 0);
  }
  const pair = takePair(pgdir);
  if (pair < 0) return null;
  if (order === 0) pgdir.order0.add(pair * 2 + 1);
  return new DoorbellRecord(pgdir, pair * 2, order);
}

/** A record of one word (order 0) or two (order 1). */
export function* mlx4_db_alloc(dev: mlx4_dev, order: 0 | 1): MaySleep<mlx4_db> {
  const { pgdir_list, pgdir_mutex } = mlx4_priv(dev);
  yield* mutex_lock(pgdir_mutex);
  let db: DoorbellRecord | null = null;
  for (const pgdir of pgdir_list) db ??= fromPage(pgdir, order);
  if (db === null) {
    const page = dma_alloc_coherent(dev.persist.pdev, pageBytes);
    const pgdir = { page, order0: new Set<number>(), untouched: 0, order1: new Set<number>() };
    pgdir_list.unshift(pgdir);
    db = fromPage(pgdir, order)!;
  }
  yield* mutex_unlock(pgdir_mutex);
  return db;
}

export function* mlx4_db_free(dev: mlx4_dev, db: mlx4_db): MaySleep<void> {
  const { pgdir_list, pgdir_mutex } = mlx4_priv(dev);
  const { pgdir, index, order } = db as DoorbellRecord;
  yield* mutex_lock(pgdir_mutex);
  const buddy = index ^ 1;
  if (order === 0 && !pgdir.order0.delete(buddy)) pgdir.order0.add(index);
  else pgdir.order1.add(index >> 1);
  if (pgdir.order1.size === pgdir.untouched) {
    dma_free_coherent(dev.persist.pdev, pgdir.page);
    pgdir_list.splice(pgdir_list.indexOf(pgdir), 1);
  }
  yield* mutex_unlock(pgdir_mutex);
}
