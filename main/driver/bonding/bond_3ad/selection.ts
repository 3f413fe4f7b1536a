// Which aggregator a port belongs to, and which aggregator is the active one (bond_3ad.c:
// ad_port_selection_logic, ad_agg_selection_logic, bond_3ad_set_carrier; facts/driver 10.7).
// Exactly one aggregator is active: `stable` keeps it while it has an answering partner,
// `bandwidth` and `count` look for the best at every change. mode_lock is held.

import { LacpState } from '#bus/lacpdu.ts';
import { netif_carrier_off, netif_carrier_on } from '#kernel/net/linkwatch.ts';
import { netif_carrier_ok } from '#kernel/net/netdevice.ts';
import { pr_warn } from '#kernel/printk.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import type { Atomic } from '#sim/task.ts';
import {
  BOND_AD_BANDWIDTH,
  BOND_AD_COUNT,
  BOND_AD_STABLE,
  bond_dbg,
  bond_has_slaves,
  bond_slave_is_up,
  slave_err,
} from '../bonding.ts';
import type { bonding } from '../bonding.ts';
import {
  __agg_active_ports,
  __agg_has_partner,
  activeAggregator,
  ad_clear_agg,
  AD_DUPLEX_KEY_MASKS,
  AD_PORT_SELECTED,
  aggregatorsOf,
  has,
  port_dbg,
  setActor,
  setVars,
  updateReady,
} from './ad.ts';
import type { aggregator, port } from './ad.ts';
import { __disable_port, __enable_port } from './enable.ts';
import type { Outcome } from './enable.ts';
import { __get_link_speed, speedOfCode } from './keys.ts';

/**
 * Carrier of an 802.3ad bond: up while the active aggregator has enough ports. True when it
 * changed.
 */
export function* bond_3ad_set_carrier(bond: bonding): Atomic<boolean> {
  if (!bond_has_slaves(bond)) return false;
  const active = activeAggregator(bond);
  const up = active !== null && __agg_active_ports(active) >= bond.params.min_links;
  if (up === netif_carrier_ok(bond.dev)) return true;
  if (up) yield* netif_carrier_on(bond.dev);
  else yield* netif_carrier_off(bond.dev);
  return true;
}

/** Mb/s of all ports whose link is up, as far as the first port speaks for the others. */
function* __get_agg_bandwidth(agg: aggregator): Atomic<number> {
  const [first] = agg.lag_ports;
  const ports = __agg_active_ports(agg);
  if (first === undefined || ports === 0) return 0;
  return ports * speedOfCode(yield* __get_link_speed(first));
}

/** The better of two: not individual, with a partner, and then what ad_select asks for. */
function* ad_agg_selection_test(
  best: aggregator | null,
  curr: aggregator,
  mode: number,
): Atomic<aggregator> {
  if (best === null) return curr;
  if (curr.is_individual !== best.is_individual) return curr.is_individual ? best : curr;
  const answered = __agg_has_partner(curr);
  if (answered !== __agg_has_partner(best)) return answered ? curr : best;
  if (mode === BOND_AD_COUNT) {
    const more = __agg_active_ports(curr) - __agg_active_ports(best);
    if (more !== 0) return more > 0 ? curr : best;
  }
  if (mode !== BOND_AD_COUNT && mode !== BOND_AD_STABLE && mode !== BOND_AD_BANDWIDTH) return best;
  return (yield* __get_agg_bandwidth(curr)) > (yield* __get_agg_bandwidth(best)) ? curr : best;
}

/** True when a port of the aggregator could carry frames. */
const agg_device_up = (agg: aggregator): boolean =>
  agg.lag_ports.some((port) => port.slave !== null && bond_slave_is_up(port.slave));

/** `stable`: the old one stays while it lives, unless only the new one has a partner (or a key). */
function keepsOld(active: aggregator | null, best: aggregator): active is aggregator {
  if (active === null || __agg_active_ports(active) === 0) return false;
  if (!__agg_has_partner(active) && __agg_has_partner(best)) return false;
  return active.actor_oper_aggregator_key !== 0 || best.actor_oper_aggregator_key === 0;
}

const describe = (agg: aggregator): string =>
  `Agg=${agg.aggregator_identifier}; P=${agg.lag_ports.length}; ` +
  `a k=${agg.actor_oper_aggregator_key}; p k=${agg.partner_oper_aggregator_key}; ` +
  `Ind=${agg.is_individual ? 1 : 0}; Act=${agg.is_active ? 1 : 0}`;

function* activateAggregator(
  bond: bonding,
  best: aggregator,
  old: aggregator | null,
  outcome: Outcome,
): Atomic<void> {
  const owner = `(slave ${best.slave?.dev.name ?? 'NULL'})`;
  bond_dbg(bond.dev, `${owner}: best ${describe(best)}`);
  if (best.is_individual && bond.module.netRatelimit.allow()) {
    const text = 'No 802.3ad response from the link partner for any adapters in the bond';
    pr_warn(bond.k, `bonding: ${bond.dev.name}: Warning: ${text}`);
  }
  best.is_active = true;
  const chosen = `LAG ${best.aggregator_identifier} chosen as the active LAG`;
  bond_dbg(bond.dev, `${owner}: ${chosen}`);
  for (const port of old?.lag_ports ?? []) yield* __disable_port(port);
  outcome.updateSlaveArray = true;
}

