// Packets in one line: datagrams of InfiniBand by the names of its specification, and Ethernet.

import { expect, test } from 'vitest';
import { describePacket } from '#lab/lists/packet-words.ts';
import { mad } from '#prm/mad.ts';

const datagram = (mgmt_class: number, method: number, attr_id: number, status = 0): Uint8Array =>
  mad.make({
    base_version: 1,
    class_version: mgmt_class === 3 ? 2 : 1,
    mgmt_class,
    method,
    attr_id,
    status,
  });

test.each([
  ['InfiniBand SubnSet PortInfo', datagram(1, 2, 0x15)],
  ['InfiniBand SubnGetResp NodeInfo', datagram(0x81, 0x81, 0x11, 0x8000)],
  ['InfiniBand SubnGetResp PortInfo, status 0x001c', datagram(1, 0x81, 0x15, 0x1c)],
  ['InfiniBand SubnAdmGet ClassPortInfo', datagram(3, 1, 1)],
  ['InfiniBand SubnAdmGetResp ClassPortInfo', datagram(3, 0x81, 1)],
  ['InfiniBand SubnAdmGetTable 0x0035', datagram(3, 0x12, 0x35)],
  ['InfiniBand Subn0x05 0x0099', datagram(1, 5, 0x99)],
])('%s', (words, bytes) => {
  expect(describePacket(bytes)).toBe(words);
});

test('what is no datagram is an Ethernet frame', () => {
  expect(describePacket(datagram(3, 1, 1).subarray(1))).toMatch(/ethertype/);
});
