// Spreading over rings. The Toeplitz vectors are those of Microsoft's "Verifying the RSS Hash
// Calculation": its key, its addresses and ports, its results.

import { describe, expect, test } from 'vitest';
import { parseIpv4Address } from '#bus/ipv4.ts';
import { Packet } from '#device/packet.ts';
import { Spreader } from '#device/rss.ts';
import { Network, portMacs, udpTo } from '#test/support/card/network.ts';
import { BarePair } from '#test/support/card/pair.ts';

const key = Uint8Array.from(
  '6d5a56da255b0ec24167253d43a38fb0d0ca2bcbae7b30b477cb2da38030f20c6a42b73bbeac01fa'.match(/../g)!,
  (pair) => Number.parseInt(pair, 16),
);

const udpIpv6 = 1;
const udpIpv4 = 2;
const tcpIpv6 = 4;
const ipv6Flag = 8;
const tcpIpv4 = 16;
const ipv4Flag = 32;
const all = 0x3f;

const tcp = 6;
const udp = 17;

/** A frame with these addresses, ports and protocol, and no more than the card's parser needs. */
function frame4(
  source: string,
  destination: string,
  ports: readonly [number, number],
  protocol = tcp,
) {
  const frame = new Uint8Array(14 + 20 + 20);
  const view = new DataView(frame.buffer);
  view.setUint16(12, 0x0800);
  frame[14] = 0x45;
  view.setUint16(16, 40);
  frame[23] = protocol;
  view.setUint32(26, parseIpv4Address(source));
  view.setUint32(30, parseIpv4Address(destination));
  view.setUint16(34, ports[0]);
  view.setUint16(36, ports[1]);
  return frame;
}

function frame6(
  source: string,
  destination: string,
  ports: readonly [number, number],
  protocol = tcp,
) {
  const frame = new Uint8Array(14 + 40 + 20);
  const view = new DataView(frame.buffer);
  view.setUint16(12, 0x86dd);
  frame[14] = 0x60;
  view.setUint16(18, 20);
  frame[20] = protocol;
  [source, destination].forEach((text, which) => {
    words(text).forEach((word, i) => {
      view.setUint16(22 + 16 * which + 2 * i, word);
    });
  });
  view.setUint16(54, ports[0]);
  view.setUint16(56, ports[1]);
  return frame;
}

