// RTNL (net/core/rtnetlink.c; facts/driver 9.3): the one mutex of the configuration. Giving it back
// means finishing what was unregistered under it: rtnl_unlock() is netdev_run_todo() and may wait
// for long, without RTNL. Who cannot wait tries and comes again.

import type { Atomic, MaySleep } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { mutex_is_locked, mutex_lock, mutex_trylock, mutex_unlock } from '../locking/mutex.ts';
import { warn_on } from '../warn.ts';
import { netdev_run_todo } from './todo.ts';

export function* rtnl_lock(k: Kernel): MaySleep<void> {
  yield* mutex_lock(k.net.rtnl_mutex);
}

export function* rtnl_trylock(k: Kernel): Atomic<boolean> {
  return yield* mutex_trylock(k.net.rtnl_mutex);
}

/** Gives RTNL back, then waits for the devices that were unregistered under it. */
export function* rtnl_unlock(k: Kernel): MaySleep<void> {
  yield* netdev_run_todo(k);
}

/** Gives RTNL back and leaves the unregistered devices to somebody else. */
export function* __rtnl_unlock(k: Kernel): Atomic<void> {
  yield* mutex_unlock(k.net.rtnl_mutex);
}

/** True while anybody has RTNL. */
export const rtnl_is_locked = (k: Kernel): boolean => mutex_is_locked(k.net.rtnl_mutex);

/**
 * Complains, once for each place, when nobody has RTNL. `place` is the kernel's file and line, for
 * example `net/core/dev.c (1528)`.
 */
export function ASSERT_RTNL(k: Kernel, place: string): void {
  if (rtnl_is_locked(k) || k.net.rtnlWarned.has(place)) return;
  k.net.rtnlWarned.add(place);
  const line = place.replace(/ \((\d+)\)$/, ':$1');
  warn_on(k, line, 'ASSERT_RTNL', `RTNL: assertion failed at ${place}`);
}
