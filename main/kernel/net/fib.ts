// Routes of IPv4 (net/ipv4/fib_trie.c, fib_semantics.c): the tables `local` (own and broadcast
// addresses) and `main`. A route holds its device until it is removed. RTNL protects changes;
// lookups read as under RCU. Tables are small here, so they are sorted lists and not a trie.
// Left out: policy rules, several next hops, TOS, metrics, route caches and exceptions.

import type { Atomic } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { EEXIST } from '../errno.ts';
import { dev_hold, dev_put } from './netdevice.ts';
import type { NetDevice } from './netdevice.ts';

export type RouteType = 'unicast' | 'local' | 'broadcast';
export type RouteScope = 'global' | 'link' | 'host';
export type RouteTable = 'local' | 'main';

/** What a route says. */
export interface RouteSpec {
  readonly table: RouteTable;
  readonly type: RouteType;
  readonly destination: number;
  readonly prefixLength: number;
  readonly dev: NetDevice;
  /** 0 for destinations on the link. */
  readonly gateway: number;
  /** Address to send from; 0: chosen when it is used. */
  readonly prefsrc: number;
  readonly scope: RouteScope;
  /** Who made it, as `ip route` prints it: `kernel`, `boot`, `static`. */
  readonly protocol: string;
  readonly metric: number;
}

/** A route of a table. */
export interface FibRoute extends RouteSpec {
  /** The device has no carrier; the route is used all the same. */
  linkdown: boolean;
}

/** The mask of a prefix length, as an unsigned number. */
export const inet_make_mask = (prefixLength: number): number =>
  prefixLength === 0 ? 0 : (0xffff_ffff << (32 - prefixLength)) >>> 0;

/** True when both addresses are in one network. */
export const inSameNetwork = (a: number, b: number, prefixLength: number): boolean =>
  ((a ^ b) & inet_make_mask(prefixLength)) === 0;

const isSame = (a: RouteSpec, b: RouteSpec): boolean =>
  a.table === b.table &&
  a.type === b.type &&
  a.destination === b.destination &&
  a.prefixLength === b.prefixLength &&
  a.dev === b.dev &&
  a.gateway === b.gateway &&
  a.metric === b.metric;

/** The tables of one machine. */
export class Fib {
  readonly k: Kernel;
  /** Longest prefix first, then lowest metric, then age. */
  readonly main: FibRoute[] = [];
  readonly local: FibRoute[] = [];
  /** Routes of `local` to single addresses: every packet asks for one. */
  private readonly hosts = new Map<number, FibRoute>();

  constructor(k: Kernel) {
    this.k = k;
  }

  /** The routes of a table, best first. */
  table(name: RouteTable): readonly FibRoute[] {
    return name === 'main' ? this.main : this.local;
  }

  /** Adds a route. 0, or -EEXIST when the same is there, or one to the same place in `main`. */
  *insert(spec: RouteSpec): Atomic<number> {
    const list = spec.table === 'main' ? this.main : this.local;
    const clash = (other: FibRoute): boolean =>
      isSame(other, spec) ||
      (spec.table === 'main' &&
        other.destination === spec.destination &&
        other.prefixLength === spec.prefixLength &&
        other.metric === spec.metric);
    if (list.some(clash)) return -EEXIST;
    const route: FibRoute = { ...spec, linkdown: false };
    const at = list.findIndex(
      (other) =>
        other.prefixLength < route.prefixLength ||
        (other.prefixLength === route.prefixLength && other.metric > route.metric),
    );
    list.splice(at < 0 ? list.length : at, 0, route);
    this.indexHosts();
    yield* dev_hold(spec.dev, null, 'route');
    return 0;
  }

  /** Removes every route that `which` names. Gives their number. */
  *remove(which: (route: FibRoute) => boolean): Atomic<number> {
    const doomed = [...this.local, ...this.main].filter(which);
    for (const route of doomed) {
      const list = route.table === 'main' ? this.main : this.local;
      list.splice(list.indexOf(route), 1);
    }
    this.indexHosts();
    for (const route of doomed) yield* dev_put(route.dev);
    return doomed.length;
  }

  /** The best route for a destination, `local` before `main`; through `dev` only, when given. */
  lookup(destination: number, dev: NetDevice | null = null): FibRoute | undefined {
    return this.lookupLocal(destination, dev) ?? this.search(this.main, destination, dev);
  }

  /** What the table `local` says of an address. */
  lookupLocal(address: number, dev: NetDevice | null = null): FibRoute | undefined {
    const host = this.hosts.get(address);
    if (host !== undefined && (dev === null || host.dev === dev || host.type === 'local')) {
      return host;
    }
    return this.search(this.local, address, dev);
  }

  private search(
    list: readonly FibRoute[],
    destination: number,
    dev: NetDevice | null,
  ): FibRoute | undefined {
    for (const route of list) {
      if (dev !== null && route.dev !== dev) continue;
      if (inSameNetwork(route.destination, destination, route.prefixLength)) return route;
    }
    return undefined;
  }

  private indexHosts(): void {
    this.hosts.clear();
    for (const route of this.local.toReversed()) {
      if (route.prefixLength === 32) this.hosts.set(route.destination, route);
    }
  }
}
