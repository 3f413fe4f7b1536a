// Frames of the slow protocols that arrive on a slave (bond_3ad.c: bond_3ad_lacpdu_recv,
// bond_3ad_rx_indication; facts/driver 10.11). Called by the rx handler in softirq context: the
// receive machine runs at once, under mode_lock. A LACPDU whose TLVs are not where they belong
// counts as illegal here; the kernel does not look.

import { EtherType, ethHeaderBytes } from '#bus/frame.ts';
import { lacpSubtype, parseLacpdu } from '#bus/lacpdu.ts';
import { spin_lock, spin_unlock } from '#kernel/locking/spinlock.ts';
import type { RxHandlerResult } from '#kernel/net/netdevice.ts';
import { ether_addr_equal } from '#kernel/net/skb.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import { pr_warn } from '#kernel/printk.ts';
import type { Atomic } from '#sim/task.ts';
import type { bonding, slave } from '../bonding.ts';
import { countFrame, port_dbg, SLAVE_AD_INFO } from './ad.ts';
import type { port } from './ad.ts';
import { ad_marker_send, lacpdu_mcast_addr } from './lacpdu.ts';
import { ad_rx_machine } from './rx-machine.ts';

const markerSubtype = 2;
const markerInformation = 1;
const markerResponse = 2;
/** Bytes of a slow protocols payload, without which nothing is looked at. */
const payloadBytes = 110;
/** Where a Marker PDU says what it is. */
const markerTypeAt = 2;

/** Answers Marker requests; responses are counted and thrown away. */
function* markerArrived(port: port, slave: slave, payload: Uint8Array): Atomic<void> {
  switch (payload[markerTypeAt]) {
    case markerInformation: {
      port_dbg(port, `Received Marker Information on port ${port.actor_port_number}`);
      countFrame(slave, 'marker_rx');
      const response = payload.slice(0, payloadBytes);
      response[markerTypeAt] = markerResponse;
      yield* ad_marker_send(port, response);
      port_dbg(port, `Sent Marker Response on port ${port.actor_port_number}`);
      break;
    }
    case markerResponse:
      port_dbg(port, `Received Marker Response on port ${port.actor_port_number}`);
      countFrame(slave, 'marker_resp_rx');
      break;
    default:
      port_dbg(port, `Received an unknown Marker subtype on port ${port.actor_port_number}`);
      countFrame(slave, 'marker_unknown_rx');
  }
}

function* bond_3ad_rx_indication(slave: slave, payload: Uint8Array): Atomic<RxHandlerResult> {
  const { bond } = slave;
  const { port } = SLAVE_AD_INFO(slave);
  if (port.slave === null) {
    if (bond.module.netRatelimit.allow()) {
      const text = `Warning: port of slave ${slave.dev.name} is uninitialized`;
      pr_warn(bond.k, `bonding: ${bond.dev.name}: ${text}`);
    }
    return 'another';
  }
  if (payload[0] === markerSubtype) {
    yield* markerArrived(port, slave, payload);
    return 'consumed';
  }
  if (payload[0] !== lacpSubtype) {
    countFrame(slave, 'lacpdu_unknown_rx');
    return 'another';
  }
  port_dbg(port, `Received LACPDU on port ${port.actor_port_number}`);
  const pdu = parseLacpdu(payload, 0);
  if (pdu === null) countFrame(slave, 'lacpdu_illegal_rx');
  else {
    yield* spin_lock(bond.mode_lock);
    ad_rx_machine(pdu, port);
    yield* spin_unlock(bond.mode_lock);
  }
  return 'consumed';
}

/** The probe that an 802.3ad bond puts in front of its rx handler. */
export function* bond_3ad_lacpdu_recv(
  skb: SkBuff,
  _bond: bonding,
  slave: slave,
): Atomic<RxHandlerResult> {
  if (skb.protocol !== EtherType.slow) return 'another';
  if (!ether_addr_equal(skb.data, 0, lacpdu_mcast_addr)) return 'another';
  if (skb.len < ethHeaderBytes + payloadBytes) {
    countFrame(slave, 'lacpdu_illegal_rx');
    return 'another';
  }
  return yield* bond_3ad_rx_indication(slave, skb.data.subarray(ethHeaderBytes));
}