/** The eight words of an IPv6 address. */
function words(text: string): number[] {
  const [head = '', tail = ''] = text.split('::');
  const numbers = (part: string) =>
    part === '' ? [] : part.split(':').map((each) => Number.parseInt(each, 16));
  const [before, after] = [numbers(head), numbers(tail)];
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function choose(frame: Uint8Array, flags = all, toeplitz = true) {
  const packet = new Packet();
  packet.parse(frame);
  const spreader = new Spreader({
    baseQpn: 0x100,
    baseQpnUdp: 0x200,
    defaultQpn: 0x300,
    ringMask: 7,
    toeplitz,
    flags,
    key,
  });
  return { ...spreader.choose(packet) };
}

describe('Toeplitz, by the published vectors', () => {
  test.each([
    ['66.9.149.187', 2794, '161.142.100.80', 1766, 0x323e_8fc2, 0x51cc_c178],
    ['199.92.111.2', 14230, '65.69.140.83', 4739, 0xd718_262a, 0xc626_b0ea],
    ['24.19.198.95', 12898, '12.22.207.184', 38024, 0xd2d0_a5de, 0x5c2b_394a],
    ['38.27.205.30', 48228, '209.142.163.6', 2217, 0x8298_9176, 0xafc7_327f],
    ['153.39.163.191', 44251, '202.188.127.2', 1303, 0x5d18_09c5, 0x10e8_28a2],
  ])(
    'IPv4 %s:%i to %s:%i',
    (source, sourcePort, destination, destinationPort, addresses, ports) => {
      const frame = frame4(source, destination, [sourcePort, destinationPort]);
      expect(choose(frame).hash).toBe(ports);
      expect(choose(frame, ipv4Flag).hash).toBe(addresses);
      const datagram = frame4(source, destination, [sourcePort, destinationPort], udp);
      expect(choose(datagram).hash).toBe(ports);
    },
  );

  test.each([
    ['3ffe:2501:200:1fff::7', 2794, '3ffe:2501:200:3::1', 1766, 0x2cc1_8cd5, 0x4020_7d3d],
    ['3ffe:501:8::260:97ff:fe40:efab', 14230, 'ff02::1', 4739, 0x0f0c_461c, 0xdde5_1bbf],
    [
      '3ffe:1900:4545:3:200:f8ff:fe21:67cf',
      44251,
      'fe80::200:f8ff:fe21:67cf',
      38024,
      0x4b61_e985,
      0x02d1_feef,
    ],
  ])(
    'IPv6 %s:%i to %s:%i',
    (source, sourcePort, destination, destinationPort, addresses, ports) => {
      const frame = frame6(source, destination, [sourcePort, destinationPort]);
      expect(choose(frame).hash).toBe(ports);
      expect(choose(frame, ipv6Flag).hash).toBe(addresses);
    },
  );
});

describe('what is hashed', () => {
  const four = (protocol: number) => frame4('10.0.0.1', '10.0.0.2', [1, 2], protocol);
  const six = (protocol: number) => frame6('fe80::1', 'fe80::2', [1, 2], protocol);

  test('RSS: the ring is the low bits of the hash added to the base, UDP has its own', () => {
    const spread = choose(four(tcp));
    expect(spread.qpn).toBe(0x100 + (spread.hash & 7));
    const datagram = choose(four(udp));
    expect(datagram.qpn).toBe(0x200 + (datagram.hash & 7));
  });

  test.each([
    ['TCP over IPv4', four(tcp), tcpIpv4, ipv4Flag],
    ['UDP over IPv4', four(udp), udpIpv4, ipv4Flag],
    ['TCP over IPv6', six(tcp), tcpIpv6, ipv6Flag],
    ['UDP over IPv6', six(udp), udpIpv6, ipv6Flag],
  ])(
    '%s: ports with its own flag, addresses with that of the version, else the default ring',
    (_, frame, flag, address) => {
      expect(choose(frame, flag).hash).toBe(choose(frame).hash);
      expect(choose(frame, address).hash).not.toBe(choose(frame).hash);
      expect(choose(frame, address).qpn).toBeLessThan(0x108);
      expect(choose(frame, all & ~flag & ~address)).toEqual({ qpn: 0x300, hash: 0 });
    },
  );

  test('fragments and other protocols go by addresses, other frames to the default', () => {
    const fragment = four(tcp);
    fragment[20] = 0x20;
    expect(choose(fragment).hash).toBe(choose(four(tcp), ipv4Flag).hash);
    expect(choose(four(1)).hash).toBe(choose(four(tcp), ipv4Flag).hash);
    expect(choose(new Uint8Array(60))).toEqual({ qpn: 0x300, hash: 0 });
  });

  test('XOR: the bytes of addresses and ports, folded to one', () => {
    expect(choose(four(tcp), all, false).hash).toBe(10 ^ 1 ^ 10 ^ 2 ^ 1 ^ 2);
    expect(choose(four(tcp), ipv4Flag, false).hash).toBe(10 ^ 1 ^ 10 ^ 2);
  });
});

describe('an RSS queue pair', () => {
  function spread(rings: number, extra = {}) {
    const net = new Network();
    const logRings = Math.log2(rings);
    const cqs = Array.from({ length: rings }, () => net.cq());
    const pairs = cqs.map((cq, i) =>
      new BarePair(net.driver, 0x100 + i, cq, cq, { port: 1, logReceives: 6 }).ready(),
    );
    for (const pair of pairs) pair.receive(64, [256]);
    const rss = {
      log_rings: logRings,
      base_qpn: 0x100,
      default_qpn: 0x100,
      base_qpn_udp: 0x100,
      hash_fn: 1,
      flags: all,
      rss_key: key,
      ...extra,
    };
    const pair = new BarePair(net.driver, 0x140, cqs[0]!, cqs[0]!, { port: 1, rss });
    pair.ready();
    net.steer(1, portMacs[0], [0x140]);
    net.open(1);
    return { net, cqs, pair };
  }

  test('delivers each flow to one ring, and many flows to all of them, with the hash', () => {
    const { net, cqs } = spread(4);
    for (let port = 1; port <= 60; port++) {
      net.arrive(1, udpTo(portMacs[0], 100, { source: port, destination: 9 }));
      net.arrive(1, udpTo(portMacs[0], 100, { source: port, destination: 9 }));
    }
    const seen = cqs.map((cq) => cq.decoded());
    seen.forEach((completions, ring) => {
      expect(completions.length).toBeGreaterThan(0);
      expect(completions.length % 2).toBe(0);
      expect(completions.every((each) => (each.immed_rss_invalid & 3) === ring)).toBe(true);
      expect(completions.every((each) => each.qpn === 0x100 + ring)).toBe(true);
    });
    expect(seen.flat()).toHaveLength(120);
  });

  test('what cannot be hashed goes to the default ring, with hash 0', () => {
    const { net, cqs } = spread(4, { default_qpn: 0x102 });
    const arp = new Uint8Array(60);
    arp.set([0x00, 0x02, 0xc9, 0xa0, 0xb0, 0xc1]);
    arp.set([8, 6], 12);
    net.arrive(1, arp);
    expect(cqs[2]!.decoded()).toMatchObject([{ immed_rss_invalid: 0, qpn: 0x102 }]);
  });

  test('a ring that is in RESET, or is an RSS queue pair itself, gets nothing', () => {
    for (const target of [0x3f0, 0x140]) {
      const { net, cqs } = spread(1, {
        base_qpn: target,
        base_qpn_udp: target,
        default_qpn: target,
      });
      net.arrive(1, udpTo(portMacs[0]));
      expect(cqs[0]!.poll()).toEqual([]);
      expect(net.rig.card.view.counts(1).dropped).toBe(1);
    }
  });

  test('it has no receive queue of its own', () => {
    const { net, pair } = spread(2);
    expect(net.rig.card.view.qp(pair.qpn)?.rss).toBe(true);
    pair.ring();
    net.rig.clock.runFor(1e6);
    expect(net.rig.card.view.qpState(pair.qpn)).toBe('RTS');
  });
});
