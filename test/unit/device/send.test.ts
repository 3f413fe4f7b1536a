// Send descriptors: gathering, inline data, the wrap of the ring, checksums, tags, completions,
// BlueFlame, and what is refused with an error completion and a flush.

import { describe, expect, test } from 'vitest';
import { readBe16 } from '#bus/bytes.ts';
import { describeFrame } from '#bus/describe.ts';
import { insertVlan, vlanTci } from '#bus/frame.ts';
import { formatIpv4, parseIpv4 } from '#bus/ipv4.ts';
import { l4ChecksumOk } from '#bus/l4.ts';
import { blueFlameAddress } from '#prm/registers.ts';
import {
  MLX4_OPCODE_LSO,
  MLX4_OPCODE_NOP,
  MLX4_WQE_CTRL_CQ_UPDATE,
  MLX4_WQE_CTRL_FORCE_LOOPBACK,
  MLX4_WQE_CTRL_INS_CVLAN,
  MLX4_WQE_CTRL_INS_SVLAN,
  MLX4_WQE_CTRL_IP_CSUM,
  MLX4_WQE_CTRL_TCP_UDP_CSUM,
} from '#prm/wqe.ts';
import { driverUar } from '#test/support/card/driver.ts';
import { Network, portMacs, strangerMac, udpTo } from '#test/support/card/network.ts';
import type { PairOptions, Segment } from '#test/support/card/pair.ts';
import type { RigOptions } from '#test/support/card/rig.ts';

const microsecond = 1000;
const offload = MLX4_WQE_CTRL_IP_CSUM | MLX4_WQE_CTRL_TCP_UDP_CSUM;

/** Port 1 open on a wire that keeps what is sent. */
function sending(options: PairOptions = {}, rigOptions: RigOptions = {}) {
  const net = new Network(rigOptions);
  const wire: Uint8Array[] = [];
  net.rig.card.wirePort(1).plugged({
    send: (frame) => wire.push(frame),
    offerChanged: () => undefined,
    peerOffer: () => null,
  });
  net.open(1);
  net.events.poll();
  const { qp, sends } = net.pair({ port: 1, ...options });
  const run = () => {
    net.rig.clock.runFor(100 * microsecond);
  };
  const place = (bytes: Uint8Array): Segment => {
    const { address } = net.rig.memory.allocate(bytes.length);
    net.rig.memory.write(address, bytes);
    return { address, bytes: bytes.length };
  };
  return { net, wire, qp, sends, run, place };
}

