// Sending LACPDUs and Marker responses (bond_3ad.c: __update_lacpdu_from_port, ad_lacpdu_send,
// ad_marker_send; facts/driver 10.7). The source is the slave's permanent address, so that a frame
// that comes back can be told from a partner's.

import { EtherType, ethHeaderBytes, writeEthHeader } from '#bus/frame.ts';
import { buildLacpduFrame, slowProtocolsMac } from '#bus/lacpdu.ts';
import type { Lacpdu } from '#bus/lacpdu.ts';
import { readMac } from '#bus/mac.ts';
import { alloc_skb } from '#kernel/net/skb.ts';
import { dev_queue_xmit } from '#kernel/net/xmit.ts';
import type { Atomic } from '#sim/task.ts';
import type { slave } from '../bonding.ts';
import { AD_COLLECTOR_MAX_DELAY, countFrame } from './ad.ts';
import type { port } from './ad.ts';

/** 01:80:c2:00:00:02 as the multicast lists of slaves hold it. */
export const lacpdu_mcast_addr = new Uint8Array([0x01, 0x80, 0xc2, 0x00, 0x00, 0x02]);

/** What the port says now. */
export const lacpduOf = (port: port): Lacpdu => ({
  version: 1,
  actor: {
    systemPriority: port.actor_system_priority,
    system: port.actor_system,
    key: port.actor_oper_port_key,
    portPriority: port.actor_port_priority,
    port: port.actor_port_number,
    state: port.actor_oper_port_state,
  },
  partner: {
    systemPriority: port.partner_oper.system_priority,
    system: port.partner_oper.system,
    key: port.partner_oper.key,
    portPriority: port.partner_oper.port_priority,
    port: port.partner_oper.port_number,
    state: port.partner_oper.port_state,
  },
  collectorMaxDelay: AD_COLLECTOR_MAX_DELAY,
});

function* sendFrame(slave: slave, frame: Uint8Array): Atomic<void> {
  yield* dev_queue_xmit(alloc_skb(frame, slave.dev, EtherType.slow));
}

/** Sends a LACPDU on the port's slave, even an inactive one. */
export function* ad_lacpdu_send(port: port): Atomic<void> {
  const { slave } = port;
  if (slave === null) return;
  countFrame(slave, 'lacpdu_tx');
  yield* sendFrame(slave, buildLacpduFrame(readMac(slave.perm_hwaddr), lacpduOf(port)));
}

/** Sends a Marker payload back as its response. */
export function* ad_marker_send(port: port, payload: Uint8Array): Atomic<void> {
  const { slave } = port;
  if (slave === null) return;
  countFrame(slave, 'marker_resp_tx');
  const frame = new Uint8Array(ethHeaderBytes + payload.length);
  writeEthHeader(frame, slowProtocolsMac, readMac(slave.perm_hwaddr), EtherType.slow);
  frame.set(payload, ethHeaderBytes);
  yield* sendFrame(slave, frame);
}
