// The array of slaves that the hash chooses from (bond_main.c: bond_update_slave_arr,
// bond_slave_arr_handler; facts/driver 10.8). Built under RTNL, read by transmit under RCU: a frame
// may still go to a slave that is no longer usable.

import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { might_sleep } from '#kernel/sched.ts';
import { queue_delayed_work } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { SLAVE_AD_INFO } from '../bond_3ad/ad.ts';
import { bond_3ad_get_active_agg_info } from '../bond_3ad/info.ts';
import {
  BOND_MODE,
  BOND_MODE_8023AD,
  bond_slave_can_tx,
  bond_slaves,
  slave_dbg,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';

/** Number of the active aggregator; null without one. */
function* activeAggregatorId(bond: bonding): Atomic<number | null> {
  yield* spin_lock_bh(bond.mode_lock);
  const info = bond_3ad_get_active_agg_info(bond);
  yield* spin_unlock_bh(bond.mode_lock);
  return info?.aggregator_id ?? null;
}

/** Builds both arrays anew, without `skipslave`. Without an active aggregator nobody is usable. */
export function* bond_update_slave_arr(bond: bonding, skipslave: slave | null): MaySleep<void> {
  might_sleep(bond.k);
  const aggregated = BOND_MODE(bond) === BOND_MODE_8023AD;
  const aggregator = aggregated ? yield* activeAggregatorId(bond) : null;
  if (aggregated && aggregator === null) {
    yield* bond.usable_slaves.write(null);
    yield* bond.all_slaves.write(null);
    return;
  }
  const all = bond_slaves(bond).filter((slave) => slave !== skipslave);
  const usable: slave[] = [];
  for (const slave of all) {
    if (aggregated) {
      const agg = SLAVE_AD_INFO(slave).port.aggregator;
      if (agg?.aggregator_identifier !== aggregator) continue;
    }
    if (!(yield* bond_slave_can_tx(slave))) continue;
    slave_dbg(bond.dev, slave.dev, `Adding slave to tx hash array[${usable.length}]`);
    usable.push(slave);
  }
  yield* bond.usable_slaves.write(usable);
  yield* bond.all_slaves.write(all);
}

/** For callers without RTNL: the work does it. */
export function* bond_slave_arr_work_rearm(bond: bonding, delay: number): Atomic<void> {
  yield* queue_delayed_work(bond.wq, bond.slave_arr_work, delay);
}

/** The work: tries RTNL once a jiffy. */
export function* bond_slave_arr_handler(bond: bonding): MaySleep<void> {
  if (!(yield* rtnl_trylock(bond.k))) {
    yield* bond_slave_arr_work_rearm(bond, 1);
    return;
  }
  yield* bond_update_slave_arr(bond, null);
  yield* rtnl_unlock(bond.k);
}
