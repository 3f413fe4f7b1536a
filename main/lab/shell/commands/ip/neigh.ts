// `ip neigh show|add|replace|del|flush`. Entries that need no question (groups, broadcast) are not
// shown, as there.

import { formatIpv4 } from '#bus/ipv4.ts';
import { macToBytes, parseMac } from '#bus/mac.ts';
import { ipNeighDelete, ipNeighFlush, ipNeighList, ipNeighSet } from '#kernel/net/rtnl-addr.ts';
import type { NeighInfo } from '#kernel/net/rtnl-addr.ts';
import type { NeighState } from '#kernel/net/neigh.ts';
import type { MaySleep } from '#sim/task.ts';
import type { Json } from '../json.ts';
import { isShow } from './link-show.ts';
import { addressOf, IpError, isShort } from './request.ts';
import type { IpRequest } from './request.ts';

const states: readonly NeighState[] = [
  'permanent',
  'noarp',
  'reachable',
  'stale',
  'delay',
  'probe',
  'failed',
];

/** Words of all commands. */
interface Wanted {
  address: string | undefined;
  device: string | undefined;
  mac: string | undefined;
  state: NeighState | undefined;
  all: boolean;
}

function stateOf(word: string): NeighState {
  const found = states.find((state) => state === word);
  if (found === undefined)
    throw new IpError(`Error: argument "${word}" is wrong: nud state is bad\n`);
  return found;
}

function read(request: IpRequest): Wanted {
  const wanted: Wanted = {
    address: undefined,
    device: undefined,
    mac: undefined,
    state: undefined,
    all: false,
  };
  for (let word = request.next(); word !== undefined; word = request.next()) {
    if (word === 'dev') wanted.device = request.value();
    else if (word === 'lladdr') wanted.mac = request.value();
    else if (word === 'nud') wanted.state = stateOf(request.value());
    else if (word === 'all') wanted.all = true;
    else wanted.address = word === 'to' ? request.value() : word;
  }
  return wanted;
}

/** The device must be there, whatever is asked of it. */
function checkDevice(request: IpRequest, device: string | undefined): void {
  if (device === undefined) return;
  if (request.process.k.net.devices.some(({ name }) => name === device)) return;
  throw new IpError(`Cannot find device "${device}"`, 1);
}

const line = (neigh: NeighInfo, device: string | undefined): string => {
  const dev = device === undefined ? ` dev ${neigh.device}` : '';
  const mac = neigh.mac === null ? '' : ` lladdr ${neigh.mac}`;
  return `${formatIpv4(neigh.address)}${dev}${mac} ${neigh.state} `;
};

const json = (neigh: NeighInfo, device: string | undefined): Json => ({
  dst: formatIpv4(neigh.address),
  ...(device === undefined ? { dev: neigh.device } : {}),
  ...(neigh.mac === null ? {} : { lladdr: neigh.mac }),
  state: [neigh.state],
});

function* show(request: IpRequest): MaySleep<number> {
  const { device, address, state } = read(request);
  checkDevice(request, device);
  const wanted = address === undefined ? null : addressOf(address);
  const all = request.options.inet
    ? yield* request.call(ipNeighList(request.process.k, device))
    : [];
  const shown = all
    .filter((neigh) => wanted === null || neigh.address === wanted)
    .filter((neigh) => state === undefined || neigh.state.toLowerCase() === state);
  if (request.options.json) yield* request.json(shown.map((neigh) => json(neigh, device)));
  else yield* request.out(shown.map((neigh) => `${line(neigh, device)}\n`).join(''));
  return 0;
}

function required(value: string | undefined): string {
  if (value === undefined) throw new IpError('Device and destination are required arguments.');
  return value;
}

function* change(request: IpRequest, isDelete: boolean): MaySleep<number> {
  const wanted = read(request);
  const device = required(wanted.device);
  const address = addressOf(required(wanted.address));
  checkDevice(request, device);
  const { k } = request.process;
  if (isDelete) {
    return yield* request.answer(yield* request.call(ipNeighDelete(k, device, address)), device);
  }
  if (wanted.mac === undefined) throw new IpError('RTNETLINK answers: Invalid argument', 2);
  const mac = macToBytes(parseMac(wanted.mac));
  const error = yield* request.call(ipNeighSet(k, device, address, mac, wanted.state));
  return yield* request.answer(error, device);
}

function* flush(request: IpRequest): MaySleep<number> {
  const { device, all } = read(request);
  if (device === undefined && !all) throw new IpError('Flush requires arguments.', 1);
  checkDevice(request, device);
  const error = yield* request.call(ipNeighFlush(request.process.k, device));
  return yield* request.answer(error, device);
}

/** `ip neigh …`. */
export function* ipNeigh(request: IpRequest): MaySleep<number> {
  const command = request.next() ?? 'show';
  if (isShort(command, 'add') || isShort(command, 'replace') || isShort(command, 'change')) {
    return yield* change(request, false);
  }
  if (isShort(command, 'delete')) return yield* change(request, true);
  if (isShow(command)) return yield* show(request);
  if (isShort(command, 'flush')) return yield* flush(request);
  throw new IpError(`Command "${command}" is unknown, try "ip neigh help".`);
}
