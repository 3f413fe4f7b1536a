// Which routes follow from addresses and devices (net/ipv4/fib_frontend.c): an address brings a
// local route, its network and its broadcast address; a device that goes down loses all but the
// local ones, one that is unregistered loses all. RTNL is held.

import type { Atomic } from '#sim/task.ts';
import { NOTIFY_DONE } from '../notifier.ts';
import type { NotifierBlock } from '../notifier.ts';
import { arp_ifdown, arp_invalidate } from './arp.ts';
import { NETDEV_CHANGE, NETDEV_DOWN, NETDEV_UNREGISTER, NETDEV_UP } from './events.ts';
import { inet_make_mask } from './fib.ts';
import type { RouteSpec, RouteType } from './fib.ts';
import { IFF_LOOPBACK, IFF_LOWER_UP, IFF_RUNNING, IFF_UP } from './flags.ts';
import type { InIfaddr } from './inetdev.ts';
import type { NetDevice } from './netdevice.ts';
import type { NetdevNotifierBlock } from './notifier.ts';

/** The route that the kernel makes for something of an address. */
function fib_magic(
  type: RouteType,
  destination: number,
  prefixLength: number,
  ifa: InIfaddr,
): RouteSpec {
  return {
    table: type === 'unicast' ? 'main' : 'local',
    type,
    destination,
    prefixLength,
    dev: ifa.in_dev.dev,
    gateway: 0,
    prefsrc: ifa.primary.address,
    scope: type === 'local' ? 'host' : 'link',
    protocol: 'kernel',
    metric: 0,
  };
}

/** The routes of an address; those of its network only for a primary one on an open device. */
function routesOf(ifa: InIfaddr): RouteSpec[] {
  const { dev } = ifa.in_dev;
  const { address, prefixLength, broadcast } = ifa;
  const mask = inet_make_mask(prefixLength);
  const network = (address & mask) >>> 0;
  const routes = [fib_magic('local', address, 32, ifa)];
  if ((dev.flags & IFF_UP) === 0) return routes;
  if (broadcast !== 0 && broadcast !== 0xffff_ffff) {
    routes.push(fib_magic('broadcast', broadcast, 32, ifa));
  }
  if (network === 0 || ifa.secondary || (network === address && prefixLength === 32)) return routes;
  const type = (dev.flags & IFF_LOOPBACK) !== 0 ? 'local' : 'unicast';
  routes.push(fib_magic(type, network, prefixLength, ifa));
  if (prefixLength < 31) {
    routes.push(fib_magic('broadcast', (network | ~mask) >>> 0, 32, ifa));
  }
  return routes;
}

/** Adds the routes of an address. */
export function* fib_add_ifaddr(ifa: InIfaddr): Atomic<void> {
  const { dev } = ifa.in_dev;
  for (const route of routesOf(ifa)) {
    yield* dev.k.net.fib.insert(route);
    if (route.type === 'broadcast') yield* arp_invalidate(dev, route.destination);
  }
}

/** Removes the routes of an address that no other address of the device needs. */
export function* fib_del_ifaddr(ifa: InIfaddr): Atomic<void> {
  const { dev, addresses } = ifa.in_dev;
  const key = (route: RouteSpec): string =>
    `${route.type} ${route.destination}/${route.prefixLength}`;
  const needed = new Set(
    addresses.filter((other) => other !== ifa).flatMap((other) => routesOf(other).map(key)),
  );
  const doomed = new Set(routesOf(ifa).map(key));
  yield* dev.k.net.fib.remove(
    (route) =>
      route.dev === dev &&
      route.protocol === 'kernel' &&
      doomed.has(key(route)) &&
      !needed.has(key(route)),
  );
  // Routes that send from an address that is gone cannot be used any more.
  if (addresses.some((other) => other !== ifa && other.address === ifa.address)) return;
  yield* dev.k.net.fib.remove((route) => route.dev === dev && route.prefsrc === ifa.address);
}

/** The device can send nothing any more: routes and neighbours go. */
function* fib_disable_ip(dev: NetDevice, force: boolean): Atomic<void> {
  yield* dev.k.net.fib.remove((route) => route.dev === dev && (force || route.type !== 'local'));
  yield* arp_ifdown(dev);
}

function markLinkdown(dev: NetDevice): void {
  const linkdown = (dev.userFlags & (IFF_RUNNING | IFF_LOWER_UP)) === 0;
  for (const route of [...dev.k.net.fib.main, ...dev.k.net.fib.local]) {
    if (route.dev === dev) route.linkdown = linkdown;
  }
}

export const fib_netdev_notifier: NetdevNotifierBlock = {
  name: 'fib_netdev_event',
  priority: 0,
  *notifier_call(event, { dev }) {
    if (event === NETDEV_UNREGISTER) yield* fib_disable_ip(dev, true);
    else if (dev.ip_ptr === null) return NOTIFY_DONE;
    else if (event === NETDEV_UP) {
      for (const ifa of dev.ip_ptr.addresses) yield* fib_add_ifaddr(ifa);
    } else if (event === NETDEV_DOWN) yield* fib_disable_ip(dev, false);
    else if (event === NETDEV_CHANGE) markLinkdown(dev);
    return NOTIFY_DONE;
  },
};

export const fib_inetaddr_notifier: NotifierBlock<InIfaddr> = {
  name: 'fib_inetaddr_event',
  priority: 0,
  *notifier_call(event, ifa) {
    if (event === NETDEV_UP) yield* fib_add_ifaddr(ifa);
    else if (event === NETDEV_DOWN) {
      yield* fib_del_ifaddr(ifa);
      if (ifa.in_dev.addresses.length === 0) yield* fib_disable_ip(ifa.in_dev.dev, true);
    }
    return NOTIFY_DONE;
  },
};
