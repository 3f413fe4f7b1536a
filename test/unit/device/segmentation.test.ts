// Large sends: the packets that come of one set of headers and a long payload are what a stack
// would have sent itself.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readBe16, readBe32, writeBe16, writeBe32 } from '#bus/bytes.ts';
import { Packet } from '#device/packet.ts';
import { segment } from '#device/segmentation.ts';

const [ethernet, ipv4, ipv6, tcp] = [14, 20, 40, 20] as const;

/** A large send: IPv4 or IPv6, an option in TCP, all flags that matter. */
function largeSend(isIpv4: boolean, payload: Uint8Array): { whole: Uint8Array; headers: number } {
  const ip = isIpv4 ? ipv4 : ipv6;
  const headers = ethernet + ip + tcp + 12;
  const whole = new Uint8Array(headers + payload.length);
  writeBe16(whole, 12, isIpv4 ? 0x0800 : 0x86dd);
  whole[ethernet] = isIpv4 ? 0x45 : 0x60;
  whole[ethernet + (isIpv4 ? 9 : 6)] = 6;
  if (isIpv4) writeBe16(whole, ethernet + 4, 0xffff);
  whole.fill(0x11, ethernet + ip - 8, ethernet + ip);
  writeBe32(whole, ethernet + ip + 4, 0xffff_ff00);
  whole[ethernet + ip + 12] = ((tcp + 12) / 4) << 4;
  whole[ethernet + ip + 13] = 0x80 | 0x10 | 0x08 | 0x01;
  whole.set(payload, headers);
  return { whole, headers };
}

test.each([true, false])('IPv4 %s: lengths, numbers, flags, checksums, payload', (isIpv4) => {
  const sizes = fc.record({
    payload: fc.uint8Array({ minLength: 1, maxLength: 9000 }),
    mss: fc.integer({ min: 1, max: 1460 }),
  });
  fc.assert(
    fc.property(sizes, ({ payload, mss }) => {
      const { whole, headers } = largeSend(isIpv4, payload);
      const packet = new Packet();
      const segments = segment(whole, headers, mss, packet);
      if (typeof segments === 'string') throw new Error(segments);
      expect(segments).toHaveLength(Math.ceil(payload.length / mss));
      expect(Buffer.concat(segments.map((one) => one.subarray(headers)))).toEqual(
        Buffer.from(payload),
      );
      const tcpAt = headers - tcp - 12;
      segments.forEach((one, at) => {
        packet.parse(one);
        expect([packet.version, packet.l4, packet.ipOk(), packet.l4Ok()]).toEqual([
          isIpv4 ? 4 : 6,
          6,
          true,
          true,
        ]);
        if (isIpv4) expect(readBe16(one, ethernet + 4)).toBe((0xffff + at) & 0xffff);
        expect(readBe32(one, tcpAt + 4)).toBe((0xffff_ff00 + at * mss) % 2 ** 32);
        const [first, last] = [at === 0, at === segments.length - 1];
        expect(one[tcpAt + 13]).toBe(0x10 | (first ? 0x80 : 0) | (last ? 0x09 : 0));
      });
    }),
    { numRuns: 60 },
  );
});

test('what is no large send is refused in words', () => {
  const { whole, headers } = largeSend(true, new Uint8Array(10));
  const packet = new Packet();
  expect(segment(whole, headers, 0, packet)).toMatch(/without a segment size/);
  expect(segment(whole, headers - 4, 100, packet)).toMatch(/of another length/);
  expect(segment(whole, 40, 100, packet)).toMatch(/cut/);
  const other = whole.slice();
  other[ethernet + 9] = 17;
  expect(segment(other, headers, 100, packet)).toMatch(/not TCP/);
  writeBe16(other, 12, 0x0806);
  expect(segment(other, headers, 100, packet)).toMatch(/not IP/);
});