describe('gathering', () => {
  test('a frame in one piece, and one in several pieces of memory', () => {
    const { wire, qp, run, place } = sending();
    const frame = udpTo(strangerMac, 500);
    qp.post([place(frame)]);
    qp.post([
      place(frame.subarray(0, 14)),
      place(frame.subarray(14, 15)),
      place(frame.subarray(15)),
    ]);
    qp.ring();
    run();
    expect(wire).toEqual([frame, frame]);
  });

  test('inline data: one segment of 44 bytes, then one in each next block', () => {
    const { wire, qp, run } = sending();
    const frame = udpTo(strangerMac, 60);
    qp.post([{ inline: frame.subarray(0, 44) }, { inline: frame.subarray(44) }]);
    qp.ring();
    run();
    expect(wire).toEqual([frame]);
  });

  test('a short frame is padded with zeros to the shortest that Ethernet has', () => {
    const { wire, qp, run } = sending();
    qp.post([{ inline: new Uint8Array(17).fill(7) }]);
    qp.ring();
    run();
    expect(wire[0]).toEqual(Uint8Array.from({ length: 60 }, (_, at) => (at < 17 ? 7 : 0)));
  });

  test('descriptors wrap from the last block of the ring to the first, pass after pass', () => {
    const { wire, qp, sends, run, place } = sending({ logSends: 3 });
    const frame = udpTo(strangerMac, 200);
    const parts = [0, 40, 80, 120].map((at) => place(frame.subarray(at, at + 40)));
    const rest = place(frame.subarray(160));
    for (let i = 0; i < 40; i++) {
      qp.post([...parts, rest]);
      qp.ring();
      run();
    }
    expect(wire).toHaveLength(40);
    expect(wire.every((each) => each.join() === frame.join())).toBe(true);
    expect(sends.decoded().map((each) => each.wqe_index)).toEqual(
      Array.from({ length: 40 }, (_, i) => 2 * i),
    );
  });

  test('places larger than a block hold a whole descriptor, as those of mlx4_ib do', () => {
    const { wire, qp, sends, run, place } = sending({ logSends: 2, sendStride: 256 });
    const frame = udpTo(strangerMac, 200);
    const parts = [0, 40, 80, 120].map((at) => place(frame.subarray(at, at + 40)));
    const rest = place(frame.subarray(160));
    for (let i = 0; i < 10; i++) {
      qp.post(i % 2 === 0 ? [place(frame)] : [...parts, rest]);
      qp.ring();
      run();
    }
    expect(wire).toEqual(Array.from({ length: 10 }, () => frame));
    expect(sends.decoded().map((each) => each.wqe_index)).toEqual(wire.map((_, i) => i));
  });

  test('one doorbell is enough for everything that is posted, more than a turn holds, too', () => {
    const { wire, qp, run, place } = sending({ logSends: 8 });
    const segment = place(udpTo(strangerMac));
    for (let i = 0; i < 200; i++) qp.post([segment], { flags: 0 });
    qp.ring();
    run();
    expect(wire).toHaveLength(200);
  });

  test('two queue pairs take turns of 64 descriptors', () => {
    const { net, wire, qp, run, place } = sending({ logSends: 8 });
    const other = net.pair({ port: 1, logSends: 8 }).qp;
    const [mine, theirs] = [place(udpTo(1)), place(udpTo(2))];
    for (let i = 0; i < 100; i++) {
      qp.post([mine], { flags: 0 });
      other.post([theirs], { flags: 0 });
    }
    qp.ring();
    other.ring();
    run();
    const turns = wire.map((frame) => frame[5]);
    expect(turns.slice(0, 64).every((to) => to === 1)).toBe(true);
    expect(turns.slice(64, 128).every((to) => to === 2)).toBe(true);
  });

  test('a block that software stamped is not sent', () => {
    const { net, wire, qp, run, place } = sending();
    qp.post([place(udpTo(strangerMac))]);
    net.rig.memory.writeBe32(qp.buffer.address, 0x7fff_ffff + 0x8000_0000);
    qp.ring();
    run();
    expect(wire).toEqual([]);
  });
});

describe('completions', () => {
  test('only for descriptors that ask for one', () => {
    const { qp, sends, run, place } = sending();
    const segment = place(udpTo(strangerMac));
    qp.post([segment], { flags: 0 });
    qp.post([segment], { flags: MLX4_WQE_CTRL_CQ_UPDATE });
    qp.post([segment], { flags: 0 });
    qp.ring();
    run();
    expect(sends.decoded()).toMatchObject([
      { qpn: qp.qpn, wqe_index: 1, opcode: 0x0a, send: true, byte_cnt: 0 },
    ]);
  });

  test('a NOP is completed and sends nothing', () => {
    const { wire, qp, sends, run } = sending();
    qp.post([{ inline: new Uint8Array(8) }], { opcode: MLX4_OPCODE_NOP });
    qp.ring();
    run();
    expect([wire.length, sends.decoded()[0]?.opcode]).toEqual([0, 0]);
  });
});

