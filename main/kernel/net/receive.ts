// Receiving (net/core/dev.c: __netif_receive_skb_core): taps, the receive handler of a master, then
// the protocol. Runs for every packet without a point of its own.
// Left out: ingress hooks, XDP, VLAN devices: a tagged frame is for nobody.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { EBUSY } from '../errno.ts';
import { synchronize_rcu } from '../rcu.ts';
import type { Kernel } from '../kernel.ts';
import { NET_RX_DROP, NET_RX_SUCCESS } from './flags.ts';
import type { NetDevice, RxHandler } from './netdevice.ts';
import { ASSERT_RTNL } from './rtnetlink.ts';
import { PACKET_OTHERHOST, PACKET_OUTGOING } from './skb.ts';
import type { SkBuff } from './skb.ts';

/** Type of those who want every frame. */
export const ETH_P_ALL = 0x0003;

/** Somebody who takes frames of one type (struct packet_type). */
export interface PacketType {
  /** EtherType, or ETH_P_ALL. */
  readonly type: number;
  /** Only frames of this device. */
  readonly dev?: NetDevice;
  /** `dev` may be a master, `origDev` is where the frame came in. NET_RX_SUCCESS or NET_RX_DROP. */
  func(skb: SkBuff, dev: NetDevice, origDev: NetDevice): Atomic<number>;
}

/** Who takes what, of one machine. */
export class PacketTypes {
  readonly byType = new Map<number, PacketType[]>();
  /** ptype_all. */
  readonly taps: PacketType[] = [];

  add(type: PacketType): void {
    this.listOf(type).push(type);
  }

  remove(type: PacketType): void {
    const list = this.listOf(type);
    const at = list.indexOf(type);
    if (at >= 0) list.splice(at, 1);
  }

  private listOf(type: PacketType): PacketType[] {
    if (type.type === ETH_P_ALL) return this.taps;
    const known = this.byType.get(type.type);
    if (known !== undefined) return known;
    const list: PacketType[] = [];
    this.byType.set(type.type, list);
    return list;
  }
}

/** Has frames of a type given to `type`. */
export function dev_add_pack(k: Kernel, type: PacketType): void {
  k.net.packetTypes.add(type);
}

/** Ends that; waits until nobody is inside. */
export function* dev_remove_pack(k: Kernel, type: PacketType): MaySleep<void> {
  k.net.packetTypes.remove(type);
  yield* synchronize_rcu(k);
}

/** Taps see frames that go out, too. */
export function* dev_queue_xmit_nit(skb: SkBuff, dev: NetDevice): Atomic<void> {
  const was = skb.pkt_type;
  skb.pkt_type = PACKET_OUTGOING;
  for (const tap of dev.k.net.packetTypes.taps) {
    if (tap.dev === undefined || tap.dev === dev) yield* tap.func(skb, dev, dev);
  }
  skb.pkt_type = was;
}

function* deliverToTaps(skb: SkBuff, origDev: NetDevice): Atomic<void> {
  const { dev } = skb;
  for (const tap of dev.k.net.packetTypes.taps) {
    if (tap.dev === undefined || tap.dev === dev) yield* tap.func(skb, dev, origDev);
  }
}

/** Gives the frame to its protocol. With `exact` only to those who named one of the two devices. */
function* deliver(skb: SkBuff, origDev: NetDevice, exact: boolean): Atomic<number> {
  const { dev } = skb;
  const types = dev.k.net.packetTypes.byType.get(skb.protocol);
  let result = -1;
  if (types !== undefined) {
    for (const type of types) {
      const wants = type.dev === undefined ? !exact : type.dev === dev || type.dev === origDev;
      if (wants) result = yield* type.func(skb, dev, origDev);
    }
  }
  if (result >= 0) return result;
  if (exact) dev.core_stats.rx_nohandler++;
  else dev.core_stats.rx_dropped++;
  return NET_RX_DROP;
}

/** Takes a frame through taps and handlers to its protocol. */
export function* __netif_receive_skb(skb: SkBuff): Atomic<number> {
  const origDev = skb.dev;
  const { taps } = origDev.k.net.packetTypes;
  for (;;) {
    const { dev } = skb;
    if (taps.length > 0) yield* deliverToTaps(skb, origDev);
    const handler = dev.rx_handler;
    if (handler !== null) {
      const answer = yield* handler(skb);
      if (answer === 'consumed') return NET_RX_SUCCESS;
      if (answer === 'another') continue;
      if (answer === 'exact') return yield* deliver(skb, origDev, true);
    }
    if (skb.vlan_tci >= 0) {
      // VLAN 0 only carries a priority; any other is for a device that this slice does not have.
      if ((skb.vlan_tci & 0xfff) !== 0) skb.pkt_type = PACKET_OTHERHOST;
      skb.vlan_tci = -1;
    }
    return yield* deliver(skb, origDev, false);
  }
}

/** A received frame, in a softirq. NET_RX_SUCCESS or NET_RX_DROP. */
export function* netif_receive_skb(skb: SkBuff): Atomic<number> {
  const { k } = skb.dev;
  const softnet = k.net.softnet[k.sim.current.cpu]!;
  softnet.processed++;
  return yield* __netif_receive_skb(skb);
}

/** Has a master see the frames of a device first. 0, or -EBUSY when somebody does already. */
export function netdev_rx_handler_register(
  dev: NetDevice,
  handler: RxHandler,
  data: unknown,
): number {
  if (dev.rx_handler !== null) return -EBUSY;
  dev.rx_handler_data = data;
  dev.rx_handler = handler;
  return 0;
}

export const netdev_is_rx_handler_busy = (dev: NetDevice): boolean => dev.rx_handler !== null;

/** Ends that; nobody is inside the handler afterwards. */
export function* netdev_rx_handler_unregister(dev: NetDevice): MaySleep<void> {
  ASSERT_RTNL(dev.k, 'net/core/dev.c (5307)');
  dev.rx_handler = null;
  yield* synchronize_rcu(dev.k);
  dev.rx_handler_data = null;
}
