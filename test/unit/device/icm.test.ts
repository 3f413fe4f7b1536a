// Contexts live in the ICM where the driver mapped it: sixty-four of each kind, page by page, and a
// status when a page that an object needs is not there.

import { describe, expect, test } from 'vitest';
import { cqContext, eqContext, srqContext } from '#prm/contexts.ts';
import { qpContext } from '#prm/qp-context.ts';
import { BareDriver, driverUar, logs, wholeMemory } from '#test/support/card/driver.ts';
import { Network } from '#test/support/card/network.ts';
import { BarePair } from '#test/support/card/pair.ts';
import type { BareCq } from '#test/support/card/queues.ts';
import { BareEq } from '#test/support/card/queues.ts';
import { Rig } from '#test/support/card/rig.ts';

const many = Array.from({ length: 64 }, (_, i) => i);

describe('sixty-four of each kind', () => {
  test('event queues: each has its context in its own entry', () => {
    const driver = new BareDriver(new Rig());
    const queues = many.map((eqn) => new BareEq(driver, eqn, { logEntries: 5, vector: eqn }));
    for (const { eqn } of queues) {
      const at = driver.addressOf(driver.tables.eqc + eqn * driver.sizes['eqc']!);
      const context = new Uint8Array(64);
      driver.rig.memory.read(at, context);
      expect([eqContext.get(context, 'intr'), eqContext.get(context, 'owner')]).toEqual([eqn, 1]);
    }
    expect(driver.rig.card.view.eqns).toEqual(many);
  });

  test('completion queues and queue pairs, with events to the right ones', () => {
    const net = new Network();
    const cqs = many.map(() => net.cq({ logEntries: 3 }));
    const pairs = cqs.map((cq, i) =>
      new BarePair(net.driver, 0x100 + i, cq, cq, { port: 1, logReceives: 1 }).ready(),
    );
    net.open(1);
    net.steer(1, 0x0200_0000_0042, [0x100 + 17, 0x100 + 41]);
    for (const pair of pairs) pair.receive(1, [2048]);
    for (const cq of cqs) cq.arm();
    net.arrive(1, Uint8Array.of(2, 0, 0, 0, 0, 0x42, ...new Uint8Array(58)));
    expect(net.completions.completions()).toEqual([cqs[17]!.cqn, cqs[41]!.cqn]);
    const at = net.driver.addressOf(net.driver.tables.qpc + 0x111 * net.driver.sizes['qpc']!);
    const context = net.bytesAt(at, 248);
    expect(qpContext.get(context, 'cqn_recv')).toBe(cqs[17]!.cqn);
    expect(qpContext.get(context, 'state')).toBe(3);
  });

  test('shared receive queues and memory regions', () => {
    const { driver, rig } = new Network();
    for (const slot of many) {
      driver.mapFor('srq', slot);
      const srq = srqContext.make({ srqn: slot, limit_watermark: slot });
      driver.commands.ok('MLX4_CMD_SW2HW_SRQ', { in: srq, inMod: slot });
      driver.mapFor('mpt', slot);
      driver.commands.ok('MLX4_CMD_SW2HW_MPT', { in: wholeMemory(slot), inMod: slot });
    }
    expect(many.map((slot) => rig.card.view.srq(slot)?.limit_watermark)).toEqual(many);
    expect(many.map((slot) => rig.card.view.mpt(slot)?.key)).toEqual(many);
    const watermarks = many.map((slot) => {
      const at = driver.addressOf(driver.tables.srqc + slot * driver.sizes['srqc']!);
      return rig.memory.readBe32(at + 0x1c) >>> 16;
    });
    expect(watermarks).toEqual(many);
  });
});

