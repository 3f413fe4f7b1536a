// The tick of 802.3ad (bond_3ad.c: bond_3ad_state_machine_handler; facts/driver 10.7): every 100 ms
// all machines of all ports run in a fixed order under mode_lock, so replies between machines are
// seen one tick later. CHANGELOWERSTATE comes after it, when RTNL is free; else with the next tick.

import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { pr_warn } from '#kernel/printk.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import { queue_delayed_work } from '#kernel/workqueue.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { bond_slave_arr_work_rearm } from '../bond_main/slave-array.ts';
import { bond_has_slaves, bond_slaves } from '../bonding.ts';
import type { bonding } from '../bonding.ts';
import { bond_slave_state_notify } from '../slave-state.ts';
import { ad_delta_in_ticks, AD_PORT_BEGIN, BOND_AD_INFO, setVars, SLAVE_AD_INFO } from './ad.ts';
import type { port } from './ad.ts';
import type { Outcome } from './enable.ts';
import { ad_mux_machine } from './mux-machine.ts';
import { ad_rx_machine } from './rx-machine.ts';
import {
  ad_agg_selection_logic,
  ad_port_selection_logic,
  bond_3ad_set_carrier,
} from './selection.ts';
import { ad_churn_machine, ad_periodic_machine, ad_tx_machine } from './timers.ts';

/** True in the tick in which the selection timer ends. */
function bond_agg_timer_advance(bond: bonding): boolean {
  const info = BOND_AD_INFO(bond);
  return info.agg_select_timer > 0 && --info.agg_select_timer === 0;
}

function warnUninitialized(bond: bonding, text: string): void {
  if (!bond.module.netRatelimit.allow()) return;
  pr_warn(bond.k, `bonding: ${bond.dev.name}: Warning: ${text}`);
}

/** All machines of one port, once. */
export function* runPort(port: port, outcome: Outcome): Atomic<void> {
  ad_rx_machine(null, port);
  ad_periodic_machine(port);
  yield* ad_port_selection_logic(port, outcome);
  yield* ad_mux_machine(port, outcome);
  yield* ad_tx_machine(port);
  ad_churn_machine(port);
  setVars(port, AD_PORT_BEGIN, false);
}

function* runMachines(bond: bonding, outcome: Outcome): Atomic<void> {
  if (bond_agg_timer_advance(bond)) {
    const [first] = bond_slaves(bond);
    if (first !== undefined && SLAVE_AD_INFO(first).port.slave === null) {
      return warnUninitialized(bond, "bond's first port is uninitialized");
    }
    yield* ad_agg_selection_logic(bond, outcome);
    yield* bond_3ad_set_carrier(bond);
  }
  for (const slave of bond_slaves(bond)) {
    const { port } = SLAVE_AD_INFO(slave);
    if (port.slave === null) return warnUninitialized(bond, 'Found an uninitialized port');
    yield* runPort(port, outcome);
  }
}

/** The work. */
export function* bond_3ad_state_machine_handler(bond: bonding): MaySleep<void> {
  const outcome: Outcome = { updateSlaveArray: false };
  yield* spin_lock_bh(bond.mode_lock);
  yield* rcu_read_lock(bond.k);
  if (bond_has_slaves(bond)) yield* runMachines(bond, outcome);
  const notify = bond_slaves(bond).some((slave) => slave.should_notify);
  yield* rcu_read_unlock(bond.k);
  yield* spin_unlock_bh(bond.mode_lock);
  if (outcome.updateSlaveArray) yield* bond_slave_arr_work_rearm(bond, 0);
  if (notify && (yield* rtnl_trylock(bond.k))) {
    yield* bond_slave_state_notify(bond);
    yield* rtnl_unlock(bond.k);
  }
  yield* queue_delayed_work(bond.wq, bond.ad_work, ad_delta_in_ticks(bond.k));
}
