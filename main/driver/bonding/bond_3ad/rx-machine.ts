// The receive machine (bond_3ad.c: ad_rx_machine and its helpers; facts/driver 10.7, clause
// 43.4.12). It runs once a tick without a LACPDU, and at once for each LACPDU that arrives;
// mode_lock is held.

import { LacpState } from '#bus/lacpdu.ts';
import type { LacpParty, Lacpdu } from '#bus/lacpdu.ts';
import { slave_err } from '../bonding.ts';
import {
  AD_DUPLEX_KEY_MASKS,
  AD_LONG_TIMEOUT_TICKS,
  AD_PORT_BEGIN,
  AD_PORT_CHURNED,
  AD_PORT_LACP_ENABLED,
  AD_PORT_MATCHED,
  AD_PORT_SELECTED,
  AD_RX_CURRENT,
  AD_RX_DEFAULTED,
  AD_RX_EXPIRED,
  AD_RX_INITIALIZE,
  AD_RX_LACP_DISABLED,
  AD_RX_PORT_DISABLED,
  AD_SHORT_TIMEOUT_TICKS,
  countFrame,
  has,
  port_dbg,
  setActor,
  setPartner,
  setVars,
} from './ad.ts';
import type { port, port_params } from './ad.ts';

const { activity, timeout, aggregation, synchronization, defaulted, expired } = LacpState;
/** State bits about which the partner must have heard the latest. */
const nttBits = activity | timeout | synchronization | aggregation;

/**
 * True when `party`, from a LACPDU, says the same about a port as `known`; states are not compared.
 */
const sameParty = (party: LacpParty, known: port_params): boolean =>
  party.port === known.port_number &&
  party.portPriority === known.port_priority &&
  party.system === known.system &&
  party.systemPriority === known.system_priority &&
  party.key === known.key;

/** This side, in the form that sameParty() compares. */
const actorOf = (port: port): port_params => ({
  system: port.actor_system,
  system_priority: port.actor_system_priority,
  key: port.actor_oper_port_key,
  port_number: port.actor_port_number,
  port_priority: port.actor_port_priority,
  port_state: port.actor_oper_port_state,
});

/** Matched: the partner knows us, or does not aggregate at all. */
function __choose_matched(pdu: Lacpdu, port: port): void {
  const actor = actorOf(port);
  const knowsUs =
    sameParty(pdu.partner, actor) && ((pdu.partner.state ^ actor.port_state) & aggregation) === 0;
  setVars(port, AD_PORT_MATCHED, knowsUs || (pdu.actor.state & aggregation) === 0);
}

/** A partner other than the one we knew costs the port its place. */
function __update_selected(pdu: Lacpdu, port: port): void {
  const known = port.partner_oper;
  const same =
    sameParty(pdu.actor, known) && ((pdu.actor.state ^ known.port_state) & aggregation) === 0;
  if (!same) setVars(port, AD_PORT_SELECTED, false);
}

/** The partner's idea of us is old: say it again. */
function __update_ntt(pdu: Lacpdu, port: port): void {
  const actor = actorOf(port);
  const current =
    sameParty(pdu.partner, actor) && ((pdu.partner.state ^ actor.port_state) & nttBits) === 0;
  if (!current) port.ntt = true;
}

function __record_pdu(pdu: Lacpdu, port: port): void {
  __choose_matched(pdu, port);
  const { actor } = pdu;
  port.partner_oper = {
    system: actor.system,
    system_priority: actor.systemPriority,
    key: actor.key,
    port_number: actor.port,
    port_priority: actor.portPriority,
    port_state: actor.state,
  };
  setActor(port, defaulted, false);
  const inSync = has(port, AD_PORT_MATCHED) && (actor.state & synchronization) !== 0;
  setPartner(port, synchronization, inSync);
  port_dbg(port, `partner sync=${inSync ? 1 : 0}`);
}

function __record_default(port: port): void {
  port.partner_oper = { ...port.partner_admin };
  setActor(port, defaulted, true);
}

/** Losing a real partner costs the port its place. */
function __update_default_selected(port: port): void {
  const { partner_admin: admin, partner_oper: oper } = port;
  const same =
    admin.port_number === oper.port_number &&
    admin.port_priority === oper.port_priority &&
    admin.system === oper.system &&
    admin.system_priority === oper.system_priority &&
    admin.key === oper.key &&
    ((admin.port_state ^ oper.port_state) & aggregation) === 0;
  if (!same) setVars(port, AD_PORT_SELECTED, false);
}

/** True in the tick in which the timer ends. */
function timerEnds(port: port): boolean {
  return port.sm_rx_timer_counter > 0 && --port.sm_rx_timer_counter === 0;
}

