// Memory for the card's contexts (icm.c; facts/device 11.2, 11.3). A table of contexts is cut into
// chunks of 256 KiB. Chunks with reserved objects are mapped at load and stay; others come with
// their first object and go with their last one. A table's mutex protects its chunks and their
// counts. UNMAP_ICM always names a full chunk. A mapping that fails is ENOMEM, whatever the card
// said.

import { ENOMEM } from '#kernel/errno.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import type { Mutex } from '#kernel/locking/mutex.ts';
import { dma_alloc_coherent, dma_free_coherent } from '#kernel/pci/dma.ts';
import type { DmaBuffer } from '#kernel/pci/dma.ts';
import { MLX4_ICM_ALLOC_SIZE, MLX4_ICM_PAGE_SIZE } from '#prm/firmware.ts';
import type { MaySleep } from '#sim/task.ts';
import { mlx4_cmd } from './cmd.ts';
import { mlx4_map_cmd } from './fw/map.ts';
import { cardName } from './mlx4.ts';
import type { mlx4_dev } from './mlx4.ts';
import { notNull } from './tables.ts';

const MLX4_TABLE_CHUNK_SIZE = MLX4_ICM_ALLOC_SIZE;
const chunkPages = MLX4_TABLE_CHUNK_SIZE / MLX4_ICM_PAGE_SIZE;

/** Pages for the card (struct mlx4_icm), in blocks of a power of two. */
export interface mlx4_icm {
  /** Users of a table's chunk. */
  refcount: number;
  readonly blocks: readonly DmaBuffer[];
}

/** struct mlx4_icm_table. */
export interface mlx4_icm_table {
  /** Where the table begins in the card's context memory. */
  readonly virt: number;
  readonly obj_size: number;
  /** A power of two: numbers of objects are taken modulo it. */
  readonly num_obj: number;
  /** The driver writes entries, too. */
  readonly lowmem: boolean;
  readonly mutex: Mutex;
  /** Mapped chunks by their number. */
  readonly icm: Map<number, mlx4_icm>;
}

/** Pages in blocks of up to 256 KiB. */
export function mlx4_alloc_icm(dev: mlx4_dev, npages: number): mlx4_icm {
  const blocks: DmaBuffer[] = [];
  let block = chunkPages;
  for (let left = npages; left > 0; left -= block) {
    while (block > left) block /= 2;
    blocks.push(dma_alloc_coherent(dev.persist.pdev, block * MLX4_ICM_PAGE_SIZE));
  }
  return { refcount: 0, blocks };
}

export function mlx4_free_icm(dev: mlx4_dev, icm: mlx4_icm | null): void {
  for (const block of icm?.blocks ?? []) dma_free_coherent(dev.persist.pdev, block);
}

const mlx4_MAP_ICM = (dev: mlx4_dev, icm: mlx4_icm, virt: number): MaySleep<number> =>
  mlx4_map_cmd(dev, 'MLX4_CMD_MAP_ICM', icm, virt);

const mlx4_UNMAP_ICM = (dev: mlx4_dev, virt: number, page_count: number): MaySleep<number> =>
  mlx4_cmd(dev, virt, page_count, 0, 'MLX4_CMD_UNMAP_ICM');

export const mlx4_MAP_ICM_AUX = (dev: mlx4_dev, icm: mlx4_icm): MaySleep<number> =>
  mlx4_map_cmd(dev, 'MLX4_CMD_MAP_ICM_AUX', icm, null);

export const mlx4_UNMAP_ICM_AUX = (dev: mlx4_dev): MaySleep<number> =>
  mlx4_cmd(dev, 0, 0, 0, 'MLX4_CMD_UNMAP_ICM_AUX');

const objectsPerChunk = (table: mlx4_icm_table): number =>
  Math.floor(MLX4_TABLE_CHUNK_SIZE / table.obj_size);

const chunkOf = (table: mlx4_icm_table, obj: number): number =>
  Math.floor(((obj & (table.num_obj - 1)) >>> 0) / objectsPerChunk(table));

/** Maps a chunk of the table. 0 or -ENOMEM. */
function* mapChunk(
  dev: mlx4_dev,
  table: mlx4_icm_table,
  index: number,
  pages: number,
): MaySleep<number> {
  const icm = mlx4_alloc_icm(dev, pages);
  const err = yield* mlx4_MAP_ICM(dev, icm, table.virt + index * MLX4_TABLE_CHUNK_SIZE);
  if (err !== 0) {
    mlx4_free_icm(dev, icm);
    return -ENOMEM;
  }
  icm.refcount = 1;
  table.icm.set(index, icm);
  return 0;
}

/** Unmaps a chunk; what the card says to it does not matter. */
function* unmapChunk(dev: mlx4_dev, table: mlx4_icm_table, index: number): MaySleep<void> {
  yield* mlx4_UNMAP_ICM(dev, table.virt + index * MLX4_TABLE_CHUNK_SIZE, chunkPages);
  mlx4_free_icm(dev, table.icm.get(index) ?? null);
  table.icm.delete(index);
}

