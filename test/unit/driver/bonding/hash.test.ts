// The transmit hash against values worked out by hand from the formulas of facts/driver 10.8.

import { describe, expect, it } from 'vitest';
import { buildArpRequest } from '#bus/arp.ts';
import { insertVlan } from '#bus/frame.ts';
import { parseIpv4Address } from '#bus/ipv4.ts';
import { buildUdpFrame } from '#bus/l4.ts';
import { parseMac } from '#bus/mac.ts';
import { bond_xmit_hash } from '#driver/bonding/bond_main/hash.ts';
import type { HashedFrame } from '#driver/bonding/bond_main/hash.ts';
import {
  BOND_XMIT_POLICY_ENCAP23,
  BOND_XMIT_POLICY_ENCAP34,
  BOND_XMIT_POLICY_LAYER2,
  BOND_XMIT_POLICY_LAYER23,
  BOND_XMIT_POLICY_LAYER34,
  BOND_XMIT_POLICY_VLAN_SRCMAC,
} from '#driver/bonding/bonding.ts';

const sourceMac = parseMac('00:02:c9:a0:b0:c1');
const destinationMac = parseMac('00:02:c9:11:22:33');

const frame = (data: Uint8Array, tci = -1): HashedFrame => ({
  data,
  protocol: (data[12]! << 8) | data[13]!,
  vlan_tci: tci,
});

/** UDP 10.0.0.1:4660 to 10.0.0.2:80. */
const udp = (): Uint8Array =>
  buildUdpFrame(
    {
      sourceMac,
      destinationMac,
      source: parseIpv4Address('10.0.0.1'),
      destination: parseIpv4Address('10.0.0.2'),
    },
    { source: 0x1234, destination: 80 },
    new Uint8Array(8),
  );

/** An IPv4 frame whose payload begins with `payload`. */
function ipv4(protocol: number, payload: readonly number[], fragment = 0): Uint8Array {
  const data = udp();
  data[20] = fragment >> 8;
  data[21] = fragment & 0xff;
  data[23] = protocol;
  data.set(payload, 34);
  return data;
}

describe('layer2', () => {
  it('is the XOR of the last bytes of both addresses and the EtherType', () => {
    // 0x33 ^ 0xc1 ^ 0x0800
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER2, frame(udp()))).toBe(0x08f2);
  });

  it('takes ARP frames by their own EtherType', () => {
    const arp = buildArpRequest(sourceMac, 1, 2);
    // 0xff ^ 0xc1 ^ 0x0806
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER2, frame(arp))).toBe(0x0838);
  });
});

describe('layer2+3', () => {
  it('folds the addresses, read as words of a little-endian host, into the layer2 hash', () => {
    // Source 10.0.0.1 is 0x0100000a, destination 10.0.0.2 is 0x0200000a: XOR 0x03000000.
    // 0x08f2 ^ 0x03000000 = 0x030008f2; ^ (h >> 16) = 0x030008f2 ^ 0x0300 = 0x03000bf2;
    // ^ (h >> 8) = 0x03000bf2 ^ 0x0003000b = 0x03030bf9.
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER23, frame(udp()))).toBe(0x0303_0bf9);
  });

  it('is the layer2 hash for frames that are not IP', () => {
    const arp = buildArpRequest(sourceMac, 1, 2);
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER23, frame(arp))).toBe(0x0838);
  });
});

