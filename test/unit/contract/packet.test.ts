// Packets: what goes in comes out, and nothing that was changed, cut or made up is taken for one.

import fc from 'fast-check';
import { crc32 as zlibCrc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32 } from '#contract/crc32.ts';
import { decodePacket, encodePacket, MalformedPacket } from '#contract/packet.ts';

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
