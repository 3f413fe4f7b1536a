// Multicast and secondary unicast addresses of a device (net/core/dev_addr_lists.c): counted lists
// under addr_list_lock, copied to devices below, and the moment at which a driver is told to set
// its filter. Left out: global use by user space, lists of ports (__dev_mc_sync);
// ndo_change_rx_flags is not told when secondary addresses make a device promiscuous (who has that
// call filters them).

import type { Atomic } from '#sim/task.ts';
import { ENOENT } from '../errno.ts';
import { spin_lock_bh, spin_unlock_bh } from '../locking/spinlock.ts';
import { sayMode } from './dev-config.ts';
import { IFF_PROMISC, IFF_UNICAST_FLT, IFF_UP } from './flags.ts';
import type { HwAddress, NetDevice } from './netdevice.ts';
import { ether_addr_equal } from './skb.ts';

type List = HwAddress[];

const lookup = (list: List, addr: Uint8Array): HwAddress | undefined =>
  list.find((entry) => ether_addr_equal(entry.addr, 0, addr));

function __hw_addr_add(list: List, addr: Uint8Array): void {
  const known = lookup(list, addr);
  if (known !== undefined) known.refcount++;
  else list.push({ addr: addr.slice(), refcount: 1, sync_cnt: 0, synced: 0 });
}

/** One user fewer; the entry goes with the last one. */
function dropUser(list: List, entry: HwAddress): void {
  if (--entry.refcount === 0) list.splice(list.indexOf(entry), 1);
}

function __hw_addr_del(list: List, addr: Uint8Array): number {
  const known = lookup(list, addr);
  if (known === undefined) return -ENOENT;
  dropUser(list, known);
  return 0;
}

/** Copies one entry to a list below, unless it has it from above already. */
function __hw_addr_sync_one(to: List, entry: HwAddress): void {
  const there = lookup(to, entry.addr);
  if (there !== undefined && there.synced > 0 && entry.sync_cnt > 0) return;
  if (there === undefined) {
    to.push({ addr: entry.addr.slice(), refcount: 1, sync_cnt: 0, synced: 1 });
  } else {
    there.synced++;
    there.refcount++;
  }
  entry.sync_cnt++;
  entry.refcount++;
}

/** Takes one entry off a list below. */
function __hw_addr_unsync_one(to: List, from: List, entry: HwAddress): void {
  const there = lookup(to, entry.addr);
  if (there === undefined || there.synced === 0) return;
  there.synced--;
  dropUser(to, there);
  entry.sync_cnt--;
  dropUser(from, entry);
}

/** For one device below: entries that only the copy still uses go. */
function __hw_addr_sync(to: List, from: List): void {
  for (const entry of [...from]) {
    if (entry.sync_cnt === 0) __hw_addr_sync_one(to, entry);
    else if (entry.refcount === 1) __hw_addr_unsync_one(to, from, entry);
  }
}

/** For several devices below. */
function __hw_addr_sync_multiple(to: List, from: List): void {
  for (const entry of [...from]) {
    if (entry.sync_cnt === entry.refcount) __hw_addr_unsync_one(to, from, entry);
    else __hw_addr_sync_one(to, entry);
  }
}

function __hw_addr_unsync(to: List, from: List): void {
  for (const entry of [...from]) {
    if (entry.sync_cnt > 0) __hw_addr_unsync_one(to, from, entry);
  }
}

/** A card that cannot filter secondary unicast addresses becomes promiscuous while it has any. */
function updateUnicastPromisc(dev: NetDevice): void {
  const needed = dev.uc.length > 0;
  if (needed === dev.uc_promisc) return;
  dev.uc_promisc = needed;
  dev.promiscuity += needed ? 1 : -1;
  const on = dev.promiscuity > 0;
  if (on === ((dev.flags & IFF_PROMISC) !== 0)) return;
  dev.flags ^= IFF_PROMISC;
  sayMode(dev, on, 'promiscuous');
}

/** Has the driver set its filter. addr_list_lock is held. */
export function* __dev_set_rx_mode(dev: NetDevice): Atomic<void> {
  if ((dev.flags & IFF_UP) === 0 || !dev.present) return;
  if ((dev.priv_flags & IFF_UNICAST_FLT) === 0) updateUnicastPromisc(dev);
  if (dev.ops.ndo_set_rx_mode !== undefined) yield* dev.ops.ndo_set_rx_mode(dev);
}

