// B0 steering: hash, entries, chains, promiscuous lists.

import { describe, expect, test } from 'vitest';
import { broadcastMac } from '#bus/mac.ts';
import { mgm } from '#prm/steering.ts';
import { logs } from '#test/support/card/driver.ts';
import {
  Network,
  gidOf,
  groupEntry,
  portMacs,
  strangerMac,
  udpTo,
} from '#test/support/card/network.ts';

const buckets = 2 ** (logs.mcg - 1);

/** Queue pairs that would get a frame for an address on a port. */
const steered = (net: Network, mac: number, port: 1 | 2 = 1) =>
  net.rig.card.view.steered(port, (mac / 2 ** 40) % 2 >= 1 ? 0 : 1, mac);

describe('entries', () => {
  test('MGID_HASH: equal for equal addresses, below the number of buckets, spread', () => {
    const { driver } = new Network();
    const hash = (mac: number, opMod = 1) =>
      driver.commands.ok('MLX4_CMD_MGID_HASH', { in: gidOf(1, mac), opMod }).immediate;
    const seen = Array.from({ length: 200 }, (_, i) => hash(strangerMac + i));
    expect(seen.every(([high, low]) => high === 0 && low < buckets)).toBe(true);
    expect(new Set(seen.map(([, low]) => low)).size).toBeGreaterThan(90);
    expect(hash(strangerMac)).toEqual(hash(strangerMac, 0));
  });

  test('never written: an entry reads as zeros, whatever its page holds', () => {
    const net = new Network();
    net.driver.mapFor('mcg', 7);
    net.rig.memory.fill(net.driver.addressOf(net.driver.tables.mcg), 4096, 0xee);
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_READ_MCG', { inMod: 7 });
    expect(mailbox.every((byte) => byte === 0)).toBe(true);
  });

  test('what was written is read back, from the page that the driver mapped', () => {
    const net = new Network();
    const entry = groupEntry(gidOf(1, strangerMac), [5, 6, 7], 300);
    net.driver.mapFor('mcg', 9);
    net.driver.commands.ok('MLX4_CMD_WRITE_MCG', { in: entry, inMod: 9 });
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_READ_MCG', { inMod: 9 });
    expect(mailbox.subarray(0, 1024)).toEqual(entry);
    const at = net.driver.addressOf(net.driver.tables.mcg + 9 * 1024);
    expect(net.bytesAt(at, 1024)).toEqual(entry);
  });

  test('an index behind the table, and more members than an entry holds, are refused', () => {
    const { driver } = new Network();
    const { commands } = driver;
    const size = 2 ** logs.mcg;
    expect(commands.status('MLX4_CMD_READ_MCG', { inMod: size })).toBe('BAD_INDEX');
    const entry = groupEntry(gidOf(1, strangerMac), []);
    expect(commands.status('MLX4_CMD_WRITE_MCG', { in: entry, inMod: size })).toBe('BAD_INDEX');
    driver.mapFor('mcg', 3);
    mgm.set(entry, 'members_count', 249);
    expect(commands.status('MLX4_CMD_WRITE_MCG', { in: entry, inMod: 3 })).toBe('BAD_PARAM');
    const list = { in: entry, inMod: 0x1_0000, opMod: 1 };
    expect(commands.status('MLX4_CMD_WRITE_MCG', list)).toBe('BAD_PARAM');
    mgm.set(entry, 'members_count', 248);
    expect(commands.status('MLX4_CMD_WRITE_MCG', { in: entry, inMod: 3 })).toBe('OK');
    expect(commands.status('MLX4_CMD_WRITE_MCG', { ...list, inMod: 0x3_0000 })).toBe('BAD_INDEX');
  });
});

describe('finding', () => {
  test('by port, kind and address; members keep their order', () => {
    const net = new Network();
    net.steer(1, strangerMac, [8, 3]);
    expect(steered(net, strangerMac)).toEqual([8, 3]);
    expect(steered(net, strangerMac, 2)).toEqual([]);
    expect(steered(net, strangerMac + 1)).toEqual([]);
  });

  test('entries chain from the bucket, and one without members is passed over', () => {
    const net = new Network();
    const bucket = net.steer(1, strangerMac, []);
    net.writeGroup(bucket, gidOf(1, strangerMac + 1), [], 300);
    net.writeGroup(300, gidOf(1, strangerMac + 2), [9], 301);
    net.writeGroup(301, gidOf(1, strangerMac), [4]);
    expect(steered(net, strangerMac)).toEqual([4]);
    net.writeGroup(301, gidOf(1, strangerMac), []);
    expect(steered(net, strangerMac)).toEqual([]);
  });

  test('a chain that software closed to a ring ends', () => {
    const net = new Network();
    const bucket = net.steer(1, strangerMac, []);
    net.writeGroup(bucket, gidOf(1, strangerMac + 1), [1], 300);
    net.writeGroup(300, gidOf(1, strangerMac + 2), [1], bucket);
    expect(steered(net, strangerMac)).toEqual([]);
  });

  test('groups of InfiniBand catch no Ethernet frame', () => {
    const net = new Network();
    const bucket = net.steer(1, strangerMac, [4]);
    const entry = groupEntry(gidOf(1, strangerMac), [4]);
    mgm.set(entry, 'protocol', 0);
    net.driver.commands.ok('MLX4_CMD_WRITE_MCG', { in: entry, inMod: bucket });
    expect(steered(net, strangerMac)).toEqual([]);
  });

  test('a change of an entry is seen by the next frame', () => {
    const net = new Network();
    const { receives, qp } = net.receiver(1);
    const other = net.pair({ port: 1, logReceives: 2 });
    other.qp.receive(4, [256]);
    net.open(1);
    const feed = () => {
      net.arrive(1, udpTo(portMacs[0]));
      return [receives.poll().length, other.receives.poll().length];
    };
    expect(feed()).toEqual([1, 0]);
    net.steer(1, portMacs[0], [other.qp.qpn]);
    expect(feed()).toEqual([0, 1]);
    net.steer(1, portMacs[0], [qp.qpn, other.qp.qpn]);
    expect(feed()).toEqual([1, 1]);
  });

  test('a flood of addresses is forgotten again', () => {
    const net = new Network();
    net.steer(1, strangerMac, [4]);
    for (let i = 1; i <= 10_000; i++) expect(steered(net, strangerMac + i)).toEqual([]);
    expect(steered(net, strangerMac)).toEqual([4]);
  });
});

describe('promiscuous lists', () => {
  test('take what has no entry, by port and kind, until they are emptied', () => {
    const net = new Network();
    net.steer(1, strangerMac, [4]);
    net.promiscuous(1, 'unicast', [6]);
    net.promiscuous(1, 'multicast', [7, 8]);
    expect(steered(net, strangerMac)).toEqual([4]);
    expect(steered(net, strangerMac + 1)).toEqual([6]);
    expect(steered(net, broadcastMac)).toEqual([7, 8]);
    expect(steered(net, strangerMac + 1, 2)).toEqual([]);
    net.promiscuous(1, 'unicast', []);
    expect(steered(net, strangerMac + 1)).toEqual([]);
    expect(steered(net, broadcastMac)).toEqual([7, 8]);
  });

  test('a promiscuous queue pair hears frames for others', () => {
    const net = new Network();
    const { qp, receives } = net.pair({ port: 1, logReceives: 2 });
    qp.receive(4, [256]);
    net.promiscuous(1, 'unicast', [qp.qpn]);
    net.open(1);
    net.arrive(1, udpTo(strangerMac));
    expect(receives.poll()).toHaveLength(1);
  });
});
