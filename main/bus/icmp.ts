// ICMP (RFC 792): echo, which ping sends and what answers it, and "destination unreachable".
// Left out: all other ICMP messages; the parsers give null for them.

import { readBe16, writeBe16 } from './bytes.ts';
import { internetChecksum } from './checksum.ts';
import { EtherType, ethHeaderBytes, minFrameBytes, writeEthHeader } from './frame.ts';
import { IpProtocol, ipv4HeaderBytes, writeIpv4Header } from './ipv4.ts';
import type { Ipv4Header, Ipv4Route } from './ipv4.ts';

/** Bytes of an echo header. */
export const icmpEchoHeaderBytes = 8;

/** Types of message. */
export const IcmpType = { echoReply: 0, unreachable: 3, echoRequest: 8 } as const;

/** Codes of "destination unreachable". */
export const UnreachableCode = { net: 0, host: 1, protocol: 2, port: 3 } as const;

/** Bytes of the packet that an error message quotes, behind its IPv4 header. */
const quotedDataBytes = 8;

/** An echo message. */
export interface IcmpEcho {
  readonly type: number;
  readonly id: number;
  readonly sequence: number;
  /** A view of the data in the frame, not a copy. */
  readonly data: Uint8Array;
  readonly checksumOk: boolean;
}

/** Reads the echo message behind the IPv4 header at `ipAt`, or null when there is none. */
export function parseEcho(bytes: Uint8Array, ipAt: number, header: Ipv4Header): IcmpEcho | null {
  const at = ipAt + header.headerBytes;
  const length = header.totalBytes - header.headerBytes;
  if (header.protocol !== IpProtocol.icmp || length < icmpEchoHeaderBytes) return null;
  const type = bytes[at]!;
  if (type !== IcmpType.echoReply && type !== IcmpType.echoRequest) return null;
  return {
    type,
    id: readBe16(bytes, at + 4),
    sequence: readBe16(bytes, at + 6),
    data: bytes.subarray(at + icmpEchoHeaderBytes, at + length),
    checksumOk: internetChecksum(bytes, at, length) === 0,
  };
}

/** A whole frame with an echo request or reply, checksums filled in. */
export function buildEchoFrame(
  route: Ipv4Route,
  type: number,
  id: number,
  sequence: number,
  data: Uint8Array,
): Uint8Array {
  const length = icmpEchoHeaderBytes + data.length;
  const packetBytes = ethHeaderBytes + ipv4HeaderBytes + length;
  const frame = new Uint8Array(Math.max(minFrameBytes, packetBytes));
  writeEthHeader(frame, route.destinationMac, route.sourceMac, EtherType.ipv4);
  writeIpv4Header(frame, ethHeaderBytes, {
    dataBytes: length,
    protocol: IpProtocol.icmp,
    source: route.source,
    destination: route.destination,
    id: sequence,
  });
  const at = ethHeaderBytes + ipv4HeaderBytes;
  frame[at] = type;
  writeBe16(frame, at + 4, id);
  writeBe16(frame, at + 6, sequence);
  frame.set(data, at + icmpEchoHeaderBytes);
  writeBe16(frame, at + 2, internetChecksum(frame, at, length));
  return frame;
}

/** A "destination unreachable" message. */
export interface IcmpUnreachable {
  readonly code: number;
  /** Offset of the quoted IPv4 header in the bytes. */
  readonly quotedAt: number;
  readonly checksumOk: boolean;
}

/** Reads the message behind the IPv4 header at `ipAt`, or null when there is none. */
export function parseUnreachable(
  bytes: Uint8Array,
  ipAt: number,
  header: Ipv4Header,
): IcmpUnreachable | null {
  const at = ipAt + header.headerBytes;
  const length = header.totalBytes - header.headerBytes;
  const least = icmpEchoHeaderBytes + ipv4HeaderBytes + quotedDataBytes;
  if (header.protocol !== IpProtocol.icmp || length < least) return null;
  if (bytes[at] !== IcmpType.unreachable) return null;
  return {
    code: bytes[at + 1]!,
    quotedAt: at + icmpEchoHeaderBytes,
    checksumOk: internetChecksum(bytes, at, length) === 0,
  };
}

/** A whole frame that tells of the packet whose IPv4 header is at `quotedAt` of `quoted`. */
export function buildUnreachableFrame(
  route: Ipv4Route,
  code: number,
  quoted: Uint8Array,
  quotedAt: number,
): Uint8Array {
  const quotedBytes = ((quoted[quotedAt]! & 0xf) << 2) + quotedDataBytes;
  const length = icmpEchoHeaderBytes + quotedBytes;
  const packetBytes = ethHeaderBytes + ipv4HeaderBytes + length;
  const frame = new Uint8Array(Math.max(minFrameBytes, packetBytes));
  writeEthHeader(frame, route.destinationMac, route.sourceMac, EtherType.ipv4);
  const { source, destination } = route;
  const protocol = IpProtocol.icmp;
  writeIpv4Header(frame, ethHeaderBytes, { dataBytes: length, protocol, source, destination });
  const at = ethHeaderBytes + ipv4HeaderBytes;
  frame[at] = IcmpType.unreachable;
  frame[at + 1] = code;
  frame.set(quoted.subarray(quotedAt, quotedAt + quotedBytes), at + icmpEchoHeaderBytes);
  writeBe16(frame, at + 2, internetChecksum(frame, at, length));
  return frame;
}
