// Event and completion queues: owner bits and wrap, arming, overflow, sequence numbers, moderation,
// overrun; and what a queue costs that is never used.

import { describe, expect, test } from 'vitest';
import { cqContext, eqContext } from '#prm/contexts.ts';
import { eqe, eqeCq, eqeOwnerOffset, ownerBit } from '#prm/events.ts';
import { cqeOwnerOffset } from '#prm/completion.ts';
import { eqDoorbellAddress, uarPageBytes } from '#prm/registers.ts';
import { driverUar } from '#test/support/card/driver.ts';
import { Network, asyncEqn, completionEqn, portMacs, udpTo } from '#test/support/card/network.ts';
import { BareEq } from '#test/support/card/queues.ts';

const microsecond = 1000;

/** A card that posts a PORT_CHANGE event whenever it is asked to. */
function flapping(options = {}): { net: Network; eq: BareEq; flap: (times: number) => void } {
  const net = new Network();
  const eq = new BareEq(net.driver, 8, options);
  net.driver.commands.ok('MLX4_CMD_MAP_EQ', { in: [0, 1 << 9], inMod: 8 });
  net.driver.commands.ok('MLX4_CMD_INIT_PORT', { inMod: 1 });
  const port = net.rig.card.wirePort(1);
  let up = false;
  const flap = (times: number) => {
    for (let i = 0; i < times; i++) {
      up = !up;
      port.linkChanged({ up, speedMbps: 40_000 });
    }
  };
  return { net, eq, flap };
}

