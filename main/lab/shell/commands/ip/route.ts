// `ip route show|add|del|get`, tables main and local. Left out: rules, multipath, types other than
// unicast for routes of the user.

import { formatIpv4 } from '#bus/ipv4.ts';
import { errnoText } from '#kernel/errno.ts';
import type { FibRoute } from '#kernel/net/fib.ts';
import { ipRouteAdd, ipRouteDelete, ipRouteGet, ipRouteList } from '#kernel/net/rtnl-addr.ts';
import type { RouteChange } from '#kernel/net/rtnl-addr.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Json } from '../json.ts';
import { isShow } from './link-show.ts';
import { addressOf, garbage, IpError, isShort, prefixOf } from './request.ts';
import type { IpRequest } from './request.ts';

/** `default`, `10.0.0.0/24`, or a host's address. */
function destinationText({ destination, prefixLength }: FibRoute): string {
  if (prefixLength === 0) return 'default';
  return prefixLength === 32
    ? formatIpv4(destination)
    : `${formatIpv4(destination)}/${prefixLength}`;
}

/** Names and values of a route in the order of `ip route`. */
function fields(route: FibRoute): [string, string | number][] {
  const found: [string, string | number][] = [];
  if (route.gateway !== 0) found.push(['via', formatIpv4(route.gateway)]);
  found.push(['dev', route.dev.name]);
  if (route.protocol !== 'boot') found.push(['proto', route.protocol]);
  if (route.scope !== 'global') found.push(['scope', route.scope]);
  if (route.prefsrc !== 0) found.push(['src', formatIpv4(route.prefsrc)]);
  if (route.metric !== 0) found.push(['metric', route.metric]);
  return found;
}

const jsonNames: Readonly<Record<string, string>> = {
  via: 'gateway',
  proto: 'protocol',
  src: 'prefsrc',
};

function routeLine(route: FibRoute, isLocal: boolean): string {
  const kind = isLocal && route.type !== 'unicast' ? `${route.type} ` : '';
  const body = fields(route).map(([name, value]) => `${name} ${value} `);
  return `${kind}${destinationText(route)} ${body.join('')}${route.linkdown ? 'linkdown ' : ''}`;
}

const routeJson = (route: FibRoute): Json => ({
  ...(route.type === 'unicast' ? {} : { type: route.type }),
  dst: destinationText(route),
  ...Object.fromEntries(fields(route).map(([name, value]) => [jsonNames[name] ?? name, value])),
  flags: route.linkdown ? ['linkdown'] : [],
});

/**
 * The order of the kernel's table: by network, the longer prefix first, the better metric first.
 */
const byPrefix = (a: FibRoute, b: FibRoute): number =>
  a.destination - b.destination || b.prefixLength - a.prefixLength || a.metric - b.metric;

function* show(request: IpRequest): MaySleep<number> {
  let device: string | undefined;
  let table = 'main';
  for (let word = request.next(); word !== undefined; word = request.next()) {
    if (word === 'dev') device = request.value();
    else if (word === 'table') table = request.value();
    else throw garbage(word);
  }
  const { k } = request.process;
  const tables = table === 'all' ? (['main', 'local'] as const) : ([table] as const);
  for (const name of tables) {
    if (name !== 'main' && name !== 'local') {
      throw new IpError(`Error: argument "${name}" is wrong: table id value is invalid\n`);
    }
    const all = request.options.inet ? yield* request.call(ipRouteList(k, name)) : [];
    const routes = all
      .filter(({ dev }) => device === undefined || dev.name === device)
      .sort(byPrefix);
    if (request.options.json) yield* request.json(routes.map(routeJson));
    else
      yield* request.out(routes.map((route) => `${routeLine(route, name === 'local')}\n`).join(''));
  }
  return 0;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function read(request: IpRequest): RouteChange {
  const change: Writable<RouteChange> = { destination: 0, prefixLength: 0 };
  for (let word = request.next(); word !== undefined; word = request.next()) {
    switch (word) {
      case 'via':
        change.gateway = addressOf(request.value());
        break;
      case 'dev':
        change.device = request.value();
        break;
      case 'src':
        change.source = addressOf(request.value());
        break;
      case 'metric':
        change.metric = request.number('metric');
        break;
      case 'proto':
        change.protocol = request.value();
        break;
      case 'default':
        break;
      default: {
        const { address, length } = prefixOf(word);
        change.destination = address;
        change.prefixLength = length;
      }
    }
  }
  return change;
}

function* change(request: IpRequest, isDelete: boolean): MaySleep<number> {
  const wanted = read(request);
  const { k } = request.process;
  const error = yield* request.call(isDelete ? ipRouteDelete(k, wanted) : ipRouteAdd(k, wanted));
  return yield* request.answer(error, wanted.device);
}

function* get(request: IpRequest): MaySleep<number> {
  const word = request.next();
  if (word === undefined) throw new IpError('need at least a destination address', 1);
  const destination = addressOf(word);
  const route = yield* request.call(ipRouteGet(request.process.k, destination));
  if (typeof route === 'number') throw new IpError(`RTNETLINK answers: ${errnoText(route)}`, 2);
  const via = route.nexthop === destination ? '' : `via ${formatIpv4(route.nexthop)} `;
  const kind = route.type === 'unicast' ? '' : `${route.type} `;
  const cache = route.type === 'unicast' ? '' : `<${route.type}> `;
  yield* request.lines([
    `${kind}${formatIpv4(destination)} ${via}dev ${route.dev.name} ` +
      `src ${formatIpv4(route.source)} uid 0 `,
    `    cache ${cache}`,
  ]);
  return 0;
}

/** `ip route …`. */
export function* ipRoute(request: IpRequest): MaySleep<number> {
  const command = request.next() ?? 'show';
  if (isShort(command, 'add') || isShort(command, 'replace')) return yield* change(request, false);
  if (isShort(command, 'delete')) return yield* change(request, true);
  if (isShow(command)) return yield* show(request);
  if (command === 'get') return yield* get(request);
  throw new IpError(`Command "${command}" is unknown, try "ip route help".`);
}
