// Frame codecs: what is built is read back, known bytes decode as they should, and no input throws.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  buildArpFrame,
  buildArpReply,
  buildArpRequest,
  buildGratuitousArp,
  isGratuitous,
  parseArp,
} from '#bus/arp.ts';
import { describeFrame } from '#bus/describe.ts';
import {
  EtherType,
  buildFrame,
  destinationOf,
  ethHeaderBytes,
  insertVlan,
  payloadOffset,
  payloadType,
  removeVlan,
  sourceOf,
  vlanTci,
} from '#bus/frame.ts';
import { IcmpType, buildEchoFrame, parseEcho } from '#bus/icmp.ts';
import { IpProtocol, formatIpv4, parseIpv4, parseIpv4Address } from '#bus/ipv4.ts';
import { buildUdpFrame, fillL4Checksum, l4ChecksumOk, l4Ports } from '#bus/l4.ts';
import { buildLacpduFrame, isLacpFrame, parseLacpdu } from '#bus/lacpdu.ts';
import {
  broadcastMac,
  formatMac,
  isBroadcastAt,
  isLinkLocalAt,
  isMulticast,
  isMulticastAt,
  macToBytes,
  parseMac,
  readMac,
} from '#bus/mac.ts';

const mac = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffffn }).map(Number);
const u32 = fc.nat(0xffff_ffff);
const u16 = fc.nat(0xffff);
const u8 = fc.nat(0xff);
const data = (maxLength: number) => fc.uint8Array({ maxLength });
const route = fc.record({ sourceMac: mac, destinationMac: mac, source: u32, destination: u32 });

test('a MAC survives text, bytes and number', () => {
  fc.assert(
    fc.property(mac, (value) => {
      expect(parseMac(formatMac(value))).toBe(value);
      expect(readMac(macToBytes(value))).toBe(value);
      expect(isMulticast(value)).toBe(isMulticastAt(macToBytes(value)));
    }),
  );
  expect(formatMac(0x0002_c9a0_b0c1)).toBe('00:02:c9:a0:b0:c1');
  expect([...macToBytes(parseMac('00:02:C9:A0:B0:C1'))]).toEqual([0, 2, 0xc9, 0xa0, 0xb0, 0xc1]);
  expect(isBroadcastAt(macToBytes(broadcastMac))).toBe(true);
  expect(isBroadcastAt(macToBytes(broadcastMac - 1))).toBe(false);
  expect(isLinkLocalAt(macToBytes(0x0180_c200_000f))).toBe(true);
  expect(isLinkLocalAt(macToBytes(0x0180_c200_0010))).toBe(false);
  for (const bad of ['', '00:02:c9:a0:b0', '00:02:c9:a0:b0:c1:00', '0:2:c9:a0:b0:c1', 'gg'])
    expect(() => parseMac(bad)).toThrow(RangeError);
});

test('an IPv4 address survives text', () => {
  fc.assert(fc.property(u32, (value) => parseIpv4Address(formatIpv4(value)) === value));
  for (const bad of ['', '10.0.0', '10.0.0.256', '10.0.0.01', '10.0.0.1 ', '1.2.3.4.5'])
    expect(() => parseIpv4Address(bad)).toThrow(RangeError);
});

test('a frame is padded and keeps its header and payload; VLAN tags go in and come out', () => {
  fc.assert(
    fc.property(mac, mac, data(100), u16, u16, (destination, source, payload, tci, outer) => {
      const frame = buildFrame(destination, source, EtherType.roce, payload);
      expect(frame.length).toBe(Math.max(60, 14 + payload.length));
      expect([destinationOf(frame), sourceOf(frame)]).toEqual([destination, source]);
      expect([payloadType(frame), payloadOffset(frame), vlanTci(frame)]).toEqual([
        EtherType.roce,
        ethHeaderBytes,
        null,
      ]);
      const twice = insertVlan(insertVlan(frame, tci), outer, EtherType.serviceVlan);
      expect([payloadType(twice), payloadOffset(twice), vlanTci(twice)]).toEqual([
        EtherType.roce,
        ethHeaderBytes + 8,
        outer,
      ]);
      expect(removeVlan(removeVlan(twice))).toEqual(frame);
    }),
  );
});

