// One line of text for a frame, in the manner of tcpdump, for traces and the window:
//   ARP, Request who-has 10.0.0.1 tell 10.0.0.2
//   IP 10.0.0.2 > 10.0.0.1: ICMP echo request, id 1, seq 1, length 64
// Never throws: a damaged frame is described as far as it can be read.

import { ArpOperation, isGratuitous, parseArp } from './arp.ts';
import { readBe32 } from './bytes.ts';
import { EtherType, ethHeaderBytes, payloadOffset, payloadType, vlanTci } from './frame.ts';
import { IcmpType, parseEcho } from './icmp.ts';
import { IpProtocol, formatIpv4, isFragment, parseIpv4 } from './ipv4.ts';
import type { Ipv4Header } from './ipv4.ts';
import { l4Ports, udpHeaderBytes } from './l4.ts';
import { formatLacpState, parseLacpdu } from './lacpdu.ts';
import type { LacpParty } from './lacpdu.ts';
import { formatMac, formatMacAt } from './mac.ts';

/** Describes a frame in one line. */
export function describeFrame(frame: Uint8Array): string {
  if (frame.length < ethHeaderBytes) return `truncated frame, length ${frame.length}`;
  const tci = vlanTci(frame);
  const tag = tci === null ? '' : `vlan ${tci & 0xfff}, p ${tci >>> 13}, `;
  return tag + describePayload(frame);
}

function describePayload(frame: Uint8Array): string {
  const at = payloadOffset(frame);
  const type = payloadType(frame);
  if (type === EtherType.arp) return describeArp(frame, at);
  if (type === EtherType.ipv4) return describeIpv4(frame, at);
  if (type === EtherType.slow) return describeSlow(frame, at);
  const route = `${formatMacAt(frame, 6)} > ${formatMacAt(frame, 0)}`;
  const length = Math.max(frame.length - at, 0);
  if (type === EtherType.ipv6) return `IP6, ${route}, length ${length}`;
  return `${route}, ethertype 0x${type.toString(16).padStart(4, '0')}, length ${length}`;
}

function describeArp(frame: Uint8Array, at: number): string {
  const arp = parseArp(frame, at);
  if (arp === null) return 'ARP, not IPv4 over Ethernet';
  const sender = formatIpv4(arp.senderIp);
  if (arp.operation === ArpOperation.reply) {
    return `ARP, Reply ${sender} is-at ${formatMac(arp.senderMac)}`;
  }
  if (arp.operation !== ArpOperation.request) return `ARP, operation ${arp.operation}`;
  if (isGratuitous(arp)) return `ARP, Announcement ${sender} is-at ${formatMac(arp.senderMac)}`;
  return `ARP, Request who-has ${formatIpv4(arp.targetIp)} tell ${sender}`;
}

function describeIpv4(frame: Uint8Array, at: number): string {
  const header = parseIpv4(frame, at);
  if (header === null) return 'IP, bad header';
  const source = formatIpv4(header.source);
  const destination = formatIpv4(header.destination);
  const bad = header.checksumOk ? '' : ' (bad header checksum)';
  const ports = l4Ports(frame, at, header);
  if (ports === null)
    return `IP ${source} > ${destination}: ${describeData(frame, at, header)}${bad}`;
  const route = `IP ${source}.${ports.source} > ${destination}.${ports.destination}`;
  return `${route}: ${describeData(frame, at, header)}${bad}`;
}

function describeData(frame: Uint8Array, ipAt: number, header: Ipv4Header): string {
  const length = header.totalBytes - header.headerBytes;
  if (isFragment(header)) return `ip-proto-${header.protocol}, fragment, length ${length}`;
  const echo = parseEcho(frame, ipAt, header);
  if (echo !== null) {
    const what = echo.type === IcmpType.echoRequest ? 'request' : 'reply';
    const bad = echo.checksumOk ? '' : ' (wrong icmp checksum)';
    return `ICMP echo ${what}, id ${echo.id}, seq ${echo.sequence}, length ${length}${bad}`;
  }
  if (l4Ports(frame, ipAt, header) === null) return `ip-proto-${header.protocol}, length ${length}`;
  if (header.protocol === IpProtocol.udp) return `UDP, length ${length - udpHeaderBytes}`;
  return describeTcp(frame, ipAt + header.headerBytes, length);
}

function describeTcp(frame: Uint8Array, at: number, length: number): string {
  const flags = frame[at + 13]!;
  const letters = ['F', 'S', 'R', 'P', '.', 'U'].filter((_, index) => (flags >>> index) & 1);
  const data = Math.max(length - (frame[at + 12]! >>> 4) * 4, 0);
  const seq = readBe32(frame, at + 4);
  return `Flags [${letters.join('') || 'none'}], seq ${seq}, length ${data}`;
}

function describeSlow(frame: Uint8Array, at: number): string {
  const pdu = parseLacpdu(frame, at);
  if (pdu === null) return `slow protocol, subtype ${frame[at] ?? 'missing'}`;
  return `LACPv${pdu.version}, actor ${party(pdu.actor)}, partner ${party(pdu.partner)}`;
}

function party(side: LacpParty): string {
  const state = formatLacpState(side.state);
  return `${formatMac(side.system)} key ${side.key} port ${side.port} [${state}]`;
}
