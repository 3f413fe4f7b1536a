// Zones of queue pair numbers (alloc.c: mlx4_zone_*): bitmaps with a priority. A zone that is full
// may take from others, as its flags say: from lower ones, nearest first, from equals, or from
// higher ones. Zones may lie inside another (the raw Ethernet zone inside the RSS zone), so a
// number that comes back belongs to the smallest zone that can have given it. The list is made at
// load and then only read; the allocator's lock is taken around each call, outside of a bitmap's
// own.

import type { Kernel } from '#kernel/kernel.ts';
import { spin_lock, spin_lock_init, spin_unlock } from '#kernel/locking/spinlock.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import type { Atomic } from '#sim/task.ts';
import {
  MLX4_USE_RR,
  mlx4_bitmap_alloc_range,
  mlx4_bitmap_free_range,
  mlx4_bitmap_masked_value,
  NO_OBJECT,
} from './bitmap.ts';
import type { mlx4_bitmap } from './bitmap.ts';

/** From where a full zone may take. */
export const MLX4_ZONE_ALLOW_ALLOC_FROM_LOWER_PRIO = 1 << 0;
export const MLX4_ZONE_ALLOW_ALLOC_FROM_EQ_PRIO = 1 << 1;
export const MLX4_ZONE_FALLBACK_TO_HIGHER_PRIO = 1 << 2;

/** struct mlx4_zone_entry. */
export interface mlx4_zone_entry {
  readonly uid: number;
  readonly bitmap: mlx4_bitmap;
  readonly flags: number;
  readonly priority: number;
  /** What is added to the bitmap's numbers. */
  readonly offset: number;
}

/** struct mlx4_zone_allocator. */
export interface mlx4_zone_allocator {
  readonly lock: SpinLock;
  /** By priority, low ones first. */
  readonly entries: mlx4_zone_entry[];
  last_uid: number;
  mask: number;
}

export const mlx4_zone_allocator_create = (k: Kernel, name: string): mlx4_zone_allocator => ({
  lock: spin_lock_init(k, `${name}.lock`),
  entries: [],
  last_uid: 0,
  mask: 0,
});

/** Adds a zone and gives its number. */
export function* mlx4_zone_add_one(
  zones: mlx4_zone_allocator,
  zone: Omit<mlx4_zone_entry, 'uid'>,
): Atomic<number> {
  const mask = mlx4_bitmap_masked_value(zone.bitmap, 0xffff_ffff);
  yield* spin_lock(zones.lock);
  const uid = zones.last_uid++;
  zones.mask = Math.max(zones.mask, mask);
  const at = zones.entries.findIndex((other) => other.priority >= zone.priority);
  zones.entries.splice(at < 0 ? zones.entries.length : at, 0, { ...zone, uid });
  yield* spin_unlock(zones.lock);
  return uid;
}

/** Zones that stand in for a full one, in the order in which they are asked. */
function standIns(zones: mlx4_zone_allocator, zone: mlx4_zone_entry): mlx4_zone_entry[] {
  const { entries } = zones;
  const others: mlx4_zone_entry[] = [];
  if ((zone.flags & MLX4_ZONE_ALLOW_ALLOC_FROM_LOWER_PRIO) !== 0) {
    others.push(...entries.filter((each) => each.priority < zone.priority).toReversed());
  }
  if ((zone.flags & MLX4_ZONE_ALLOW_ALLOC_FROM_EQ_PRIO) !== 0) {
    others.push(...entries.filter((each) => each !== zone && each.priority === zone.priority));
  }
  if ((zone.flags & MLX4_ZONE_FALLBACK_TO_HIGHER_PRIO) !== 0) {
    others.push(...entries.filter((each) => each.priority > zone.priority));
  }
  return others;
}

/** The first of `cnt` numbers in a row from a zone or its stand-ins, or NO_OBJECT. */
export function* mlx4_zone_alloc_entries(
  zones: mlx4_zone_allocator,
  uid: number,
  cnt: number,
  align: number,
  skipMask: number,
): Atomic<number> {
  yield* spin_lock(zones.lock);
  const zone = zones.entries.find((each) => each.uid === uid);
  let result = NO_OBJECT;
  if (zone !== undefined) {
    for (const each of [zone, ...standIns(zones, zone)]) {
      const obj = yield* mlx4_bitmap_alloc_range(each.bitmap, cnt, align, skipMask);
      if (obj === NO_OBJECT) continue;
      result = obj + each.offset;
      break;
    }
  }
  yield* spin_unlock(zones.lock);
  return result;
}

/** The smallest zone that a number can come from. */
function zoneOf(zones: mlx4_zone_allocator, obj: number): mlx4_zone_entry | null {
  let found: mlx4_zone_entry | null = null;
  for (const zone of zones.entries) {
    const within = (obj - zone.offset) & zones.mask;
    if (obj < zone.offset || within >= zone.bitmap.max) continue;
    if (found === null || zone.bitmap.effective_len < found.bitmap.effective_len) found = zone;
  }
  return found;
}

/** Gives numbers back to the zone that they came from. */
export function* mlx4_zone_free_entries_unique(
  zones: mlx4_zone_allocator,
  obj: number,
  cnt: number,
): Atomic<void> {
  yield* spin_lock(zones.lock);
  const zone = zoneOf(zones, obj);
  if (zone !== null) {
    yield* mlx4_bitmap_free_range(zone.bitmap, obj - zone.offset, cnt, MLX4_USE_RR);
  }
  yield* spin_unlock(zones.lock);
}