test('ARP is read back as it was built', () => {
  const packet = fc.record({
    operation: u16,
    senderMac: mac,
    senderIp: u32,
    targetMac: mac,
    targetIp: u32,
  });
  fc.assert(
    fc.property(mac, packet, (destination, arp) => {
      const frame = buildArpFrame(destination, arp);
      expect(frame.length).toBe(60);
      expect(destinationOf(frame)).toBe(destination);
      expect(parseArp(frame, ethHeaderBytes)).toEqual(arp);
    }),
  );
  const request = parseArp(buildArpRequest(5, 10, 11), ethHeaderBytes)!;
  const reply = buildArpReply(request, 6);
  expect(destinationOf(reply)).toBe(5);
  expect(parseArp(reply, ethHeaderBytes)).toMatchObject({
    senderMac: 6,
    senderIp: 11,
    targetIp: 10,
  });
  expect(isGratuitous(parseArp(buildGratuitousArp(5, 10), ethHeaderBytes)!)).toBe(true);
  expect(isGratuitous(request)).toBe(false);
});

test('an echo frame is read back, and any flipped bit of the packet is noticed', () => {
  fc.assert(
    fc.property(route, u16, u16, data(80), fc.nat(), (where, id, sequence, bytes, flip) => {
      const frame = buildEchoFrame(where, IcmpType.echoRequest, id, sequence, bytes);
      const header = parseIpv4(frame, ethHeaderBytes)!;
      expect(header).toMatchObject({
        source: where.source,
        destination: where.destination,
        checksumOk: true,
        totalBytes: 28 + bytes.length,
      });
      const echo = parseEcho(frame, ethHeaderBytes, header)!;
      expect(echo).toMatchObject({ id, sequence, checksumOk: true });
      expect(echo.data).toEqual(bytes);

      const bit = flip % (8 * (20 + 8 + bytes.length));
      const at = ethHeaderBytes + (bit >> 3);
      frame[at] = frame[at]! ^ (1 << (bit & 7));
      const damaged = parseIpv4(frame, ethHeaderBytes);
      if (damaged !== null && damaged.checksumOk) {
        const again = parseEcho(frame, ethHeaderBytes, damaged);
        expect(again === null || !again.checksumOk).toBe(true);
      }
    }),
  );
});

test('a UDP datagram is read back, with a checksum that notices a flipped bit', () => {
  const ports = fc.record({ source: u16, destination: u16 });
  fc.assert(
    fc.property(route, ports, data(80), fc.nat(), (where, pair, bytes, flip) => {
      const frame = buildUdpFrame(where, pair, bytes);
      const header = parseIpv4(frame, ethHeaderBytes)!;
      expect(header.protocol).toBe(IpProtocol.udp);
      expect(l4Ports(frame, ethHeaderBytes, header)).toEqual(pair);
      expect(l4ChecksumOk(frame, ethHeaderBytes, header)).toBe(true);
      if (bytes.length === 0) return;
      const at = ethHeaderBytes + 28 + (flip % bytes.length);
      frame[at] = frame[at]! ^ 0x10;
      expect(l4ChecksumOk(frame, ethHeaderBytes, header)).toBe(false);
      fillL4Checksum(frame, ethHeaderBytes);
      expect(l4ChecksumOk(frame, ethHeaderBytes, header)).toBe(true);
    }),
  );
});

const party = fc.record({
  systemPriority: u16,
  system: mac,
  key: u16,
  portPriority: u16,
  port: u16,
  state: u8,
});

