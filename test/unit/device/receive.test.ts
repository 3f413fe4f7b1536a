// Receiving: filters, scatter lists, completions with their verdicts, tags, and every way in which
// a frame is dropped and counted.

import { describe, expect, test } from 'vitest';
import { broadcastMac, parseMac } from '#bus/mac.ts';
import { insertVlan } from '#bus/frame.ts';
import { MLX4_CQE_STATUS } from '#prm/completion.ts';
import { setPortGeneral, vlanFilterBit, vlanFilterWord } from '#prm/port.ts';
import { Network, portMacs, strangerMac, udpTo } from '#test/support/card/network.ts';
import type { PairOptions } from '#test/support/card/pair.ts';

const multicastMac = parseMac('01:00:5e:00:00:01');
const { IPV4, IPV4F, IPV6, IPV4OPT, TCP, UDP, IPOK } = MLX4_CQE_STATUS;

/** Port 1 open, with a receiver. */
function receiving(options: PairOptions = {}) {
  const net = new Network();
  const made = net.receiver(1, options);
  net.open(1);
  net.events.poll();
  return { net, ...made };
}

/** A counter of 32 bits in the statistics of port 1. */
function statistic(net: Network, at: number): number {
  const { mailbox } = net.driver.commands.ok('MLX4_CMD_DUMP_ETH_STATS', { inMod: 1 });
  return new DataView(mailbox.buffer).getUint32(at);
}

const dropped = 0xb98;
const overflow = 0xb9c;
const tooLong = 0xba0;

describe('into memory', () => {
  test('a frame goes into the next descriptor; the completion tells length and index', () => {
    const { net, qp, receives, buffers } = receiving();
    const frames = [60, 100, 1472].map((bytes) => udpTo(portMacs[0], bytes));
    for (const frame of frames) net.arrive(1, frame);
    const completions = receives.decoded();
    expect(completions.map((each) => [each.byte_cnt, each.wqe_index, each.qpn, each.send])).toEqual(
      frames.map((frame, i) => [frame.length, i, qp.qpn, false]),
    );
    frames.forEach((frame, i) => {
      expect(net.bytesAt(buffers[i]!, frame.length)).toEqual(frame);
    });
  });

  test('a scatter list of several buffers is filled in turn, empty ones are skipped', () => {
    const net = new Network();
    const { qp, receives } = net.pair({ port: 1, logReceives: 2, stride: 64 });
    const [[first, , third]] = qp.receive(4, [64, 0, 2000]) as [number[]];
    net.steer(1, portMacs[0], [qp.qpn]);
    net.open(1);
    const frame = udpTo(portMacs[0], 300);
    net.arrive(1, frame);
    expect(receives.decoded()[0]?.byte_cnt).toBe(frame.length);
    expect(net.bytesAt(first!, 64)).toEqual(frame.subarray(0, 64));
    expect(net.bytesAt(third!, frame.length - 64)).toEqual(frame.subarray(64));
  });

  test('the receive queue comes first in the buffer when its stride is the larger one', () => {
    const net = new Network();
    const { qp, receives } = net.pair({ port: 1, logReceives: 2, stride: 128 });
    const [[address]] = qp.receive(1, [2048]) as [number[]];
    net.steer(1, portMacs[0], [qp.qpn]);
    net.open(1);
    const frame = udpTo(portMacs[0]);
    net.arrive(1, frame);
    expect(receives.poll()).toHaveLength(1);
    expect(net.bytesAt(address!, frame.length)).toEqual(frame);
  });

  test('descriptors are used again, pass after pass, as the doorbell record gives them', () => {
    const net = new Network();
    const { qp, receives } = net.pair({ port: 1, logReceives: 2 });
    net.steer(1, portMacs[0], [qp.qpn]);
    net.open(1);
    for (let i = 0; i < 30; i++) {
      qp.receive(3, [256]);
      for (let n = 0; n < 3; n++) net.arrive(1, udpTo(portMacs[0]));
      expect(receives.decoded().map((each) => each.wqe_index)).toEqual([
        3 * i,
        3 * i + 1,
        3 * i + 2,
      ]);
    }
  });

  test('no descriptor: the frame is dropped and counted', () => {
    const net = new Network();
    const { qp, receives } = net.pair({ port: 1, logReceives: 2 });
    net.steer(1, portMacs[0], [qp.qpn]);
    net.open(1);
    net.arrive(1, udpTo(portMacs[0]));
    expect([receives.poll().length, statistic(net, overflow)]).toEqual([0, 1]);
    qp.receive(1, [256]);
    net.arrive(1, udpTo(portMacs[0]));
    expect(receives.poll()).toHaveLength(1);
  });

  test('a frame longer than its descriptor is a length error, and the queue pair breaks', () => {
    const { net, qp, receives } = receiving();
    net.driver.commands.ok('MLX4_CMD_2RST_QP', { inMod: qp.qpn, opMod: 2 });
    const short = net.pair({ port: 1, logReceives: 2 });
    short.qp.receive(3, [100]);
    net.steer(1, portMacs[0], [short.qp.qpn]);
    net.arrive(1, udpTo(portMacs[0], 200));
    expect(receives.poll()).toEqual([]);
    const seen = short.receives.decoded().map((each) => [each.opcode, each.checksum & 0xff]);
    expect(seen).toEqual([
      [0x1e, 1],
      [0x1e, 5],
      [0x1e, 5],
    ]);
    expect(net.rig.card.view.qpState(short.qp.qpn)).toBe('ERR');
  });

  test('a buffer that is not there is a protection error', () => {
    const { net, receives, buffers } = receiving();
    net.rig.memory.free({ address: buffers[0]!, sizeBytes: 4096 });
    net.arrive(1, udpTo(portMacs[0]));
    expect(receives.decoded()[0]).toMatchObject({ opcode: 0x1e });
  });

  test('a doorbell record that is not there gives no descriptors', () => {
    const net = new Network();
    const { qp, receives } = net.pair({ port: 1, logReceives: 2, context: { db_rec_addr: 16 } });
    net.steer(1, portMacs[0], [qp.qpn]);
    net.open(1);
    net.arrive(1, udpTo(portMacs[0]));
    expect([receives.poll().length, statistic(net, overflow)]).toEqual([0, 1]);
  });
});

