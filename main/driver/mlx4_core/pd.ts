// Protection domains, XRC domains and user access regions (pd.c): numbers, and nothing else. A UAR
// is a page of doorbells in BAR2; its number is its place there.
// Left out: BlueFlame registers (a doorbell always works).

import { EINVAL, ENODEV, ENOMEM } from '#kernel/errno.ts';
import { reservedUars } from '#prm/registers.ts';
import type { Atomic } from '#sim/task.ts';
import {
  MLX4_USE_RR,
  mlx4_bitmap_alloc,
  mlx4_bitmap_free,
  mlx4_bitmap_init,
  NO_OBJECT,
} from './alloc/bitmap.ts';
import { cardName, mlx4_dbg, mlx4_err, mlx4_priv } from './mlx4.ts';
import type { mlx4_dev, mlx4_uar } from './mlx4.ts';
import { notNull } from './tables.ts';

/** Bits of a PD number in a protection entry. */
const NOT_MASKED_PD_BITS = 17;
const numXrcds = 1 << 16;
/** log2 of a UAR page as the card has it. */
const DEFAULT_UAR_PAGE_SHIFT = 12;

/** A protection domain, or -ENOMEM. */
export function* mlx4_pd_alloc(dev: mlx4_dev): Atomic<number> {
  const pdn = yield* mlx4_bitmap_alloc(notNull(mlx4_priv(dev).pd_bitmap));
  return pdn === NO_OBJECT ? -ENOMEM : pdn;
}

export const mlx4_pd_free = (dev: mlx4_dev, pdn: number): Atomic<void> =>
  mlx4_bitmap_free(notNull(mlx4_priv(dev).pd_bitmap), pdn, MLX4_USE_RR);

/** An XRC domain, or -ENOMEM. */
export function* mlx4_xrcd_alloc(dev: mlx4_dev): Atomic<number> {
  const xrcdn = yield* mlx4_bitmap_alloc(notNull(mlx4_priv(dev).xrcd_bitmap));
  return xrcdn === NO_OBJECT ? -ENOMEM : xrcdn;
}

export const mlx4_xrcd_free = (dev: mlx4_dev, xrcdn: number): Atomic<void> =>
  mlx4_bitmap_free(notNull(mlx4_priv(dev).xrcd_bitmap), xrcdn, MLX4_USE_RR);

/** A page of doorbells, or -ENOMEM. */
export function* mlx4_uar_alloc(dev: mlx4_dev): Atomic<mlx4_uar | number> {
  const index = yield* mlx4_bitmap_alloc(notNull(mlx4_priv(dev).uar_bitmap));
  return index === NO_OBJECT ? -ENOMEM : { index };
}

export const mlx4_uar_free = (dev: mlx4_dev, uar: mlx4_uar): Atomic<void> =>
  mlx4_bitmap_free(notNull(mlx4_priv(dev).uar_bitmap), uar.index, MLX4_USE_RR);

export function mlx4_init_pd_table(dev: mlx4_dev): number {
  const priv = mlx4_priv(dev);
  priv.pd_bitmap = mlx4_bitmap_init(priv.k, `pd_bitmap(${cardName(dev)})`, {
    num: dev.caps.num_pds,
    mask: 2 ** NOT_MASKED_PD_BITS - 1,
    reserved_bot: dev.caps.reserved_pds,
    reserved_top: 0,
  });
  return priv.pd_bitmap === null ? -EINVAL : 0;
}

export function mlx4_cleanup_pd_table(dev: mlx4_dev): void {
  mlx4_priv(dev).pd_bitmap = null;
}

export function mlx4_init_xrcd_table(dev: mlx4_dev): number {
  const priv = mlx4_priv(dev);
  priv.xrcd_bitmap = mlx4_bitmap_init(priv.k, `xrcd_bitmap(${cardName(dev)})`, {
    num: numXrcds,
    mask: numXrcds - 1,
    reserved_bot: dev.caps.reserved_xrcds + 1,
    reserved_top: 0,
  });
  return priv.xrcd_bitmap === null ? -EINVAL : 0;
}

export function mlx4_cleanup_xrcd_table(dev: mlx4_dev): void {
  mlx4_priv(dev).xrcd_bitmap = null;
}

/** Pages of doorbells: the first 128 are for event queues. */
export function mlx4_init_uar_table(dev: mlx4_dev): number {
  const priv = mlx4_priv(dev);
  const { num_uars, reserved_uars } = dev.caps;
  mlx4_dbg(dev, `uar_page_shift = ${DEFAULT_UAR_PAGE_SHIFT}`);
  mlx4_dbg(dev, `Effective reserved_uars=${reserved_uars}`);
  if (num_uars <= reservedUars) {
    mlx4_err(dev, `Only ${num_uars} UAR pages (need more than ${reservedUars})`);
    mlx4_err(dev, 'Increase firmware log2_uar_bar_megabytes?');
    return -ENODEV;
  }
  priv.uar_bitmap = mlx4_bitmap_init(priv.k, `uar_table.bitmap(${cardName(dev)})`, {
    num: num_uars,
    mask: num_uars - 1,
    reserved_bot: reserved_uars,
    reserved_top: 0,
  });
  return priv.uar_bitmap === null ? -EINVAL : 0;
}

export function mlx4_cleanup_uar_table(dev: mlx4_dev): void {
  mlx4_priv(dev).uar_bitmap = null;
}
