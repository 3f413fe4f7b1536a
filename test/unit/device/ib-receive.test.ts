// Datagrams that come over an InfiniBand link and are not for the firmware's agent: QP1 of the port
// gets them, with a completion as mlx4_ib reads it (cq.c: mlx4_ib_poll_one).

import { describe, expect, test } from 'vitest';
import type { TopologySpec } from '#fabric/topology.ts';
import { mad, madBytes, portInfo } from '#prm/mad.ts';
import { BarePair } from '#test/support/card/pair.ts';
import type { PairOptions } from '#test/support/card/pair.ts';
import { Network } from '#test/support/card/network.ts';
import { BareSrq } from '#test/support/card/srq.ts';

const msNs = 1_000_000;
const routeHeaderBytes = 40;
const packetBytes = 296;
const base = 0x40;
const receiveSend = 0x01;

const datagram = mad.make({
  base_version: 1,
  mgmt_class: 3,
  class_version: 2,
  method: 0x81,
  tid: 7n,
  data: new Uint8Array(192).fill(0xa5),
});

/** An InfiniBand port whose link has trained; ACTIVE with a manager, else in INIT. */
function network(port: 1 | 2 = 1, subnetManager = true): Network {
  const topology: TopologySpec = {
    ibPeers: [{ name: 'ib0', subnetManager }],
    cables: [{ a: `card0 port ${port}`, b: 'ib0' }],
  };
  const net = new Network({ topology });
  net.driver.commands.ok('MLX4_CMD_SET_PORT', { in: new Uint8Array(64), inMod: port, opMod: 0 });
  net.driver.commands.ok('MLX4_CMD_INIT_PORT', { inMod: port });
  net.rig.clock.runFor(300 * msNs);
  net.driver.commands.ok('MLX4_CMD_CONF_SPECIAL_QP', { inMod: base });
  return net;
}

/** The special queue pair at a place of the block, with four descriptors; none of them posted. */
function special(net: Network, place: number, options: PairOptions = {}) {
  const receives = net.cq();
  const qp = new BarePair(net.driver, base + place, net.cq(), receives, {
    logReceives: 2,
    ...options,
  });
  return { qp: qp.ready(), receives };
}

/** Set(PortInfo) of a manager at another LID and service level. */
function tellManager(net: Network, lid: number, serviceLevel: number): void {
  const data = portInfo.make({ lid: 2, sm_lid: lid, mtu_sm_sl: serviceLevel });
  const request = { base_version: 1, mgmt_class: 1, class_version: 1, method: 2, attr_id: 0x15 };
  net.arrive(1, mad.make({ ...request, data }));
  net.rig.clock.runFor(msNs);
}

const dropped = (net: Network, port: 1 | 2 = 1) => {
  const { dropped: unwanted, overflow } = net.rig.card.view.counts(port);
  return { unwanted, overflow };
};

describe('on a port that is ACTIVE', () => {
  test.each([
    [1, 2],
    [2, 3],
  ] as const)('it goes to QP1 of its port (port %i: place %i)', (port, place) => {
    const net = network(port);
    const made = [0, 1, 2, 3].map((each) => special(net, each));
    for (const { qp } of made) qp.receive(1, [packetBytes]);
    net.arrive(port, datagram);
    expect(made.map(({ receives }) => receives.poll().length)).toEqual(
      [0, 1, 2, 3].map((each) => (each === place ? 1 : 0)),
    );
  });

  test('into memory go zeros for a route header, then the datagram', () => {
    const net = network();
    const { qp } = special(net, 2);
    const [[address]] = qp.receive(1, [packetBytes]) as [[number]];
    net.rig.memory.write(address, new Uint8Array(packetBytes).fill(0xee));
    net.arrive(1, datagram);
    const stored = net.bytesAt(address, packetBytes);
    expect(stored.subarray(0, routeHeaderBytes).every((byte) => byte === 0)).toBe(true);
    expect(stored.subarray(routeHeaderBytes)).toEqual(datagram);
  });

  test('its completion names QP1 at the LID of the manager, and no route header', () => {
    const net = network();
    const { qp, receives } = special(net, 2);
    qp.receive(2, [packetBytes]);
    net.arrive(1, datagram);
    tellManager(net, 7, 3);
    net.arrive(1, datagram);
    const [first, second] = receives.decoded();
    expect(first).toMatchObject({
      send: false,
      opcode: receiveSend,
      qpn: qp.qpn,
      byte_cnt: packetBytes,
      g_mlpath_rqpn: 1,
      rlid: 1,
      sl_vid: 0,
      immed_rss_invalid: 0,
      status: 0,
      checksum: 0,
      wqe_index: 0,
    });
    expect(second).toMatchObject({ wqe_index: 1, rlid: 7, sl_vid: 0x3000 });
    expect(dropped(net)).toEqual({ unwanted: 0, overflow: 0 });
  });

  test('a shared receive queue can give the descriptors', () => {
    const net = network();
    const srq = new BareSrq(net.driver, 5);
    const { receives } = special(net, 2, { context: { srqn: 2 ** 24 + 5 } });
    srq.post(1, packetBytes);
    net.arrive(1, datagram);
    expect(receives.decoded()).toMatchObject([{ byte_cnt: packetBytes }]);
  });
});