describe('what reaches steering', () => {
  test('only addresses that somebody asked for', () => {
    const { net, receives } = receiving();
    net.arrive(1, udpTo(strangerMac));
    net.arrive(1, udpTo(portMacs[1]));
    expect([receives.poll().length, statistic(net, dropped)]).toEqual([0, 2]);
  });

  test('multicast filter: off it lets everything pass, on only its list', () => {
    const { net, qp, receives } = receiving();
    for (const mac of [broadcastMac, multicastMac]) net.steer(1, mac, [qp.qpn]);
    const filter = (opMod: number, high = 0, low = 0) =>
      net.driver.commands.ok('MLX4_CMD_SET_MCAST_FLTR', { in: [high, low], inMod: 1, opMod });
    const feed = () => {
      net.arrive(1, udpTo(broadcastMac));
      net.arrive(1, udpTo(multicastMac));
      return receives.poll().length;
    };
    expect(feed()).toBe(2);
    filter(2);
    expect(feed()).toBe(0);
    filter(0, 0x8000_ffff, 0xffff_ffff);
    expect(feed()).toBe(1);
    filter(0, 0x0100, 0x5e00_0001);
    expect(feed()).toBe(2);
    filter(0, 0x8000_0000, 0);
    expect(feed()).toBe(0);
    filter(1);
    expect(feed()).toBe(2);
  });

  test('the multicast filter holds 4,096 addresses', () => {
    const { net } = receiving();
    const add = (n: number) =>
      net.driver.commands.status('MLX4_CMD_SET_MCAST_FLTR', { in: [0x0100, n + 1], inMod: 1 });
    for (let n = 0; n < 4096; n++) add(n);
    expect([add(0), add(4096)]).toEqual(['OK', 'EXCEED_LIM']);
  });

  test('VLAN filter: before one is set every tag passes, afterwards only its bits', () => {
    const { net, receives } = receiving();
    const feed = (tci: number) => {
      net.arrive(1, insertVlan(udpTo(portMacs[0]), tci));
      return receives.poll().length;
    };
    expect(feed(100)).toBe(1);
    const map = new Uint8Array(512);
    const view = new DataView(map.buffer);
    for (const vlan of [0, 5, 4095]) {
      const at = 4 * vlanFilterWord(vlan);
      view.setUint32(at, view.getUint32(at) | (1 << vlanFilterBit(vlan)));
    }
    net.driver.commands.ok('MLX4_CMD_SET_VLAN_FLTR', { in: map, inMod: 1 });
    expect([0, 1, 5, 6, 100, 4094, 4095].map(feed)).toEqual([1, 0, 1, 0, 0, 0, 1]);
    expect(feed(0xe005)).toBe(1);
    net.arrive(1, udpTo(portMacs[0]));
    expect(receives.poll()).toHaveLength(1);
  });

  test('frames over the MTU are dropped and counted; SET_PORT makes room', () => {
    const { net, receives } = receiving();
    const frame = udpTo(portMacs[0], 1481);
    net.arrive(1, frame);
    expect([receives.poll().length, statistic(net, tooLong)]).toEqual([0, 1]);
    const general = setPortGeneral.make({ v_mtu: true, mtu: 1600 });
    net.driver.commands.ok('MLX4_CMD_SET_PORT', { in: general, inMod: 1, opMod: 1 });
    net.arrive(1, frame);
    expect(receives.poll()).toHaveLength(1);
  });

  test('runts and damaged frames are counted and go nowhere', () => {
    const { net, receives } = receiving();
    net.arrive(1, new Uint8Array(13));
    net.rig.card.wirePort(1).damagedFrameArrived?.(udpTo(portMacs[0]));
    expect(receives.poll()).toEqual([]);
    expect([statistic(net, 0xb90), statistic(net, 0xb8c)]).toEqual([1, 1]);
    expect(net.rig.card.view.counts(1).crc).toBe(1);
  });

  test('nothing is heard while the link is down or the port is closed', () => {
    const { net, receives } = receiving();
    net.rig.card.wirePort(1).linkChanged({ up: false, speedMbps: 0 });
    net.arrive(1, udpTo(portMacs[0]));
    net.rig.card.wirePort(1).linkChanged({ up: true, speedMbps: 40_000 });
    net.driver.commands.ok('MLX4_CMD_CLOSE_PORT', { inMod: 1 });
    net.arrive(1, udpTo(portMacs[0]));
    expect([receives.poll().length, net.rig.card.view.counts(1).received]).toEqual([0, 0]);
  });

  test('a group of several members gets a copy each', () => {
    const { net, qp, receives } = receiving();
    const other = net.pair({ port: 1, logReceives: 2 });
    other.qp.receive(4, [256]);
    net.steer(1, broadcastMac, [qp.qpn, other.qp.qpn, 0x3ff]);
    net.arrive(1, udpTo(broadcastMac));
    expect([receives.poll().length, other.receives.poll().length]).toEqual([1, 1]);
    expect(statistic(net, dropped)).toBe(1);
  });
});

