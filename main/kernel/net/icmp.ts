// ICMP (net/ipv4/icmp.c): echo requests are answered, echo replies and errors go to the ping
// sockets, and packets that cannot be delivered are told of, at a limited rate for each peer.
// Left out: all other messages.

import { ethHeaderBytes } from '#bus/frame.ts';
import {
  buildEchoFrame,
  buildUnreachableFrame,
  icmpEchoHeaderBytes,
  IcmpType,
  parseEcho,
  parseUnreachable,
  UnreachableCode,
} from '#bus/icmp.ts';
import type { IcmpEcho } from '#bus/icmp.ts';
import { IpProtocol, ipv4HeaderBytes, parseIpv4 } from '#bus/ipv4.ts';
import type { Ipv4Header } from '#bus/ipv4.ts';
import type { Atomic } from '#sim/task.ts';
import type { Kernel } from '../kernel.ts';
import { NET_RX_DROP, NET_RX_SUCCESS } from './flags.ts';
import { ip_output } from './ipv4.ts';
import { ping_err, ping_rcv } from './ping.ts';
import { ip_route_output_key } from './route.ts';
import type { AddressType } from './route.ts';
import { CHECKSUM_UNNECESSARY, networkOffset } from './skb.ts';
import type { SkBuff } from './skb.ts';
import { dropPacket } from './xmit.ts';

/** Errors to one peer: one a second, and six in a burst (XRLIM_BURST_FACTOR). */
const burst = 6;

/** Tokens for error messages, by peer (inet_peer_xrlim_allow). */
export class IcmpLimits {
  private readonly peers = new Map<number, { tokens: number; atNs: number }>();

  /** True when an error may be sent to the peer now. */
  allow(peer: number, nowNs: number): boolean {
    const known = this.peers.get(peer) ?? { tokens: burst, atNs: nowNs };
    known.tokens = Math.min(burst, known.tokens + (nowNs - known.atNs) / 1e9);
    known.atNs = nowNs;
    this.peers.set(peer, known);
    if (known.tokens < 1) return false;
    known.tokens--;
    return true;
  }
}

/** MACs are filled in by the neighbour. */
const noMacs = { sourceMac: 0, destinationMac: 0 };

function* icmp_echo(skb: SkBuff, header: Ipv4Header, echo: IcmpEcho): Atomic<void> {
  const { k } = skb.dev;
  const { source: peer, destination: own } = header;
  if (k.net.sysctls.icmp_echo_ignore_all !== 0) return;
  const route = ip_route_output_key(k, { destination: peer, source: own });
  if (typeof route === 'number') return;
  const addresses = { ...noMacs, source: own, destination: peer };
  const { id, sequence, data } = echo;
  const frame = buildEchoFrame(addresses, IcmpType.echoReply, id, sequence, data);
  yield* ip_output(route, frame, ipv4HeaderBytes + icmpEchoHeaderBytes + data.length);
}

/** An error about a packet of ours. */
function icmp_unreach(skb: SkBuff, header: Ipv4Header): boolean {
  const error = parseUnreachable(skb.data, networkOffset, header);
  if (!error?.checksumOk) return false;
  const quoted = skb.data.subarray(error.quotedAt);
  const id = (quoted[ipv4HeaderBytes + 4]! << 8) | quoted[ipv4HeaderBytes + 5]!;
  const sequence = (quoted[ipv4HeaderBytes + 6]! << 8) | quoted[ipv4HeaderBytes + 7]!;
  const isEcho = quoted[9] === IpProtocol.icmp && quoted[ipv4HeaderBytes] === IcmpType.echoRequest;
  if (isEcho) ping_err(skb.dev.k, id, { sequence, from: header.source, code: error.code });
  return true;
}

/** Takes a message that is for us. */
export function* icmp_rcv(skb: SkBuff, header: Ipv4Header, type: AddressType): Atomic<number> {
  const { dev, data } = skb;
  const echo = parseEcho(data, networkOffset, header);
  if (echo === null) {
    if (!icmp_unreach(skb, header)) {
      dropPacket(dev, 'unknown ICMP message');
      return NET_RX_DROP;
    }
    return NET_RX_SUCCESS;
  }
  if (!echo.checksumOk && skb.ip_summed !== CHECKSUM_UNNECESSARY) {
    dropPacket(dev, 'bad ICMP checksum');
    return NET_RX_DROP;
  }
  if (echo.type === IcmpType.echoReply) ping_rcv(dev.k, header, echo);
  // Echo requests to broadcast addresses are not answered (icmp_echo_ignore_broadcasts).
  else if (type === 'local') yield* icmp_echo(skb, header, echo);
  return NET_RX_SUCCESS;
}

/** Tells the sender of a packet that it cannot be delivered. Errors about errors are not sent. */
export function* icmp_send_unreachable(
  skb: SkBuff,
  header: Ipv4Header,
  code: number,
): Atomic<void> {
  const { k } = skb.dev;
  const at = networkOffset + header.headerBytes;
  if (header.protocol === IpProtocol.icmp && skb.data[at] !== IcmpType.echoRequest) return;
  if (header.source === 0 || !k.net.icmpLimits.allow(header.source, k.sim.now())) return;
  yield* sendError(k, header, code, skb.data);
}

function* sendError(k: Kernel, header: Ipv4Header, code: number, quoted: Uint8Array): Atomic<void> {
  const route = ip_route_output_key(k, { destination: header.source });
  if (typeof route === 'number') return;
  const own = code === UnreachableCode.host ? route.source : header.destination;
  const addresses = { ...noMacs, source: own, destination: header.source };
  const frame = buildUnreachableFrame(addresses, code, quoted, networkOffset);
  yield* ip_output(route, frame, frame.length - ethHeaderBytes);
}

/** A packet of ours whose neighbour did not answer: its sender gets "host unreachable". */
export function* ipv4_link_failure(skb: SkBuff): Atomic<void> {
  const header = parseIpv4(skb.data, networkOffset);
  dropPacket(skb.dev, 'neighbour does not answer');
  if (header === null) return;
  yield* icmp_send_unreachable(skb, header, UnreachableCode.host);
}
