// A host at the far end: one NIC, IPv4 addresses, ARP (answers, asks, learns), ICMP echo (answers,
// asks), UDP to send. What comes in is counted by kind, so that a test can see what a card really
// sent. Left out: routing (every address is on the link), VLANs, fragments, IPv6, TCP, UDP replies.

import {
  ArpOperation,
  buildArpReply,
  buildArpRequest,
  buildGratuitousArp,
  isGratuitous,
  parseArp,
} from '#bus/arp.ts';
import type { Clock } from '#bus/clock.ts';
import { EtherType, ethHeaderBytes, payloadType, vlanTci } from '#bus/frame.ts';
import { IcmpType, buildEchoFrame, parseEcho } from '#bus/icmp.ts';
import { isFragment, parseIpv4, parseIpv4Address } from '#bus/ipv4.ts';
import type { Ipv4Header, Ipv4Route } from '#bus/ipv4.ts';
import { buildUdpFrame, l4ChecksumOk, l4Ports } from '#bus/l4.ts';
import type { L4Ports } from '#bus/l4.ts';
import { isMulticastAt, readMac } from '#bus/mac.ts';
import type { LinkOffer, LinkState, WireEnd, WirePort } from '#bus/wire.ts';
import { ArpCache } from './arp-cache.ts';
import { Ping } from './ping.ts';
import type { PingOptions } from './ping.ts';
import { usualSpeedsMbps } from './switch.ts';

const dataBytesMax = 1472;

/** How a host is made. */
export interface HostOptions {
  readonly name: string;
  readonly clock: Clock;
  /** 48-bit number. */
  readonly mac: number;
  /** IPv4 addresses as text; the first one is what it sends from. */
  readonly ips: readonly string[];
  readonly speedsMbps?: readonly number[];
}

/** What a host has received, in frames. */
export interface HostCounters {
  received: number;
  /** For another MAC: flooded frames, mostly. */
  notForUs: number;
  arpRequests: number;
  arpReplies: number;
  echoRequests: number;
  echoReplies: number;
  /** TCP and UDP packets with right checksums, or UDP without one. */
  datagrams: number;
  badIpChecksum: number;
  /** ICMP, TCP or UDP checksum. */
  badL4Checksum: number;
  damaged: number;
  /** Anything else. */
  other: number;
}

/** A host with one NIC. The host itself is the port that a cable plugs into. */
export class Host implements WirePort {
  readonly name: string;
  readonly mac: number;
  /** 32-bit numbers. */
  readonly ips: readonly number[];
  readonly arp: ArpCache;
  readonly counters: HostCounters = {
    received: 0,
    notForUs: 0,
    arpRequests: 0,
    arpReplies: 0,
    echoRequests: 0,
    echoReplies: 0,
    datagrams: 0,
    badIpChecksum: 0,
    badL4Checksum: 0,
    damaged: 0,
    other: 0,
  };
  private readonly clock: Clock;
  private readonly speedsMbps: readonly number[];
  private readonly pings: Ping[] = [];
  private end: WireEnd | null = null;
  private state: LinkState = { up: false, speedMbps: 0 };
  private isEnabled = true;

  constructor(options: HostOptions) {
    this.name = options.name;
    this.mac = options.mac;
    this.ips = options.ips.map(parseIpv4Address);
    if (this.ips.length === 0) throw new RangeError(`${options.name}: no IPv4 address`);
    this.clock = options.clock;
    this.speedsMbps = options.speedsMbps ?? usualSpeedsMbps;
    this.arp = new ArpCache(options.clock, (ip) => {
      this.send(buildArpRequest(this.mac, this.ip, ip));
    });
  }

  /** The address that the host sends from. */
  get ip(): number {
    return this.ips[0]!;
  }

  /** The link as the cable last told it. */
  get link(): LinkState {
    return this.state;
  }

  /** Switches the NIC on or off; off holds the link down. */
  setEnabled(enabled: boolean): void {
    if (enabled === this.isEnabled) return;
    this.isEnabled = enabled;
    this.end?.offerChanged();
  }

  /** Sends a frame as it is; lost when nothing is plugged in. */
  send(frame: Uint8Array): void {
    this.end?.send(frame);
  }

  /** Announces the host's addresses by gratuitous ARP. */
  announce(): void {
    for (const ip of this.ips) this.send(buildGratuitousArp(this.mac, ip));
  }

  /** Starts to ping an address. Throws RangeError for sizes that would need fragments. */
  ping(destination: string, options: PingOptions = {}): Ping {
    const { count = 1, intervalNs = 1e9, timeoutNs = 1e9, dataBytes = 56 } = options;
    if (dataBytes < 0 || dataBytes > dataBytesMax) {
      throw new RangeError(`ping with ${dataBytes} bytes; 0 to ${dataBytesMax} fit one frame`);
    }
    const ping = new Ping(this.pings.length + 1, parseIpv4Address(destination), count);
    this.pings.push(ping);
    const data = Uint8Array.from({ length: dataBytes }, (_, index) => index & 0xff);
    for (let sequence = 1; sequence <= count; sequence++) {
      const delayNs = (sequence - 1) * intervalNs;
      this.clock.after(delayNs, () => this.probe(ping, sequence, timeoutNs, data));
    }
    return ping;
  }