describe('offloads', () => {
  /** A UDP frame whose two checksums are wrong. */
  function spoilt(dataBytes = 100): Uint8Array {
    const frame = udpTo(strangerMac, dataBytes);
    frame.set([0xde, 0xad], 24);
    frame.set([0xbe, 0xef], 40);
    return frame;
  }

  test('both checksums are computed when the descriptor asks for them, and only then', () => {
    const { wire, qp, run } = sending();
    for (const flags of [offload, MLX4_WQE_CTRL_IP_CSUM, MLX4_WQE_CTRL_TCP_UDP_CSUM, 0]) {
      qp.send(spoilt(), { flags });
    }
    run();
    const verdicts = wire.map((frame) => {
      const header = parseIpv4(frame, 14)!;
      return [header.checksumOk, l4ChecksumOk(frame, 14, header)];
    });
    expect(verdicts).toEqual([
      [true, true],
      [true, false],
      [false, true],
      [false, false],
    ]);
    expect(wire[0]).toEqual(udpTo(strangerMac, 100));
  });

  test('odd lengths, TCP, and IPv4 options', () => {
    const { wire, qp, run } = sending();
    for (const frame of [spoilt(33), tcpFrame(), withOptions()]) qp.send(frame, { flags: offload });
    run();
    for (const frame of wire) {
      const header = parseIpv4(frame, 14)!;
      expect([header.checksumOk, l4ChecksumOk(frame, 14, header)]).toEqual([true, true]);
    }
  });

  test('a UDP checksum that comes to 0 is sent as 0xffff', () => {
    const { wire, qp, run } = sending();
    const frame = udpTo(strangerMac, 2);
    // Chosen so that the sum over everything else is all ones.
    frame.set([0, 0], 42);
    frame.set([0, 0], 40);
    const open = frame.slice();
    qp.send(open, { flags: offload });
    run();
    const sum = readBe16(wire[0]!, 40);
    frame.set([sum >>> 8, sum & 0xff], 42);
    qp.send(frame, { flags: offload });
    run();
    expect(readBe16(wire[1]!, 40)).toBe(0xffff);
  });

  test('what has no such header is sent as it is', () => {
    const { wire, qp, run } = sending();
    const arp = new Uint8Array(60).fill(3);
    arp.set([0x08, 0x06], 12);
    const fragment = udpTo(strangerMac);
    fragment.set([0x20, 0x10], 20);
    const short = udpTo(strangerMac).slice(0, 30);
    for (const frame of [arp, fragment, short])
      qp.send(frame, { flags: MLX4_WQE_CTRL_TCP_UDP_CSUM });
    run();
    expect(wire[0]).toEqual(arp);
    expect(wire[1]).toEqual(fragment);
    expect(wire[2]!.subarray(0, 30)).toEqual(short);
  });

  test('IPv6 over TCP and UDP gets its checksum, too', () => {
    const { wire, qp, run } = sending();
    qp.send(udp6(), { flags: MLX4_WQE_CTRL_TCP_UDP_CSUM });
    run();
    expect(readBe16(wire[0]!, 14 + 40 + 6)).toBe(0x7c16);
  });

  test('a tag is put in behind the addresses: C-VLAN or S-VLAN', () => {
    const { wire, qp, run } = sending();
    const frame = udpTo(strangerMac);
    qp.send(frame, { insVlan: MLX4_WQE_CTRL_INS_CVLAN, vlanTag: 0x6005 });
    qp.send(frame, { insVlan: MLX4_WQE_CTRL_INS_SVLAN, vlanTag: 7 });
    run();
    expect(wire[0]).toEqual(insertVlan(frame, 0x6005));
    expect([vlanTci(wire[1]!), readBe16(wire[1]!, 12)]).toEqual([7, 0x88a8]);
  });

  test('checksums of a tagged frame in memory', () => {
    const { wire, qp, run } = sending();
    qp.send(insertVlan(spoilt(), 9), { flags: offload });
    run();
    expect(describeFrame(wire[0]!)).toBe(
      `vlan 9, p 0, IP ${formatIpv4(0x0a000009)}.1 > 10.0.0.2.2: UDP, length 100`,
    );
    expect(wire[0]).toEqual(insertVlan(udpTo(strangerMac), 9));
  });
});

