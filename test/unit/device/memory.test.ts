// Memory regions: the life of a dMPT entry, and every check of an access: key, protection domain,
// right, range, translation.

import { describe, expect, test } from 'vitest';
import { hw_index_to_key, mptEntry } from '#prm/contexts.ts';
import { driverPd, wholeMemory } from '#test/support/card/driver.ts';
import { Network, portMacs, udpTo } from '#test/support/card/network.ts';
import type { Segment } from '#test/support/card/pair.ts';

const microsecond = 1000;

/** Hands a region over in slot 0x200 and gives the status. */
function register(net: Network, fields: Parameters<typeof mptEntry.make>[0], slot = 0x200): string {
  const entry = wholeMemory(slot);
  mptEntry.write(entry, fields);
  net.driver.mapFor('mpt', slot);
  return net.driver.commands.status('MLX4_CMD_SW2HW_MPT', { in: entry, inMod: slot });
}

/** Sends one descriptor and gives the syndrome of its completion; 0 = sent. */
function send(net: Network, segments: readonly Segment[]): number {
  const { qp, sends } = net.pair();
  qp.post(segments);
  qp.ring();
  net.rig.clock.runFor(10 * microsecond);
  const [entry] = sends.poll();
  return (entry![0x1f]! & 0x1f) === 0x1e ? entry![0x1b]! : 0;
}

describe('the life of a region', () => {
  test('SW2HW_MPT takes an entry that software owns, once, in the slot of its key', () => {
    const net = new Network();
    expect(register(net, { status: 0 })).toBe('BAD_RES_STATE');
    expect(register(net, { region: false })).toBe('BAD_PARAM');
    expect(register(net, { key: 0x201 })).toBe('BAD_PARAM');
    expect(register(net, { physical: false, entity_size: 11 })).toBe('BAD_SIZE');
    expect(register(net, {}, 0x400)).toBe('BAD_INDEX');
    expect(register(net, { key: 0x7f_0200 })).toBe('OK');
    expect(register(net, {})).toBe('BAD_RES_STATE');
    expect(net.rig.card.view.mpt(0x200)).toMatchObject({ key: 0x7f_0200, pd: driverPd });
  });

  test('the entry in the ICM shows who owns it, and QUERY_MPT gives it', () => {
    const net = new Network();
    register(net, {});
    const { commands } = net.driver;
    const query = () => commands.ok('MLX4_CMD_QUERY_MPT', { inMod: 0x200 }).mailbox;
    expect(mptEntry.get(query(), 'status')).toBe(0);
    const { mailbox } = commands.ok('MLX4_CMD_HW2SW_MPT', { inMod: 0x200, opMod: 0 });
    expect(mptEntry.get(mailbox, 'status')).toBe(0xf);
    const at = net.driver.addressOf(net.driver.tables.dmpt + 0x200 * net.driver.sizes['dmpt']!);
    expect(net.rig.memory.readBe32(at) >>> 28).toBe(0xf);
    expect(commands.status('MLX4_CMD_QUERY_MPT', { inMod: 0x200 })).toBe('BAD_RES_STATE');
  });

  test('SYNC_TPT takes what software edited in place, given back or not', () => {
    const net = new Network();
    register(net, {});
    const { commands } = net.driver;
    const at = net.driver.addressOf(net.driver.tables.dmpt + 0x200 * net.driver.sizes['dmpt']!);
    commands.ok('MLX4_CMD_HW2SW_MPT', { inMod: 0x200, opMod: 1 });
    commands.ok('MLX4_CMD_SYNC_TPT');
    expect(net.rig.card.view.mpt(0x200)).toBeNull();
    net.rig.memory.writeBe32(at + 0x0c, 42);
    net.rig.memory.writeU8(at, 0);
    commands.ok('MLX4_CMD_SYNC_TPT');
    expect(net.rig.card.view.mpt(0x200)?.pd).toBe(42);
    net.rig.memory.writeBe32(at + 0x08, 0x201);
    commands.ok('MLX4_CMD_SYNC_TPT');
    expect(net.rig.card.view.mpt(0x200)?.key).toBe(0x200);
  });
});

describe('what a send may read', () => {
  const lkey = hw_index_to_key(0x200);

  test.each([
    ['the whole of it', {}, 0],
    ['not in another protection domain', { pd: 6 }, 4],
    ['not without the right to read', { local_read: false }, 4],
    ['not with other generation bits of the key', { key: 0x1_0200 }, 4],
    ['not before its start', { start: 2n ** 40n }, 4],
    ['not behind its end', { length: 64n }, 4],
  ])('a physical region: %s', (_, fields, syndrome) => {
    const net = new Network();
    expect(register(net, fields)).toBe('OK');
    const { address } = net.rig.memory.allocate(4096);
    expect(send(net, [{ address, bytes: 100, lkey }])).toBe(syndrome);
  });

  test('memory that is not there is a protection error', () => {
    const net = new Network();
    expect(send(net, [{ address: 16, bytes: 100 }])).toBe(4);
    expect(send(net, [{ address: 2 ** 60, bytes: 100 }])).toBe(4);
    expect(net.rig.events('card.error').length).toBeGreaterThanOrEqual(2);
  });

  test('a translated region: pages are found through the MTT, and crossed', () => {
    const net = new Network();
    net.open(1);
    const first = net.driver.buffer(8192).mttOffset / 8;
    const pages = [3, 1].map(() => net.rig.memory.allocate(4096).address);
    pages.forEach((page, i) => {
      net.driver.setMtt(first + i, page);
    });
    const start = 0x7000_1000;
    register(net, {
      physical: false,
      start: BigInt(start),
      length: 8192n,
      mtt_addr: first * 8,
      entity_size: 12,
    });
    const frame = udpTo(portMacs[1], 200);
    net.rig.memory.write(pages[0]! + 4096 - 50, frame.subarray(0, 50));
    net.rig.memory.write(pages[1]!, frame.subarray(50));
    const sent: Uint8Array[] = [];
    const end = {
      send: (bytes: Uint8Array) => sent.push(bytes),
      offerChanged: () => 0,
      peerOffer: () => null,
    };
    net.rig.card.wirePort(1).plugged(end);
    expect(send(net, [{ address: start + 4096 - 50, bytes: frame.length, lkey }])).toBe(0);
    expect(sent).toEqual([frame]);
    expect(send(net, [{ address: start + 8192 - 50, bytes: 100, lkey }])).toBe(4);
    net.driver.setMtt(first + 1, pages[1]!, false);
    expect(send(net, [{ address: start + 4096, bytes: 100, lkey }])).toBe(4);
    net.driver.unmap(net.driver.tables.mtt);
    expect(send(net, [{ address: start, bytes: 100, lkey }])).toBe(4);
  });
});

describe('what a receive may write', () => {
  test.each([
    ['with the right to write', {}, 1],
    ['without it', { local_write: false }, 0x1e],
    ['in another protection domain', { pd: 6 }, 0x1e],
  ])('%s', (_, fields, opcode) => {
    const net = new Network();
    net.driver.commands.ok('MLX4_CMD_HW2SW_MPT', { inMod: 0x100, opMod: 1 });
    register(net, fields, 0x100);
    const { receives } = net.receiver(1);
    net.open(1);
    net.arrive(1, udpTo(portMacs[0]));
    expect(receives.decoded().map((each) => each.opcode)[0]).toBe(opcode);
  });
});