/** The chunk of an object is mapped after this. 0 or -ENOMEM. */
export function* mlx4_table_get(
  dev: mlx4_dev,
  table: mlx4_icm_table,
  obj: number,
): MaySleep<number> {
  const index = chunkOf(table, obj);
  let ret = 0;
  yield* mutex_lock(table.mutex);
  const icm = table.icm.get(index);
  if (icm === undefined) ret = yield* mapChunk(dev, table, index, chunkPages);
  else icm.refcount++;
  yield* mutex_unlock(table.mutex);
  return ret;
}

export function* mlx4_table_put(dev: mlx4_dev, table: mlx4_icm_table, obj: number): MaySleep<void> {
  const index = chunkOf(table, obj);
  yield* mutex_lock(table.mutex);
  const icm = notNull(table.icm.get(index) ?? null);
  if (--icm.refcount === 0) yield* unmapChunk(dev, table, index);
  yield* mutex_unlock(table.mutex);
}

/** Memory of an entry that the driver writes, and how far its block goes on behind it. */
export interface TableEntry {
  readonly buf: DmaBuffer;
  readonly offset: number;
}

/** Where an object's entry is in host memory; null when its chunk is not mapped. */
export function* mlx4_table_find(table: mlx4_icm_table, obj: number): MaySleep<TableEntry | null> {
  if (!table.lowmem) return null;
  yield* mutex_lock(table.mutex);
  const at = ((obj & (table.num_obj - 1)) >>> 0) * table.obj_size;
  const icm = table.icm.get(Math.floor(at / MLX4_TABLE_CHUNK_SIZE));
  let offset = at % MLX4_TABLE_CHUNK_SIZE;
  let found: TableEntry | null = null;
  for (const buf of icm?.blocks ?? []) {
    if (offset < buf.sizeBytes) {
      found = { buf, offset };
      break;
    }
    offset -= buf.sizeBytes;
  }
  yield* mutex_unlock(table.mutex);
  return found;
}

/** The chunks of all objects from `start` to `end` are mapped after this. 0 or -ENOMEM. */
export function* mlx4_table_get_range(
  dev: mlx4_dev,
  table: mlx4_icm_table,
  start: number,
  end: number,
): MaySleep<number> {
  const step = objectsPerChunk(table);
  for (let at = start; at <= end; at += step) {
    const err = yield* mlx4_table_get(dev, table, at);
    if (err === 0) continue;
    while (at > start) {
      at -= step;
      yield* mlx4_table_put(dev, table, at);
    }
    return err;
  }
  return 0;
}

export function* mlx4_table_put_range(
  dev: mlx4_dev,
  table: mlx4_icm_table,
  start: number,
  end: number,
): MaySleep<void> {
  const step = objectsPerChunk(table);
  for (let at = start; at <= end; at += step) yield* mlx4_table_put(dev, table, at);
}

/** What mlx4_init_icm_table() wants to know. */
export interface IcmTableShape {
  readonly virt: number;
  readonly obj_size: number;
  readonly nobj: number;
  /** Objects whose chunks are mapped from now on. */
  readonly reserved: number;
  readonly lowmem?: boolean;
}

/** Makes a table and maps its reserved objects. The last chunk of a small table is shorter. */
export function* mlx4_init_icm_table(
  dev: mlx4_dev,
  name: string,
  { virt, obj_size, nobj, reserved, lowmem = false }: IcmTableShape,
): MaySleep<mlx4_icm_table | number> {
  const table: mlx4_icm_table = {
    virt,
    obj_size,
    num_obj: nobj,
    lowmem,
    mutex: mutex_init(dev.k, `${name}.mutex(${cardName(dev)})`),
    icm: new Map(),
  };
  const size = nobj * obj_size;
  for (let i = 0; i * MLX4_TABLE_CHUNK_SIZE < reserved * obj_size; i++) {
    const bytes = Math.min(size - i * MLX4_TABLE_CHUNK_SIZE, MLX4_TABLE_CHUNK_SIZE);
    const err = yield* mapChunk(dev, table, i, Math.ceil(bytes / MLX4_ICM_PAGE_SIZE));
    if (err === 0) continue;
    yield* mlx4_cleanup_icm_table(dev, table);
    return err;
  }
  return table;
}

/** Unmaps whatever is still mapped, the first chunk first. */
export function* mlx4_cleanup_icm_table(
  dev: mlx4_dev,
  table: mlx4_icm_table | null,
): MaySleep<void> {
  const mapped = [...notNull(table).icm.keys()].sort((a, b) => a - b);
  for (const index of mapped) yield* unmapChunk(dev, notNull(table), index);
}
