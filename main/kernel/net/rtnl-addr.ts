// What `ip addr`, `ip route` and `ip neigh` ask of the kernel (net/ipv4/devinet.c, fib_frontend.c,
// net/core/neighbour.c). Every call takes RTNL by itself and has the stack of a real one. Addresses
// are unsigned 32-bit numbers; errors are negative numbers.

import { formatMacAt } from '#bus/mac.ts';
import type { MaySleep } from '#sim/task.ts';
import { EINVAL, ENETDOWN, ENETUNREACH, ENODEV, ENOENT, ESRCH } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { arp_neighbour } from './arp.ts';
import { __dev_get_by_name } from './dev.ts';
import { inet_make_mask } from './fib.ts';
import type { FibRoute, RouteScope, RouteSpec } from './fib.ts';
import { IFF_UP } from './flags.ts';
import { inet_add_addr, inet_del_addr } from './inetdev.ts';
import type { AddressOptions } from './inetdev.ts';
import { neigh_flush_dev, neigh_remove_one, neigh_update } from './neigh.ts';
import type { NeighState } from './neigh.ts';
import type { NetDevice } from './netdevice.ts';
import { rtnetlinkChange, rtnetlinkDump } from './netlink.ts';
import { ip_route_output_key } from './route.ts';
import type { Route } from './route.ts';

/** `ip addr add ADDRESS/PREFIX dev NAME`. 0 or a negative error. */
export const ipAddrAdd = (
  k: Kernel,
  name: string,
  address: number,
  prefixLength: number,
  options: AddressOptions = {},
): MaySleep<number> =>
  rtnetlinkChange(k, `addr add dev ${name}`, function* inet_rtm_newaddr() {
    const dev = __dev_get_by_name(k, name);
    return dev === undefined ? -ENODEV : yield* inet_add_addr(dev, address, prefixLength, options);
  });

/** `ip addr del ADDRESS/PREFIX dev NAME`. 0 or a negative error. */
export const ipAddrDelete = (
  k: Kernel,
  name: string,
  address: number,
  prefixLength: number,
): MaySleep<number> =>
  rtnetlinkChange(k, `addr del dev ${name}`, function* inet_rtm_deladdr() {
    const dev = __dev_get_by_name(k, name);
    return dev === undefined ? -ENODEV : yield* inet_del_addr(dev, address, prefixLength);
  });

/** An address as `ip addr` shows it. */
export interface AddressInfo {
  readonly ifindex: number;
  readonly device: string;
  readonly address: number;
  readonly prefixLength: number;
  /** 0 for none. */
  readonly broadcast: number;
  readonly scope: RouteScope;
  readonly label: string;
  readonly secondary: boolean;
}

/** `ip -4 addr`: every address, by device. */
export const ipAddrList = (k: Kernel): MaySleep<AddressInfo[]> =>
  rtnetlinkDump(k, 'get addresses', function* inet_dump_ifaddr() {
    return k.net.devices.flatMap((dev) =>
      (dev.ip_ptr?.addresses ?? []).map((ifa) => ({
        ifindex: dev.ifindex,
        device: dev.name,
        address: ifa.address,
        prefixLength: ifa.prefixLength,
        broadcast: ifa.broadcast,
        scope: ifa.scope,
        label: ifa.label,
        secondary: ifa.secondary,
      })),
    );
  });

/** A route of user space. */
export interface RouteChange {
  readonly destination: number;
  readonly prefixLength: number;
  readonly gateway?: number;
  /** Device; with a gateway it is found by that. */
  readonly device?: string;
  readonly source?: number;
  readonly metric?: number;
  readonly protocol?: string;
}

/** The device of a route, or a negative error. */
function routeDevice(k: Kernel, change: RouteChange): NetDevice | number {
  const named = change.device === undefined ? null : __dev_get_by_name(k, change.device);
  if (named === undefined) return -ENODEV;
  if (named !== null) return (named.flags & IFF_UP) === 0 ? -ENETDOWN : named;
  if (change.gateway === undefined) return -ENODEV;
  const way = ip_route_output_key(k, { destination: change.gateway });
  return typeof way === 'number' || way.nexthop !== change.gateway ? -ENETUNREACH : way.dev;
}

/** `ip route add …`. 0 or a negative error: -EEXIST, -ENETUNREACH (gateway not on a link), … */
export const ipRouteAdd = (k: Kernel, change: RouteChange): MaySleep<number> =>
  rtnetlinkChange(k, 'route add', function* inet_rtm_newroute() {
    const { destination, prefixLength, gateway = 0 } = change;
    if ((destination & ~inet_make_mask(prefixLength)) !== 0) return -EINVAL;
    const dev = routeDevice(k, change);
    if (typeof dev === 'number') return dev;
    const spec: RouteSpec = {
      table: 'main',
      type: 'unicast',
      destination,
      prefixLength,
      dev,
      gateway,
      prefsrc: change.source ?? 0,
      scope: gateway === 0 ? 'link' : 'global',
      protocol: change.protocol ?? 'boot',
      metric: change.metric ?? 0,
    };
    return yield* k.net.fib.insert(spec);
  });

