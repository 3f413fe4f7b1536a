// The headers that a capture puts before a datagram: those of QP0 and of QP1.

import { expect, test } from 'vitest';
import { erfFrame, isDatagram } from '#lab/export/infiniband.ts';
import { mad } from '#prm/mad.ts';

const datagram = (mgmt_class: number, class_version: number): Uint8Array =>
  mad.make({ base_version: 1, mgmt_class, class_version });

/** First byte of LRH, and the queue pairs and the queue key in BTH and DETH. */
function headersOf(bytes: Uint8Array) {
  const view = new DataView(erfFrame(bytes, 0).buffer);
  const [lrh, bth, deth] = [16, 24, 36] as const;
  return {
    lane: view.getUint8(lrh) >> 4,
    destination: view.getUint32(bth + 4),
    source: view.getUint32(deth + 4),
    key: view.getUint32(deth),
  };
}

test('subnet management is on lane 15, between QP0s', () => {
  for (const managementClass of [0x01, 0x81]) {
    const found = headersOf(datagram(managementClass, 1));
    expect(found).toEqual({ lane: 15, destination: 0, source: 0, key: 0 });
  }
});

test('subnet administration is on lane 0, between QP1s, with their key', () => {
  const found = headersOf(datagram(3, 2));
  expect(found).toEqual({ lane: 0, destination: 1, source: 1, key: 0x8001_0000 });
});

test('a datagram has the length, and a class in the version that it has here', () => {
  const all = [datagram(1, 1), datagram(0x81, 1), datagram(3, 2), datagram(3, 1), datagram(4, 1)];
  expect(all.map(isDatagram)).toEqual([true, true, true, false, false]);
  expect(isDatagram(datagram(1, 1).subarray(1))).toBe(false);
});