describe('the verdict', () => {
  /** Status bits and checksum field of the completion of a frame. */
  function verdict(frame: Uint8Array): [status: number, checksum: number] {
    const { net, receives } = receiving();
    frame.set([0x00, 0x02, 0xc9, 0xa0, 0xb0, 0xc1]);
    net.arrive(1, frame);
    const [completion] = receives.decoded();
    return [completion!.status, completion!.checksum];
  }

  const changed = (at: number, ...bytes: number[]) => {
    const frame = udpTo(0, 100);
    frame.set(bytes, at);
    return frame;
  };

  test.each<[string, Uint8Array, number, number]>([
    ['UDP, all right', udpTo(0, 100), IPV4 | UDP | IPOK, 0xffff],
    ['UDP with a wrong checksum', changed(40, 1, 2), IPV4 | UDP | IPOK, 0],
    ['UDP without checksum', changed(40, 0, 0), IPV4 | UDP | IPOK, 0],
    ['a wrong IPv4 checksum', changed(24, 1, 2), IPV4 | UDP, 0xffff],
    ['a fragment', changed(20, 0x20, 0), IPV4F, 0],
    ['another protocol', changed(23, 1), IPV4, 0],
    ['TCP with a wrong checksum', changed(23, 6), IPV4 | TCP, 0],
    ['ARP', changed(12, 8, 6), 0, 0],
    ['an IPv4 header that is cut', udpTo(0, 100).slice(0, 30), 0, 0],
    ['IPv4 with options', options(), IPV4 | IPV4OPT | UDP | IPOK, 0xffff],
    ['IPv6', ipv6(17), IPV6 | UDP | IPOK, 0xffff],
    ['IPv6 with another protocol', ipv6(58), IPV6 | IPOK, 0],
  ])('%s', (_, frame, status, checksum) => {
    expect(verdict(frame)).toEqual([status, checksum]);
  });
});

