// What a bond tells the world about a slave (bond_main.c; facts/driver 5.1, 5.2): CHANGELOWERSTATE
// at once, and BONDING_INFO from a work of the bond's queue. The work carries the values of the
// time when it runs, tries RTNL once a jiffy, and several changes in a row make one event.

import type { NetdevBondingInfo } from '#kernel/net/notifier.ts';
import { rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { netdev_bonding_info_change, netdev_lower_state_changed } from '#kernel/net/upper.ts';
import { queue_delayed_work } from '#kernel/workqueue.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import {
  BOND_LINK_FAIL,
  BOND_LINK_UP,
  BOND_MODE,
  bond_slave_link_status,
  BOND_STATE_ACTIVE,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';

/** struct netdev_lag_lower_state_info: what CHANGELOWERSTATE carries. */
export interface LagLowerStateInfo {
  readonly link_up: boolean;
  readonly tx_enabled: boolean;
}

/** Raises CHANGELOWERSTATE for the slave's netdev. */
export function* bond_lower_state_changed(slave: slave): MaySleep<void> {
  const link = yield* slave.link.read();
  const state = yield* slave.backup.read();
  const { k } = slave.bond;
  const role = state === BOND_STATE_ACTIVE ? 'active' : 'backup';
  const words = `${role}, link ${bond_slave_link_status(link)}`;
  const object = k.trace.intern(`slave ${slave.dev.name} of ${slave.bond.dev.name}`);
  if (k.sim.point(K['bond.state'], object, k.trace.intern(words))) yield preempt;
  const info: LagLowerStateInfo = {
    link_up: link === BOND_LINK_UP || link === BOND_LINK_FAIL,
    tx_enabled: state === BOND_STATE_ACTIVE,
  };
  yield* netdev_lower_state_changed(slave.dev, info);
}

/** Queues BONDING_INFO; nothing happens when it is queued already. */
export function* bond_queue_slave_event(slave: slave): Atomic<void> {
  yield* queue_delayed_work(slave.bond.wq, slave.notify_work, 0);
}

export const bond_fill_ifbond = (bond: bonding): NetdevBondingInfo['master'] => ({
  bond_mode: BOND_MODE(bond),
  num_slaves: bond.slave_cnt,
  miimon: bond.params.miimon,
});

/** slave_id is never filled in, as in the kernel. */
export function* bond_fill_ifslave(slave: slave): Atomic<NetdevBondingInfo['slave']> {
  return {
    slave_id: 0,
    slave_name: slave.dev.name,
    link: yield* slave.link.read(),
    state: yield* slave.backup.read(),
    link_failure_count: slave.link_failure_count,
  };
}

/** The work behind BONDING_INFO. */
export function* bond_netdev_notify_work(slave: slave): MaySleep<void> {
  const { bond } = slave;
  if (yield* rtnl_trylock(bond.k)) {
    const info = { slave: yield* bond_fill_ifslave(slave), master: bond_fill_ifbond(bond) };
    yield* netdev_bonding_info_change(slave.dev, info);
    yield* rtnl_unlock(bond.k);
  } else yield* queue_delayed_work(bond.wq, slave.notify_work, 1);
}
