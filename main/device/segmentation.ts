// A large send (facts/device 8.5): one set of headers and up to 128 KiB of payload become packets
// of `mss` bytes each. Every packet has the headers, with its own length, IPv4 identification,
// sequence number, flags and checksums.
// Left out: tunnels (inner headers), which the card does not offer.

import { readBe16, readBe32, writeBe16, writeBe32 } from '#bus/bytes.ts';
import { EtherType, payloadOffset } from '#bus/frame.ts';
import { IpProtocol, ipv4HeaderLength } from '#bus/ipv4.ts';
import { tcpHeaderBytes } from '#bus/l4.ts';
import type { Packet } from './packet.ts';

const ipv6HeaderBytes = 40;
/** Offsets in the IPv4, IPv6 and TCP headers. */
const [totalLengthAt, identificationAt, protocolAt] = [2, 4, 9] as const;
const [payloadLengthAt, nextHeaderAt] = [4, 6] as const;
const [sequenceAt, dataOffsetAt, flagsAt] = [4, 12, 13] as const;
/** TCP flags: only the last packet ends or pushes, only the first says that the window shrank. */
const [fin, push, windowReduced] = [0x01, 0x08, 0x80] as const;

/** Where the headers of a large send are. */
interface Headers {
  readonly ipAt: number;
  readonly isIpv4: boolean;
  readonly tcpAt: number;
}

/** The headers, or why they are none of a large send. */
function headersOf(whole: Uint8Array, headerBytes: number): Headers | string {
  const ipAt = payloadOffset(whole);
  const type = ipAt <= headerBytes ? readBe16(whole, ipAt - 2) : 0;
  const isIpv4 = type === EtherType.ipv4;
  if (!isIpv4 && type !== EtherType.ipv6) return 'a large send of something that is not IP';
  const tcpAt = ipAt + (isIpv4 ? ipv4HeaderLength(whole, ipAt) : ipv6HeaderBytes);
  const protocol = whole[ipAt + (isIpv4 ? protocolAt : nextHeaderAt)];
  if (protocol !== IpProtocol.tcp) return 'a large send of something that is not TCP';
  if (tcpAt + tcpHeaderBytes > headerBytes) return 'a large send whose headers are cut';
  const tcpBytes = (whole[tcpAt + dataOffsetAt]! >>> 4) * 4;
  if (tcpAt + tcpBytes !== headerBytes) return 'a large send whose headers are of another length';
  return { ipAt, isIpv4, tcpAt };
}

/**
 * The packets of a large send, or why there are none. `whole`: headers, then payload; `packet` is
 * used to fill in the checksums.
 */
export function segment(
  whole: Uint8Array,
  headerBytes: number,
  mss: number,
  packet: Packet,
): Uint8Array[] | string {
  if (mss === 0) return 'a large send without a segment size';
  const headers = headersOf(whole, headerBytes);
  if (typeof headers === 'string') return headers;
  const segments: Uint8Array[] = [];
  for (let from = headerBytes; from < whole.length; from += mss) {
    const payload = whole.subarray(from, from + mss);
    const frame = new Uint8Array(headerBytes + payload.length);
    frame.set(whole.subarray(0, headerBytes));
    frame.set(payload, headerBytes);
    const isLast = from + mss >= whole.length;
    adapt(frame, headers, { number: segments.length, done: from - headerBytes, isLast });
    packet.parse(frame);
    packet.fillL4();
    packet.fillIp();
    segments.push(frame);
  }
  return segments;
}

/** Which of the packets it is. */
interface Position {
  readonly number: number;
  /** Payload before it, bytes. */
  readonly done: number;
  readonly isLast: boolean;
}

/** Makes the headers those of one packet; checksums are filled in afterwards. */
function adapt(
  frame: Uint8Array,
  { ipAt, isIpv4, tcpAt }: Headers,
  { number, done, isLast }: Position,
): void {
  if (isIpv4) {
    writeBe16(frame, ipAt + totalLengthAt, frame.length - ipAt);
    const identification = readBe16(frame, ipAt + identificationAt) + number;
    writeBe16(frame, ipAt + identificationAt, identification & 0xffff);
  } else {
    writeBe16(frame, ipAt + payloadLengthAt, frame.length - ipAt - ipv6HeaderBytes);
  }
  writeBe32(frame, tcpAt + sequenceAt, (readBe32(frame, tcpAt + sequenceAt) + done) >>> 0);
  if (!isLast) frame[tcpAt + flagsAt]! &= ~(fin | push);
  if (number > 0) frame[tcpAt + flagsAt]! &= ~windowReduced;
}
