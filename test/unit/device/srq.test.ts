// Shared receive queues: their context, the chain of descriptors, the limit, and what happens when
// the chain leads nowhere or a queue pair breaks.

import { describe, expect, test } from 'vitest';
import { srqContext } from '#prm/contexts.ts';
import { eqe, eqeQp, eqeSrq } from '#prm/events.ts';
import { Network, portMacs, strangerMac, udpTo } from '#test/support/card/network.ts';
import { BareSrq } from '#test/support/card/srq.ts';
import type { SrqOptions } from '#test/support/card/srq.ts';

const srqn = 3;
const enabled = 1 << 24;
const lastWqe = 0x13;
const limitEvent = 0x14;
const catastrophe = 0x12;

/** Port 1 open, with a shared queue and queue pairs that take from it, each with its own MAC. */
function sharing(count = 1, options: SrqOptions = {}) {
  const net = new Network();
  const srq = new BareSrq(net.driver, srqn, options);
  const pairs = Array.from({ length: count }, (_, at) => {
    const made = net.pair({ port: 1, context: { srqn: enabled + srqn } });
    net.steer(1, strangerMac + at, [made.qp.qpn]);
    return made;
  });
  net.open(1);
  net.events.poll();
  /** A frame for a queue pair, by position. Gives its completions, as [opcode, index]. */
  const feed = (at = 0, bytes = 100) => {
    net.arrive(1, udpTo(strangerMac + at, bytes));
    return pairs[at]!.receives.decoded().map((each) => [each.opcode, each.wqe_index]);
  };
  /** Asynchronous events: [type, number of the queue]. */
  const events = () =>
    net.events.poll().map((entry) => {
      const type = eqe.get(entry, 'type');
      return [type, type === lastWqe ? eqeQp.get(entry, 'qpn') : eqeSrq.get(entry, 'srqn')];
    });
  const arm = (limit: number) =>
    net.driver.commands.ok('MLX4_CMD_ARM_SRQ', { in: [0, limit], inMod: srqn });
  return { net, srq, pairs, feed, events, arm };
}

/** Opcodes of a receive completion and of an error. */
const received = 1;
const failed = 0x1e;

describe('context', () => {
  test('it is kept in the ICM with the live counters, and given back', () => {
    const { net, srq, feed } = sharing();
    const { commands } = net.driver;
    srq.post(3);
    feed();
    const answer = commands.ok('MLX4_CMD_QUERY_SRQ', { inMod: srqn }).mailbox;
    expect(srqContext.read(answer)).toMatchObject({ srqn, log_size: 3, wqe_counter: 1, state: 0 });
    const at = net.driver.tables.srqc + srqn * net.driver.sizes['srqc']!;
    const kept = net.bytesAt(net.driver.addressOf(at), 48);
    expect(srqContext.get(kept, 'wqe_counter')).toBe(1);
    feed();
    expect(net.rig.card.view.srq(srqn)?.wqe_counter).toBe(2);
    const back = commands.ok('MLX4_CMD_HW2SW_SRQ', { inMod: srqn, opMod: 0 }).mailbox;
    expect(srqContext.get(back, 'wqe_counter')).toBe(2);
    expect(net.rig.card.view.srq(srqn)).toBeNull();
    expect(commands.status('MLX4_CMD_QUERY_SRQ', { inMod: srqn })).toBe('BAD_RES_STATE');
    expect(commands.status('MLX4_CMD_ARM_SRQ', { inMod: srqn })).toBe('BAD_RES_STATE');
  });

  test('a number in use, one that is too large, and sizes beyond the limits are refused', () => {
    const { net } = sharing();
    const { commands } = net.driver;
    net.driver.mapFor('srq', 9);
    const give = (fields: Parameters<typeof srqContext.make>[0], inMod = 9) =>
      commands.status('MLX4_CMD_SW2HW_SRQ', { in: srqContext.make(fields), inMod });
    expect([give({}, srqn), give({}, 2 ** 24)]).toEqual(['BAD_RES_STATE', 'BAD_INDEX']);
    expect([give({ log_size: 15 }), give({ logstride: 8 })]).toEqual(['EXCEED_LIM', 'EXCEED_LIM']);
    expect(give({ mtt_base_addr_h: 1 })).toBe('ICM_ERROR');
    expect(give({ log_size: 14, logstride: 7 })).toBe('OK');
  });

  test('a queue pair wants a shared queue that is there', () => {
    const { net } = sharing();
    expect(() => net.pair({ context: { srqn: enabled + 7 } })).toThrow(/SRQ 0x7 is not in use/);
  });
});

