// Management datagrams that software sends through a special queue pair of an InfiniBand port: with
// the headers of a local or of a global route, before the port is ACTIVE and then.

import { describe, expect, test } from 'vitest';
import type { TopologySpec } from '#fabric/topology.ts';
import { datagramOf } from '#device/ib-packet.ts';
import { lrh, mad, madBytes, managementLane } from '#prm/mad.ts';
import { Network } from '#test/support/card/network.ts';

const msNs = 1_000_000;
const local = 2;
const global = 3;
const sendCompletion = 0x0a;
const errorCompletion = 0x1e;

const datagram = mad.make({ base_version: 1, mgmt_class: 3, class_version: 2, method: 1, tid: 7n });

/** A packet with its headers; `lane`, and the next header that its first one names. */
function packetOf(lane: number, next: number, content = datagram): Uint8Array {
  const headers = new Uint8Array(next === global ? 68 : 28);
  headers.set(lrh.make({ virtual_lane: lane, link_next_header: next, destination_lid: 1 }));
  return Uint8Array.from([...headers, ...content, 0, 0, 0, 0]);
}

describe('the datagram of a packet', () => {
  test.each([local, global])('stands behind the headers (next header %i)', (next) => {
    const found = datagramOf(packetOf(0, next));
    expect([found?.bytes, found?.subnetManagement]).toEqual([datagram, false]);
    expect(datagramOf(packetOf(managementLane, next))?.subnetManagement).toBe(true);
  });

  test('is not there in a packet of another kind or length', () => {
    expect(datagramOf(packetOf(0, 0))).toBeNull();
    expect(datagramOf(packetOf(0, 1))).toBeNull();
    expect(datagramOf(packetOf(0, local).subarray(1))).toBeNull();
    expect(datagramOf(packetOf(0, local, datagram.subarray(8)))).toBeNull();
    expect(datagramOf(packetOf(0, global, new Uint8Array(madBytes + 4)))).toBeNull();
  });
});

describe('sending one', () => {
  /** Port 1 as an InfiniBand port whose link has trained. */
  function port(subnetManager: boolean) {
    const topology: TopologySpec = {
      ibPeers: [{ name: 'ib0', subnetManager }],
      cables: [{ a: 'card0 port 1', b: 'ib0' }],
    };
    const net = new Network({ topology });
    net.driver.commands.ok('MLX4_CMD_SET_PORT', { in: new Uint8Array(64), inMod: 1, opMod: 0 });
    net.driver.commands.ok('MLX4_CMD_INIT_PORT', { inMod: 1 });
    net.rig.clock.runFor(300 * msNs);
    const { qp, sends } = net.pair({ port: 1 });
    const peer = net.rig.fabric!.ibPeer('ib0');
    const before = peer.received;
    const send = (packet: Uint8Array): readonly [opcode: number, arrived: number] => {
      qp.send(packet);
      net.rig.clock.runFor(msNs);
      return [sends.decoded()[0]!.opcode & 0x1f, peer.received - before];
    };
    return { net, send };
  }

  test('an ACTIVE port sends it, and it is complete', () => {
    const { net, send } = port(true);
    expect(net.rig.card.port(1).linkUp).toBe(true);
    expect(send(packetOf(0, local))).toEqual([sendCompletion, 1]);
    expect(net.rig.events('card.refused')).toEqual([]);
  });

  test('before that subnet management goes out; all else is dropped, and complete too', () => {
    const { send } = port(false);
    expect(send(packetOf(0, local))).toEqual([sendCompletion, 0]);
    expect(send(packetOf(managementLane, local))).toEqual([sendCompletion, 1]);
  });

  test('what is no datagram is an error', () => {
    expect(port(true).send(packetOf(0, 0))).toEqual([errorCompletion, 0]);
  });
});
