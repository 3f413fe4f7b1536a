// Memory regions (mr.c; facts/device 6.6): a number in the protection table, translation entries,
// and the entry that tells the card. Also the table itself: numbers, the buddy allocator, the
// reserved entries. A region belongs to its owner; the table's members have locks of their own.
// Left out: memory windows, re-registration and fast registration, which only user-space verbs use.

import { EINVAL, ENOMEM } from '#kernel/errno.ts';
import {
  hw_index_to_key,
  key_to_hw_index,
  MLX4_MPT_STATUS_FREE,
  MLX4_MPT_STATUS_SW,
  mptEntry,
} from '#prm/contexts.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  ilog2,
  MLX4_NO_RR,
  mlx4_bitmap_alloc,
  mlx4_bitmap_free,
  mlx4_bitmap_init,
  NO_OBJECT,
} from './alloc/bitmap.ts';
import { mlx4_cmd, mlx4_cmd_box } from './cmd.ts';
import { sendMailbox } from './cmd/query.ts';
import { mlx4_table_get, mlx4_table_put } from './icm.ts';
import { cardName, mlx4_priv, mlx4_warn } from './mlx4.ts';
import type { mlx4_dev, mlx4_mr } from './mlx4.ts';
import { mlx4_buddy_init } from './mr/buddy.ts';
import {
  mlx4_alloc_mtt_range,
  mlx4_free_mtt_range,
  mlx4_mtt_addr,
  mlx4_mtt_cleanup,
  mlx4_mtt_init,
} from './mr/mtt.ts';
import { notNull } from './tables.ts';

/** Access rights (mr.access). */
export const MLX4_PERM_LOCAL_READ = 1 << 10;
export const MLX4_PERM_LOCAL_WRITE = 1 << 11;
export const MLX4_PERM_REMOTE_READ = 1 << 12;
export const MLX4_PERM_REMOTE_WRITE = 1 << 13;
export const MLX4_PERM_ATOMIC = 1 << 14;
export const MLX4_PERM_BIND_MW = 1 << 15;

/** mr.enabled: not known to the card, taken back from it, in use. */
export const MLX4_MPT_DISABLED = 0;
export const MLX4_MPT_EN_SW = 1;
export const MLX4_MPT_EN_HW = 2;

/** Invalidation is allowed: both bits of the field. */
const enableInvalidate = 3;
const everything = 0xffff_ffff_ffff_ffffn;

const mptIndex = (dev: mlx4_dev, mr: mlx4_mr): number =>
  (key_to_hw_index(mr.key) & (dev.caps.num_mpts - 1)) >>> 0;

/** What a region is to be. `npages` 0: a region without translation. */
export interface MemoryRegionSpec {
  readonly iova: bigint;
  readonly size: bigint;
  /** MLX4_PERM_*. */
  readonly access: number;
  readonly npages: number;
  readonly page_shift: number;
}

/** A number and translation entries; the card knows nothing of it yet. */
export function* mlx4_mr_alloc(
  dev: mlx4_dev,
  pd: number,
  { iova, size, access, npages, page_shift }: MemoryRegionSpec,
): MaySleep<mlx4_mr | number> {
  const { mpt_bitmap } = mlx4_priv(dev).mr_table;
  const index = yield* mlx4_bitmap_alloc(notNull(mpt_bitmap));
  if (index === NO_OBJECT) return -ENOMEM;
  const mtt = yield* mlx4_mtt_init(dev, npages, page_shift);
  if (typeof mtt === 'number') {
    yield* mlx4_bitmap_free(notNull(mpt_bitmap), index, MLX4_NO_RR);
    return mtt;
  }
  const key = hw_index_to_key(index);
  return { key, pd, access, iova, size, mtt, enabled: MLX4_MPT_DISABLED };
}

/** A region over all of memory, by bus address, for the card's local reads and writes. */
export const mlx4_mr_alloc_physical = (dev: mlx4_dev, pd: number): MaySleep<mlx4_mr | number> =>
  mlx4_mr_alloc(dev, pd, {
    iova: 0n,
    size: everything,
    access: MLX4_PERM_LOCAL_WRITE | MLX4_PERM_LOCAL_READ,
    npages: 0,
    page_shift: 0,
  });