describe('receiving', () => {
  test('queue pairs take from it in turn; frame and index of each are right', () => {
    const { net, srq, pairs } = sharing(2);
    const posted = srq.post(3);
    const frames = [0, 1, 0].map((at, size) => udpTo(strangerMac + at, 100 + size));
    for (const frame of frames) net.arrive(1, frame);
    const seen = pairs.map(({ receives }) =>
      receives.decoded().map((each) => [each.qpn, each.wqe_index, each.byte_cnt]),
    );
    const [a, b] = pairs.map(({ qp }) => qp.qpn);
    const bytes = frames.map((frame) => frame.length);
    expect(seen).toEqual([
      [
        [a, 0, bytes[0]],
        [a, 2, bytes[2]],
      ],
      [[b, 1, bytes[1]]],
    ]);
    frames.forEach((frame, at) => {
      expect(net.bytesAt(posted[at]!.address, frame.length)).toEqual(frame);
    });
  });

  test('the chain gives the order, not the numbers: given back in another order, used so', () => {
    const { srq, feed } = sharing();
    srq.post(4);
    expect([feed(), feed(), feed(), feed()].flat().map(([, index]) => index)).toEqual([0, 1, 2, 3]);
    for (const index of [2, 0, 3, 1]) srq.giveBack(index);
    srq.post(7);
    const indexes = Array.from({ length: 7 }, () => feed()[0]?.[1]);
    expect(indexes).toEqual([4, 5, 6, 7, 2, 0, 3]);
  });

  test('no descriptor: the frame is dropped and counted, until one is posted', () => {
    const { net, srq, feed } = sharing();
    expect([feed(), net.rig.card.view.counts(1).overflow]).toEqual([[], 1]);
    srq.post(1);
    expect([feed(), feed()]).toEqual([[[received, 0]], []]);
    expect(net.rig.card.view.counts(1).overflow).toBe(2);
  });

  test('counters go round at 2^16', () => {
    const { net, srq, feed } = sharing(1, { context: { wqe_counter: 0xffff } });
    srq.posted = 0xffff;
    srq.post(2);
    expect([feed(), feed(), feed()]).toEqual([[[received, 0]], [[received, 1]], []]);
    expect(net.rig.card.view.srq(srqn)?.wqe_counter).toBe(1);
  });

  test('keys count in the protection domain of the shared queue', () => {
    const { srq, feed } = sharing(1, { context: { pd: 6 } });
    srq.post(1);
    expect(feed()).toEqual([[failed, 0]]);
  });

  test('without the queue the frame is dropped, which the trace shows', () => {
    const { net, srq, feed } = sharing();
    srq.post(1);
    net.driver.commands.ok('MLX4_CMD_HW2SW_SRQ', { inMod: srqn, opMod: 1 });
    expect(feed()).toEqual([]);
    expect(net.rig.events('card.refused').at(-1)).toMatch(/no SRQ 0x3/);
  });
});

describe('limit', () => {
  test('the event comes once, when fewer are left, and the limit is 0 then', () => {
    const { net, srq, feed, events, arm } = sharing();
    srq.post(4);
    arm(3);
    expect([feed(), events()]).toEqual([[[received, 0]], []]);
    expect(net.rig.card.view.srq(srqn)?.limit_watermark).toBe(3);
    expect([feed(), events()]).toEqual([[[received, 1]], [[limitEvent, srqn]]]);
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_QUERY_SRQ', { inMod: srqn });
    expect(srqContext.get(mailbox, 'limit_watermark')).toBe(0);
    expect([feed(), events()]).toEqual([[[received, 2]], []]);
  });

  test('what was posted in the meantime counts', () => {
    const { srq, feed, events, arm } = sharing();
    srq.post(3);
    feed();
    arm(2);
    srq.post(3);
    feed();
    expect(events()).toEqual([]);
  });

  test('armed above what is left, it comes at once; 0 disarms', () => {
    const { srq, feed, events, arm } = sharing();
    srq.post(2);
    arm(3);
    expect(events()).toEqual([[limitEvent, srqn]]);
    arm(2);
    arm(0);
    feed();
    expect(events()).toEqual([]);
  });
});

describe('errors', () => {
  test('a chain that leads out of the queue breaks it: one event, then nothing is taken', () => {
    const { net, srq, feed, events, pairs } = sharing();
    srq.post(3);
    srq.link(1, 8);
    expect([feed(), feed(), feed()]).toEqual([[[received, 0]], [], []]);
    expect(events()).toEqual([[catastrophe, srqn]]);
    expect(net.rig.card.view.qpState(pairs[0]!.qp.qpn)).toBe('RTS');
  });

  test('a frame that is too long breaks its queue pair: it takes no more, the others do', () => {
    const { net, srq, pairs, feed, events } = sharing(2);
    srq.post(3, 120);
    expect(feed(0, 200)).toEqual([[failed, 0]]);
    expect(events()).toEqual([[lastWqe, pairs[0]!.qp.qpn]]);
    expect(net.rig.card.view.qpState(pairs[0]!.qp.qpn)).toBe('ERR');
    expect([feed(0, 20), feed(1, 20)]).toEqual([[], [[received, 1]]]);
  });

  test('2ERR leaves the descriptors to the others, with an event', () => {
    const { net, srq, pairs, feed, events } = sharing(2);
    srq.post(1);
    const [{ qp, receives }] = pairs as [(typeof pairs)[0]];
    net.driver.commands.ok('MLX4_CMD_2ERR_QP', { in: qp.mailbox, inMod: qp.qpn });
    expect([receives.poll(), events()]).toEqual([[], [[lastWqe, qp.qpn]]]);
    expect(feed(1)).toEqual([[received, 0]]);
  });
});

test('CLOSE_HCA forgets shared queues', () => {
  const { net } = sharing();
  net.driver.commands.ok('MLX4_CMD_CLOSE_HCA');
  net.driver.commands.ok('MLX4_CMD_INIT_HCA', { in: net.driver.initMailbox() });
  expect(net.rig.card.view.srq(srqn)).toBeNull();
  expect(net.rig.card.view.steered(1, 1, portMacs[0])).toEqual([]);
});