/** Chooses the active aggregator and sets the bond's carrier. */
export function* ad_agg_selection_logic(bond: bonding, outcome: Outcome): Atomic<void> {
  yield* rcu_read_lock(bond.k);
  const mode = bond.params.ad_select;
  const active = activeAggregator(bond);
  let best = active !== null && agg_device_up(active) ? active : null;
  for (const agg of aggregatorsOf(bond)) {
    agg.is_active = false;
    if (__agg_active_ports(agg) === 0 || !agg_device_up(agg)) continue;
    best = yield* ad_agg_selection_test(best, agg, mode);
  }
  if (best !== null) {
    const old = active !== null && mode === BOND_AD_STABLE && keepsOld(active, best);
    if (active !== null && (old || best === active)) active.is_active = true;
    else yield* activateAggregator(bond, best, active, outcome);
  }
  const now = activeAggregator(bond);
  if (now !== null && !__agg_has_partner(now)) {
    // Nobody answers: the ports work as links of their own.
    for (const port of now.lag_ports) yield* __enable_port(port);
    outcome.updateSlaveArray = true;
  }
  yield* rcu_read_unlock(bond.k);
  yield* bond_3ad_set_carrier(bond);
}

/** Takes the port out of its aggregator; the last one frees it. */
function leave(port: port, agg: aggregator): void {
  const at = agg.lag_ports.indexOf(port);
  if (at < 0) {
    const { slave } = port;
    if (slave === null) return;
    const text =
      `Port ${port.actor_port_number} was related to aggregator ${agg.aggregator_identifier} ` +
      'but was not on its port list';
    pr_warn(
      slave.bond.k,
      `bonding: ${slave.bond.dev.name}: (slave ${slave.dev.name}): Warning: ${text}`,
    );
    return;
  }
  agg.lag_ports.splice(at, 1);
  port.aggregator = null;
  port.actor_port_aggregator_identifier = 0;
  port_dbg(port, `Port ${port.actor_port_number} left LAG ${agg.aggregator_identifier}`);
  if (agg.lag_ports.length === 0) ad_clear_agg(agg);
}

/** Same key, same partner, and the partner answers. */
const suits = (agg: aggregator, port: port): boolean =>
  agg.actor_oper_aggregator_key === port.actor_oper_port_key &&
  agg.partner_system === port.partner_oper.system &&
  agg.partner_system_priority === port.partner_oper.system_priority &&
  agg.partner_oper_aggregator_key === port.partner_oper.key &&
  __agg_has_partner(agg) &&
  !agg.is_individual;

function join(port: port, agg: aggregator, which: 'new' | 'existing'): void {
  agg.lag_ports.unshift(port);
  port.aggregator = agg;
  port.actor_port_aggregator_identifier = agg.aggregator_identifier;
  setVars(port, AD_PORT_SELECTED, true);
  const lag = `LAG ${agg.aggregator_identifier} (${which} LAG)`;
  port_dbg(port, `Port ${port.actor_port_number} joined ${lag}`);
}

/** A free aggregator takes over what the port is and knows. */
function adopt(port: port, agg: aggregator): void {
  agg.is_individual = (port.actor_oper_port_key & AD_DUPLEX_KEY_MASKS) === 0;
  agg.actor_admin_aggregator_key = port.actor_admin_port_key;
  agg.actor_oper_aggregator_key = port.actor_oper_port_key;
  agg.partner_system = port.partner_oper.system;
  agg.partner_system_priority = port.partner_oper.system_priority;
  agg.partner_oper_aggregator_key = port.partner_oper.key;
}

/** Finds an aggregator for a port that is not selected; a selected one stays where it is. */
export function* ad_port_selection_logic(port: port, outcome: Outcome): Atomic<void> {
  const { slave } = port;
  if (has(port, AD_PORT_SELECTED) || slave === null) return;
  const { bond } = slave;
  if (port.aggregator !== null) leave(port, port.aggregator);
  const all = aggregatorsOf(bond);
  const suitable = all.find((agg) => agg.lag_ports.length > 0 && suits(agg, port));
  const chosen = suitable ?? all.find((agg) => agg.lag_ports.length === 0);
  if (chosen === undefined) {
    const text = `Port ${port.actor_port_number} did not find a suitable aggregator`;
    slave_err(bond.dev, slave.dev, text);
    return;
  }
  if (suitable === undefined) adopt(port, chosen);
  join(port, chosen, suitable === undefined ? 'new' : 'existing');
  updateReady(chosen);
  yield* ad_agg_selection_logic(bond, outcome);
  if (!chosen.is_active) setActor(port, LacpState.synchronization, false);
}