test('a LACPDU is read back, and its bytes are where 802.3ad wants them', () => {
  const pdu = fc.record({ version: u8, actor: party, partner: party, collectorMaxDelay: u16 });
  fc.assert(
    fc.property(mac, pdu, (source, value) => {
      const frame = buildLacpduFrame(source, value);
      expect(frame.length).toBe(124);
      expect(isLacpFrame(frame)).toBe(true);
      expect(parseLacpdu(frame, ethHeaderBytes)).toEqual(value);
    }),
  );
  const zero = { systemPriority: 0, system: 0, key: 0, portPriority: 0, port: 0, state: 0 };
  const actor = { ...zero, systemPriority: 0xffff, system: 0x0002_c9a0_b0c1, key: 23, state: 0x3d };
  const frame = buildLacpduFrame(1, { version: 1, actor, partner: zero, collectorMaxDelay: 0 });
  const hex = [...frame].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  expect(hex).toBe(
    '0180c2000002' +
      '000000000001' +
      '8809' +
      '0101' +
      '0114ffff0002c9a0b0c100170000' +
      '00003d000000' +
      '0214' +
      '00'.repeat(18) +
      '0310' +
      '00'.repeat(66),
  );
});

test('decodes in one line, as tcpdump does', () => {
  const where = {
    sourceMac: 2,
    destinationMac: 1,
    source: parseIpv4Address('10.0.0.2'),
    destination: parseIpv4Address('10.0.0.1'),
  };
  const echo = buildEchoFrame(where, IcmpType.echoRequest, 1, 1, new Uint8Array(56));
  expect(describeFrame(buildArpRequest(2, where.source, where.destination))).toBe(
    'ARP, Request who-has 10.0.0.1 tell 10.0.0.2',
  );
  expect(describeFrame(echo)).toBe(
    'IP 10.0.0.2 > 10.0.0.1: ICMP echo request, id 1, seq 1, length 64',
  );
  expect(describeFrame(insertVlan(echo, 0x6005))).toBe(
    'vlan 5, p 3, IP 10.0.0.2 > 10.0.0.1: ICMP echo request, id 1, seq 1, length 64',
  );
  const ports = { source: 7, destination: 9 };
  expect(describeFrame(buildUdpFrame(where, ports, new Uint8Array(18)))).toBe(
    'IP 10.0.0.2.7 > 10.0.0.1.9: UDP, length 18',
  );
  expect(describeFrame(buildFrame(1, 2, 0x1234, new Uint8Array(0)))).toBe(
    '00:00:00:00:00:02 > 00:00:00:00:00:01, ethertype 0x1234, length 46',
  );
  const zero = { systemPriority: 0, system: 0, key: 0, portPriority: 0, port: 0, state: 0 };
  const actor = { ...zero, key: 23, port: 1, state: 0x05 };
  expect(
    describeFrame(buildLacpduFrame(1, { version: 1, actor, partner: zero, collectorMaxDelay: 0 })),
  ).toBe(
    'LACPv1, actor 00:00:00:00:00:00 key 23 port 1 [Activity, Aggregation], ' +
      'partner 00:00:00:00:00:00 key 0 port 0 [none]',
  );
});

test('no bytes make a decoder throw', () => {
  const types = fc.constantFrom(0x0800, 0x0806, 0x8100, 0x88a8, 0x8809, 0x86dd, 0);
  fc.assert(
    fc.property(data(90), types, types, (bytes, type, inner) => {
      if (bytes.length >= 14) bytes.set([type >> 8, type & 0xff], 12);
      if (bytes.length >= 18) bytes.set([inner >> 8, inner & 0xff], 16);
      if (bytes.length >= 15 && type === 0x0800) bytes[14] = 0x45;
      expect(describeFrame(bytes).length).toBeGreaterThan(0);
      fillL4Checksum(bytes, ethHeaderBytes);
    }),
    { numRuns: 500 },
  );
});
