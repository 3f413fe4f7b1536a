// Numbers of objects (alloc.c: mlx4_bitmap_*; facts/device 6.5.5): the lowest free one from where
// the last search ended. When the search wraps, bits above the table count up, so a number comes
// back with other high bits: a stale one is not taken for a new one. Members are protected by the
// bitmap's lock. Only numbers in use are kept: a table of 2^19 entries is nearly empty.

import type { Kernel } from '#kernel/kernel.ts';
import { spin_lock, spin_lock_init, spin_unlock } from '#kernel/locking/spinlock.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import type { Atomic } from '#sim/task.ts';

/**
 * What mlx4_bitmap_free() does with the search: go on behind the last one, or begin at the freed
 * one.
 */
export const MLX4_NO_RR = 0;
export const MLX4_USE_RR = 1;

/** No number is free: (u32) -1 in C. */
export const NO_OBJECT = -1;

/** struct mlx4_bitmap. */
export interface mlx4_bitmap {
  /** Where the next search begins. */
  last: number;
  /** High bits of the next number. */
  top: number;
  readonly max: number;
  readonly reserved_top: number;
  /** Bits that a number may have. */
  readonly mask: number;
  avail: number;
  readonly effective_len: number;
  readonly lock: SpinLock;
  /** Numbers below this one are reserved. */
  readonly reserved_bot: number;
  /** Others that are in use, without high bits. */
  readonly taken: Set<number>;
}

/** Sizes of a bitmap: `num` is a power of two. */
export interface BitmapSizes {
  readonly num: number;
  readonly mask: number;
  readonly reserved_bot: number;
  readonly reserved_top: number;
}

/** The smallest power of two that is not below a number. */
export const roundup_pow_of_two = (value: number): number =>
  value <= 1 ? 1 : 2 ** (32 - Math.clz32(value - 1));

/** log2 of a power of two below 2^32. */
export const ilog2 = (value: number): number => 31 - Math.clz32(value);

/** A bitmap, or null for a number that is no power of two. */
export function mlx4_bitmap_init(
  k: Kernel,
  name: string,
  { num, mask, reserved_bot, reserved_top }: BitmapSizes,
): mlx4_bitmap | null {
  if (num !== roundup_pow_of_two(num)) return null;
  const avail = num - reserved_top - reserved_bot;
  return {
    last: 0,
    top: 0,
    max: num - reserved_top,
    reserved_top,
    mask: mask >>> 0,
    avail,
    effective_len: avail,
    lock: spin_lock_init(k, `${name}.lock`),
    reserved_bot,
    taken: new Set(),
  };
}

const isTaken = (bitmap: mlx4_bitmap, obj: number): boolean =>
  obj < bitmap.reserved_bot || bitmap.taken.has(obj);

/** find_next_zero_bit(); max when there is none. */
function findFree(bitmap: mlx4_bitmap, from: number): number {
  let obj = Math.max(from, bitmap.reserved_bot);
  while (obj < bitmap.max && bitmap.taken.has(obj)) obj++;
  return Math.min(obj, bitmap.max);
}

/** The next round of numbers has other high bits. */
function nextTop(bitmap: mlx4_bitmap): void {
  bitmap.top = ((bitmap.top + bitmap.max + bitmap.reserved_top) & bitmap.mask) >>> 0;
}

/** The number with its high bits. */
const withTop = (bitmap: mlx4_bitmap, obj: number): number => (obj | bitmap.top) >>> 0;

/** A free number, or NO_OBJECT. */
export function* mlx4_bitmap_alloc(bitmap: mlx4_bitmap): Atomic<number> {
  yield* spin_lock(bitmap.lock);
  let obj = findFree(bitmap, bitmap.last);
  if (obj >= bitmap.max) {
    nextTop(bitmap);
    obj = findFree(bitmap, 0);
  }
  let result = NO_OBJECT;
  if (obj < bitmap.max) {
    bitmap.taken.add(obj);
    bitmap.last = obj + 1 === bitmap.max ? 0 : obj + 1;
    bitmap.avail--;
    result = withTop(bitmap, obj);
  }
  yield* spin_unlock(bitmap.lock);
  return result;
}

/**
 * Start of `cnt` free numbers, a multiple of `align`, none of which has a bit of `skipMask`; or
 * max.
 */
function find_aligned_range(
  bitmap: mlx4_bitmap,
  from: number,
  cnt: number,
  align: number,
  skipMask: number,
): number {
  let start = from;
  for (;;) {
    start = Math.ceil(start / align) * align;
    while (start < bitmap.max && (isTaken(bitmap, start) || (start & skipMask) !== 0)) {
      start += align;
    }
    const end = start + cnt;
    if (end > bitmap.max) return bitmap.max;
    let at = start + 1;
    while (at < end && !isTaken(bitmap, at) && (at & skipMask) === 0) at++;
    if (at === end) return start;
    start = at + 1;
  }
}

/** The first of `cnt` free numbers in a row, or NO_OBJECT. */
export function* mlx4_bitmap_alloc_range(
  bitmap: mlx4_bitmap,
  cnt: number,
  align: number,
  skipMask: number,
): Atomic<number> {
  if (cnt === 1 && align === 1 && skipMask === 0) return yield* mlx4_bitmap_alloc(bitmap);
  yield* spin_lock(bitmap.lock);
  let obj = find_aligned_range(bitmap, bitmap.last, cnt, align, skipMask);
  if (obj >= bitmap.max) {
    nextTop(bitmap);
    obj = find_aligned_range(bitmap, 0, cnt, align, skipMask);
  }
  let result = NO_OBJECT;
  if (obj < bitmap.max) {
    for (let at = obj; at < obj + cnt; at++) bitmap.taken.add(at);
    if (obj === bitmap.last) bitmap.last = obj + cnt >= bitmap.max ? 0 : obj + cnt;
    bitmap.avail -= cnt;
    result = withTop(bitmap, obj);
  }
  yield* spin_unlock(bitmap.lock);
  return result;
}

/** A number without the bits above the table. */
export const mlx4_bitmap_masked_value = (bitmap: mlx4_bitmap, obj: number): number =>
  (obj & (bitmap.max + bitmap.reserved_top - 1)) >>> 0;

export function* mlx4_bitmap_free_range(
  bitmap: mlx4_bitmap,
  obj: number,
  cnt: number,
  useRr: number,
): Atomic<void> {
  const first = mlx4_bitmap_masked_value(bitmap, obj);
  yield* spin_lock(bitmap.lock);
  if (useRr === MLX4_NO_RR) {
    bitmap.last = Math.min(bitmap.last, first);
    nextTop(bitmap);
  }
  for (let at = first; at < first + cnt; at++) bitmap.taken.delete(at);
  bitmap.avail += cnt;
  yield* spin_unlock(bitmap.lock);
}

export const mlx4_bitmap_free = (bitmap: mlx4_bitmap, obj: number, useRr: number): Atomic<void> =>
  mlx4_bitmap_free_range(bitmap, obj, 1, useRr);
