// ICMP echo (RFC 792): what ping sends and what answers it.
// Left out: all other ICMP messages; parseEcho() gives null for them.

import { readBe16, writeBe16 } from './bytes.ts';
import { internetChecksum } from './checksum.ts';
import { EtherType, ethHeaderBytes, minFrameBytes, writeEthHeader } from './frame.ts';
import { IpProtocol, ipv4HeaderBytes, writeIpv4Header } from './ipv4.ts';
import type { Ipv4Header, Ipv4Route } from './ipv4.ts';

/** Bytes of an echo header. */
export const icmpEchoHeaderBytes = 8;

/** Types of echo message. */
export const IcmpType = { echoReply: 0, echoRequest: 8 } as const;

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
