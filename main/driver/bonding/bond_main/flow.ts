// The flow of a frame as the transmit hash sees it (bond_main.c: bond_flow_ip, bond_flow_dissect;
// net/core/flow_dissector.c; facts/driver 10.8). 32-bit words are packet bytes read as a host word
// of a little-endian machine: the first byte is the lowest. The encap policies look into VLAN tags
// in the bytes, IP in IP and GRE. Left out: MPLS, PPPoE, TIPC, batman and L2TP, which nothing here
// sends.

import { EtherType, ethHeaderBytes } from '#bus/frame.ts';
import { IpProtocol, ipv4HeaderBytes } from '#bus/ipv4.ts';
import { readBe16 } from '#bus/bytes.ts';

/** What the hash folds together. */
export interface Flow {
  /** Word of the source address, or of an IPv6 address its four words folded; 0 without. */
  source: number;
  destination: number;
  /** Both port numbers in network order, 0 for a protocol or a fragment without. */
  ports: number;
  /** Type and code and, in the upper half, the identifier of ICMP; 0 for other flows. */
  icmp: number;
}

const ipv6HeaderBytes = 40;
const icmpHeaderBytes = 8;

const protocols = { ipip: 4, ipv6: 41, gre: 47, esp: 50, ah: 51, icmp6: 58 } as const;
/** Protocols whose header begins with both ports, or with a word that serves as well. */
const portProtocols: ReadonlySet<number> = new Set([
  IpProtocol.tcp,
  IpProtocol.udp,
  33, // DCCP
  protocols.esp,
  132, // SCTP
  136, // UDP-Lite
]);
/** ICMP and ICMPv6 types with an identifier: echo and timestamp, both ways. */
const icmpWithId: ReadonlySet<number> = new Set([0, 8, 13, 14, 128, 129]);
const icmpErrors: ReadonlySet<number> = new Set([3, 4, 5, 11, 12]);
const icmp6Errors: ReadonlySet<number> = new Set([1, 2, 3, 4]);
/** IPv6 extension headers that are skipped: hop by hop, routing, destination. */
const ipv6Options: ReadonlySet<number> = new Set([0, 43, 60]);
const ipv6Fragment = 44;
const greTransparentEthernet = 0x6558;
/** Most headers that the dissector goes through. */
const headersMax = 15;

