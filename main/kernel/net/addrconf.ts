// IPv6, as far as others see it happen (net/ipv6/addrconf.c, mcast.c): the line that says that a
// link is ready, and the multicast addresses that the card's filter gets (all nodes; the solicited
// node of the link-local address). Each part holds its device. Slaves of a bond get none of it but
// all-nodes, which comes with registration, and again when they come up. There is no IPv6 data
// path: nothing is sent, nothing is answered.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { NOTIFY_DONE } from '../notifier.ts';
import { pr_info } from '../printk.ts';
import { dev_mc_add, dev_mc_del } from './addr-list.ts';
import {
  NETDEV_CHANGE,
  NETDEV_CHANGEMTU,
  NETDEV_DOWN,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
} from './events.ts';
import { ARPHRD_ETHER, IFF_LOOPBACK, IFF_NO_ADDRCONF, IFF_SLAVE, IFF_UP } from './flags.ts';
import { dev_hold, dev_put, netif_oper_up } from './netdevice.ts';
import type { NetDevice } from './netdevice.ts';
import type { NetdevNotifierBlock } from './notifier.ts';
import { qdisc_tx_is_noop } from './qdisc.ts';

const IPV6_MIN_MTU = 1280;
/** 33:33:00:00:00:01. */
const allNodes = Uint8Array.of(0x33, 0x33, 0, 0, 0, 1);

/** IPv6 on a device (struct inet6_dev). */
export class Inet6Dev {
  readonly dev: NetDevice;
  /** IF_READY. */
  ready = false;
  /** Groups that are on the device's multicast list now. */
  readonly loaded: Uint8Array[] = [];
  /** Link-local address, 16 bytes, once it was made. */
  linkLocal: Uint8Array | null = null;

  constructor(dev: NetDevice) {
    this.dev = dev;
  }
}

/** fe80:: and the MAC as EUI-64. */
function linkLocalAddress(mac: Uint8Array): Uint8Array {
  const address = new Uint8Array(16);
  address.set([0xfe, 0x80]);
  address.set(mac.subarray(0, 3), 8);
  address.set([0xff, 0xfe], 11);
  address.set(mac.subarray(3), 13);
  address[8] = mac[0]! ^ 2;
  return address;
}

/** The MAC of the group that asks for an address: 33:33:ff and its last three bytes. */
const solicitedNode = (address: Uint8Array): Uint8Array =>
  Uint8Array.of(0x33, 0x33, 0xff, address[13]!, address[14]!, address[15]!);

const sameMac = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, at) => byte === b[at]);

function* igmp6_group_added(idev: Inet6Dev, mac: Uint8Array): Atomic<void> {
  if (idev.dev.type !== ARPHRD_ETHER || idev.loaded.some((each) => sameMac(each, mac))) return;
  idev.loaded.push(mac);
  yield* dev_mc_add(idev.dev, mac);
}

function* dropGroups(idev: Inet6Dev): Atomic<void> {
  for (const mac of idev.loaded.splice(0)) yield* dev_mc_del(idev.dev, mac);
}

function* ipv6_add_dev(dev: NetDevice): MaySleep<Inet6Dev> {
  const idev = new Inet6Dev(dev);
  yield* dev_hold(dev, null, 'inet6_dev');
  idev.ready = dev.running && addrconf_link_ready(dev);
  dev.ip6_ptr = idev;
  yield* igmp6_group_added(idev, allNodes);
  return idev;
}

/** The device went down, or goes away. */
function* addrconf_ifdown(idev: Inet6Dev, unregister: boolean): MaySleep<void> {
  const { dev } = idev;
  idev.ready = false;
  idev.linkLocal = null;
  yield* dropGroups(idev);
  if (!unregister) return;
  dev.ip6_ptr = null;
  yield* dev_put(dev);
}

const addrconf_link_ready = (dev: NetDevice): boolean =>
  netif_oper_up(dev) && !qdisc_tx_is_noop(dev);

/** Groups are joined, and an Ethernet device gets its link-local address. */
function* addrconf_dev_config(idev: Inet6Dev): MaySleep<void> {
  const { dev } = idev;
  if ((dev.flags & IFF_LOOPBACK) !== 0 || dev.type !== ARPHRD_ETHER) return;
  if ((dev.flags & IFF_UP) !== 0) yield* igmp6_group_added(idev, allNodes);
  idev.linkLocal = linkLocalAddress(dev.dev_addr);
  yield* igmp6_group_added(idev, solicitedNode(idev.linkLocal));
}

const mayConfigure = (dev: NetDevice): boolean =>
  (dev.flags & IFF_SLAVE) === 0 && (dev.priv_flags & IFF_NO_ADDRCONF) === 0;

/** Groups that outlive their addresses are on the list again. */
function* ipv6_mc_up(idev: Inet6Dev): Atomic<void> {
  yield* igmp6_group_added(idev, allNodes);
}

function* deviceUp(dev: NetDevice): MaySleep<void> {
  if (!mayConfigure(dev)) {
    if (dev.ip6_ptr !== null && (dev.flags & IFF_UP) !== 0) yield* ipv6_mc_up(dev.ip6_ptr);
    return;
  }
  if (!addrconf_link_ready(dev)) return;
  if (dev.mtu < IPV6_MIN_MTU) return;
  const idev = dev.ip6_ptr ?? (yield* ipv6_add_dev(dev));
  idev.ready = true;
  yield* addrconf_dev_config(idev);
}

function* deviceChanged(dev: NetDevice): MaySleep<void> {
  const idev = dev.ip6_ptr;
  if (!mayConfigure(dev) || !addrconf_link_ready(dev) || idev === null || idev.ready) return;
  idev.ready = true;
  pr_info(dev.k, `IPv6: ADDRCONF(NETDEV_CHANGE): ${dev.name}: link becomes ready`);
  yield* addrconf_dev_config(idev);
}

function* addrconf_notify(event: number, dev: NetDevice): MaySleep<void> {
  const idev = dev.ip6_ptr;
  if (event === NETDEV_REGISTER && idev === null && dev.mtu >= IPV6_MIN_MTU) {
    yield* ipv6_add_dev(dev);
  } else if (event === NETDEV_UP) yield* deviceUp(dev);
  else if (event === NETDEV_CHANGE) yield* deviceChanged(dev);
  else if (idev === null) return;
  else if (event === NETDEV_CHANGEMTU && dev.mtu < IPV6_MIN_MTU) yield* addrconf_ifdown(idev, true);
  else if (event === NETDEV_DOWN) yield* addrconf_ifdown(idev, false);
  else if (event === NETDEV_UNREGISTER) yield* addrconf_ifdown(idev, true);
}

export const ipv6_dev_notf: NetdevNotifierBlock = {
  name: 'addrconf_notify',
  priority: 0,
  *notifier_call(event, { dev }) {
    yield* addrconf_notify(event, dev);
    return NOTIFY_DONE;
  },
};
