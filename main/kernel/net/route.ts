// Choosing a route (net/ipv4/route.c): for packets that are sent, and what kind of address a
// received one was for. The answer is made anew for every packet; Linux keeps it in a cache.
// Left out: forwarding (a packet for somebody else is dropped), redirects, path MTU.

import { EINVAL, ENETUNREACH, ENODEV } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import type { FibRoute, RouteType } from './fib.ts';
import { IFF_UP } from './flags.ts';
import { inet_select_addr } from './inetdev.ts';
import type { NetDevice } from './netdevice.ts';

export type AddressType = RouteType | 'multicast';

/** Where a packet goes (struct rtable). */
export interface Route {
  readonly dev: NetDevice;
  readonly type: AddressType;
  /** Neighbour that gets it: the gateway, or the destination. */
  readonly nexthop: number;
  /** Address that it is sent from. */
  readonly source: number;
  readonly destination: number;
}

/** What is asked for. */
export interface RouteKey {
  readonly destination: number;
  /** 0: to be chosen. */
  readonly source?: number;
  /** Only through this device. */
  readonly dev?: NetDevice;
}

const isMulticast = (address: number): boolean => address >>> 28 === 0xe;
const limitedBroadcast = 0xffff_ffff;

/** What an address is to this machine. */
export function inet_addr_type(k: Kernel, address: number): AddressType {
  if (address === limitedBroadcast) return 'broadcast';
  if (isMulticast(address)) return 'multicast';
  return k.net.fib.lookupLocal(address)?.type ?? 'unicast';
}

/** A destination on the device's own link, when no route says otherwise. */
const onLink = (dev: NetDevice, type: AddressType, key: RouteKey): Route => ({
  dev,
  type,
  nexthop: key.destination,
  source: key.source ?? inet_select_addr(dev, key.destination),
  destination: key.destination,
});

function through(route: FibRoute, type: AddressType, key: RouteKey): Route {
  const { destination } = key;
  const { dev, gateway, prefsrc } = route;
  const nexthop = gateway === 0 ? destination : gateway;
  const source = key.source ?? (prefsrc === 0 ? inet_select_addr(dev, nexthop) : prefsrc);
  return { dev, type, nexthop, source, destination };
}

/** Packets to the machine itself go out through `lo` and come in again. */
function toOurselves(k: Kernel, key: RouteKey): Route | number {
  const { loopback_dev: lo } = k.net;
  if (lo === null) return -ENETUNREACH;
  const { destination } = key;
  const source = key.source ?? destination;
  return { dev: lo, type: 'local', nexthop: destination, source, destination };
}

/** The route for a packet that is sent, or a negative error. */
export function ip_route_output_key(k: Kernel, key: RouteKey): Route | number {
  const { destination, source, dev } = key;
  if (source !== undefined && inet_addr_type(k, source) !== 'local') return -EINVAL;
  if (dev !== undefined) {
    if (dev.reg_state !== 'registered') return -ENODEV;
    if ((dev.flags & IFF_UP) === 0 || dev.ip_ptr === null) return -ENETUNREACH;
  }
  const type = inet_addr_type(k, destination);
  if (type === 'local') return toOurselves(k, key);
  if (dev !== undefined && (type === 'multicast' || destination === limitedBroadcast)) {
    return onLink(dev, type, key);
  }
  const route = k.net.fib.lookup(destination, dev ?? null);
  if (route !== undefined) return through(route, type, key);
  return dev === undefined ? -ENETUNREACH : onLink(dev, type, key);
}

/** The kind of a received packet's destination; null for one that must not come this way. */
export function ip_route_input(
  dev: NetDevice,
  source: number,
  destination: number,
): AddressType | null {
  const { k } = dev;
  const fromLo = dev === k.net.loopback_dev;
  const isLoopback = (address: number): boolean => address >>> 24 === 0x7f;
  if (isMulticast(source) || source === limitedBroadcast) return null;
  if (!fromLo && (isLoopback(source) || isLoopback(destination))) return null;
  if (!fromLo && inet_addr_type(k, source) !== 'unicast' && source !== 0) return null;
  return inet_addr_type(k, destination);
}
