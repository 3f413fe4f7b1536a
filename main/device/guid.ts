// GUIDs: made from the MAC address, as Mellanox does (ff:fe in the middle would be EUI-64; theirs
// has 03:00). They are four in a row, as flint's query lists them: node, port 1, port 2, system
// image (Mellanox OFED for Linux User Manual 2.1, "Extracting the Port GUID").

import type { CardOptions } from './options.ts';

const middle = 0x0300;

function guidOf(mac: number): readonly [high: number, low: number] {
  const oui = Math.floor(mac / 2 ** 24);
  const rest = mac % 2 ** 24;
  return [oui * 256 + (middle >>> 8), (middle & 0xff) * 2 ** 24 + rest];
}

/** GUID of a port as two 32-bit halves. */
export const portGuid = (options: CardOptions, portNumber: 1 | 2): readonly [number, number] =>
  guidOf(options.ports[portNumber - 1]!.mac);

const whole = ([high, low]: readonly [number, number]): bigint =>
  (BigInt(high) << 32n) | BigInt(low);

/** GUID of a port as one number. */
export const portGuid64 = (options: CardOptions, portNumber: 1 | 2): bigint =>
  whole(portGuid(options, portNumber));

/** GUID of the board as a node: one below port 1's. */
export const boardGuid = (options: CardOptions): bigint => whole(guidOf(options.ports[0].mac - 1));

/** GUID of the system that the board is in: it is one of its own, so it has the fourth. */
export const systemImageGuid = (options: CardOptions): bigint => boardGuid(options) + 3n;