describe('what is not sent', () => {
  test.each<[string, Segment[], object, number, RegExp]>([
    ['LSO', [{ inline: new Uint8Array(8) }], { opcode: MLX4_OPCODE_LSO }, 2, /not IP/],
    ['an unknown opcode', [{ inline: new Uint8Array(8) }], { opcode: 0x11 }, 2, /opcode 0x11/],
    ['no segments', [], {}, 1, /no segments/],
    ['a segment of no bytes', [{ address: 0, bytes: 0 }], {}, 1, /segment length/],
    ['a segment of 2 GiB', [{ address: 0, bytes: 0x7fff_ffff }], {}, 1, /segment length/],
    ['a foreign key', [{ address: 0x100_0000, bytes: 64, lkey: 7 }], {}, 4, /memory key/],
    ['inline data over a block border', [{ inline: new Uint8Array(60) }], {}, 2, /crosses a block/],
    ['inline data behind the end', [{ inline: new Uint8Array(40) }], { units: 2 }, 2, /crosses/],
    ['more blocks than the ring', [{ inline: new Uint8Array(8) }], { units: 63 }, 2, /larger than/],
  ])('%s', (_, segments, options, syndrome, reason) => {
    const { net, wire, qp, sends, run } = sending({ logSends: 3 });
    qp.post(segments, options);
    qp.ring();
    run();
    const [entry] = sends.poll();
    expect([entry![0x1f]! & 0x5f, entry![0x1b]]).toEqual([0x5e, syndrome]);
    expect(net.rig.events('card.refused').at(-1)).toMatch(reason);
    expect(net.rig.card.view.qpState(qp.qpn)).toBe('ERR');
    expect(wire).toEqual([]);
  });

  test('flush: what is behind a broken descriptor is completed as flushed, in order', () => {
    const { qp, sends, wire, run, place } = sending();
    const good = place(udpTo(strangerMac));
    qp.post([good]);
    qp.post([]);
    qp.post([good]);
    qp.post([good]);
    qp.ring();
    run();
    const seen = sends.decoded().map((each) => [each.wqe_index, each.opcode, each.checksum & 0xff]);
    expect(seen).toEqual([
      [0, 0x0a, 0],
      [1, 0x1e, 1],
      [2, 0x1e, 5],
      [3, 0x1e, 5],
    ]);
    expect(wire).toHaveLength(1);
  });

  test('services that carry no raw Ethernet', () => {
    const { net, qp, sends, run } = sending({ context: { service_type: 3 } });
    qp.send(udpTo(strangerMac));
    run();
    expect(sends.decoded()[0]).toMatchObject({ opcode: 0x1e });
    expect(net.rig.events('card.refused').at(-1)).toMatch(/service type 3 is not modelled/);
  });

  test('a ring that cannot be read', () => {
    const { net, qp, sends, run } = sending();
    net.rig.memory.free({ address: qp.buffer.address, sizeBytes: qp.buffer.bytes });
    qp.ring();
    run();
    expect(sends.decoded()[0]).toMatchObject({ opcode: 0x1e });
    expect(net.rig.events('card.refused').at(-1)).toMatch(/send queue is unreadable/);
  });

  test('a frame over the MTU, or on a link that is down: completed, dropped, counted', () => {
    const { net, wire, qp, sends, run } = sending();
    qp.send(new Uint8Array(1523));
    qp.send(new Uint8Array(1522));
    run();
    expect(wire.map((frame) => frame.length)).toEqual([1522]);
    net.rig.card.wirePort(1).linkChanged({ up: false, speedMbps: 0 });
    qp.send(new Uint8Array(100));
    run();
    expect([wire.length, sends.poll().length]).toEqual([1, 3]);
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_DUMP_ETH_STATS', { inMod: 1 });
    expect(new DataView(mailbox.buffer).getUint32(0xba8)).toBe(2);
  });

  test('a doorbell in a page of another owner', () => {
    const { net, wire, qp, run, place } = sending({ uar: driverUar + 1 });
    qp.post([place(udpTo(strangerMac))]);
    net.rig.writeBe32(2, driverUar * 4096 + 0x14, qp.qpn * 256);
    run();
    expect(wire).toEqual([]);
    expect(net.rig.events('card.refused').at(-1)).toMatch(/its UAR is 129/);
    qp.ring();
    run();
    expect(wire).toHaveLength(1);
  });
});