/** Has the driver set its filter. */
export function* dev_set_rx_mode(dev: NetDevice): Atomic<void> {
  yield* spin_lock_bh(dev.addr_list_lock);
  yield* __dev_set_rx_mode(dev);
  yield* spin_unlock_bh(dev.addr_list_lock);
}

/** Changes a list of a device and has the filter set. */
function* change<T>(dev: NetDevice, how: () => T): Atomic<T> {
  yield* spin_lock_bh(dev.addr_list_lock);
  const result = how();
  yield* __dev_set_rx_mode(dev);
  yield* spin_unlock_bh(dev.addr_list_lock);
  return result;
}

const add = (list: List, addr: Uint8Array): number => {
  __hw_addr_add(list, addr);
  return 0;
};

/** One more user of a multicast address. 0. */
export const dev_mc_add = (dev: NetDevice, addr: Uint8Array): Atomic<number> =>
  change(dev, () => add(dev.mc, addr));

/** One user fewer. 0, or -ENOENT when nobody uses it. */
export const dev_mc_del = (dev: NetDevice, addr: Uint8Array): Atomic<number> =>
  change(dev, () => __hw_addr_del(dev.mc, addr));

/** The same for unicast addresses besides the device's own. */
export const dev_uc_add = (dev: NetDevice, addr: Uint8Array): Atomic<number> =>
  change(dev, () => add(dev.uc, addr));

export const dev_uc_del = (dev: NetDevice, addr: Uint8Array): Atomic<number> =>
  change(dev, () => __hw_addr_del(dev.uc, addr));

/** Takes the lock of a device's address lists. */
export const netif_addr_lock_bh = (dev: NetDevice): Atomic<void> =>
  spin_lock_bh(dev.addr_list_lock);

export const netif_addr_unlock_bh = (dev: NetDevice): Atomic<void> =>
  spin_unlock_bh(dev.addr_list_lock);

function* sync(to: NetDevice, how: () => void): Atomic<number> {
  yield* change(to, how);
  return 0;
}

/** Takes the locks of both devices; the copies go. */
function* unsync(to: NetDevice, from: NetDevice, how: () => void): Atomic<void> {
  yield* spin_lock_bh(from.addr_list_lock);
  yield* change(to, how);
  yield* spin_unlock_bh(from.addr_list_lock);
}

/**
 * Copies the multicast addresses of `from` to its only device below, and takes off what is no more
 * used. The caller has from's lock: ndo_set_rx_mode is called with it. Always 0.
 */
export const dev_mc_sync = (to: NetDevice, from: NetDevice): Atomic<number> =>
  sync(to, () => __hw_addr_sync(to.mc, from.mc));

/** The same for one of several devices below. */
export const dev_mc_sync_multiple = (to: NetDevice, from: NetDevice): Atomic<number> =>
  sync(to, () => __hw_addr_sync_multiple(to.mc, from.mc));

/** Takes all copies off again. The caller has no lock. */
export const dev_mc_unsync = (to: NetDevice, from: NetDevice): Atomic<void> =>
  unsync(to, from, () => __hw_addr_unsync(to.mc, from.mc));

/** As dev_mc_sync(), for secondary unicast addresses. */
export const dev_uc_sync = (to: NetDevice, from: NetDevice): Atomic<number> =>
  sync(to, () => __hw_addr_sync(to.uc, from.uc));

export const dev_uc_sync_multiple = (to: NetDevice, from: NetDevice): Atomic<number> =>
  sync(to, () => __hw_addr_sync_multiple(to.uc, from.uc));

export const dev_uc_unsync = (to: NetDevice, from: NetDevice): Atomic<void> =>
  unsync(to, from, () => __hw_addr_unsync(to.uc, from.uc));

function* flush(dev: NetDevice, list: List): Atomic<void> {
  yield* spin_lock_bh(dev.addr_list_lock);
  list.length = 0;
  yield* spin_unlock_bh(dev.addr_list_lock);
}

/** Forgets all multicast addresses; the driver is not told. */
export const dev_mc_flush = (dev: NetDevice): Atomic<void> => flush(dev, dev.mc);

export const dev_uc_flush = (dev: NetDevice): Atomic<void> => flush(dev, dev.uc);
