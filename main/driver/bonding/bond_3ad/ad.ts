// Ports, aggregators and constants of 802.3ad (include/net/bond_3ad.h, bond_3ad.c; facts/driver
// 10.7). mode_lock of the bond protects all of it; the RCU pointer port.aggregator is plain,
// because its readers without mode_lock (/proc, sysfs) only show it. MAC addresses are 48-bit
// numbers, 0 for none. An aggregator holds its ports in an array, the youngest first, as the
// kernel's list has them. The switch in main/fabric has machines of its own on purpose: it is
// another vendor's.

import type { Kernel } from '#kernel/kernel.ts';
import { LacpState } from '#bus/lacpdu.ts';
import { bond_slaves, slave_dbg } from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';

export const AD_TIMER_INTERVAL_MS = 100;
export const ad_ticks_per_sec = 1000 / AD_TIMER_INTERVAL_MS;
/** Jiffies between two runs of the machines. */
export const ad_delta_in_ticks = (k: Kernel): number =>
  Math.floor((AD_TIMER_INTERVAL_MS * k.HZ) / 1000);

export const AD_MAX_TX_IN_SECOND = 3;
export const AD_COLLECTOR_MAX_DELAY = 0;

/** Times of clause 43.4.4, in ticks of the machines. */
export const AD_FAST_PERIODIC_TICKS = 1 * ad_ticks_per_sec;
export const AD_SLOW_PERIODIC_TICKS = 30 * ad_ticks_per_sec;
export const AD_SHORT_TIMEOUT_TICKS = 3 * AD_FAST_PERIODIC_TICKS;
export const AD_LONG_TIMEOUT_TICKS = 3 * AD_SLOW_PERIODIC_TICKS;
export const AD_CHURN_DETECTION_TICKS = 60 * ad_ticks_per_sec;
export const AD_AGGREGATE_WAIT_TICKS = 2 * ad_ticks_per_sec;
/** Ticks between two LACPDUs of a port. */
export const AD_TX_TICKS = Math.floor(ad_ticks_per_sec / AD_MAX_TX_IN_SECOND);
/** Ticks from the first slave to the choice of an aggregator. */
export const AD_AGGREGATOR_SELECTION_TICKS = 8 * ad_ticks_per_sec;

/** Bits of port.sm_vars. */
export const AD_PORT_BEGIN = 0x1;
export const AD_PORT_LACP_ENABLED = 0x2;
export const AD_PORT_ACTOR_CHURN = 0x4;
export const AD_PORT_PARTNER_CHURN = 0x8;
export const AD_PORT_READY = 0x10;
export const AD_PORT_READY_N = 0x20;
export const AD_PORT_MATCHED = 0x40;
export const AD_PORT_STANDBY = 0x80;
export const AD_PORT_SELECTED = 0x100;
export const AD_PORT_CHURNED = AD_PORT_ACTOR_CHURN | AD_PORT_PARTNER_CHURN;

/** Parts of a port key: 10 bits user key, 5 bits speed, 1 bit duplex. */
export const AD_DUPLEX_KEY_MASKS = 0x1;
export const AD_SPEED_KEY_MASKS = 0x3e;

/** Receive machine; 0 before its first run. */
export const AD_RX_INITIALIZE = 1;
export const AD_RX_PORT_DISABLED = 2;
export const AD_RX_LACP_DISABLED = 3;
export const AD_RX_EXPIRED = 4;
export const AD_RX_DEFAULTED = 5;
export const AD_RX_CURRENT = 6;

/** Periodic machine. */
export const AD_NO_PERIODIC = 1;
export const AD_FAST_PERIODIC = 2;
export const AD_SLOW_PERIODIC = 3;
export const AD_PERIODIC_TX = 4;

/** Mux machine. */
export const AD_MUX_DETACHED = 1;
export const AD_MUX_WAITING = 2;
export const AD_MUX_ATTACHED = 3;
export const AD_MUX_COLLECTING = 4;
export const AD_MUX_DISTRIBUTING = 5;
export const AD_MUX_COLLECTING_DISTRIBUTING = 6;