describe('tags', () => {
  const tagged = (type: number) => insertVlan(udpTo(portMacs[0]), 0x6007, type);

  test('stripped: the tag is in the completion, the frame in memory has none', () => {
    const { net, receives, buffers } = receiving();
    net.arrive(1, tagged(0x8100));
    net.arrive(1, tagged(0x88a8));
    const seen = receives.decoded();
    expect(seen.map((each) => [each.cvlan_present, each.svlan_present, each.sl_vid])).toEqual([
      [true, false, 0x6007],
      [false, true, 0x6007],
    ]);
    expect(net.bytesAt(buffers[0]!, seen[0]!.byte_cnt)).toEqual(udpTo(portMacs[0]));
  });

  test('kept, when the queue pair says so', () => {
    const { net, receives, buffers } = receiving({ context: { vlan_strip_disable: true } });
    net.arrive(1, tagged(0x8100));
    const [completion] = receives.decoded();
    expect([completion!.cvlan_present, completion!.sl_vid]).toEqual([false, 0]);
    expect(net.bytesAt(buffers[0]!, completion!.byte_cnt)).toEqual(tagged(0x8100));
  });

  test('checksums are judged behind a tag, and behind two', () => {
    const { net, receives } = receiving();
    net.arrive(1, tagged(0x8100));
    net.arrive(1, insertVlan(tagged(0x8100), 3));
    expect(receives.decoded().map((each) => each.checksum)).toEqual([0xffff, 0xffff]);
  });
});

test('received frames are counted where the context of the queue pair says', () => {
  const { net } = receiving({ context: { path_counter_index: 7 } });
  net.arrive(1, udpTo(portMacs[0], 100));
  const { mailbox } = net.driver.commands.ok('MLX4_CMD_QUERY_IF_STAT', { inMod: 7 });
  const view = new DataView(mailbox.buffer);
  expect([view.getBigUint64(0x10), view.getBigUint64(0x18)]).toEqual([1n, 142n]);
});

/** UDP behind four bytes of IPv4 options. */
function options(): Uint8Array {
  const frame = udpTo(0, 100);
  const longer = new Uint8Array(frame.length + 4);
  longer.set(frame.subarray(0, 34));
  longer.set([1, 1, 1, 0], 34);
  longer.set(frame.subarray(34), 38);
  longer[14] = 0x46;
  longer[17] = longer[17]! + 4;
  const view = new DataView(longer.buffer);
  view.setUint16(24, 0);
  let sum = 0;
  for (let at = 14; at < 38; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(24, ~sum & 0xffff);
  return longer;
}

/** An IPv6 packet; its UDP checksum was computed by hand. */
function ipv6(protocol: number): Uint8Array {
  const frame = new Uint8Array(14 + 40 + 12);
  frame.set([0x86, 0xdd], 12);
  frame.set([0x60, 0, 0, 0, 0, 12, protocol, 64], 14);
  frame.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 22);
  frame.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], 38);
  frame.set([0x12, 0x34, 0x56, 0x78, 0, 12, 0x7c, 0x16, 0x11, 0x22, 0x0c, 0xed], 54);
  return frame;
}