test('loopback: the card itself receives what forces it, and counts it apart', () => {
  const { net, wire, qp, run } = sending();
  const { receives } = net.receiver(1);
  qp.send(udpTo(portMacs[0]), { flags: MLX4_WQE_CTRL_FORCE_LOOPBACK });
  qp.send(udpTo(portMacs[0]), { flags: 0 });
  run();
  expect([receives.poll().length, wire.length]).toEqual([1, 1]);
  const { mailbox } = net.driver.commands.ok('MLX4_CMD_DUMP_ETH_STATS', { inMod: 1 });
  expect(new DataView(mailbox.buffer).getBigUint64(0xb70)).toBe(1n);
});

test('BlueFlame: the number in the copied descriptor is a doorbell, in both buffers', () => {
  const { net, wire, qp, run, place } = sending({}, { card: { blueFlame: true } });
  for (const buffer of [0, 256]) {
    qp.post([place(udpTo(strangerMac))]);
    const at = blueFlameAddress(driverUar, 3) + buffer;
    for (let word = 0; word < 16; word++) {
      net.rig.writeBe32(2, at + 4 * word, word === 1 ? qp.qpn * 256 + 2 : 0xffff_ffff);
    }
    run();
  }
  expect(wire).toHaveLength(2);
  net.rig.writeBe32(2, blueFlameAddress(driverUar + 1, 0) + 4, qp.qpn * 256);
  expect(net.rig.events('card.refused').at(-1)).toMatch(/its UAR is 128/);
});

test('counters: what a queue pair sends is counted where its context says', () => {
  const { net, qp, run } = sending({ context: { path_counter_index: 3 } });
  qp.send(udpTo(strangerMac, 100));
  run();
  const query = (inMod: number) => {
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_QUERY_IF_STAT', { inMod });
    return [0x10, 0x20, 0x28].map((at) => Number(new DataView(mailbox.buffer).getBigUint64(at)));
  };
  expect(query(3)).toEqual([0, 1, 142]);
  expect(query(0x8000_0003)).toEqual([0, 1, 142]);
  expect(query(3)).toEqual([0, 0, 0]);
  expect(net.driver.commands.status('MLX4_CMD_QUERY_IF_STAT', { inMod: 256 })).toBe('BAD_INDEX');
});

/** A TCP segment with a wrong checksum. */
function tcpFrame(): Uint8Array {
  const frame = udpTo(strangerMac, 100);
  frame[23] = 6;
  frame[46] = 0x50;
  return frame;
}

/** A UDP packet with four bytes of IPv4 options, checksums wrong. */
function withOptions(): Uint8Array {
  const frame = udpTo(strangerMac, 100);
  const longer = new Uint8Array(frame.length + 4);
  longer.set(frame.subarray(0, 34));
  longer.set([1, 1, 1, 0], 34);
  longer.set(frame.subarray(34), 38);
  longer[14] = 0x46;
  longer[17] = longer[17]! + 4;
  return longer;
}

/** An IPv6 packet with four bytes of UDP data; by hand, its checksum is 0x7c16. */
function udp6(): Uint8Array {
  const frame = new Uint8Array(14 + 40 + 12);
  frame.set([0x86, 0xdd], 12);
  frame.set([0x60, 0, 0, 0, 0, 12, 17, 64], 14);
  frame.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 22);
  frame.set([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2], 38);
  frame.set([0x12, 0x34, 0x56, 0x78, 0, 12, 0, 0, 0x11, 0x22, 0x0c, 0xed], 54);
  return frame;
}