/** Churn machines. */
export const AD_CHURN_MONITOR = 0;
export const AD_CHURN = 1;
export const AD_NO_CHURN = 2;

const churnTexts = ['monitoring', 'churned', 'none'] as const;

export const bond_3ad_churn_desc = (state: number): string => churnTexts[state] ?? 'unknown';

/** One side of a link, as the other side knows it. */
export interface port_params {
  system: number;
  system_priority: number;
  key: number;
  port_number: number;
  port_priority: number;
  port_state: number;
}

/** struct port (clause 43.4.6). Counters of machines are ticks left, 0 when off. */
export interface port {
  actor_port_number: number;
  actor_port_priority: number;
  actor_system: number;
  actor_system_priority: number;
  actor_port_aggregator_identifier: number;
  /** Need to transmit. */
  ntt: boolean;
  actor_admin_port_key: number;
  actor_oper_port_key: number;
  actor_oper_port_state: number;
  partner_admin: port_params;
  partner_oper: port_params;
  is_enabled: boolean;
  sm_vars: number;
  sm_rx_state: number;
  sm_rx_timer_counter: number;
  sm_periodic_state: number;
  sm_periodic_timer_counter: number;
  sm_mux_state: number;
  sm_mux_timer_counter: number;
  sm_tx_timer_counter: number;
  sm_churn_actor_timer_counter: number;
  sm_churn_partner_timer_counter: number;
  churn_actor_count: number;
  churn_partner_count: number;
  sm_churn_actor_state: number;
  sm_churn_partner_state: number;
  /** Null before bind and after unbind. */
  slave: slave | null;
  aggregator: aggregator | null;
}

/** struct aggregator (clause 43.4.5). Every slave owns one; its ports may be those of others. */
export interface aggregator {
  aggregator_identifier: number;
  is_individual: boolean;
  actor_admin_aggregator_key: number;
  actor_oper_aggregator_key: number;
  partner_system: number;
  partner_system_priority: number;
  partner_oper_aggregator_key: number;
  lag_ports: port[];
  slave: slave | null;
  is_active: boolean;
}

/** Frames of the slow protocols, per slave and per bond. */
export interface bond_3ad_stats {
  lacpdu_rx: number;
  lacpdu_tx: number;
  lacpdu_unknown_rx: number;
  lacpdu_illegal_rx: number;
  marker_rx: number;
  marker_resp_rx: number;
  marker_resp_tx: number;
  marker_unknown_rx: number;
}

export const zeroAdStats = (): bond_3ad_stats => ({
  lacpdu_rx: 0,
  lacpdu_tx: 0,
  lacpdu_unknown_rx: 0,
  lacpdu_illegal_rx: 0,
  marker_rx: 0,
  marker_resp_rx: 0,
  marker_resp_tx: 0,
  marker_unknown_rx: 0,
});

/** struct ad_bond_info. */
export interface ad_bond_info {
  sys_priority: number;
  sys_mac_addr: number;
  /** Ticks until the aggregator is chosen. */
  agg_select_timer: number;
  /** Number that the youngest aggregator got. */
  aggregator_identifier: number;
  readonly stats: bond_3ad_stats;
}

/** struct ad_slave_info. */
export interface ad_slave_info {
  readonly aggregator: aggregator;
  readonly port: port;
  readonly stats: bond_3ad_stats;
  id: number;
  port_priority: number;
}

export const BOND_AD_INFO = (bond: bonding): ad_bond_info => bond.ad_info;

/**
 * The slave's 802.3ad part. Throws in other modes, where the kernel would follow a null pointer.
 */
export function SLAVE_AD_INFO(slave: slave): ad_slave_info {
  if (slave.ad_info === null) throw new Error(`${slave.dev.name} has no 802.3ad part`);
  return slave.ad_info;
}

/** Partner that is assumed when nobody answers. */
const noPartner = (): port_params => ({
  system: 0,
  system_priority: 0xffff,
  key: 1,
  port_number: 1,
  port_priority: 0xff,
  port_state: 0,
});