/** The protection entry of a region. */
function buildEntry(dev: mlx4_dev, mr: mlx4_mr): Uint8Array {
  const { mtt, access } = mr;
  const translated = mtt.order >= 0;
  const fastRegister = translated && mtt.page_shift === 0;
  return mptEntry.make({
    status: fastRegister ? MLX4_MPT_STATUS_FREE : MLX4_MPT_STATUS_SW,
    mio: true,
    region: true,
    physical: !translated,
    local_read: (access & MLX4_PERM_LOCAL_READ) !== 0,
    local_write: (access & MLX4_PERM_LOCAL_WRITE) !== 0,
    remote_read: (access & MLX4_PERM_REMOTE_READ) !== 0,
    remote_write: (access & MLX4_PERM_REMOTE_WRITE) !== 0,
    atomic: (access & MLX4_PERM_ATOMIC) !== 0,
    bind_enable: (access & MLX4_PERM_BIND_MW) !== 0,
    key: key_to_hw_index(mr.key),
    pd: mr.pd,
    enable_invalidate: enableInvalidate,
    fast_register: fastRegister,
    remote_enable: fastRegister,
    start: mr.iova,
    length: mr.size,
    entity_size: mtt.page_shift,
    mtt_addr: translated ? mlx4_mtt_addr(dev, mtt) : 0,
    mtt_sz: fastRegister ? 2 ** mtt.order : 0,
  });
}

/** Gives the region to the card. 0 or a negative error. */
export function* mlx4_mr_enable(dev: mlx4_dev, mr: mlx4_mr): MaySleep<number> {
  const table = notNull(mlx4_priv(dev).mr_table.dmpt_table);
  let err = yield* mlx4_table_get(dev, table, key_to_hw_index(mr.key));
  if (err !== 0) return err;
  err = yield* sendMailbox(dev, 'MLX4_CMD_SW2HW_MPT', buildEntry(dev, mr), {
    in_modifier: mptIndex(dev, mr),
  });
  if (err === 0) mr.enabled = MLX4_MPT_EN_HW;
  else {
    mlx4_warn(dev, `SW2HW_MPT failed (${err})`);
    yield* mlx4_table_put(dev, table, key_to_hw_index(mr.key));
  }
  return err;
}

/**
 * Takes the region back and gives everything up; -EBUSY when the card says that it is still in use.
 */
export function* mlx4_mr_free(dev: mlx4_dev, mr: mlx4_mr): MaySleep<number> {
  const { dmpt_table, mpt_bitmap } = mlx4_priv(dev).mr_table;
  if (mr.enabled === MLX4_MPT_EN_HW) {
    const err = yield* mlx4_cmd_box(dev, 0, 0, mptIndex(dev, mr), 1, 'MLX4_CMD_HW2SW_MPT');
    if (err !== 0) {
      mlx4_warn(dev, `HW2SW_MPT failed (${err}), MR has MWs bound to it`);
      return err;
    }
    mr.enabled = MLX4_MPT_EN_SW;
  }
  yield* mlx4_mtt_cleanup(dev, mr.mtt);
  const index = key_to_hw_index(mr.key);
  if (mr.enabled !== MLX4_MPT_DISABLED) yield* mlx4_table_put(dev, notNull(dmpt_table), index);
  yield* mlx4_bitmap_free(notNull(mpt_bitmap), index, MLX4_NO_RR);
  return 0;
}

/** Makes the card look again at entries that the driver has changed. */
export const mlx4_SYNC_TPT = (dev: mlx4_dev): MaySleep<number> =>
  mlx4_cmd(dev, 0, 0, 0, 'MLX4_CMD_SYNC_TPT');

/** Numbers and translation entries; the card's reserved entries are taken for good. */
export function* mlx4_init_mr_table(dev: mlx4_dev): MaySleep<number> {
  const { k, mr_table } = mlx4_priv(dev);
  const { caps } = dev;
  const card = cardName(dev);
  mr_table.mpt_bitmap = mlx4_bitmap_init(k, `mr_table.mpt_bitmap(${card})`, {
    num: caps.num_mpts,
    mask: 0xffff_ffff,
    reserved_bot: caps.reserved_mrws,
    reserved_top: 0,
  });
  if (mr_table.mpt_bitmap === null) return -EINVAL;
  const segments = caps.num_mtts / 2 ** dev.priv.module.params.int('log_mtts_per_seg');
  mr_table.mtt_buddy = mlx4_buddy_init(k, `mr_table.mtt_buddy(${card})`, ilog2(segments));
  mr_table.reserved_mtt = { offset: 0, order: -1 };
  if (caps.reserved_mtts === 0) return 0;
  const order = Math.ceil(Math.log2(caps.reserved_mtts));
  const offset = yield* mlx4_alloc_mtt_range(dev, order);
  if (offset < 0) {
    mlx4_warn(dev, `MTT table of order ${mr_table.mtt_buddy.max_order} is too small`);
    return -ENOMEM;
  }
  mr_table.reserved_mtt = { offset, order };
  return 0;
}

export function* mlx4_cleanup_mr_table(dev: mlx4_dev): MaySleep<void> {
  const { mr_table } = mlx4_priv(dev);
  const { offset, order } = mr_table.reserved_mtt;
  if (order >= 0) yield* mlx4_free_mtt_range(dev, offset, order);
  mr_table.mtt_buddy = null;
  mr_table.mpt_bitmap = null;
}
