// The ARP monitor (bond_main.c: bond_arp_monitor, bond_loadbalance_arp_mon): every arp_interval ms
// probes go out, and a slave that has sent and heard nothing for some intervals is down. Modes
// without an active slave are here, active-backup is in arp-backup.ts. RTNL is only tried for.

import { rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import { msecs_to_jiffies } from '#kernel/time/timer.ts';
import { queue_delayed_work } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import {
  bond_has_slaves,
  BOND_LINK_DOWN,
  BOND_LINK_NOCHANGE,
  BOND_LINK_UP,
  BOND_MODE,
  BOND_MODE_ACTIVEBACKUP,
  BOND_MODE_XOR,
  bond_slave_is_up,
  bond_slaves,
  slave_info,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import {
  bond_propose_link_state,
  bond_set_active_slave,
  bond_set_backup_slave,
} from '../slave-state.ts';
import { bond_activebackup_arp_mon } from './arp-backup.ts';
import { bond_arp_send_all, bond_time_in_interval } from './arp-probe.ts';
import { bond_select_active_slave } from './failover.ts';
import { bond_update_slave_arr } from './slave-array.ts';

/** What one look at the slaves found. */
interface Findings {
  changed: boolean;
  failover: boolean;
}

/** Proposes a link by the times of the last frames. */
function* inspectSlave(
  bond: bonding,
  slave: slave,
  active: slave | null,
  found: Findings,
): Atomic<void> {
  const within = (intervals: number): boolean =>
    bond_time_in_interval(bond, slave.last_tx, intervals) &&
    bond_time_in_interval(bond, slave.last_rx, intervals);
  bond_propose_link_state(slave, BOND_LINK_NOCHANGE);
  if ((yield* slave.link.read()) !== BOND_LINK_UP) {
    if (!within(1)) return;
    bond_propose_link_state(slave, BOND_LINK_UP);
    found.changed = true;
    const first = active === null;
    slave_info(bond.dev, slave.dev, first ? 'link status definitely up' : 'interface is now up');
    if (first) found.failover = true;
  } else if (!within(bond.params.missed_max)) {
    bond_propose_link_state(slave, BOND_LINK_DOWN);
    found.changed = true;
    slave.link_failure_count++;
    slave_info(bond.dev, slave.dev, 'interface is now down');
    if (slave === active) found.failover = true;
  }
}

/** Links and states as proposed. RTNL is held. */
function* commitLinks(bond: bonding, found: Findings): MaySleep<void> {
  for (const slave of bond_slaves(bond)) {
    if (slave.link_new_state === BOND_LINK_NOCHANGE) continue;
    yield* slave.link.write(slave.link_new_state);
  }
  for (const slave of bond_slaves(bond)) {
    const link = yield* slave.link.read();
    if (link === BOND_LINK_UP) yield* bond_set_active_slave(slave);
    else if (link === BOND_LINK_DOWN) yield* bond_set_backup_slave(slave);
  }
  if (BOND_MODE(bond) === BOND_MODE_XOR) yield* bond_update_slave_arr(bond, null);
  if (found.failover) yield* bond_select_active_slave(bond);
}

function* lookAtSlaves(bond: bonding): MaySleep<void> {
  const { k } = bond;
  if (!bond_has_slaves(bond)) return;
  const found: Findings = { changed: false, failover: false };
  yield* rcu_read_lock(k);
  const active = yield* bond.curr_active_slave.read();
  for (const slave of bond_slaves(bond)) {
    yield* inspectSlave(bond, slave, active, found);
    if (bond_slave_is_up(slave)) yield* bond_arp_send_all(bond, slave);
  }
  yield* rcu_read_unlock(k);
  if (!found.changed || !(yield* rtnl_trylock(k))) return;
  yield* commitLinks(bond, found);
  yield* rtnl_unlock(k);
}

function* bond_loadbalance_arp_mon(bond: bonding): MaySleep<void> {
  yield* lookAtSlaves(bond);
  const { arp_interval } = bond.params;
  if (arp_interval === 0) return;
  yield* queue_delayed_work(bond.wq, bond.arp_work, msecs_to_jiffies(bond.k, arp_interval));
}

/** The work. */
export function* bond_arp_monitor(bond: bonding): MaySleep<void> {
  if (BOND_MODE(bond) === BOND_MODE_ACTIVEBACKUP) yield* bond_activebackup_arp_mon(bond);
  else yield* bond_loadbalance_arp_mon(bond);
}
