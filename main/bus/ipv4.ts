// IPv4 headers over byte arrays. An address is an unsigned 32-bit number, `10.0.0.1` as text.
// Left out: building options (parsing skips them), reassembly of fragments, IPv6.

import { readBe16, readBe32, writeBe16, writeBe32 } from './bytes.ts';
import { internetChecksum } from './checksum.ts';

/** Bytes of an IPv4 header without options. */
export const ipv4HeaderBytes = 20;

/** Protocol numbers that this project knows. */
export const IpProtocol = { icmp: 1, tcp: 6, udp: 17 } as const;

/** Flags and offset field: don't fragment. */
export const ipv4DontFragment = 0x4000;

/** What a header says. Lengths are bytes. */
export interface Ipv4Header {
  readonly headerBytes: number;
  /** Header and data; link padding behind it is not part of the packet. */
  readonly totalBytes: number;
  readonly id: number;
  /** The flags and the fragment offset as they are in the header. */
  readonly fragment: number;
  readonly ttl: number;
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly checksumOk: boolean;
}

/** Where a packet goes, on both layers. MACs are 48-bit, addresses 32-bit numbers. */
export interface Ipv4Route {
  readonly sourceMac: number;
  readonly destinationMac: number;
  readonly source: number;
  readonly destination: number;
}

/** What a header is built from. */
export interface Ipv4Fields {
  /** Bytes behind the header. */
  readonly dataBytes: number;
  readonly protocol: number;
  readonly source: number;
  readonly destination: number;
  readonly id?: number;
  /** 64 unless given. */
  readonly ttl?: number;
  /** Don't fragment, unless given. */
  readonly fragment?: number;
}

/** `10.0.0.1` for an unsigned 32-bit number. */
export function formatIpv4(address: number): string {
  return [address >>> 24, (address >>> 16) & 0xff, (address >>> 8) & 0xff, address & 0xff].join(
    '.',
  );
}

/** The number for `10.0.0.1`. Throws RangeError for anything else. */
export function parseIpv4Address(text: string): number {
  const parts = text.split('.');
  const bad = (part: string) => !/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255;
  if (parts.length !== 4 || parts.some(bad)) {
    throw new RangeError(`not an IPv4 address: ${JSON.stringify(text)}`);
  }
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

/** Writes a header of 20 bytes at `at`, checksum filled in. */
export function writeIpv4Header(bytes: Uint8Array, at: number, fields: Ipv4Fields): void {
  bytes[at] = 0x45;
  bytes[at + 1] = 0;
  writeBe16(bytes, at + 2, ipv4HeaderBytes + fields.dataBytes);
  writeBe16(bytes, at + 4, fields.id ?? 0);
  writeBe16(bytes, at + 6, fields.fragment ?? ipv4DontFragment);
  bytes[at + 8] = fields.ttl ?? 64;
  bytes[at + 9] = fields.protocol;
  writeBe16(bytes, at + 10, 0);
  writeBe32(bytes, at + 12, fields.source);
  writeBe32(bytes, at + 16, fields.destination);
  fillIpv4Checksum(bytes, at);
}

/**
 * Computes the checksum of the header at `at` (of any length) and writes it, as TX offload does.
 */
export function fillIpv4Checksum(bytes: Uint8Array, at: number): void {
  writeBe16(bytes, at + 10, 0);
  writeBe16(bytes, at + 10, internetChecksum(bytes, at, ipv4HeaderLength(bytes, at)));
}

/** Header length in bytes that the header at `at` states, options included. */
export function ipv4HeaderLength(bytes: Uint8Array, at: number): number {
  return (bytes[at]! & 0xf) * 4;
}

/** Reads the header at `at`, or null when it is no whole IPv4 header or longer than the bytes. */
export function parseIpv4(bytes: Uint8Array, at: number): Ipv4Header | null {
  if (bytes.length < at + ipv4HeaderBytes || bytes[at]! >>> 4 !== 4) return null;
  const headerBytes = ipv4HeaderLength(bytes, at);
  const totalBytes = readBe16(bytes, at + 2);
  if (headerBytes < ipv4HeaderBytes || totalBytes < headerBytes) return null;
  if (bytes.length < at + totalBytes) return null;
  return {
    headerBytes,
    totalBytes,
    id: readBe16(bytes, at + 4),
    fragment: readBe16(bytes, at + 6),
    ttl: bytes[at + 8]!,
    protocol: bytes[at + 9]!,
    source: readBe32(bytes, at + 12),
    destination: readBe32(bytes, at + 16),
    checksumOk: internetChecksum(bytes, at, headerBytes) === 0,
  };
}

/** True for a packet that is one of several fragments. */
export function isFragment(header: Ipv4Header): boolean {
  return (header.fragment & 0x3fff) !== 0;
}