/** Four bytes as a little-endian host reads them. */
export const hostWord = (bytes: Uint8Array, at: number): number =>
  (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;

const foldedWords = (bytes: Uint8Array, at: number): number =>
  (hostWord(bytes, at) ^
    hostWord(bytes, at + 4) ^
    hostWord(bytes, at + 8) ^
    hostWord(bytes, at + 12)) >>>
  0;

/** An IP header: where the next one is and of what protocol; null for a fragment's. */
interface IpHeader {
  readonly nextAt: number;
  readonly protocol: number | null;
}

/** Takes the addresses of the IP header at `at`; null when there is none. */
function readIp(bytes: Uint8Array, at: number, etherType: number, flow: Flow): IpHeader | null {
  if (etherType === EtherType.ipv4 && bytes.length >= at + ipv4HeaderBytes) {
    flow.source = hostWord(bytes, at + 12);
    flow.destination = hostWord(bytes, at + 16);
    const fragment = (readBe16(bytes, at + 6) & 0x3fff) !== 0;
    return { nextAt: at + (bytes[at]! & 15) * 4, protocol: fragment ? null : bytes[at + 9]! };
  }
  if (etherType === EtherType.ipv6 && bytes.length >= at + ipv6HeaderBytes) {
    flow.source = foldedWords(bytes, at + 8);
    flow.destination = foldedWords(bytes, at + 24);
    return { nextAt: at + ipv6HeaderBytes, protocol: bytes[at + 6]! };
  }
  return null;
}

/** The word of both ports behind an IP header. */
function readPorts(bytes: Uint8Array, at: number, protocol: number): number {
  const offset = protocol === protocols.ah ? 4 : portProtocols.has(protocol) ? 0 : -1;
  return offset < 0 || bytes.length < at + offset + 4 ? 0 : hostWord(bytes, at + offset);
}

/** Type, code and identifier; an identifier of 0 counts as 1, since 0 means none. */
function readIcmp(bytes: Uint8Array, at: number): number {
  if (bytes.length < at + icmpHeaderBytes) return 0;
  const id = icmpWithId.has(bytes[at]!) ? readBe16(bytes, at + 4) || 1 : 0;
  return (bytes[at]! | (bytes[at + 1]! << 8) | (id << 16)) >>> 0;
}

const isIcmp = (protocol: number | null): boolean =>
  protocol === IpProtocol.icmp || protocol === protocols.icmp6;

/**
 * The flow for layer2+3 and layer3+4 (`withPorts`). An ICMP error counts for the flow that it is
 * about. Null for a frame that is not IP.
 */
export function ipFlow(bytes: Uint8Array, etherType: number, withPorts: boolean): Flow | null {
  const flow: Flow = { source: 0, destination: 0, ports: 0, icmp: 0 };
  const outer = readIp(bytes, ethHeaderBytes, etherType, flow);
  if (outer === null) return null;
  const { protocol, nextAt } = outer;
  if (protocol === null) return flow;
  if (withPorts) flow.ports = readPorts(bytes, nextAt, protocol);
  if (!isIcmp(protocol)) return flow;
  flow.icmp = readIcmp(bytes, nextAt);
  const errors = protocol === IpProtocol.icmp ? icmpErrors : icmp6Errors;
  if (!errors.has(flow.icmp & 0xff)) return flow;
  const inner = readIp(bytes, nextAt + icmpHeaderBytes, etherType, flow);
  if (inner === null) return null;
  if (withPorts && inner.protocol !== null) {
    flow.ports = readPorts(bytes, inner.nextAt, inner.protocol);
  }
  return flow;
}

/** Where a walk through headers stands. */
interface Place {
  at: number;
  etherType: number;
}

/** Goes behind a GRE header of version 0; false when there is nothing to go to. */
function enterGre(bytes: Uint8Array, place: Place): boolean {
  const flags = readBe16(bytes, place.at);
  if ((flags & 0x4007) !== 0) return false; // Routing, or another version.
  const optional = [0x8000, 0x2000, 0x1000].filter((bit) => (flags & bit) !== 0).length;
  place.etherType = readBe16(bytes, place.at + 2);
  place.at += 4 + 4 * optional;
  if (place.etherType !== greTransparentEthernet) return true;
  place.etherType = readBe16(bytes, place.at + 12);
  place.at += ethHeaderBytes;
  return true;
}

/** Follows one protocol below IP. True when there is another layer to look at. */
function enterProtocol(bytes: Uint8Array, place: Place, first: number, flow: Flow): boolean {
  let protocol = first;
  while (place.etherType === EtherType.ipv6 && ipv6Options.has(protocol)) {
    protocol = bytes[place.at]!;
    place.at += (bytes[place.at + 1]! + 1) * 8;
    if (place.at >= bytes.length) return false;
  }
  if (place.etherType === EtherType.ipv6 && protocol === ipv6Fragment) return false;
  if (protocol === protocols.gre) return enterGre(bytes, place);
  flow.ports = readPorts(bytes, place.at, protocol);
  if (isIcmp(protocol)) flow.icmp = readIcmp(bytes, place.at);
  if (protocol === protocols.ipip) place.etherType = EtherType.ipv4;
  else if (protocol === protocols.ipv6) place.etherType = EtherType.ipv6;
  else return false;
  return true;
}

/**
 * The innermost flow, for encap2+3 and encap3+4. ARP is a flow without addresses; null for frames
 * that the dissector does not know.
 */
export function innerFlow(bytes: Uint8Array, etherType: number): Flow | null {
  const flow: Flow = { source: 0, destination: 0, ports: 0, icmp: 0 };
  const place: Place = { at: ethHeaderBytes, etherType };
  for (let headers = 0; headers < headersMax; headers++) {
    if (place.etherType === EtherType.vlan || place.etherType === EtherType.serviceVlan) {
      place.etherType = readBe16(bytes, place.at + 2);
      place.at += 4;
      continue;
    }
    if (place.etherType === EtherType.arp) return flow;
    const ip = readIp(bytes, place.at, place.etherType, flow);
    if (ip === null) return null;
    place.at = ip.nextAt;
    if (ip.protocol === null || !enterProtocol(bytes, place, ip.protocol, flow)) return flow;
  }
  return flow;
}
