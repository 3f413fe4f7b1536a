// What a port asks the node of a subnet manager, and when it is answered.

import { describe, expect, test } from 'vitest';
import { IbPeer } from '#fabric/ib-peer.ts';
import { administrationAnswer } from '#fabric/subnet-administration.ts';
import { classPortInfo, saMad } from '#prm/subnet-administration.ts';
import { TestClock } from '#test/support/clock.ts';
import { Trace } from '#trace/trace.ts';
import { msNs } from './rig.ts';

const tid = 0x0000_0006_fafb_2621n;
const timeout = 18;

/** SubnAdmGet(ClassPortInfo) as Linux sends it (sa_query.c), with fields that differ. */
const question = (fields: Parameters<typeof saMad.make>[0] = {}): Uint8Array =>
  saMad.make({
    base_version: 1,
    mgmt_class: 3,
    class_version: 2,
    method: 0x01,
    tid,
    attr_id: 0x0001,
    ...fields,
  });

const answerTo = (fields?: Parameters<typeof saMad.make>[0]) => {
  const answer = administrationAnswer(question(fields), timeout);
  return answer === null ? null : saMad.read(answer);
};

test('ClassPortInfo: versions, no capability, the time of an answer, questions are for QP1', () => {
  const answer = answerTo();
  expect(answer).toMatchObject({
    base_version: 1,
    mgmt_class: 3,
    class_version: 2,
    method: 0x81,
    status: 0,
    tid,
    attr_id: 0x0001,
    rmpp_rtime_flags: 0,
    attr_offset: 0,
  });
  const data = Uint8Array.from(answer!.data);
  expect(classPortInfo.read(data)).toMatchObject({
    base_version: 1,
    class_version: 2,
    capability_mask: 0,
    capability_mask2: 0,
    resp_time: timeout,
    redirect_lid: 0,
    redirect_qp: 1,
    redirect_qkey: 0x8001_0000,
  });
  expect(data.subarray(classPortInfo.sizeBytes).every((byte) => byte === 0)).toBe(true);
});

test.each([
  ['a path record', { attr_id: 0x35 }, 0x81, 0x000c],
  ['a table', { method: 0x12, attr_id: 0x11 }, 0x92, 0x000c],
  ['a trace table', { method: 0x13, attr_id: 0x35 }, 0x92, 0x000c],
  ['Set(ClassPortInfo)', { method: 0x02 }, 0x81, 0x000c],
  ['Delete', { method: 0x15, attr_id: 0x38 }, 0x95, 0x000c],
  ['another class version', { class_version: 1 }, 0x81, 0x0004],
  ['another base version', { base_version: 2 }, 0x81, 0x0004],
])('%s is answered with what is wrong', (_what, fields, method, status) => {
  const data = new Uint8Array(200).fill(0xa5);
  const answer = answerTo({ ...fields, comp_mask: 3n, data });
  expect(answer).toMatchObject({ method, status, tid, class_version: 2, comp_mask: 3n });
  expect(answer!.data.every((byte) => byte === 0)).toBe(true);
});

test.each([
  ['an answer', { method: 0x81 }],
  ['another class', { mgmt_class: 4 }],
  ['an SM_Key that nobody was given', { sm_key: 1n }],
])('%s is not answered', (_what, fields) => {
  expect(answerTo(fields)).toBeNull();
});

test('what is no datagram is not answered', () => {
  expect(administrationAnswer(question().subarray(1), timeout)).toBeNull();
});

describe('a peer', () => {
  /** A peer whose link is up, and what it sends. */
  function peer(subnetManager: boolean) {
    const clock = new TestClock(new Trace());
    const made = new IbPeer({ name: 'ib0', clock, subnetManager });
    const sent: Uint8Array[] = [];
    made.plugged({
      send: (frame) => sent.push(frame),
      offerChanged: () => undefined,
      peerOffer: () => null,
    });
    made.linkChanged({ up: true, speedMbps: 40_000 });
    return { clock, peer: made, sent };
  }

  test('with a subnet manager answers once, a while later', () => {
    const { clock, peer: made, sent } = peer(true);
    made.frameArrived(question());
    expect(sent).toEqual([]);
    clock.runFor(msNs);
    expect(sent.map((answer) => saMad.get(answer, 'tid'))).toEqual([tid]);
    expect(made.received).toBe(1);
  });

  test('without one is silent, and so is one whose manager stops or whose link goes', () => {
    const without = peer(false);
    without.peer.frameArrived(question());
    without.clock.runFor(msNs);
    const stopped = peer(true);
    stopped.peer.frameArrived(question());
    stopped.peer.setSubnetManager(false);
    stopped.clock.runFor(msNs);
    const pulled = peer(true);
    pulled.peer.frameArrived(question());
    pulled.peer.linkChanged({ up: false, speedMbps: 0 });
    pulled.clock.runFor(msNs);
    expect([without.sent, stopped.sent, pulled.sent]).toEqual([[], [], []]);
    expect(without.peer.received).toBe(1);
  });
});