describe('layer3+4', () => {
  it('starts from both ports in network order and drops the lowest bit', () => {
    // Ports 12 34 00 50 are the word 0x50003412; ^ 0x03000000 = 0x53003412;
    // ^ (h >> 16) = 0x53006712; ^ (h >> 8) = 0x53536775; >> 1 = 0x29a9b3ba.
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER34, frame(udp()))).toBe(0x29a9_b3ba);
  });

  it('counts every fragment, the first one too, as without ports', () => {
    // 0x03000000; ^ (h >> 16) = 0x03000300; ^ (h >> 8) = 0x03030303; >> 1 = 0x01818181.
    for (const fragment of [0x2000, 0x0010]) {
      const data = ipv4(17, [0x12, 0x34, 0, 80], fragment);
      expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER34, frame(data))).toBe(0x0181_8181);
    }
  });

  it('uses type, code and identifier of an ICMP echo, the identifier in host order', () => {
    // Type 8, code 0, identifier 0x0102: 0x01020008; ^ 0x03000000 = 0x02020008;
    // ^ (h >> 16) = 0x0202020a; ^ (h >> 8) = 0x0202020a ^ 0x00020202 = 0x02000008; >> 1.
    const data = ipv4(1, [8, 0, 0, 0, 0x01, 0x02, 0, 1]);
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER34, frame(data))).toBe(0x0100_0004);
  });

  it('takes an identifier of 0 for 1, since 0 would mean that there is none', () => {
    const zero = ipv4(1, [8, 0, 0, 0, 0, 0, 0, 1]);
    const one = ipv4(1, [8, 0, 0, 0, 0, 1, 0, 1]);
    const hash = (data: Uint8Array) => bond_xmit_hash(BOND_XMIT_POLICY_LAYER34, frame(data));
    expect(hash(zero)).toBe(hash(one));
  });

  it('sends an ICMP error the way of the flow that it is about', () => {
    const data = new Uint8Array(120);
    data.set(ipv4(1, [3, 1, 0, 0, 0, 0, 0, 0]));
    data.set(udp().subarray(14, 14 + 28), 42);
    // The inner packet is the UDP flow of above, the other way round or not: XOR is the same.
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER34, frame(data))).toBe(0x29a9_b3ba);
  });

  it('folds the four words of IPv6 addresses', () => {
    const data = new Uint8Array(14 + 40 + 8);
    data.set(udp().subarray(0, 12));
    data.set([0x86, 0xdd, 0x60], 12);
    data[20] = 17;
    data.set([1, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 8, 0, 0, 0], 22); // words 1, 2, 4, 8: 15
    data.set([0x10, 0, 0, 0], 38); // words 16, 0, 0, 0
    data.set([0, 2, 0, 4], 54); // ports: word 0x04000200
    // 0x04000200 ^ 15 ^ 16 = 0x0400021f; ^ (h >> 16) = 0x0400061f;
    // ^ (h >> 8) = 0x0400061f ^ 0x00040006 = 0x04040619; >> 1 = 0x0202030c.
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER34, frame(data))).toBe(0x0202_030c);
  });
});

describe('the encap policies', () => {
  /** IP in IP: outer 192.0.2.1 to 192.0.2.2, inside the UDP packet of above. */
  function tunnel(): Uint8Array {
    const inner = udp().subarray(14);
    const data = new Uint8Array(14 + 20 + inner.length);
    data.set(udp().subarray(0, 34));
    data[23] = 4;
    data.set([192, 0, 2, 1, 192, 0, 2, 2], 26);
    data.set(inner, 34);
    return data;
  }

  it('look at the inner flow of a tunnel', () => {
    expect(bond_xmit_hash(BOND_XMIT_POLICY_ENCAP34, frame(tunnel()))).toBe(0x29a9_b3ba);
    expect(bond_xmit_hash(BOND_XMIT_POLICY_ENCAP23, frame(tunnel()))).toBe(0x0303_0bf9);
  });

  it('are layer3+4 and layer2+3 for traffic without a tunnel', () => {
    expect(bond_xmit_hash(BOND_XMIT_POLICY_ENCAP34, frame(udp()))).toBe(0x29a9_b3ba);
  });

  it('look behind a VLAN tag in the bytes, where layer3+4 sees no IP', () => {
    const tagged = insertVlan(udp(), 7);
    expect(bond_xmit_hash(BOND_XMIT_POLICY_ENCAP34, frame(tagged))).toBe(0x29a9_b3ba);
    // 0x33 ^ 0xc1 ^ 0x8100
    expect(bond_xmit_hash(BOND_XMIT_POLICY_LAYER34, frame(tagged))).toBe(0x81f2);
  });

  it('treat ARP as a flow without addresses', () => {
    const arp = buildArpRequest(sourceMac, 1, 2);
    expect(bond_xmit_hash(BOND_XMIT_POLICY_ENCAP34, frame(arp))).toBe(0);
    // 0x0838 ^ (0x0838 >> 8)
    expect(bond_xmit_hash(BOND_XMIT_POLICY_ENCAP23, frame(arp))).toBe(0x0830);
  });
});

describe('vlan+srcmac', () => {
  it('is the XOR of the tag and both halves of the source address', () => {
    // 0x0002c9 ^ 0xa0b0c1 ^ 0x000005
    expect(bond_xmit_hash(BOND_XMIT_POLICY_VLAN_SRCMAC, frame(udp(), 5))).toBe(0xa0b2_0d);
    expect(bond_xmit_hash(BOND_XMIT_POLICY_VLAN_SRCMAC, frame(udp()))).toBe(0xa0b2_08);
  });
});
