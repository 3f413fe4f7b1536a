// `ip link set|add|delete`. The words are read as iproute2 reads them, then it is one call of the
// kernel.

import { macToBytes, parseMac } from '#bus/mac.ts';
import { ipLinkAdd, ipLinkDelete, ipLinkSet } from '#kernel/net/rtnl-link.ts';
import type { LinkChange } from '#kernel/net/rtnl-link.ts';
import type { MaySleep } from '#sim/task.ts';
import { isShow, showLinks } from './link-show.ts';
import { garbage, IpError, isShort } from './request.ts';
import type { IpRequest } from './request.ts';

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** What the words say. */
interface Wanted {
  device: string | undefined;
  kind: string | undefined;
  readonly change: Writable<LinkChange>;
}

function macOf(word: string): Uint8Array {
  try {
    return macToBytes(parseMac(word));
  } catch {
    throw new IpError(`"${word}" is invalid lladdr.`, 1);
  }
}

/** Names and values behind `type KIND`. */
function readOptions(request: IpRequest): Record<string, string> {
  const options: Record<string, string> = {};
  while (!request.done) options[request.value()] = request.value();
  return options;
}

/** One option; false when it is a device's name. */
function readOption(request: IpRequest, word: string, wanted: Wanted): boolean {
  const { change } = wanted;
  switch (word) {
    case 'up':
    case 'down':
      change.up = word === 'up';
      break;
    case 'mtu':
      change.mtu = request.number('mtu');
      break;
    case 'address':
      change.address = macOf(request.value());
      break;
    case 'master':
      change.master = request.value();
      break;
    case 'nomaster':
      change.master = null;
      break;
    case 'promisc':
      change.promisc = request.onOff('promisc');
      break;
    case 'allmulticast':
      change.allmulticast = request.onOff('allmulticast');
      break;
    case 'multicast':
      change.multicast = request.onOff('multicast');
      break;
    case 'arp':
      change.arp = request.onOff('arp');
      break;
    case 'txqueuelen':
    case 'txqlen':
    case 'qlen':
      change.txqueuelen = request.number('txqueuelen');
      break;
    default:
      return false;
  }
  return true;
}

function read(request: IpRequest, isNew: boolean): Wanted {
  const wanted: Wanted = { device: undefined, kind: undefined, change: {} };
  for (let word = request.next(); word !== undefined; word = request.next()) {
    if (word === 'dev') wanted.device = request.value();
    else if (word === 'name' && isNew) wanted.device = request.value();
    else if (word === 'name') wanted.change.name = request.value();
    else if (word === 'type') {
      const kind = request.value();
      wanted.kind = kind.replace(/_slave$/, '');
      const options = readOptions(request);
      if (kind.endsWith('_slave')) wanted.change.slaveOptions = options;
      else if (!isNew || Object.keys(options).length > 0) wanted.change.options = options;
    } else if (!readOption(request, word, wanted)) {
      if (wanted.device !== undefined) throw garbage(word);
      wanted.device = word;
    }
  }
  return wanted;
}

/** A master that is not there is found out by `ip` itself. */
function checkMaster(request: IpRequest, { master }: LinkChange): void {
  if (typeof master !== 'string') return;
  if (request.process.k.net.devices.some((dev) => dev.name === master)) return;
  throw new IpError(`Error: argument "${master}" is wrong: Device does not exist\n`, 255);
}

function* set(request: IpRequest): MaySleep<number> {
  const { device, change } = read(request, false);
  if (device === undefined) {
    throw new IpError('Not enough information: "dev" argument is required.');
  }
  checkMaster(request, change);
  const extack = { message: '' };
  const error = yield* request.call(ipLinkSet(request.process.k, device, change, extack));
  return yield* request.answer(error, device, extack);
}

function* add(request: IpRequest): MaySleep<number> {
  const { device, kind, change } = read(request, true);
  if (kind === undefined) throw new IpError('Not enough information: "type" argument is required');
  checkMaster(request, change);
  const extack = { message: '' };
  const { k } = request.process;
  const error = yield* request.call(ipLinkAdd(k, device, kind, change, extack));
  return yield* request.answer(error, '', extack);
}

function* remove(request: IpRequest): MaySleep<number> {
  const { device } = read(request, false);
  if (device === undefined) {
    throw new IpError('Not enough information: "dev" argument is required.');
  }
  const error = yield* request.call(ipLinkDelete(request.process.k, device));
  return yield* request.answer(error, device);
}

/** `ip link …`. */
export function* ipLink(request: IpRequest): MaySleep<number> {
  const command = request.next() ?? 'show';
  if (isShort(command, 'add')) return yield* add(request);
  if (isShort(command, 'set') || isShort(command, 'change')) return yield* set(request);
  if (isShow(command)) return yield* showLinks(request);
  if (isShort(command, 'delete')) return yield* remove(request);
  if (isShort(command, 'help')) {
    throw new IpError('Usage: ip link { show | set | add | delete } [ dev NAME ] …', 255);
  }
  throw new IpError(`Command "${command}" is unknown, try "ip link help".`);
}
