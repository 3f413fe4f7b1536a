// Slaves come and go, options change (bond_3ad.c: bond_3ad_initialize, bond_3ad_bind_slave,
// bond_3ad_unbind_slave, bond_3ad_update_*; facts/driver 10.3, 10.4, 10.7). Under RTNL. A leaving
// slave tells its partner, and its aggregator's other ports get another aggregator.

import { LacpState } from '#bus/lacpdu.ts';
import { readMac } from '#bus/mac.ts';
import { spin_lock_bh, spin_unlock_bh } from '#kernel/locking/spinlock.ts';
import { ASSERT_RTNL } from '#kernel/net/rtnetlink.ts';
import type { Atomic } from '#sim/task.ts';
import { bond_slaves, slave_dbg, slave_info, slave_warn } from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import {
  __agg_active_ports,
  ad_clear_agg,
  AD_AGGREGATOR_SELECTION_TICKS,
  AD_TX_TICKS,
  aggregatorsOf,
  BOND_AD_INFO,
  newAggregator,
  newPort,
  setActor,
  SLAVE_AD_INFO,
  zeroAdStats,
} from './ad.ts';
import type { ad_bond_info, ad_slave_info, aggregator, port } from './ad.ts';
import { __disable_port } from './enable.ts';
import { ad_update_actor_keys } from './keys.ts';
import { ad_lacpdu_send } from './lacpdu.ts';
import { ad_agg_selection_logic } from './selection.ts';

const { activity, timeout, aggregation, synchronization, collecting, distributing } = LacpState;

export const newAdBondInfo = (): ad_bond_info => ({
  sys_priority: 0,
  sys_mac_addr: 0,
  agg_select_timer: 0,
  aggregator_identifier: 0,
  stats: zeroAdStats(),
});

/** The 802.3ad part of a slave, unbound. */
export function newAdSlaveInfo(bond: bonding): ad_slave_info {
  const { lacp_active, lacp_fast } = bond.params;
  return {
    aggregator: newAggregator(),
    port: newPort(lacp_active !== 0, lacp_fast !== 0),
    stats: zeroAdStats(),
    id: 0,
    port_priority: 0,
  };
}

/** Sets the timer after which the aggregator is chosen, in ticks. */
export function bond_3ad_initiate_agg_selection(bond: bonding, ticks: number): void {
  BOND_AD_INFO(bond).agg_select_timer = ticks;
}

function updateSystem(bond: bonding): void {
  const info = BOND_AD_INFO(bond);
  info.sys_priority = bond.params.ad_actor_sys_prio;
  info.sys_mac_addr = bond.params.ad_actor_system || readMac(bond.dev.dev_addr);
}

/** For the first slave; the bond has its MAC by now. */
export function bond_3ad_initialize(bond: bonding): void {
  BOND_AD_INFO(bond).aggregator_identifier = 0;
  updateSystem(bond);
  bond_3ad_initiate_agg_selection(bond, AD_AGGREGATOR_SELECTION_TICKS);
}

function __ad_actor_update_port(port: port, slave: slave): void {
  const info = BOND_AD_INFO(slave.bond);
  port.actor_system = info.sys_mac_addr;
  port.actor_system_priority = info.sys_priority;
  port.actor_port_priority = SLAVE_AD_INFO(slave).port_priority;
}

/** Gives a new slave its port and its aggregator. */
export function* bond_3ad_bind_slave(slave: slave): Atomic<void> {
  const { bond } = slave;
  const info = SLAVE_AD_INFO(slave);
  const { port, aggregator } = info;
  if (port.slave === slave) return;
  info.port_priority = port.actor_port_priority;
  port.slave = slave;
  port.actor_port_number = info.id;
  port.actor_admin_port_key = bond.params.ad_user_port_key << 6;
  yield* ad_update_actor_keys(port, false);
  __ad_actor_update_port(port, slave);
  port.sm_tx_timer_counter = AD_TX_TICKS;
  yield* __disable_port(port);
  aggregator.slave = slave;
  aggregator.aggregator_identifier = ++BOND_AD_INFO(bond).aggregator_identifier;
}

const holdsOnly = (agg: aggregator, port: port): boolean =>
  agg.lag_ports.length === 1 && agg.lag_ports[0] === port;

function* removingActive(slave: slave): Atomic<void> {
  slave_info(slave.bond.dev, slave.dev, 'Removing an active aggregator');
  yield* ad_agg_selection_logic(slave.bond, { updateSlaveArray: false });
}