describe('pages that are not mapped', () => {
  /** A card with one event queue, whose chunk at `va` is then taken away. */
  function without(table: (driver: BareDriver) => number): { net: Network; cq: BareCq } {
    const net = new Network();
    const cq = net.cq();
    net.driver.mapFor('qp', 0x200);
    net.driver.mapFor('cq', 0x90);
    net.driver.unmap(table(net.driver));
    return { net, cq };
  }

  test('RST2INIT wants QPC, AUXC, ALTC, RDMARC and cMPT', () => {
    const tables = ['qpc', 'auxc', 'altc', 'rdmarc', 'cmpt'] as const;
    for (const name of tables) {
      const entry = (driver: BareDriver) => {
        const size = driver.sizes[name]! * (name === 'rdmarc' ? 16 : 1);
        return driver.tables[name] + 0x200 * size;
      };
      const { net, cq } = without(entry);
      const pair = new BarePairUnmapped(net, cq);
      expect([name, pair.status()]).toEqual([name, 'ICM_ERROR']);
      expect(net.rig.card.view.qpState(0x200)).toBe('RST');
    }
  });

  test('SW2HW_CQ and SW2HW_EQ want their context page, and the MTT of their buffer', () => {
    const { net } = without((driver) => driver.tables.cqc);
    const { commands, tables } = net.driver;
    const context = cqContext.make({ log_size: 3, usr_page: driverUar, comp_eqn: 5 });
    const createCq = () => commands.status('MLX4_CMD_SW2HW_CQ', { in: context, inMod: 0x90 });
    expect(createCq()).toBe('ICM_ERROR');
    net.driver.mapFor('cq', 0x90);
    net.driver.unmap(tables.mtt);
    expect(createCq()).toBe('ICM_ERROR');
    const eq = eqContext.make({ log_eq_size: 3 });
    expect(commands.status('MLX4_CMD_SW2HW_EQ', { in: eq, inMod: 20 })).toBe('ICM_ERROR');
    net.driver.need(tables.mtt);
    expect(commands.status('MLX4_CMD_SW2HW_EQ', { in: eq, inMod: 20 })).toBe('BAD_PARAM');
    net.driver.unmap(tables.eqc);
    expect(commands.status('MLX4_CMD_SW2HW_EQ', { in: eq, inMod: 20 })).toBe('ICM_ERROR');
  });

  test('SW2HW_SRQ, SW2HW_MPT and the group table answer ICM_ERROR', () => {
    const { driver } = new Network();
    const { commands } = driver;
    const empty = new Uint8Array(64);
    const region = wholeMemory(0x300);
    driver.unmap(driver.tables.dmpt);
    expect(commands.status('MLX4_CMD_SW2HW_SRQ', { in: empty, inMod: 1 })).toBe('ICM_ERROR');
    expect(commands.status('MLX4_CMD_SW2HW_MPT', { in: region, inMod: 0x300 })).toBe('ICM_ERROR');
    expect(commands.status('MLX4_CMD_WRITE_MCG', { in: empty, inMod: 1 })).toBe('ICM_ERROR');
    expect(commands.status('MLX4_CMD_READ_MCG', { inMod: 1 })).toBe('OK');
  });

  test('queries without their page answer ICM_ERROR; closing goes through', () => {
    const { net, cq } = without((driver) => driver.tables.cqc);
    const { commands } = net.driver;
    expect(commands.status('MLX4_CMD_QUERY_CQ', { inMod: cq.cqn })).toBe('ICM_ERROR');
    expect(
      commands.status('MLX4_CMD_MODIFY_CQ', { in: new Uint8Array(64), inMod: cq.cqn, opMod: 1 }),
    ).toBe('ICM_ERROR');
    expect(commands.status('MLX4_CMD_HW2SW_CQ', { inMod: cq.cqn, opMod: 1 })).toBe('OK');
    expect(net.rig.card.view.cq(cq.cqn)).toBeNull();
  });
});

test('an ICM range of several pages is read and written across their borders', () => {
  const driver = new BareDriver(new Rig());
  // 1,100 entries of 8 bytes begin in one page of the MTT and end in the third one.
  driver.buffer(300 * 4096);
  const { mttsUsed } = driver;
  const eq = new BareEq(driver, 9, { logEntries: 17 });
  expect(driver.mttsUsed - mttsUsed).toBe(1024);
  expect(driver.rig.card.view.eq(9)?.log_eq_size).toBe(17);
  expect(eq.poll()).toEqual([]);
});

test('the last mapping of a page wins', () => {
  const { driver, rig } = new Network();
  const { address } = rig.memory.allocate(4096);
  const at = driver.tables.eqc;
  const entry = new Uint8Array(16);
  const view = new DataView(entry.buffer);
  view.setBigUint64(0, BigInt(at));
  view.setBigUint64(8, BigInt(address));
  driver.commands.ok('MLX4_CMD_MAP_ICM', { in: entry, inMod: 1 });
  new BareEq(driver, 9, { vector: 3 });
  expect(rig.memory.readU8(address + 9 * driver.sizes['eqc']! + 0x17)).toBe(3);
});

/** RST2INIT of queue pair 0x200 without mapping anything for it. */
class BarePairUnmapped {
  private readonly net: Network;
  private readonly mailbox: Uint8Array;

  constructor(net: Network, cq: BareCq) {
    this.net = net;
    this.mailbox = new Uint8Array(256);
    qpContext.write(
      this.mailbox,
      {
        cqn_send: cq.cqn,
        cqn_recv: cq.cqn,
        sq_size_stride: 2,
        mtt_base_addr_l: cq.buffer.mttOffset,
      },
      8,
    );
  }

  status(): string {
    const { commands } = this.net.driver;
    return commands.status('MLX4_CMD_RST2INIT_QP', {
      in: this.mailbox,
      inMod: 0x200 % 2 ** logs.qp,
    });
  }
}
