// The rx handler of slaves (bond_main.c: bond_handle_frame; facts/driver 10.11): LACPDUs go to the
// 802.3ad machines; an inactive slave delivers only link-local frames and exact matches, so that
// broadcasts do not arrive twice; everything else belongs to the bond.

import { isLinkLocalAt } from '#bus/mac.ts';
import type { NetDevice, RxHandlerResult } from '#kernel/net/netdevice.ts';
import { PACKET_BROADCAST, PACKET_MULTICAST } from '#kernel/net/skb.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import type { Atomic } from '#sim/task.ts';
import { BOND_MODE, BOND_MODE_ALB, bond_slave_get } from '../bonding.ts';
import type { slave } from '../bonding.ts';

/** Duplicates are kept away from an inactive slave; balance-alb receives unicast on all. */
function bond_should_deliver_exact_match(skb: SkBuff, slave: slave): boolean {
  if (!slave.inactive) return false;
  const group = skb.pkt_type === PACKET_BROADCAST || skb.pkt_type === PACKET_MULTICAST;
  return BOND_MODE(slave.bond) !== BOND_MODE_ALB || group;
}

/** Handles a frame that arrived on a slave. */
export function* bond_handle_frame(skb: SkBuff): Atomic<RxHandlerResult> {
  const slave = bond_slave_get(skb.dev);
  if (slave === null) return 'pass';
  const { bond } = slave;
  const probe = yield* bond.recv_probe.read();
  if (probe !== null && (yield* probe(skb, bond, slave)) === 'consumed') return 'consumed';
  if (bond_should_deliver_exact_match(skb, slave)) {
    return isLinkLocalAt(skb.data) ? 'pass' : 'exact';
  }
  const bond_dev: NetDevice = bond.dev;
  skb.dev = bond_dev;
  return 'another';
}
