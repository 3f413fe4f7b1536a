// `ip addr show|add|del|flush`. IPv4 only: the kernel slice has no IPv6 addresses, and -6 shows
// devices without any. Left out: peers, metrics, lifetimes.

import { formatIpv4 } from '#bus/ipv4.ts';
import { ipAddrAdd, ipAddrDelete, ipAddrList } from '#kernel/net/rtnl-addr.ts';
import type { AddressInfo } from '#kernel/net/rtnl-addr.ts';
import type { LinkInfo } from '#kernel/net/rtnl-link.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Json } from '../json.ts';
import {
  addressLine,
  filteredLinks,
  headLine,
  isShow,
  linkJson,
  moreJson,
  moreLines,
} from './link-show.ts';
import { addressOf, IpError, isShort, prefixOf } from './request.ts';
import type { IpRequest } from './request.ts';

const forever = 4_294_967_295;

function addressLines(info: AddressInfo): string[] {
  const broadcast = info.broadcast === 0 ? '' : ` brd ${formatIpv4(info.broadcast)}`;
  const secondary = info.secondary ? ' secondary' : '';
  const address = `${formatIpv4(info.address)}/${info.prefixLength}`;
  return [
    `    inet ${address}${broadcast} scope ${info.scope}${secondary} ${info.label}`,
    '       valid_lft forever preferred_lft forever',
  ];
}

const addressJson = (info: AddressInfo): Json => ({
  family: 'inet',
  local: formatIpv4(info.address),
  prefixlen: info.prefixLength,
  ...(info.broadcast === 0 ? {} : { broadcast: formatIpv4(info.broadcast) }),
  scope: info.scope,
  ...(info.secondary ? { secondary: true } : {}),
  label: info.label,
  valid_life_time: forever,
  preferred_life_time: forever,
});

function* showOne(
  request: IpRequest,
  link: LinkInfo,
  addresses: readonly AddressInfo[],
): MaySleep<void> {
  const { options } = request;
  if (options.brief) {
    const shown = addresses.map((info) => `${formatIpv4(info.address)}/${info.prefixLength} `);
    yield* request.out(`${link.name.padEnd(16)} ${link.state.padEnd(14)} ${shown.join('')}\n`);
  } else if (options.oneline) {
    for (const info of addresses) {
      const [first = '', ...rest] = addressLines(info);
      yield* request.lines([`${link.ifindex}: ${link.name}${first}`, ...rest]);
    }
  } else {
    yield* request.lines([
      headLine(link, false),
      ...addressLine(link, options),
      ...addresses.flatMap(addressLines),
      ...moreLines(link, options),
    ]);
  }
}

function* show(request: IpRequest): MaySleep<number> {
  const { options } = request;
  const links = yield* filteredLinks(request);
  const all = options.inet ? yield* request.call(ipAddrList(request.process.k)) : [];
  const of = (link: LinkInfo): AddressInfo[] =>
    all.filter(({ ifindex }) => ifindex === link.ifindex);
  if (options.json) {
    yield* request.json(
      links.map((link) => {
        const addr_info = of(link).map(addressJson);
        if (options.brief) return { ifname: link.name, operstate: link.state, addr_info };
        return { ...linkJson(link, false), ...moreJson(link, options), addr_info };
      }),
    );
    return 0;
  }
  for (const link of links) yield* showOne(request, link, of(link));
  return 0;
}

/** Words of `add` and `del`. */
interface Wanted {
  local: string | undefined;
  device: string | undefined;
  broadcast: number | undefined;
  label: string | undefined;
  scope: 'global' | 'link' | 'host' | undefined;
}

function read(request: IpRequest): Wanted {
  const wanted: Wanted = {
    local: undefined,
    device: undefined,
    broadcast: undefined,
    label: undefined,
    scope: undefined,
  };
  for (let word = request.next(); word !== undefined; word = request.next()) {
    if (word === 'dev') wanted.device = request.value();
    else if (word === 'label') wanted.label = request.value();
    else if (word === 'scope') wanted.scope = scopeOf(request.value());
    else if (word === 'broadcast' || word === 'brd') {
      const value = request.value();
      if (value === '-') wanted.broadcast = 0;
      else if (value !== '+') wanted.broadcast = addressOf(value);
    } else wanted.local = word === 'local' ? request.value() : word;
  }
  return wanted;
}

function scopeOf(word: string): 'global' | 'link' | 'host' {
  if (word === 'global' || word === 'link' || word === 'host') return word;
  throw new IpError(`Error: argument "${word}" is wrong: invalid scope value.\n`);
}

/** The device that an address is for. */
function deviceOf({ device }: Wanted): string {
  if (device !== undefined) return device;
  throw new IpError('Not enough information: "dev" argument is required.');
}

function* add(request: IpRequest): MaySleep<number> {
  const wanted = read(request);
  const { address, length } = prefixOf(wanted.local ?? '');
  const device = deviceOf(wanted);
  const { broadcast, label, scope } = wanted;
  const error = yield* request.call(
    ipAddrAdd(request.process.k, device, address, length, {
      ...(broadcast === undefined ? {} : { broadcast }),
      ...(label === undefined ? {} : { label }),
      ...(scope === undefined ? {} : { scope }),
    }),
  );
  return yield* request.answer(error, device);
}

function* remove(request: IpRequest): MaySleep<number> {
  const wanted = read(request);
  const { address, length } = prefixOf(wanted.local ?? '');
  const device = deviceOf(wanted);
  const error = yield* request.call(ipAddrDelete(request.process.k, device, address, length));
  return yield* request.answer(error, device);
}

function* flush(request: IpRequest): MaySleep<number> {
  if (request.done) throw new IpError('Flush requires arguments.', 1);
  const links = yield* filteredLinks(request);
  const { k } = request.process;
  const all = yield* request.call(ipAddrList(k));
  for (const link of links) {
    for (const info of all.filter(({ ifindex }) => ifindex === link.ifindex)) {
      // Secondaries go with their primary; one that is gone already is no error.
      yield* request.call(ipAddrDelete(k, link.name, info.address, info.prefixLength));
    }
  }
  return 0;
}

/** `ip addr …`. */
export function* ipAddr(request: IpRequest): MaySleep<number> {
  const command = request.next() ?? 'show';
  if (isShort(command, 'add')) return yield* add(request);
  if (isShort(command, 'delete')) return yield* remove(request);
  if (isShow(command)) return yield* show(request);
  if (isShort(command, 'flush')) return yield* flush(request);
  throw new IpError(`Command "${command}" is unknown, try "ip address help".`);
}
