// Ranges of translation entries (mr.c: mlx4_buddy_*): a buddy allocator over powers of two. Only
// free blocks are kept, by order: a fresh table is one block. Members are protected by the
// allocator's lock.

import type { Kernel } from '#kernel/kernel.ts';
import { spin_lock, spin_lock_init, spin_unlock } from '#kernel/locking/spinlock.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import type { Atomic } from '#sim/task.ts';

/** struct mlx4_buddy. */
export interface mlx4_buddy {
  readonly lock: SpinLock;
  readonly max_order: number;
  /** Numbers of free blocks by order; block n of order o begins at n * 2^o. */
  readonly free: readonly Set<number>[];
}

export function mlx4_buddy_init(k: Kernel, name: string, max_order: number): mlx4_buddy {
  const free = Array.from({ length: max_order + 1 }, () => new Set<number>());
  free[max_order]!.add(0);
  return { lock: spin_lock_init(k, `${name}.lock`), max_order, free };
}

function lowest(blocks: ReadonlySet<number>): number {
  let least = Infinity;
  for (const block of blocks) least = Math.min(least, block);
  return least;
}

/** The first of 2^order free segments, aligned; -1 when there is none. */
export function* mlx4_buddy_alloc(buddy: mlx4_buddy, order: number): Atomic<number> {
  yield* spin_lock(buddy.lock);
  let at = order;
  while (at <= buddy.max_order && buddy.free[at]!.size === 0) at++;
  let seg = -1;
  if (at <= buddy.max_order) {
    let block = lowest(buddy.free[at]!);
    buddy.free[at]!.delete(block);
    while (at > order) {
      at--;
      block *= 2;
      buddy.free[at]!.add(block + 1);
    }
    seg = block * 2 ** order;
  }
  yield* spin_unlock(buddy.lock);
  return seg;
}

/** Gives segments back; free neighbours grow together. */
export function* mlx4_buddy_free(buddy: mlx4_buddy, seg: number, order: number): Atomic<void> {
  yield* spin_lock(buddy.lock);
  let block = seg / 2 ** order;
  let at = order;
  while (buddy.free[at]!.delete(block ^ 1)) {
    block >>= 1;
    at++;
  }
  buddy.free[at]!.add(block);
  yield* spin_unlock(buddy.lock);
}