describe('it is dropped and counted', () => {
  test('on a port that is not ACTIVE', () => {
    const net = network(1, false);
    const { qp, receives } = special(net, 2);
    qp.receive(1, [packetBytes]);
    net.arrive(1, datagram);
    expect([receives.poll(), dropped(net)]).toEqual([[], { unwanted: 1, overflow: 0 }]);
  });

  test('without a descriptor', () => {
    const net = network();
    const { receives } = special(net, 2);
    net.arrive(1, datagram);
    expect([receives.poll(), dropped(net)]).toEqual([[], { unwanted: 0, overflow: 1 }]);
  });

  test('without a queue pair, without special ones, and by one that does not receive', () => {
    const net = network();
    net.arrive(1, datagram);
    const { qp, receives } = special(net, 2);
    qp.receive(1, [packetBytes]);
    net.driver.commands.ok('MLX4_CMD_CONF_SPECIAL_QP', { inMod: 0 });
    net.arrive(1, datagram);
    net.driver.commands.ok('MLX4_CMD_CONF_SPECIAL_QP', { inMod: base });
    net.driver.commands.ok('MLX4_CMD_2ERR_QP', { inMod: qp.qpn });
    receives.poll();
    net.arrive(1, datagram);
    expect([receives.poll(), dropped(net)]).toEqual([[], { unwanted: 3, overflow: 0 }]);
  });

  test('when it has another length', () => {
    const net = network();
    const { qp, receives } = special(net, 2);
    qp.receive(2, [packetBytes]);
    net.arrive(1, datagram.subarray(1));
    net.arrive(1, new Uint8Array(madBytes + 1));
    expect([receives.poll(), dropped(net)]).toEqual([[], { unwanted: 2, overflow: 0 }]);
  });
});

test('a buffer that is too small breaks the queue pair', () => {
  const net = network();
  const { qp, receives } = special(net, 2);
  qp.receive(1, [packetBytes - 1]);
  net.arrive(1, datagram);
  expect(receives.decoded()).toMatchObject([{ opcode: 0x1e }]);
});

test('a question to the manager is answered there, and the answer comes back', () => {
  const net = network();
  const { qp, receives } = special(net, 2);
  const [[address]] = qp.receive(1, [packetBytes]) as [[number]];
  const question = mad.make({
    base_version: 1,
    mgmt_class: 3,
    class_version: 2,
    method: 1,
    tid: 0x1234_5678_9abcn,
    attr_id: 1,
  });
  const headers = new Uint8Array(28);
  headers[1] = 2;
  qp.send(Uint8Array.from([...headers, ...question, 0, 0, 0, 0]));
  net.rig.clock.runFor(msNs);
  expect(receives.decoded()).toHaveLength(1);
  const answer = net.bytesAt(address + routeHeaderBytes, madBytes);
  expect(mad.read(answer)).toMatchObject({ mgmt_class: 3, method: 0x81, tid: 0x1234_5678_9abcn });
});