describe('event queues', () => {
  test('owner bits: an empty queue shows no valid entry though its memory was zero', () => {
    const { net, eq } = flapping({ logEntries: 7 });
    expect(eq.poll()).toEqual([]);
    const owners = net
      .bytesAt(eq.buffer.address, 128 * 32)
      .filter((_, at) => at % 32 === eqeOwnerOffset);
    expect([...owners].every((byte) => byte === ownerBit)).toBe(true);
  });

  test('entries are valid in each pass, and the queue wraps with the other owner bit', () => {
    const { eq, flap } = flapping({ logEntries: 3 });
    for (let pass = 0; pass < 5; pass++) {
      flap(8);
      const entries = eq.poll();
      expect(entries.map((entry) => eqe.get(entry, 'subtype'))).toEqual([4, 1, 4, 1, 4, 1, 4, 1]);
      expect(entries.every((e) => (e[eqeOwnerOffset]! & ownerBit) === (pass % 2) * ownerBit)).toBe(
        true,
      );
      eq.ring(false);
    }
  });

  test('a full queue loses events, and says so once where EQ_OVERFLOW goes to', () => {
    const { net, eq, flap } = flapping({ logEntries: 2 });
    flap(7);
    expect(eq.poll()).toHaveLength(4);
    expect(net.rig.card.view.eqMarks(8)?.lost).toBe(3);
    expect(
      net.rig.events('card.error').filter((text) => text.includes('EQ 8 is full')),
    ).toHaveLength(3);
    expect(net.events.types()).toEqual([[0x0f, 0]]);
    eq.ring(true);
    flap(1);
    expect(eq.poll()).toHaveLength(1);
  });

  test('a queue that ignores overrun goes on writing', () => {
    const { net, flap } = flapping({ logEntries: 2, context: { oi: true } });
    flap(7);
    expect(net.rig.card.view.eqMarks(8)?.lost).toBe(0);
    expect(net.rig.card.view.eq(8)?.producer_index).toBe(7);
  });

  test('a new queue is armed: one interrupt, and none until it is armed again', () => {
    const { net, eq, flap } = flapping();
    const { host } = net.rig;
    flap(3);
    expect(host.pulls).toBe(1);
    host.line = false;
    net.rig.writeBe32(0, 0xf00dc, 1 << 5);
    flap(1);
    expect(host.line).toBe(false);
    eq.poll(2);
    eq.ring(true);
    net.rig.clock.runFor(1);
    expect(host.line).toBe(true);
    net.rig.writeBe32(0, 0xf00dc, 1 << 5);
    eq.poll();
    eq.ring(true);
    net.rig.clock.runFor(1);
    expect(host.line).toBe(false);
    flap(1);
    expect(host.line).toBe(true);
  });

  test('the context of a queue shows its state, indices and owner', () => {
    const { net, eq, flap } = flapping();
    flap(2);
    eq.poll(1);
    eq.ring(false);
    const query = () => net.driver.commands.ok('MLX4_CMD_QUERY_EQ', { inMod: 8 }).mailbox;
    expect(eqContext.read(query())).toMatchObject({
      state: 10,
      owner: 1,
      consumer_index: 1,
      producer_index: 2,
    });
    eq.poll();
    eq.ring(true);
    expect(eqContext.get(query(), 'state')).toBe(9);
  });

  test('an always armed queue interrupts for every event', () => {
    const { net, flap } = flapping({ context: { state: 11 } });
    const pulls: number[] = [];
    for (let i = 0; i < 3; i++) {
      flap(1);
      pulls.push(net.rig.host.pulls);
      net.rig.writeBe32(0, 0xf00dc, 1 << 5);
    }
    expect(pulls).toEqual([1, 2, 3]);
  });

  test('what is wrong with an event queue has its status', () => {
    const { driver } = new Network();
    const create = (fields: object, inMod = 20) =>
      driver.commands.status('MLX4_CMD_SW2HW_EQ', { in: eqContext.make(fields), inMod });
    expect(create({ log_eq_size: 3 }, 128)).toBe('BAD_INDEX');
    expect(create({ log_eq_size: 3 }, asyncEqn)).toBe('BAD_RES_STATE');
    expect(create({ log_eq_size: 23 })).toBe('EXCEED_LIM');
    expect(create({ log_eq_size: 3, page_offset: 8 })).toBe('BAD_PARAM');
    expect(create({ log_eq_size: 3, ec: true })).toBe('BAD_PARAM');
    expect(create({ log_eq_size: 3, intr: 128 })).toBe('BAD_PARAM');
    expect(create({ log_eq_size: 3, eq_period: 1 })).toBe('BAD_PARAM');
    expect(create({ log_eq_size: 3, log_page_size: 19 })).toBe('BAD_SIZE');
    const { commands } = driver;
    expect(commands.status('MLX4_CMD_QUERY_EQ', { inMod: 20 })).toBe('BAD_RES_STATE');
    expect(commands.status('MLX4_CMD_MAP_EQ', { in: [0, 1], inMod: 20 })).toBe('BAD_INDEX');
    expect(commands.status('MLX4_CMD_MAP_EQ', { in: [0, 1], inMod: 0x8000_0014 })).toBe('OK');
  });

  test('HW2SW_EQ takes the queue away, and with it every event type that went there', () => {
    const { net, eq, flap } = flapping();
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_HW2SW_EQ', { inMod: 8, opMod: 0 });
    expect(eqContext.get(mailbox, 'log_eq_size')).toBe(7);
    expect(net.rig.card.view.eqOfEvent(9)).toBe(-1);
    flap(1);
    expect(eq.poll()).toEqual([]);
    expect(net.rig.events('card.event').at(-1)).toMatch(/port 1 active: no EQ hears of it/);
  });

  test('unmapping stops only what goes to the named queue', () => {
    const { net } = flapping();
    net.driver.commands.ok('MLX4_CMD_MAP_EQ', { in: [0, 0xffff_ffff], inMod: 0x8000_0008 });
    const { view } = net.rig.card;
    expect([view.eqOfEvent(9), view.eqOfEvent(0x0a)]).toEqual([-1, asyncEqn]);
    net.driver.commands.ok('MLX4_CMD_MAP_EQ', { in: [0x4000_0000, 0], inMod: 8 });
    expect(view.eqOfEvent(0x3e)).toBe(8);
  });

  test('a queue of 65,536 entries costs one page until it is used', () => {
    const net = new Network();
    const eq = new BareEq(net.driver, 8, { logEntries: 16 });
    expect(net.rig.card.view.eqMarks(8)).toEqual({ marked: 128, lost: 0 });
    const second = net.bytesAt(eq.buffer.address + 4096, 32);
    expect(second[eqeOwnerOffset]).toBe(0);
  });

  test('pages are marked before the producer gets there, in a queue that runs through them', () => {
    const { net, eq, flap } = flapping({ logEntries: 9 });
    for (let i = 0; i < 60; i++) {
      flap(10);
      expect(eq.poll()).toHaveLength(10);
      eq.ring(false);
    }
    expect(net.rig.card.view.eqMarks(8)?.marked).toBe(512);
  });

  test('a queue whose memory is gone loses its events, and the context says so', () => {
    const { net, eq, flap } = flapping();
    net.rig.memory.free({ address: eq.buffer.address, sizeBytes: eq.buffer.bytes });
    flap(2);
    expect(net.rig.card.view.eq(8)).toMatchObject({ status: 10 });
    expect(net.rig.events('card.error').at(-1)).toBe('card0: EQ 8 cannot be written: event lost');
  });
});

