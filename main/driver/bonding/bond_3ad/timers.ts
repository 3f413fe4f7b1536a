// Periodic, transmit and churn machines of a port (bond_3ad.c: ad_periodic_machine, ad_tx_machine,
// ad_churn_machine; facts/driver 10.7). One call is one tick of 100 ms; mode_lock is held. Sending
// itself is in lacpdu.ts.

import { LacpState } from '#bus/lacpdu.ts';
import type { Atomic } from '#sim/task.ts';
import {
  AD_CHURN,
  AD_CHURN_DETECTION_TICKS,
  AD_CHURN_MONITOR,
  AD_FAST_PERIODIC,
  AD_FAST_PERIODIC_TICKS,
  AD_NO_CHURN,
  AD_NO_PERIODIC,
  AD_PERIODIC_TX,
  AD_PORT_BEGIN,
  AD_PORT_CHURNED,
  AD_PORT_LACP_ENABLED,
  AD_SLOW_PERIODIC,
  AD_SLOW_PERIODIC_TICKS,
  AD_TX_TICKS,
  has,
  port_dbg,
  setVars,
} from './ad.ts';
import type { port } from './ad.ts';
import { ad_lacpdu_send } from './lacpdu.ts';

const { activity, timeout, synchronization } = LacpState;

/** Nobody would talk: not enabled, no LACP, or both sides passive. */
function silent(port: port): boolean {
  if (has(port, AD_PORT_BEGIN) || !has(port, AD_PORT_LACP_ENABLED) || !port.is_enabled) return true;
  return ((port.actor_oper_port_state | port.partner_oper.port_state) & activity) === 0;
}

function nextPeriodic(port: port): number {
  const now = port.sm_periodic_state;
  const partnerFast = (port.partner_oper.port_state & timeout) !== 0;
  if (silent(port)) return AD_NO_PERIODIC;
  if (port.sm_periodic_timer_counter > 0) {
    if (--port.sm_periodic_timer_counter === 0) return AD_PERIODIC_TX;
    if (now === AD_FAST_PERIODIC && !partnerFast) return AD_SLOW_PERIODIC;
    if (now !== AD_SLOW_PERIODIC || !partnerFast) return now;
    port.sm_periodic_timer_counter = 0;
    return AD_PERIODIC_TX;
  }
  if (now === AD_NO_PERIODIC) return AD_FAST_PERIODIC;
  if (now !== AD_PERIODIC_TX) return now;
  return partnerFast ? AD_FAST_PERIODIC : AD_SLOW_PERIODIC;
}

/** Says when it is time for a LACPDU: every second, or every 30 s, as the partner wants. */
export function ad_periodic_machine(port: port): void {
  const last = port.sm_periodic_state;
  port.sm_periodic_state = nextPeriodic(port);
  if (port.sm_periodic_state === last) return;
  const change = `Last State=${last}, Curr State=${port.sm_periodic_state}`;
  port_dbg(port, `Periodic Machine: Port=${port.actor_port_number}, ${change}`);
  switch (port.sm_periodic_state) {
    case AD_NO_PERIODIC:
      port.sm_periodic_timer_counter = 0;
      break;
    // One tick less: the one that PERIODIC_TX took.
    case AD_FAST_PERIODIC:
      port.sm_periodic_timer_counter = AD_FAST_PERIODIC_TICKS - 1;
      break;
    case AD_SLOW_PERIODIC:
      port.sm_periodic_timer_counter = AD_SLOW_PERIODIC_TICKS - 1;
      break;
    case AD_PERIODIC_TX:
      port.ntt = true;
  }
}

/** Sends what is due, at most three LACPDUs a second. */
export function* ad_tx_machine(port: port): Atomic<void> {
  if (port.sm_tx_timer_counter === 0 || --port.sm_tx_timer_counter > 0) return;
  if (port.ntt && has(port, AD_PORT_LACP_ENABLED)) {
    yield* ad_lacpdu_send(port);
    port_dbg(port, `Sent LACPDU on port ${port.actor_port_number}`);
    port.ntt = false;
  }
  port.sm_tx_timer_counter = AD_TX_TICKS;
}

/** A side that is not in sync after 60 s has churned. */
export function ad_churn_machine(port: port): void {
  if ((port.sm_vars & AD_PORT_CHURNED) !== 0) {
    setVars(port, AD_PORT_CHURNED, false);
    port.sm_churn_actor_state = AD_CHURN_MONITOR;
    port.sm_churn_partner_state = AD_CHURN_MONITOR;
    port.sm_churn_actor_timer_counter = AD_CHURN_DETECTION_TICKS;
    port.sm_churn_partner_timer_counter = AD_CHURN_DETECTION_TICKS;
    return;
  }
  const inSync = (state: number): boolean => (state & synchronization) !== 0;
  if (port.sm_churn_actor_timer_counter > 0 && --port.sm_churn_actor_timer_counter === 0) {
    const good = inSync(port.actor_oper_port_state);
    if (!good) port.churn_actor_count++;
    port.sm_churn_actor_state = good ? AD_NO_CHURN : AD_CHURN;
  }
  if (port.sm_churn_partner_timer_counter > 0 && --port.sm_churn_partner_timer_counter === 0) {
    const good = inSync(port.partner_oper.port_state);
    if (!good) port.churn_partner_count++;
    port.sm_churn_partner_state = good ? AD_NO_CHURN : AD_CHURN;
  }
}