  /** Every ping that was started, in order. */
  get pingList(): readonly Ping[] {
    return this.pings;
  }

  /** Sends a UDP datagram, after ARP where needed; lost when nobody answers the ARP request. */
  sendUdp(destination: string, ports: L4Ports, data: Uint8Array): void {
    const to = parseIpv4Address(destination);
    this.arp.resolve(to, (mac) => {
      if (mac !== null) this.send(buildUdpFrame(this.route(mac, this.ip, to), ports, data));
    });
  }

  offer(): LinkOffer {
    return { enabled: this.isEnabled, protocol: 'eth', speedsMbps: this.speedsMbps };
  }

  plugged(end: WireEnd | null): void {
    this.end = end;
  }

  linkChanged(state: LinkState): void {
    this.state = state;
  }

  damagedFrameArrived(): void {
    this.counters.damaged++;
  }

  frameArrived(frame: Uint8Array): void {
    this.counters.received++;
    if (!isMulticastAt(frame) && readMac(frame) !== this.mac) {
      this.counters.notForUs++;
      return;
    }
    const type = vlanTci(frame) === null ? payloadType(frame) : 0;
    if (type === EtherType.arp) this.arpArrived(frame);
    else if (type === EtherType.ipv4) this.ipv4Arrived(frame);
    else this.counters.other++;
  }

  private route(destinationMac: number, source: number, destination: number): Ipv4Route {
    return { sourceMac: this.mac, destinationMac, source, destination };
  }

  private probe(ping: Ping, sequence: number, timeoutNs: number, data: Uint8Array): void {
    const { id, destination } = ping;
    ping.started(sequence, this.clock.now());
    this.clock.after(timeoutNs, () => ping.settled(sequence, 'lost', this.clock.now()));
    this.arp.resolve(destination, (mac) => {
      if (mac === null) {
        ping.settled(sequence, 'unreachable', this.clock.now());
        return;
      }
      const route = this.route(mac, this.ip, destination);
      this.send(buildEchoFrame(route, IcmpType.echoRequest, id, sequence, data));
    });
  }

  /**
   * Learns the sender when it asks us, answers us or announces itself; what others ask each other
   * only refreshes an address that is known.
   */
  private arpArrived(frame: Uint8Array): void {
    const arp = parseArp(frame, ethHeaderBytes);
    if (arp === null) {
      this.counters.other++;
      return;
    }
    if (arp.operation === ArpOperation.request) this.counters.arpRequests++;
    else this.counters.arpReplies++;
    const forUs = this.ips.includes(arp.targetIp);
    const known = this.arp.lookup(arp.senderIp) !== null;
    if (arp.senderIp !== 0 && (forUs || known || isGratuitous(arp))) {
      this.arp.learn(arp.senderIp, arp.senderMac);
    }
    if (forUs && arp.operation === ArpOperation.request && !isGratuitous(arp)) {
      this.send(buildArpReply(arp, this.mac));
    }
  }

  private ipv4Arrived(frame: Uint8Array): void {
    const header = parseIpv4(frame, ethHeaderBytes);
    if (header === null || !this.ips.includes(header.destination) || isFragment(header)) {
      this.counters.other++;
    } else if (!header.checksumOk) {
      this.counters.badIpChecksum++;
    } else if (l4Ports(frame, ethHeaderBytes, header) !== null) {
      if (l4ChecksumOk(frame, ethHeaderBytes, header) === false) this.counters.badL4Checksum++;
      else this.counters.datagrams++;
    } else {
      this.icmpArrived(frame, header);
    }
  }

  private icmpArrived(frame: Uint8Array, header: Ipv4Header): void {
    const echo = parseEcho(frame, ethHeaderBytes, header);
    if (echo === null) {
      this.counters.other++;
    } else if (!echo.checksumOk) {
      this.counters.badL4Checksum++;
    } else if (echo.type === IcmpType.echoReply) {
      this.counters.echoReplies++;
      const ping = this.pings[echo.id - 1];
      if (ping?.destination === header.source) {
        ping.settled(echo.sequence, 'replied', this.clock.now());
      }
    } else {
      this.counters.echoRequests++;
      const { source, destination } = header;
      this.arp.resolve(source, (mac) => {
        if (mac === null) return;
        const route = this.route(mac, destination, source);
        this.send(buildEchoFrame(route, IcmpType.echoReply, echo.id, echo.sequence, echo.data));
      });
    }
  }
}