/**
 * Moves the ports of a leaving slave's aggregator to one that is free, or holds only its own port.
 */
function* passOn(slave: slave, port: port, old: aggregator): Atomic<void> {
  const { bond } = slave;
  const heir = aggregatorsOf(bond).find(
    (agg) => agg.lag_ports.length === 0 || holdsOnly(agg, port),
  );
  if (heir === undefined) {
    const text = 'unbinding aggregator, and could not find a new aggregator for its ports';
    slave_warn(bond.dev, slave.dev, text);
    return;
  }
  const from = `Some port(s) related to LAG ${old.aggregator_identifier}`;
  slave_dbg(bond.dev, slave.dev, `${from} - replacing with LAG ${heir.aggregator_identifier}`);
  const wasActive = heir.is_active && holdsOnly(heir, port);
  const { aggregator_identifier, slave: owner } = heir;
  Object.assign(heir, old, { aggregator_identifier, slave: owner });
  for (const moved of heir.lag_ports) {
    moved.aggregator = heir;
    moved.actor_port_aggregator_identifier = aggregator_identifier;
  }
  ad_clear_agg(old);
  if (wasActive) yield* removingActive(slave);
}

/** Frees the slave's own aggregator. */
function* giveUpAggregator(slave: slave, port: port, agg: aggregator): Atomic<void> {
  if (agg.lag_ports.length === 0) return;
  if (!holdsOnly(agg, port)) {
    yield* passOn(slave, port, agg);
    return;
  }
  const wasActive = agg.is_active;
  ad_clear_agg(agg);
  if (wasActive) yield* removingActive(slave);
}

/** Takes the port out of whatever aggregator still lists it. */
function* detachPort(slave: slave, port: port): Atomic<void> {
  for (const agg of aggregatorsOf(slave.bond)) {
    const at = agg.lag_ports.indexOf(port);
    if (at < 0) continue;
    agg.lag_ports.splice(at, 1);
    if (__agg_active_ports(agg) > 0) continue;
    const wasActive = agg.is_active;
    if (agg.lag_ports.length === 0) ad_clear_agg(agg);
    if (wasActive) yield* removingActive(slave);
  }
}

/** Before a slave leaves the bond: a last LACPDU, and no trace left in any aggregator. */
export function* bond_3ad_unbind_slave(slave: slave): Atomic<void> {
  const { bond } = slave;
  const { port, aggregator } = SLAVE_AD_INFO(slave);
  yield* spin_lock_bh(bond.mode_lock);
  if (port.slave === null) {
    slave_warn(bond.dev, slave.dev, 'Trying to unbind an uninitialized port');
  } else {
    const lag = `Link Aggregation Group ${aggregator.aggregator_identifier}`;
    slave_dbg(bond.dev, slave.dev, `Unbinding ${lag}`);
    setActor(port, synchronization | collecting | distributing | aggregation, false);
    yield* ad_lacpdu_send(port);
    yield* giveUpAggregator(slave, port, aggregator);
    slave_dbg(bond.dev, slave.dev, `Unbinding port ${port.actor_port_number}`);
    yield* detachPort(slave, port);
    port.slave = null;
  }
  yield* spin_unlock_bh(bond.mode_lock);
}

/** Runs `change` for every port, under mode_lock. */
function* forEachPort(bond: bonding, change: (port: port, slave: slave) => void): Atomic<void> {
  yield* spin_lock_bh(bond.mode_lock);
  for (const slave of bond_slaves(bond)) change(SLAVE_AD_INFO(slave).port, slave);
  yield* spin_unlock_bh(bond.mode_lock);
}

/** ad_actor_system or ad_actor_sys_prio changed. */
export function* bond_3ad_update_ad_actor_settings(bond: bonding): Atomic<void> {
  ASSERT_RTNL(bond.k, 'drivers/net/bonding/bond_3ad.c');
  updateSystem(bond);
  yield* forEachPort(bond, (port, slave) => {
    __ad_actor_update_port(port, slave);
    port.ntt = true;
  });
}

export function* bond_3ad_update_lacp_rate(bond: bonding): Atomic<void> {
  const fast = bond.params.lacp_fast !== 0;
  yield* forEachPort(bond, (port) => setActor(port, timeout, fast));
}

export function* bond_3ad_update_lacp_active(bond: bonding): Atomic<void> {
  const active = bond.params.lacp_active !== 0;
  yield* forEachPort(bond, (port) => setActor(port, activity, active));
}
