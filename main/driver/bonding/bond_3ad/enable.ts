// Opening and closing a slave for traffic on behalf of its port (bond_3ad.c: __enable_port and its
// relatives; facts/driver 10.7). All with NOTIFY_LATER: the handler raises CHANGELOWERSTATE when it
// has RTNL, and nobody raises BONDING_INFO. mode_lock is held.

import type { Atomic } from '#sim/task.ts';
import { bond_is_active_slave, BOND_LINK_UP, bond_slave_is_up } from '../bonding.ts';
import { activeFlagsLater, inactiveFlagsLater, txDisabledLater } from '../slave-state.ts';
import { __agg_has_partner, port_dbg } from './ad.ts';
import type { port } from './ad.ts';

/** What a run of the machines leaves to be done. */
export interface Outcome {
  /** The array of usable slaves is out of date. */
  updateSlaveArray: boolean;
}

function* linkUp(port: port): Atomic<boolean> {
  const { slave } = port;
  return slave !== null && (yield* slave.link.read()) === BOND_LINK_UP && bond_slave_is_up(slave);
}

/** Neither collects nor distributes. */
export function* __disable_port(port: port): Atomic<void> {
  if (port.slave !== null) yield* inactiveFlagsLater(port.slave);
}

/** Collects and distributes, if the link is up. */
export function* __enable_port(port: port): Atomic<void> {
  if (port.slave !== null && (yield* linkUp(port))) yield* activeFlagsLater(port.slave);
}

export function* __port_is_collecting_distributing(port: port): Atomic<boolean> {
  return port.slave !== null && (yield* bond_is_active_slave(port.slave));
}

const lagText = (port: port, agg: { aggregator_identifier: number }): string =>
  `port ${port.actor_port_number} (LAG ${agg.aggregator_identifier})`;

/** Collects, when its aggregator is the active one. */
export function* ad_enable_collecting(port: port): Atomic<void> {
  const { aggregator, slave } = port;
  if (aggregator?.is_active !== true || slave === null) return;
  port_dbg(port, `Enabling collecting on ${lagText(port, aggregator)}`);
  if (yield* linkUp(port)) slave.rx_disabled = false;
}

/** Goes on collecting, and stops distributing; ports without any partner stay as they are. */
export function* ad_disable_distributing(port: port, outcome: Outcome): Atomic<void> {
  const { aggregator, slave } = port;
  if (aggregator === null || slave === null || !__agg_has_partner(aggregator)) return;
  port_dbg(port, `Disabling distributing on ${lagText(port, aggregator)}`);
  yield* txDisabledLater(slave);
  outcome.updateSlaveArray = true;
}

/** Carries traffic, when its aggregator is the active one. */
export function* ad_enable_collecting_distributing(port: port, outcome: Outcome): Atomic<void> {
  const { aggregator } = port;
  if (aggregator?.is_active !== true) return;
  port_dbg(port, `Enabling ${lagText(port, aggregator)}`);
  yield* __enable_port(port);
  outcome.updateSlaveArray = true;
}

/** Carries none; ports without any partner stay as they are. */
export function* ad_disable_collecting_distributing(port: port, outcome: Outcome): Atomic<void> {
  const { aggregator } = port;
  if (aggregator === null || !__agg_has_partner(aggregator)) return;
  port_dbg(port, `Disabling ${lagText(port, aggregator)}`);
  yield* __disable_port(port);
  outcome.updateSlaveArray = true;
}