/** Where the machine goes; timers and churn marks are moved on the way. */
function nextState(pdu: Lacpdu | null, port: port): number {
  const now = port.sm_rx_state;
  if (has(port, AD_PORT_BEGIN)) {
    setVars(port, AD_PORT_CHURNED, true);
    return AD_RX_INITIALIZE;
  }
  if (!port.is_enabled) return AD_RX_PORT_DISABLED;
  if (pdu !== null && (now === AD_RX_EXPIRED || now === AD_RX_DEFAULTED || now === AD_RX_CURRENT)) {
    if (now !== AD_RX_CURRENT) setVars(port, AD_PORT_CHURNED, true);
    port.sm_rx_timer_counter = 0;
    return AD_RX_CURRENT;
  }
  if (timerEnds(port)) {
    if (now === AD_RX_EXPIRED) return AD_RX_DEFAULTED;
    return now === AD_RX_CURRENT ? AD_RX_EXPIRED : now;
  }
  if (now !== AD_RX_PORT_DISABLED) return now;
  return has(port, AD_PORT_LACP_ENABLED) ? AD_RX_EXPIRED : AD_RX_LACP_DISABLED;
}

function enterInitialize(port: port): void {
  setVars(port, AD_PORT_LACP_ENABLED, (port.actor_oper_port_key & AD_DUPLEX_KEY_MASKS) !== 0);
  setVars(port, AD_PORT_SELECTED, false);
  __record_default(port);
  setActor(port, expired, false);
  port.sm_rx_state = AD_RX_PORT_DISABLED;
  setVars(port, AD_PORT_MATCHED, false);
}

function enterLacpDisabled(port: port): void {
  setVars(port, AD_PORT_SELECTED, false);
  __record_default(port);
  setPartner(port, aggregation, false);
  setVars(port, AD_PORT_MATCHED, true);
  setActor(port, expired, false);
}

/** The partner is asked to hurry; the mux sees it out of sync. */
function enterExpired(port: port): void {
  setVars(port, AD_PORT_MATCHED, false);
  setPartner(port, synchronization, false);
  setPartner(port, timeout, true);
  port.sm_rx_timer_counter = AD_SHORT_TIMEOUT_TICKS;
  setActor(port, expired, true);
  setVars(port, AD_PORT_CHURNED, true);
}

function enterDefaulted(port: port): void {
  __update_default_selected(port);
  __record_default(port);
  setVars(port, AD_PORT_MATCHED, true);
  setActor(port, expired, false);
}

function enterCurrent(pdu: Lacpdu, port: port): void {
  if (pdu.actor.system === port.actor_system) {
    const { slave } = port;
    if (slave === null) return;
    const advice =
      'Check the configuration to verify that all adapters are connected to 802.3ad compliant ' +
      'switch ports';
    slave_err(slave.bond.dev, slave.dev, `An illegal loopback occurred on slave\n${advice}`);
    return;
  }
  __update_selected(pdu, port);
  __update_ntt(pdu, port);
  __record_pdu(pdu, port);
  const short = (port.actor_oper_port_state & timeout) !== 0;
  port.sm_rx_timer_counter = short ? AD_SHORT_TIMEOUT_TICKS : AD_LONG_TIMEOUT_TICKS;
  setActor(port, expired, false);
}

function enter(pdu: Lacpdu | null, port: port): void {
  switch (port.sm_rx_state) {
    case AD_RX_INITIALIZE:
      return enterInitialize(port);
    case AD_RX_PORT_DISABLED:
      return setVars(port, AD_PORT_MATCHED, false);
    case AD_RX_LACP_DISABLED:
      return enterLacpDisabled(port);
    case AD_RX_EXPIRED:
      return enterExpired(port);
    case AD_RX_DEFAULTED:
      return enterDefaulted(port);
    case AD_RX_CURRENT:
      if (pdu !== null) enterCurrent(pdu, port);
  }
}

/** One run: for a LACPDU that arrived, or (null) for a tick. */
export function ad_rx_machine(pdu: Lacpdu | null, port: port): void {
  if (pdu !== null && port.slave !== null) countFrame(port.slave, 'lacpdu_rx');
  const last = port.sm_rx_state;
  port.sm_rx_state = nextState(pdu, port);
  if (port.sm_rx_state === last && pdu === null) return;
  const change = `Last State=${last}, Curr State=${port.sm_rx_state}`;
  port_dbg(port, `Rx Machine: Port=${port.actor_port_number}, ${change}`);
  enter(pdu, port);
}
