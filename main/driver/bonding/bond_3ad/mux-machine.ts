// The mux machine (bond_3ad.c: ad_mux_machine; facts/driver 10.7, clause 43.4.15): DETACHED,
// WAITING 2 s, ATTACHED, and then, with coupled control (the default), COLLECTING_DISTRIBUTING,
// else COLLECTING and DISTRIBUTING. Only ports of the active aggregator get in sync. One call is
// one tick; mode_lock is held.

import { LacpState } from '#bus/lacpdu.ts';
import type { Atomic } from '#sim/task.ts';
import {
  AD_AGGREGATE_WAIT_TICKS,
  AD_MUX_ATTACHED,
  AD_MUX_COLLECTING,
  AD_MUX_COLLECTING_DISTRIBUTING,
  AD_MUX_DETACHED,
  AD_MUX_DISTRIBUTING,
  AD_MUX_WAITING,
  AD_PORT_BEGIN,
  AD_PORT_READY,
  AD_PORT_READY_N,
  AD_PORT_SELECTED,
  AD_PORT_STANDBY,
  BOND_AD_INFO,
  has,
  port_dbg,
  setActor,
  setVars,
  updateReady,
} from './ad.ts';
import type { aggregator, port } from './ad.ts';
import {
  __enable_port,
  __port_is_collecting_distributing,
  ad_disable_collecting_distributing,
  ad_disable_distributing,
  ad_enable_collecting,
  ad_enable_collecting_distributing,
} from './enable.ts';
import type { Outcome } from './enable.ts';

const { synchronization, collecting, distributing } = LacpState;

const partnerIs = (port: port, bits: number): boolean =>
  (port.partner_oper.port_state & bits) === bits;

/** Selected, not on standby, and both sides in sync. */
const inSync = (port: port): boolean =>
  has(port, AD_PORT_SELECTED) &&
  !has(port, AD_PORT_STANDBY) &&
  partnerIs(port, synchronization) &&
  (port.actor_oper_port_state & synchronization) !== 0;

/** The port gives up its wish to be ready; its neighbours hear of it. */
function unready(port: port): void {
  setVars(port, AD_PORT_READY_N, false);
  if (port.aggregator !== null) updateReady(port.aggregator);
}

function fromWaiting(port: port): number {
  if (!has(port, AD_PORT_SELECTED)) {
    unready(port);
    return AD_MUX_DETACHED;
  }
  if (port.sm_mux_timer_counter > 0 && --port.sm_mux_timer_counter === 0) {
    setVars(port, AD_PORT_READY_N, true);
  }
  if (port.aggregator !== null) updateReady(port.aggregator);
  const ready = has(port, AD_PORT_READY) && port.sm_mux_timer_counter === 0;
  return ready ? AD_MUX_ATTACHED : AD_MUX_WAITING;
}

function fromAttached(port: port, agg: aggregator | null): number {
  const bond = port.slave?.bond;
  const choosing = bond !== undefined && BOND_AD_INFO(bond).agg_select_timer > 0;
  if (has(port, AD_PORT_SELECTED) && partnerIs(port, synchronization) && !choosing) {
    if (agg?.is_active !== true) return AD_MUX_ATTACHED;
    return bond?.params.coupled_control === 0 ? AD_MUX_COLLECTING : AD_MUX_COLLECTING_DISTRIBUTING;
  }
  if (!has(port, AD_PORT_SELECTED) || has(port, AD_PORT_STANDBY)) {
    unready(port);
    return AD_MUX_DETACHED;
  }
  if (agg?.is_active === true) setActor(port, synchronization, true);
  return AD_MUX_ATTACHED;
}

/** A port that should carry traffic, and whose slave is closed (its link was down): open it. */
function* reopenSlave(port: port, outcome: Outcome): Atomic<void> {
  if (port.aggregator?.is_active !== true) return;
  if (yield* __port_is_collecting_distributing(port)) return;
  yield* __enable_port(port);
  outcome.updateSlaveArray = true;
}

function* fromCollecting(port: port, outcome: Outcome): Atomic<number> {
  if (!inSync(port)) return AD_MUX_ATTACHED;
  if (partnerIs(port, collecting)) return AD_MUX_DISTRIBUTING;
  if (port.aggregator?.is_active === true && port.slave?.rx_disabled === true) {
    yield* ad_enable_collecting(port);
    outcome.updateSlaveArray = true;
  }
  return AD_MUX_COLLECTING;
}

function* nextState(port: port, outcome: Outcome): Atomic<number> {
  if (has(port, AD_PORT_BEGIN)) return AD_MUX_DETACHED;
  switch (port.sm_mux_state) {
    case AD_MUX_DETACHED:
      return (port.sm_vars & (AD_PORT_SELECTED | AD_PORT_STANDBY)) === 0
        ? AD_MUX_DETACHED
        : AD_MUX_WAITING;
    case AD_MUX_WAITING:
      return fromWaiting(port);
    case AD_MUX_ATTACHED:
      return fromAttached(port, port.aggregator);
    case AD_MUX_COLLECTING_DISTRIBUTING:
      if (!inSync(port)) return AD_MUX_ATTACHED;
      yield* reopenSlave(port, outcome);
      return AD_MUX_COLLECTING_DISTRIBUTING;
    case AD_MUX_COLLECTING:
      return yield* fromCollecting(port, outcome);
    case AD_MUX_DISTRIBUTING:
      if (!inSync(port) || !partnerIs(port, collecting)) return AD_MUX_COLLECTING;
      yield* reopenSlave(port, outcome);
      return AD_MUX_DISTRIBUTING;
    default:
      return port.sm_mux_state;
  }
}

function* enterState(port: port, outcome: Outcome): Atomic<void> {
  switch (port.sm_mux_state) {
    case AD_MUX_DETACHED:
      setActor(port, synchronization, false);
      yield* ad_disable_collecting_distributing(port, outcome);
      setActor(port, collecting | distributing, false);
      port.ntt = true;
      break;
    case AD_MUX_WAITING:
      port.sm_mux_timer_counter = AD_AGGREGATE_WAIT_TICKS;
      break;
    case AD_MUX_ATTACHED:
      setActor(port, synchronization, port.aggregator?.is_active === true);
      setActor(port, collecting | distributing, false);
      yield* ad_disable_collecting_distributing(port, outcome);
      port.ntt = true;
      break;
    case AD_MUX_COLLECTING_DISTRIBUTING:
      setActor(port, collecting | distributing | synchronization, true);
      yield* ad_enable_collecting_distributing(port, outcome);
      port.ntt = true;
      break;
    case AD_MUX_COLLECTING:
      setActor(port, distributing, false);
      setActor(port, collecting | synchronization, true);
      yield* ad_enable_collecting(port);
      yield* ad_disable_distributing(port, outcome);
      port.ntt = true;
      break;
    case AD_MUX_DISTRIBUTING:
      setActor(port, distributing | synchronization, true);
      yield* ad_enable_collecting_distributing(port, outcome);
  }
}

/** One tick. */
export function* ad_mux_machine(port: port, outcome: Outcome): Atomic<void> {
  const last = port.sm_mux_state;
  port.sm_mux_state = yield* nextState(port, outcome);
  if (port.sm_mux_state === last) return;
  const change = `Last State=${last}, Curr State=${port.sm_mux_state}`;
  port_dbg(port, `Mux Machine: Port=${port.actor_port_number}, ${change}`);
  yield* enterState(port, outcome);
}
