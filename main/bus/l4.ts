// TCP and UDP over IPv4, only as far as checksum offload, flow hashes and one-line decodes need
// them: ports, the checksum field, and a UDP datagram to send. Left out: everything else of both
// protocols.

import { readBe16, writeBe16 } from './bytes.ts';
import { complement, fold, partialSum, pseudoHeaderSum } from './checksum.ts';
import { EtherType, ethHeaderBytes, minFrameBytes, writeEthHeader } from './frame.ts';
import { IpProtocol, ipv4HeaderBytes, isFragment, parseIpv4, writeIpv4Header } from './ipv4.ts';
import type { Ipv4Header, Ipv4Route } from './ipv4.ts';

/** Bytes of a UDP header. */
export const udpHeaderBytes = 8;
/** Bytes of a TCP header without options. */
export const tcpHeaderBytes = 20;

/** Source and destination port. */
export interface L4Ports {
  readonly source: number;
  readonly destination: number;
}

/** Offset of the checksum field in the L4 header, or null for a protocol without one we know. */
export function l4ChecksumOffset(protocol: number): number | null {
  if (protocol === IpProtocol.udp) return 6;
  return protocol === IpProtocol.tcp ? 16 : null;
}

/** True when the packet holds a whole L4 header of a known protocol and is no fragment. */
function hasL4(header: Ipv4Header): boolean {
  const need = header.protocol === IpProtocol.tcp ? tcpHeaderBytes : udpHeaderBytes;
  return (
    l4ChecksumOffset(header.protocol) !== null &&
    !isFragment(header) &&
    header.totalBytes - header.headerBytes >= need
  );
}

/** Ports of the TCP or UDP packet whose IPv4 header is at `ipAt`; null for anything else. */
export function l4Ports(bytes: Uint8Array, ipAt: number, header: Ipv4Header): L4Ports | null {
  if (!hasL4(header)) return null;
  const at = ipAt + header.headerBytes;
  return { source: readBe16(bytes, at), destination: readBe16(bytes, at + 2) };
}

/** Partial sum of pseudo header, L4 header and data, checksum field included as it is. */
function l4Sum(bytes: Uint8Array, ipAt: number, header: Ipv4Header): number {
  const length = header.totalBytes - header.headerBytes;
  const pseudo = pseudoHeaderSum(header.source, header.destination, header.protocol, length);
  return partialSum(bytes, ipAt + header.headerBytes, length, pseudo);
}

/**
 * Fills in the TCP or UDP checksum of the packet whose IPv4 header is at `ipAt`, as TX offload
 * does. False, and nothing written, when there is no such header.
 */
export function fillL4Checksum(bytes: Uint8Array, ipAt: number): boolean {
  const header = parseIpv4(bytes, ipAt);
  if (header === null || !hasL4(header)) return false;
  const at = ipAt + header.headerBytes + l4ChecksumOffset(header.protocol)!;
  writeBe16(bytes, at, 0);
  const value = complement(l4Sum(bytes, ipAt, header));
  // A UDP checksum of 0 means "none", so 0 is sent as its other form (RFC 768).
  writeBe16(bytes, at, value === 0 && header.protocol === IpProtocol.udp ? 0xffff : value);
  return true;
}

/**
 * Verdict on the TCP or UDP checksum: true right, false wrong, null when there is none to judge
 * (other protocol, fragment, or UDP sent without one).
 */
export function l4ChecksumOk(bytes: Uint8Array, ipAt: number, header: Ipv4Header): boolean | null {
  if (!hasL4(header)) return null;
  const field = ipAt + header.headerBytes + l4ChecksumOffset(header.protocol)!;
  if (header.protocol === IpProtocol.udp && readBe16(bytes, field) === 0) return null;
  return fold(l4Sum(bytes, ipAt, header)) === 0xffff;
}

/** A whole frame with a UDP datagram, checksums filled in. */
export function buildUdpFrame(route: Ipv4Route, ports: L4Ports, data: Uint8Array): Uint8Array {
  const dataBytes = udpHeaderBytes + data.length;
  const packetBytes = ethHeaderBytes + ipv4HeaderBytes + dataBytes;
  const frame = new Uint8Array(Math.max(minFrameBytes, packetBytes));
  writeEthHeader(frame, route.destinationMac, route.sourceMac, EtherType.ipv4);
  const { source, destination } = route;
  const protocol = IpProtocol.udp;
  writeIpv4Header(frame, ethHeaderBytes, { dataBytes, protocol, source, destination });
  const at = ethHeaderBytes + ipv4HeaderBytes;
  writeBe16(frame, at, ports.source);
  writeBe16(frame, at + 2, ports.destination);
  writeBe16(frame, at + 4, dataBytes);
  frame.set(data, at + udpHeaderBytes);
  fillL4Checksum(frame, ethHeaderBytes);
  return frame;
}
