// IPv4 on a device (net/ipv4/devinet.c): its addresses, and what netdev events mean for them. The
// part comes with REGISTER and goes with UNREGISTER; addresses stay while the device is closed.
// Each part holds its device. RTNL is held. Gratuitous ARP on NOTIFY_PEERS is what moves a bond's
// address in the switch. Left out: lifetimes, validators, promotion of secondaries (they go with
// their primary, as by default).

import { formatIpv4, parseIpv4Address } from '#bus/ipv4.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { EADDRNOTAVAIL, EEXIST, EINVAL, ENODEV } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import {
  NOTIFY_DONE,
  raw_notifier_call_chain,
  raw_notifier_chain_register,
  raw_notifier_chain_unregister,
} from '../notifier.ts';
import type { NotifierBlock } from '../notifier.ts';
import { arp_ifdown, inetdev_send_gratuitous_arp } from './arp.ts';
import {
  NETDEV_CHANGEADDR,
  NETDEV_CHANGEMTU,
  netdev_cmd_to_name,
  NETDEV_DOWN,
  NETDEV_NOTIFY_PEERS,
  NETDEV_REGISTER,
  NETDEV_UNREGISTER,
  NETDEV_UP,
} from './events.ts';
import { inSameNetwork } from './fib.ts';
import type { RouteScope } from './fib.ts';
import { IFF_LOOPBACK, IFF_UP } from './flags.ts';
import { ip_mc_destroy_dev, ip_mc_down, ip_mc_up } from './igmp.ts';
import { dev_hold, dev_put } from './netdevice.ts';
import type { NetDevice } from './netdevice.ts';
import type { NetdevNotifierBlock } from './notifier.ts';
import { rtnl_lock, rtnl_unlock } from './rtnetlink.ts';

const loopbackAddress = 0x7f00_0001;
/** Smallest MTU that IPv4 works with. */
const mtuMin = 68;

/** An address of a device (struct in_ifaddr). */
export class InIfaddr {
  readonly in_dev: InDevice;
  /** Host order. */
  readonly address: number;
  readonly prefixLength: number;
  /** 0 for none. */
  readonly broadcast: number;
  readonly scope: RouteScope;
  readonly label: string;
  /** A second address of a network that the device is in already. */
  secondary = false;

  constructor(in_dev: InDevice, address: number, prefixLength: number, options: AddressOptions) {
    this.in_dev = in_dev;
    this.address = address;
    this.prefixLength = prefixLength;
    this.broadcast = options.broadcast ?? 0;
    this.scope = options.scope ?? 'global';
    this.label = options.label ?? in_dev.dev.name;
  }

  /** The address that packets of this one's network are sent from. */
  get primary(): InIfaddr {
    if (!this.secondary) return this;
    const { address, prefixLength } = this;
    const isPrimary = (other: InIfaddr): boolean =>
      !other.secondary &&
      other.prefixLength === prefixLength &&
      inSameNetwork(other.address, address, prefixLength);
    return this.in_dev.addresses.find(isPrimary) ?? this;
  }

  /** `10.0.0.2/24`. */
  toString(): string {
    return `${formatIpv4(this.address)}/${this.prefixLength}`;
  }
}

/** What may be said of a new address. */
export interface AddressOptions {
  readonly broadcast?: number;
  readonly scope?: RouteScope;
  readonly label?: string;
}

/** IPv4 on a device (struct in_device). */
export class InDevice {
  readonly dev: NetDevice;
  readonly addresses: InIfaddr[] = [];
  /** Multicast groups that the device is in. */
  readonly mc_list: number[] = [];
  dead = false;

  constructor(dev: NetDevice) {
    this.dev = dev;
  }
}

const inetdev_valid_mtu = (mtu: number): boolean => mtu >= mtuMin;

function* tellAddress(event: number, ifa: InIfaddr): MaySleep<void> {
  const { inetaddr_chain } = ifa.in_dev.dev.k.net;
  const words = `${netdev_cmd_to_name(event)}(${ifa.toString()})`;
  yield* raw_notifier_call_chain(inetaddr_chain, event, ifa, words);
}

function* inetdev_init(dev: NetDevice): MaySleep<void> {
  const in_dev = new InDevice(dev);
  yield* dev_hold(dev, null, 'in_device');
  if ((dev.flags & IFF_UP) !== 0) yield* ip_mc_up(in_dev);
  dev.ip_ptr = in_dev;
}

function* inetdev_destroy(in_dev: InDevice): MaySleep<void> {
  const { dev } = in_dev;
  in_dev.dead = true;
  yield* ip_mc_destroy_dev(in_dev);
  for (let ifa = in_dev.addresses[0]; ifa !== undefined; ifa = in_dev.addresses[0]) {
    yield* inet_del_ifa(ifa);
  }
  dev.ip_ptr = null;
  yield* arp_ifdown(dev);
  yield* dev_put(dev);
}

/** Puts an address among the others: primaries in the order of their coming, then secondaries. */
function* inet_insert_ifa(ifa: InIfaddr): MaySleep<number> {
  const { addresses } = ifa.in_dev;
  for (const other of addresses) {
    if (other.prefixLength !== ifa.prefixLength) continue;
    if (!inSameNetwork(other.address, ifa.address, ifa.prefixLength)) continue;
    if (other.address === ifa.address) return -EEXIST;
    if (other.scope !== ifa.scope) return -EINVAL;
    ifa.secondary = true;
  }
  const firstSecondary = addresses.findIndex((other) => other.secondary);
  const at = ifa.secondary || firstSecondary < 0 ? addresses.length : firstSecondary;
  addresses.splice(at, 0, ifa);
  yield* tellAddress(NETDEV_UP, ifa);
  return 0;
}