/** A port in the state that BEGIN wants. `active` and `fast` are the bond's LACP options. */
export function newPort(active: boolean, fast: boolean): port {
  return {
    actor_port_number: 0,
    actor_port_priority: 0xff,
    actor_system: 0,
    actor_system_priority: 0,
    actor_port_aggregator_identifier: 0,
    ntt: false,
    actor_admin_port_key: 0,
    actor_oper_port_key: 0,
    actor_oper_port_state:
      LacpState.aggregation | (active ? LacpState.activity : 0) | (fast ? LacpState.timeout : 0),
    partner_admin: noPartner(),
    partner_oper: noPartner(),
    is_enabled: true,
    sm_vars: AD_PORT_BEGIN | AD_PORT_LACP_ENABLED,
    sm_rx_state: 0,
    sm_rx_timer_counter: 0,
    sm_periodic_state: 0,
    sm_periodic_timer_counter: 0,
    sm_mux_state: 0,
    sm_mux_timer_counter: 0,
    sm_tx_timer_counter: 0,
    sm_churn_actor_timer_counter: 0,
    sm_churn_partner_timer_counter: 0,
    churn_actor_count: 0,
    churn_partner_count: 0,
    sm_churn_actor_state: AD_CHURN_MONITOR,
    sm_churn_partner_state: AD_CHURN_MONITOR,
    slave: null,
    aggregator: null,
  };
}

/** An aggregator that nobody uses. */
export const newAggregator = (): aggregator => ({
  aggregator_identifier: 0,
  is_individual: false,
  actor_admin_aggregator_key: 0,
  actor_oper_aggregator_key: 0,
  partner_system: 0,
  partner_system_priority: 0,
  partner_oper_aggregator_key: 0,
  lag_ports: [],
  slave: null,
  is_active: false,
});

/** Makes an aggregator free again; it keeps its number and its owner. */
export function ad_clear_agg(agg: aggregator): void {
  const { aggregator_identifier, slave } = agg;
  Object.assign(agg, newAggregator(), { aggregator_identifier, slave });
}

/** Aggregators of all slaves, in list order. */
export const aggregatorsOf = (bond: bonding): aggregator[] =>
  bond_slaves(bond).map((each) => SLAVE_AD_INFO(each).aggregator);

export const activeAggregator = (bond: bonding): aggregator | null =>
  aggregatorsOf(bond).find((agg) => agg.is_active) ?? null;

/** A partner has answered. */
export const __agg_has_partner = (agg: aggregator): boolean => agg.partner_system !== 0;

/** Ports whose link is up. */
export const __agg_active_ports = (agg: aggregator): number =>
  agg.lag_ports.filter((port) => port.is_enabled).length;

/** True when all of `bits` are set. */
export const has = (port: port, bits: number): boolean => (port.sm_vars & bits) === bits;

export function setVars(port: port, bits: number, on: boolean): void {
  port.sm_vars = on ? port.sm_vars | bits : port.sm_vars & ~bits;
}

/** Sets or clears bits of the actor's state. */
export function setActor(port: port, bits: number, on: boolean): void {
  const { actor_oper_port_state: now } = port;
  port.actor_oper_port_state = on ? now | bits : now & ~bits;
}

/** Sets or clears bits of the partner's state as we know it. */
export function setPartner(port: port, bits: number, on: boolean): void {
  const { port_state: now } = port.partner_oper;
  port.partner_oper.port_state = on ? now | bits : now & ~bits;
}

/** READY for all ports of an aggregator once each of them has waited long enough (READY_N). */
export function updateReady(agg: aggregator): void {
  const ready = agg.lag_ports.every((port) => has(port, AD_PORT_READY_N));
  for (const port of agg.lag_ports) setVars(port, AD_PORT_READY, ready);
}

/** A debug line about a port. */
export function port_dbg(port: port, text: string): void {
  if (port.slave !== null) slave_dbg(port.slave.bond.dev, port.slave.dev, text);
}

/** Counts a frame for the slave and for the bond. */
export function countFrame(slave: slave, name: keyof bond_3ad_stats): void {
  SLAVE_AD_INFO(slave).stats[name]++;
  BOND_AD_INFO(slave.bond).stats[name]++;
}