/** `ip route del …`: the first route that fits. 0 or -ESRCH. */
export const ipRouteDelete = (k: Kernel, change: RouteChange): MaySleep<number> =>
  rtnetlinkChange(k, 'route del', function* inet_rtm_delroute() {
    const { destination, prefixLength, gateway, device, metric } = change;
    const found = k.net.fib.main.find(
      (route) =>
        route.destination === destination &&
        route.prefixLength === prefixLength &&
        (gateway === undefined || route.gateway === gateway) &&
        (device === undefined || route.dev.name === device) &&
        (metric === undefined || route.metric === metric),
    );
    if (found === undefined) return -ESRCH;
    yield* k.net.fib.remove((route) => route === found);
    return 0;
  });

/** `ip route`: the routes of a table, longest prefix first. */
export const ipRouteList = (
  k: Kernel,
  table: 'main' | 'local' = 'main',
): MaySleep<readonly FibRoute[]> =>
  rtnetlinkDump(k, 'get routes', function* inet_dump_fib() {
    return [...k.net.fib.table(table)];
  });

/** `ip route get ADDRESS`: how a packet would go, or a negative error. */
export const ipRouteGet = (k: Kernel, destination: number): MaySleep<Route | number> =>
  rtnetlinkChange<Route | number>(k, 'route get', function* inet_rtm_getroute() {
    return ip_route_output_key(k, { destination });
  });

/** A neighbour as `ip neigh` shows it. */
export interface NeighInfo {
  readonly device: string;
  readonly address: number;
  /** Text, or null while it is not known. */
  readonly mac: string | null;
  /** `REACHABLE`, `STALE`, `FAILED` … */
  readonly state: string;
}

/** `ip neigh`; entries that need no question (groups, broadcast) are not shown. */
export const ipNeighList = (k: Kernel, name?: string): MaySleep<NeighInfo[]> =>
  rtnetlinkDump(k, 'get neighbours', function* neigh_dump_info() {
    return k.net.arp_tbl.entries
      .filter((neigh) => neigh.nud_state !== 'noarp' && neigh.nud_state !== 'none')
      .filter((neigh) => name === undefined || neigh.dev.name === name)
      .map((neigh) => ({
        device: neigh.dev.name,
        address: neigh.primary_key,
        mac: neigh.ha.some((byte) => byte !== 0) ? formatMacAt(neigh.ha) : null,
        state: neigh.nud_state.toUpperCase(),
      }));
  });

/** `ip neigh add|replace ADDRESS lladdr MAC dev NAME [nud STATE]`. 0 or a negative error. */
export const ipNeighSet = (
  k: Kernel,
  name: string,
  address: number,
  mac: Uint8Array,
  state: NeighState = 'permanent',
): MaySleep<number> =>
  rtnetlinkChange(k, `neigh replace dev ${name}`, function* neigh_add() {
    const dev = __dev_get_by_name(k, name);
    if (dev === undefined || dev.ip_ptr === null) return -ENODEV;
    const neigh = yield* arp_neighbour(k.net.arp_tbl, address, dev);
    yield* neigh_update(k.net.arp_tbl, neigh, mac, state, true, true);
    return 0;
  });

/** `ip neigh del ADDRESS dev NAME`. 0, -ENODEV or -ENOENT. */
export const ipNeighDelete = (k: Kernel, name: string, address: number): MaySleep<number> =>
  rtnetlinkChange(k, `neigh del dev ${name}`, function* neigh_delete() {
    const dev = __dev_get_by_name(k, name);
    if (dev === undefined) return -ENODEV;
    const neigh = k.net.arp_tbl.lookup(address, dev);
    if (neigh === undefined) return -ENOENT;
    yield* neigh_remove_one(k.net.arp_tbl, neigh);
    return 0;
  });

/** `ip neigh flush [dev NAME]`: all but permanent entries. 0 or -ENODEV. */
export const ipNeighFlush = (k: Kernel, name?: string): MaySleep<number> =>
  rtnetlinkChange(k, 'neigh flush', function* neigh_delete() {
    const dev = name === undefined ? null : __dev_get_by_name(k, name);
    if (dev === undefined) return -ENODEV;
    yield* neigh_flush_dev(k.net.arp_tbl, dev, true);
    return 0;
  });