function* removeAddress(ifa: InIfaddr): MaySleep<void> {
  const { addresses } = ifa.in_dev;
  addresses.splice(addresses.indexOf(ifa), 1);
  yield* tellAddress(NETDEV_DOWN, ifa);
}

/** Removes an address; the secondaries of its network go first. */
export function* inet_del_ifa(ifa: InIfaddr): MaySleep<void> {
  const { addresses, dead } = ifa.in_dev;
  const isSecondary = (other: InIfaddr): boolean => other !== ifa && other.primary === ifa;
  if (!dead && !ifa.secondary) {
    for (const other of addresses.filter(isSecondary)) yield* removeAddress(other);
  }
  yield* removeAddress(ifa);
}

/** Gives a device an address. 0 or a negative error. RTNL is held. */
export function* inet_add_addr(
  dev: NetDevice,
  address: number | string,
  prefixLength: number,
  options: AddressOptions = {},
): MaySleep<number> {
  if (dev.ip_ptr === null) return -ENODEV;
  if (prefixLength < 0 || prefixLength > 32) return -EINVAL;
  const number = typeof address === 'string' ? parseIpv4Address(address) : address;
  if (number === 0) return 0;
  return yield* inet_insert_ifa(new InIfaddr(dev.ip_ptr, number, prefixLength, options));
}

/** Takes an address away. 0 or -EADDRNOTAVAIL. RTNL is held. */
export function* inet_del_addr(
  dev: NetDevice,
  address: number | string,
  prefixLength = -1,
): MaySleep<number> {
  const number = typeof address === 'string' ? parseIpv4Address(address) : address;
  const found = dev.ip_ptr?.addresses.find(
    (ifa) => ifa.address === number && (prefixLength < 0 || ifa.prefixLength === prefixLength),
  );
  if (found === undefined) return -EADDRNOTAVAIL;
  yield* inet_del_ifa(found);
  return 0;
}

/**
 * An address of a device to send from towards `destination` (0: any), or of another device, or 0.
 */
export function inet_select_addr(dev: NetDevice, destination: number): number {
  const own = (dev.ip_ptr?.addresses ?? []).filter((ifa) => !ifa.secondary);
  const near = own.find((ifa) => inSameNetwork(ifa.address, destination, ifa.prefixLength));
  const chosen = near ?? own[0];
  if (chosen !== undefined) return chosen.address;
  for (const other of dev.k.net.devices) {
    const ifa = other.ip_ptr?.addresses.find((each) => !each.secondary && each.scope !== 'host');
    if (ifa !== undefined) return ifa.address;
  }
  return 0;
}

/** The device came up: `lo` gets its address, and groups are joined. */
function* deviceUp(in_dev: InDevice): MaySleep<void> {
  const { dev } = in_dev;
  if (!inetdev_valid_mtu(dev.mtu)) return;
  if ((dev.flags & IFF_LOOPBACK) !== 0) {
    yield* inet_add_addr(dev, loopbackAddress, 8, { scope: 'host' });
  }
  yield* ip_mc_up(in_dev);
}

function* announce(in_dev: InDevice): Atomic<void> {
  yield* inetdev_send_gratuitous_arp(in_dev);
}

function* inetdev_event(event: number, dev: NetDevice): MaySleep<void> {
  const in_dev = dev.ip_ptr;
  if (in_dev === null) {
    const appears = event === NETDEV_REGISTER || event === NETDEV_CHANGEMTU;
    if (appears && dev.reg_state === 'registered' && inetdev_valid_mtu(dev.mtu)) {
      yield* inetdev_init(dev);
    }
    return;
  }
  const notify = dev.k.net.sysctls.arp_notify !== 0;
  if (event === NETDEV_UP) yield* deviceUp(in_dev);
  if ((event === NETDEV_UP || event === NETDEV_CHANGEADDR) && notify) yield* announce(in_dev);
  if (event === NETDEV_NOTIFY_PEERS) yield* announce(in_dev);
  if (event === NETDEV_DOWN) yield* ip_mc_down(in_dev);
  const tooSmall = event === NETDEV_CHANGEMTU && !inetdev_valid_mtu(dev.mtu);
  if (event === NETDEV_UNREGISTER || tooSmall) yield* inetdev_destroy(in_dev);
}

export const ip_netdev_notifier: NetdevNotifierBlock = {
  name: 'inetdev_event',
  priority: 0,
  *notifier_call(event, { dev }) {
    yield* inetdev_event(event, dev);
    return NOTIFY_DONE;
  },
};

/**
 * Has a block told of addresses that come (NETDEV_UP) and go (NETDEV_DOWN). 0 or a negative error.
 */
export function* register_inetaddr_notifier(
  k: Kernel,
  nb: NotifierBlock<InIfaddr>,
): MaySleep<number> {
  yield* rtnl_lock(k);
  const err = raw_notifier_chain_register(k.net.inetaddr_chain, nb);
  yield* rtnl_unlock(k);
  return err;
}

export function* unregister_inetaddr_notifier(
  k: Kernel,
  nb: NotifierBlock<InIfaddr>,
): MaySleep<number> {
  yield* rtnl_lock(k);
  const err = raw_notifier_chain_unregister(k.net.inetaddr_chain, nb);
  yield* rtnl_unlock(k);
  return err;
}
