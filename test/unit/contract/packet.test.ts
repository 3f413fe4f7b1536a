// Packets: what goes in comes out, and nothing that was changed, cut or made up is taken for one.

import fc from 'fast-check';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32 } from '#contract/crc32.ts';
import {
  decodePacket,
  encodeFrame,
  encodePacket,
  MalformedPacket,
  packetsOf,
} from '#contract/packet.ts';

const bytes = fc.uint8Array({ maxLength: 300 });

test('the checksum is the one of zlib', () => {
  fc.assert(fc.property(bytes, (data) => crc32(data) === zlibCrc32(data)));
});

test('a message and its payload come out as they went in', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.option(bytes), (message, payload) => {
      const decoded = decodePacket(encodePacket(message, payload));
      const wanted = payload === null || payload.length === 0 ? null : payload;
      expect(decoded.message).toEqual(JSON.parse(JSON.stringify(message)));
      expect(decoded.payload).toEqual(wanted);
    }),
  );
});

test('a packet with one changed byte is none', () => {
  const packet = encodePacket({ kind: 'request', id: 1, name: 'x', body: {} }, Uint8Array.of(1, 2));
  packet.forEach((byte, at) => {
    const changed = packet.slice();
    changed[at] = byte ^ 0x10;
    expect(() => decodePacket(changed)).toThrow(MalformedPacket);
  });
});

test('a packet that is cut or followed by more is none', () => {
  const packet = encodePacket({ a: 1 });
  for (let length = 0; length < packet.length; length++) {
    expect(() => decodePacket(packet.subarray(0, length))).toThrow(MalformedPacket);
  }
  expect(() => decodePacket(Uint8Array.of(...packet, 0))).toThrow(MalformedPacket);
});

test('bytes of anything are none', () => {
  fc.assert(
    fc.property(bytes, (data) => {
      expect(() => decodePacket(data)).toThrow(MalformedPacket);
    }),
  );
});

test('packets that travel as one frame come out one by one', () => {
  const packet = fc.tuple(fc.jsonValue(), bytes);
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1, maxLength: 20 }), (wanted) => {
      const packets = wanted.map(([message, payload]) => encodePacket(message, payload));
      expect(packetsOf(encodeFrame(packets)).map((each) => [...each])).toEqual(
        packets.map((each) => [...each]),
      );
    }),
  );
});

test('a frame that is cut, empty, followed by more or has too many packets is none', () => {
  const packet = encodePacket({ a: 1 });
  const frame = encodeFrame([packet, packet]);
  for (let length = 0; length < frame.length; length++) {
    if (length === packet.length) continue;
    expect(() => packetsOf(frame.subarray(0, length))).toThrow(MalformedPacket);
  }
  expect(() => packetsOf(Uint8Array.of(...frame, 7))).toThrow(MalformedPacket);
  expect(packetsOf(encodeFrame(Array(64).fill(packet)))).toHaveLength(64);
  expect(() => packetsOf(encodeFrame(Array(65).fill(packet)))).toThrow(MalformedPacket);
});