describe('completion queues', () => {
  /** One port that receives, and frames to feed it. */
  function receiving(context: Parameters<typeof cqContext.make>[0] = {}, logEntries = 7) {
    const net = new Network();
    const receives = net.cq({ context, logEntries });
    const made = net.pair({ port: 1, logReceives: 9, context: { cqn_recv: receives.cqn } });
    made.qp.receive(512, [256]);
    net.steer(1, portMacs[0], [made.qp.qpn]);
    net.open(1);
    net.events.poll();
    const feed = (count: number) => {
      for (let i = 0; i < count; i++) net.arrive(1, udpTo(portMacs[0]));
    };
    return { net, receives, feed, qp: made.qp };
  }

  test('owner bits: the card initialises queues, whatever was in their memory', () => {
    const { net, receives } = receiving();
    expect(receives.poll()).toEqual([]);
    expect(net.bytesAt(receives.buffer.address + 32 * 127, 32)[cqeOwnerOffset]).toBe(0x80);
  });

  test('completions are valid in each pass over the queue', () => {
    const { receives, feed } = receiving({}, 3);
    for (let i = 0; i < 50; i++) {
      feed(5);
      expect(receives.poll()).toHaveLength(5);
    }
  });

  test('an arm asks for one event: at once when something is there, else when it comes', () => {
    const { net, receives, feed } = receiving();
    feed(2);
    expect(net.completions.completions()).toEqual([]);
    receives.arm();
    expect(net.completions.completions()).toEqual([receives.cqn]);
    feed(3);
    expect(net.completions.completions()).toEqual([]);
    receives.poll();
    receives.sequence++;
    receives.arm();
    expect(net.completions.completions()).toEqual([]);
    feed(1);
    expect(net.completions.completions()).toEqual([receives.cqn]);
  });

  test('stale sequence number: an arm that carries a number already served is ignored', () => {
    const { net, receives, feed } = receiving();
    receives.arm();
    feed(1);
    expect(net.completions.completions()).toHaveLength(1);
    receives.arm();
    feed(1);
    expect(net.completions.completions()).toEqual([]);
    receives.sequence = 2;
    receives.arm();
    expect(net.completions.completions()).toHaveLength(1);
  });

  test('sequence numbers have two bits and go round', () => {
    const { net, receives, feed } = receiving();
    for (let sequence = 1; sequence < 12; sequence++) {
      receives.arm(2, sequence);
      feed(1);
      expect(net.completions.completions()).toHaveLength(1);
      receives.poll();
    }
  });

  test('an arm for solicited completions does not hear of others', () => {
    const { net, receives, feed } = receiving();
    receives.arm(1);
    feed(1);
    expect(net.completions.completions()).toEqual([]);
    const { qp, sends } = net.pair();
    sends.arm(1);
    qp.send(udpTo(portMacs[1]));
    net.rig.clock.runFor(microsecond);
    expect(net.completions.completions()).toEqual([sends.cqn]);
  });

  test('moderation by count: the event comes with the entry that fills the count', () => {
    const { net, receives, feed } = receiving({ cq_max_count: 4, cq_period: 1000 });
    receives.arm();
    feed(3);
    expect(net.completions.completions()).toEqual([]);
    feed(1);
    expect(net.completions.completions()).toEqual([receives.cqn]);
  });

  test('moderation by period: the event comes that long after the first entry, and once', () => {
    const { net, receives, feed } = receiving({ cq_max_count: 44, cq_period: 16 });
    receives.arm();
    feed(1);
    net.rig.clock.runFor(10 * microsecond);
    feed(1);
    net.rig.clock.runFor(6 * microsecond - 1);
    expect(net.completions.completions()).toEqual([]);
    net.rig.clock.runFor(1);
    expect(net.completions.completions()).toEqual([receives.cqn]);
    net.rig.clock.runFor(100 * microsecond);
    expect(net.completions.completions()).toEqual([]);
  });

  test('a count that fires stops the period, and the next arm starts it anew', () => {
    const { net, receives, feed } = receiving({ cq_max_count: 2, cq_period: 16 });
    receives.arm();
    feed(1);
    net.rig.clock.runFor(10 * microsecond);
    feed(1);
    expect(net.completions.completions()).toHaveLength(1);
    receives.poll();
    receives.arm(2, 2);
    feed(1);
    net.rig.clock.runFor(15 * microsecond);
    expect(net.completions.completions()).toEqual([]);
    net.rig.clock.runFor(1 * microsecond);
    expect(net.completions.completions()).toHaveLength(1);
  });

  test('MODIFY_CQ sets moderation, for entries that wait already, too', () => {
    const { net, receives, feed } = receiving({ cq_max_count: 100, cq_period: 60_000 });
    const modify = (count: number, period: number) =>
      net.driver.commands.ok('MLX4_CMD_MODIFY_CQ', {
        in: cqContext.make({ cq_max_count: count, cq_period: period }),
        inMod: receives.cqn,
        opMod: 1,
      });
    receives.arm();
    feed(2);
    modify(100, 30);
    net.rig.clock.runFor(30 * microsecond);
    expect(net.completions.completions()).toHaveLength(1);
    receives.poll();
    receives.arm(2, 2);
    feed(2);
    modify(2, 60_000);
    expect(net.completions.completions()).toHaveLength(1);
    expect(net.rig.card.view.cq(receives.cqn)).toMatchObject({
      cq_max_count: 2,
      cq_period: 60_000,
    });
  });

  test('overrun: the queue is in error, software hears of it, and the queue pair breaks', () => {
    const { net, receives, feed, qp } = receiving({}, 2);
    feed(6);
    expect(net.rig.card.view.cq(receives.cqn)?.status).toBe(9);
    const events = net.events.poll();
    expect(events.map((entry) => eqe.get(entry, 'type'))).toEqual([4, 5]);
    expect(eqeCq.read(events[0]!)).toEqual({ cqn: receives.cqn, syndrome: 1 });
    expect(net.rig.card.view.qpState(qp.qpn)).toBe('ERR');
    expect(receives.poll()).toHaveLength(4);
    feed(1);
    expect(receives.poll()).toEqual([]);
  });

  test('the doorbell record makes room before the queue overruns', () => {
    const { net, receives, feed } = receiving({}, 2);
    feed(4);
    receives.poll();
    feed(4);
    expect(receives.poll()).toHaveLength(4);
    expect(net.rig.card.view.cq(receives.cqn)?.status).toBe(0);
  });

  test('a queue that ignores overrun goes on writing', () => {
    const { net, receives, feed } = receiving({ oi: true }, 2);
    feed(9);
    expect(net.rig.card.view.cq(receives.cqn)).toMatchObject({ status: 0, producer_index: 9 });
  });

  test('a queue whose memory is gone is in error with an access violation', () => {
    const { net, receives, feed } = receiving();
    const { address, bytes } = receives.buffer;
    net.rig.memory.free({ address, sizeBytes: bytes });
    feed(1);
    expect(net.rig.card.view.cq(receives.cqn)?.status).toBe(10);
    expect(eqeCq.read(net.events.poll()[0]!)).toEqual({ cqn: receives.cqn, syndrome: 2 });
  });

  test('a doorbell record that cannot be read is an access violation, too', () => {
    const { net, receives, feed } = receiving({ db_rec_addr: 16 }, 2);
    feed(5);
    expect(eqeCq.read(net.events.poll()[0]!)).toEqual({ cqn: receives.cqn, syndrome: 2 });
  });

  test('what is wrong with a completion queue has its status', () => {
    const { driver } = new Network();
    const create = (fields: object, inMod = 0x99) =>
      driver.commands.status('MLX4_CMD_SW2HW_CQ', {
        in: cqContext.make({ log_size: 3, comp_eqn: completionEqn, ...fields }),
        inMod,
      });
    driver.mapFor('cq', 0x99);
    expect(create({}, 2 ** 24)).toBe('BAD_INDEX');
    expect(create({ log_size: 23 })).toBe('EXCEED_LIM');
    expect(create({ page_offset: 1 })).toBe('BAD_PARAM');
    expect(create({ collapsed: true })).toBe('BAD_PARAM');
    expect(create({ timestamp: true })).toBe('BAD_PARAM');
    expect(create({ comp_eqn: 77 })).toBe('BAD_RESOURCE');
    expect(create({ log_page_size: 30 })).toBe('BAD_SIZE');
    expect(create({ mtt_base_addr_l: driver.mttsUsed * 8 + 8 })).toBe('BAD_PARAM');
    expect(create({})).toBe('OK');
    expect(create({})).toBe('BAD_RES_STATE');
    expect(create({}, 0x99 + 1024)).toBe('BAD_RES_STATE');
    expect(driver.commands.status('MLX4_CMD_QUERY_CQ', { inMod: 0x499 })).toBe('BAD_RES_STATE');
    expect(driver.commands.status('MLX4_CMD_MODIFY_CQ', { inMod: 0x99 })).toBe('BAD_OP');
  });

  test('QUERY_CQ and HW2SW_CQ give the live context back', () => {
    const { net, receives, feed } = receiving();
    feed(3);
    receives.poll(2);
    receives.arm();
    const query = net.driver.commands.ok('MLX4_CMD_QUERY_CQ', { inMod: receives.cqn }).mailbox;
    expect(cqContext.read(query)).toMatchObject({
      state: 10,
      producer_index: 3,
      consumer_index: 2,
    });
    const { commands } = net.driver;
    const last = commands.ok('MLX4_CMD_HW2SW_CQ', { inMod: receives.cqn, opMod: 0 }).mailbox;
    expect(cqContext.get(last, 'producer_index')).toBe(3);
    expect(net.rig.card.view.cqns).not.toContain(receives.cqn);
  });

  test('a queue that was taken away fires no more, not even what moderation held back', () => {
    const { net, receives, feed } = receiving({ cq_max_count: 44, cq_period: 16 });
    receives.arm();
    feed(1);
    net.driver.commands.ok('MLX4_CMD_HW2SW_CQ', { inMod: receives.cqn, opMod: 1 });
    net.rig.clock.runFor(1000 * microsecond);
    expect(net.completions.completions()).toEqual([]);
  });

  test('buffers of one large page work as those of small ones', () => {
    const net = new Network();
    const cq = net.cq({ logEntries: 12, onePage: true });
    const { qp } = net.pair({ port: 1, logReceives: 6, context: { cqn_recv: cq.cqn } });
    qp.receive(64, [256]);
    net.steer(1, portMacs[0], [qp.qpn]);
    net.open(1);
    for (let i = 0; i < 40; i++) net.arrive(1, udpTo(portMacs[0]));
    expect(cq.poll()).toHaveLength(40);
  });
});

