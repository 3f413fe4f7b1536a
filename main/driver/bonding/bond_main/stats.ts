// Counters of the bond (bond_main.c: bond_get_stats, bond_fold_stats): what its slaves have counted
// since they joined, which stays when they leave. stats_lock protects them. Frames that no slave
// could take are in the core's own counters, which dev_get_stats() adds.

import { spin_lock, spin_unlock } from '#kernel/locking/spinlock.ts';
import { dev_get_stats } from '#kernel/net/dev.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice, NetdevStats } from '#kernel/net/netdevice.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import type { Atomic } from '#sim/task.ts';
import { bond_slaves } from '../bonding.ts';
import type { bonding } from '../bonding.ts';

/** Adds what is new; a counter that went backwards was reset by its driver and adds nothing. */
function bond_fold_stats(sum: NetdevStats, now: NetdevStats, before: NetdevStats): void {
  for (const name of Object.keys(sum) as (keyof NetdevStats)[]) {
    sum[name] += Math.max(0, now[name] - before[name]);
  }
}

/** ndo_get_stats. */
export function* bond_get_stats(bond_dev: NetDevice): Atomic<NetdevStats> {
  const bond = netdev_priv<bonding>(bond_dev);
  yield* rcu_read_lock(bond.k);
  yield* spin_lock(bond.stats_lock);
  for (const slave of bond_slaves(bond)) {
    const now = { ...(yield* dev_get_stats(slave.dev)) };
    bond_fold_stats(bond.bond_stats, now, slave.slave_stats);
    slave.slave_stats = now;
  }
  const sum = { ...bond.bond_stats };
  yield* spin_unlock(bond.stats_lock);
  yield* rcu_read_unlock(bond.k);
  return sum;
}
