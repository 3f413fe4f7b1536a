// Spreading received packets over rings (facts/device 6.5, RSS context): Toeplitz or XOR over
// addresses and ports, the hash's low bits choose the ring. What is hashed follows the flags of the
// context; anything else goes to the default ring.

import {
  MLX4_RSS_IPV4,
  MLX4_RSS_IPV6,
  MLX4_RSS_TCP_IPV4,
  MLX4_RSS_TCP_IPV6,
  MLX4_RSS_UDP_IPV4,
  MLX4_RSS_UDP_IPV6,
} from '#prm/qp-context.ts';
import type { Packet } from './packet.ts';

/** Longest input: two IPv6 addresses and two ports. */
const inputMax = 36;
const portsBytes = 4;
const tcp = 6;

/** What an RSS queue pair spreads packets by. */
export interface RssSpread {
  readonly baseQpn: number;
  readonly baseQpnUdp: number;
  readonly defaultQpn: number;
  readonly ringMask: number;
  readonly toeplitz: boolean;
  /** MLX4_RSS_* bits: what is hashed. */
  readonly flags: number;
  readonly key: Uint8Array;
}

/** Where a packet goes, and its hash (0 when it was not hashed). */
export interface SpreadResult {
  qpn: number;
  hash: number;
}

/** Spreads packets for one RSS queue pair. */
export class Spreader {
  private readonly spread: RssSpread;
  private readonly result: SpreadResult = { qpn: 0, hash: 0 };
  private table: Uint32Array | null = null;

  constructor(spread: RssSpread) {
    this.spread = spread;
  }

  /** The ring for a packet. The answer is valid until the next call. */
  choose(packet: Packet): SpreadResult {
    const { spread, result } = this;
    const ports = this.hashesPorts(packet);
    if (!ports && !this.hashesAddresses(packet)) {
      result.qpn = spread.defaultQpn;
      result.hash = 0;
      return result;
    }
    const hash = spread.toeplitz ? this.toeplitz(packet, ports) : this.xor(packet, ports);
    const udp = ports && packet.l4 !== tcp;
    result.qpn = (udp ? spread.baseQpnUdp : spread.baseQpn) + (hash & spread.ringMask);
    result.hash = hash;
    return result;
  }

  private hashesPorts(packet: Packet): boolean {
    if (packet.l4 === 0) return false;
    const flag =
      packet.version === 4
        ? packet.l4 === tcp
          ? MLX4_RSS_TCP_IPV4
          : MLX4_RSS_UDP_IPV4
        : packet.l4 === tcp
          ? MLX4_RSS_TCP_IPV6
          : MLX4_RSS_UDP_IPV6;
    return (this.spread.flags & flag) !== 0;
  }

  private hashesAddresses(packet: Packet): boolean {
    if (packet.version === 0) return false;
    const flag = packet.version === 4 ? MLX4_RSS_IPV4 : MLX4_RSS_IPV6;
    return (this.spread.flags & flag) !== 0;
  }

  /** One table look-up per input byte. */
  private toeplitz(packet: Packet, ports: boolean): number {
    this.table ??= toeplitzTable(this.spread.key);
    const { table } = this;
    const { frame, addressesAt, addressesBytes } = packet;
    let hash = 0;
    for (let i = 0; i < addressesBytes; i++) hash ^= table[i * 256 + frame[addressesAt + i]!]!;
    if (ports) {
      for (let i = 0; i < portsBytes; i++) {
        hash ^= table[(addressesBytes + i) * 256 + frame[packet.l4At + i]!]!;
      }
    }
    return hash >>> 0;
  }

  private xor(packet: Packet, ports: boolean): number {
    const { frame, addressesAt, addressesBytes } = packet;
    let hash = 0;
    for (let i = 0; i < addressesBytes; i++) hash ^= frame[addressesAt + i]!;
    if (ports) for (let i = 0; i < portsBytes; i++) hash ^= frame[packet.l4At + i]!;
    return hash;
  }
}

/** For each input position and byte value: the XOR of the key windows of its set bits. */
function toeplitzTable(key: Uint8Array): Uint32Array {
  const table = new Uint32Array(inputMax * 256);
  for (let at = 0; at < inputMax; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const window = keyWindow(key, at * 8 + bit);
      const value = 0x80 >>> bit;
      for (let byte = 0; byte < 256; byte++) {
        if ((byte & value) !== 0) table[at * 256 + byte] = (table[at * 256 + byte]! ^ window) >>> 0;
      }
    }
  }
  return table;
}

/** 32 bits of the key from bit `first` on. */
function keyWindow(key: Uint8Array, first: number): number {
  const at = first >>> 3;
  const shift = first & 7;
  const word = ((key[at]! << 24) | (key[at + 1]! << 16) | (key[at + 2]! << 8) | key[at + 3]!) >>> 0;
  if (shift === 0) return word;
  return ((word << shift) | (key[at + 4]! >>> (8 - shift))) >>> 0;
}