describe('doorbells that are out of place', () => {
  test('are refused, each with its reason in the trace', () => {
    const net = new Network();
    const cq = net.cq();
    const { rig } = net;
    const uar = driverUar * uarPageBytes;
    const refusals: [at: number, value: number, reason: RegExp][] = [
      [eqDoorbellAddress(99), 0, /EQ doorbell 99: no such event queue/],
      [eqDoorbellAddress(asyncEqn) + 4, 0, /EQ doorbell 4: no such event queue/],
      [0x820, 0, /EQ doorbell 4: no such/],
      [uar + 0x14, 0x4000, /send doorbell of QP 0x40 in UAR 128: no such queue pair/],
      [uar + 0x18, 0, /doorbell write in UAR 128: nothing at 0x18/],
      [uar + 0x800, 0, /doorbell write in UAR 128: nothing at 0x800/],
      [0x40_0000, 1, /BlueFlame write in UAR 0: BlueFlame is not offered/],
    ];
    for (const [at, value, reason] of refusals) {
      rig.writeBe32(2, at, value);
      expect(rig.events('card.refused').at(-1)).toMatch(reason);
    }
    rig.write(2, uar + 0x14, 2, 0);
    expect(rig.events('card.refused').at(-1)).toMatch(/2 bytes/);
    rig.writeBe32(2, uar + uarPageBytes + 0x20, (2 << 24) + cq.cqn);
    rig.writeBe32(2, uar + uarPageBytes + 0x24, 0);
    expect(rig.events('card.refused').at(-1)).toMatch(/no such completion queue in this UAR/);
    rig.writeBe32(2, uar + 0x20, (3 << 24) + cq.cqn);
    rig.writeBe32(2, uar + 0x24, 0);
    expect(rig.events('card.refused').at(-1)).toMatch(/command 3/);
  });

  test('before INIT_HCA every doorbell is refused', () => {
    const net = new Network();
    net.driver.commands.ok('MLX4_CMD_CLOSE_HCA');
    net.events.ring(true);
    expect(net.rig.events('card.refused').at(-1)).toMatch(/the HCA is not initialised/);
  });

  test('reading a doorbell page gives zeros', () => {
    const net = new Network();
    expect(net.rig.read(2, driverUar * uarPageBytes, 4)).toBe(0);
  });
});
