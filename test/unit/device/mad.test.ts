// Management datagrams, brought by the driver or by a cable: attributes, the status in the datagram
// itself, and what a subnet manager may do to a port.

import { describe, expect, test } from 'vitest';
import { formatMac } from '#bus/mac.ts';
import { IB_PORT_STATE, mad, madDataOffset, nodeInfo, portInfo } from '#prm/mad.ts';
import { setPortIb } from '#prm/port.ts';
import { Network } from '#test/support/card/network.ts';

const get = 1;
const set = 2;
const getResponse = 0x81;

function ask(
  net: Network,
  attribute: number,
  fields: Parameters<typeof mad.make>[0] = {},
  opMod = 3,
  port = 1,
) {
  const request = mad.make({
    base_version: 1,
    mgmt_class: 1,
    class_version: 1,
    method: get,
    tid: 0x1122_3344_5566_7788n,
    attr_id: attribute,
    ...fields,
  });
  const { mailbox } = net.driver.commands.ok('MLX4_CMD_MAD_IFC', {
    in: request,
    inMod: port,
    opMod,
  });
  const data = mailbox.slice(madDataOffset, madDataOffset + 64);
  return { ...mad.read(mailbox), first: data };
}

describe('Get', () => {
  test('the answer keeps the transaction id and is a response', () => {
    const answer = ask(new Network(), 0x15);
    expect(answer).toMatchObject({ method: getResponse, status: 0, tid: 0x1122_3344_5566_7788n });
  });

  test('NodeInfo: ports, GUIDs made from the MACs, device', () => {
    const { first } = ask(new Network(), 0x11, {}, 3, 2);
    expect(nodeInfo.read(first)).toMatchObject({
      node_type: 1,
      num_ports: 2,
      node_guid: 0x0002_c903_00a0_b0c0n,
      system_image_guid: 0x0002_c903_00a0_b0c3n,
      port_guid: 0x0002_c903_00a0_b0c2n,
      device_id: 0x1003,
      local_port_vendor: 0x0200_02c9,
    });
  });

  test('PortInfo: an Ethernet port is down without link and active with it', () => {
    const net = new Network();
    const state = () => ask(net, 0x15).first[32]! & 0xf;
    expect(state()).toBe(IB_PORT_STATE.DOWN);
    net.open(1);
    expect(state()).toBe(IB_PORT_STATE.ACTIVE);
    expect(portInfo.get(ask(net, 0x15).first, 'cap_mask')).not.toBe(0);
  });

  test('NodeDescription names the card, SET_NODE and a Set replace it', () => {
    const net = new Network();
    const text = () => String.fromCharCode(...ask(net, 0x10).first).replace(/\0+$/, '');
    expect(text()).toBe('MT27500 ConnectX-3 card0');
    net.driver.commands.ok('MLX4_CMD_SET_NODE', {
      in: new TextEncoder().encode('lab one'),
      inMod: 1,
    });
    expect(text()).toBe('lab one');
    ask(net, 0x10, { method: set, data: new TextEncoder().encode('lab two') });
    expect(text()).toBe('lab two');
  });

  test('GUIDInfo and the P_Key table have one entry, in their first block', () => {
    const net = new Network();
    const guid = new DataView(ask(net, 0x14).first.buffer).getBigUint64(0);
    expect(guid).toBe(0x0002_c903_00a0_b0c1n);
    expect(ask(net, 0x14, { attr_mod: 1 }).first.every((byte) => byte === 0)).toBe(true);
    expect([...ask(net, 0x16).first.subarray(0, 3)]).toEqual([0xff, 0xff, 0]);
    expect(ask(net, 0x16, { attr_mod: 1 }).first.every((byte) => byte === 0)).toBe(true);
  });

  test('what it does not know says so in the datagram, and the command succeeds', () => {
    const net = new Network();
    expect(ask(net, 0x99).status).toBe(0x000c);
    expect(ask(net, 0x12, { mgmt_class: 4 }).status).toBe(0x000c);
    expect(ask(net, 0x15, { method: 5 }).status).toBe(0x0008);
    expect(ask(net, 0x16, { method: set }).status).toBe(0x000c);
    expect(ask(net, 0x17).status).toBe(0);
    expect(ask(net, 0xff90).status).toBe(0);
  });

  test('module information: no EEPROM, or no module at all', () => {
    const net = new Network();
    expect(ask(net, 0xff60).status).toBe(0x0300);
    net.rig.card
      .wirePort(1)
      .plugged({ send: () => 0, offerChanged: () => 0, peerOffer: () => null });
    expect(ask(net, 0xff60).status).toBe(0x0400);
  });

  test('a directed-route packet comes back with the direction bit', () => {
    expect(ask(new Network(), 0x11, { mgmt_class: 0x81 }).status).toBe(0x8000);
  });

  test('another base version is a bad packet, another port a bad index', () => {
    const { driver } = new Network();
    const give = (version: number, inMod: number) =>
      driver.commands.status('MLX4_CMD_MAD_IFC', {
        in: mad.make({ base_version: version, mgmt_class: 1, method: get }),
        inMod,
        opMod: 3,
      });
    expect([give(2, 1), give(1, 3), give(1, 0x1234_0001)]).toEqual(['BAD_PKT', 'BAD_INDEX', 'OK']);
  });
});

describe('Set(PortInfo)', () => {
  /** An InfiniBand port whose link is up. */
  function port(): {
    net: Network;
    give: (state: number, lid?: number, more?: Parameters<typeof portInfo.make>[0]) => number;
    state: () => number;
  } {
    const net = new Network();
    net.driver.commands.ok('MLX4_CMD_SET_PORT', { in: new Uint8Array(64), inMod: 1, opMod: 0 });
    net.open(1);
    const give = (state: number, lid = 5, more: Parameters<typeof portInfo.make>[0] = {}) => {
      const data = portInfo.make({ lid, sm_lid: 1, speed_state: state, ...more });
      return ask(net, 0x15, { method: set, data }).status;
    };
    return { net, give, state: () => ask(net, 0x15).first[32]! & 0xf };
  }

  test('leads from INIT to ARMED to ACTIVE, and not past a step', () => {
    const { give, state } = port();
    expect(state()).toBe(IB_PORT_STATE.INIT);
    expect(give(IB_PORT_STATE.ACTIVE)).toBe(0x001c);
    expect([give(IB_PORT_STATE.ARMED), state()]).toEqual([0, IB_PORT_STATE.ARMED]);
    expect([give(IB_PORT_STATE.ACTIVE), state()]).toEqual([0, IB_PORT_STATE.ACTIVE]);
    expect(give(IB_PORT_STATE.ARMED)).toBe(0x001c);
  });

  test('no change of state still gives addresses; LID 0 and multicast LIDs are refused', () => {
    const { net, give, state } = port();
    expect([give(0, 9), state()]).toEqual([0, IB_PORT_STATE.INIT]);
    expect(portInfo.get(ask(net, 0x15).first, 'lid')).toBe(9);
    expect([give(0, 0), give(0, 0xc000)]).toEqual([0x001c, 0x001c]);
  });

  test('the time of a subnet and the MTU of the other end are kept; no MTU is no change', () => {
    const { net, give } = port();
    const shown = () => {
      const { mtu_sm_sl, subnet_timeout } = portInfo.read(ask(net, 0x15).first);
      return { mtu: mtu_sm_sl >> 4, sl: mtu_sm_sl & 0xf, subnet_timeout };
    };
    expect(shown()).toEqual({ mtu: 5, sl: 0, subnet_timeout: 0 });
    expect(give(0, 5, { subnet_timeout: 0x80 + 18, mtu_sm_sl: 0x43 })).toBe(0);
    expect(shown()).toEqual({ mtu: 4, sl: 3, subnet_timeout: 18 });
    expect(give(0, 5, { subnet_timeout: 17 })).toBe(0);
    expect(shown()).toEqual({ mtu: 4, sl: 0, subnet_timeout: 17 });
  });

  test('PortInfo has the MTU and lanes that SET_PORT asked for; a larger MTU is refused', () => {
    const { net, give } = port();
    const shown = () => {
      const { mtu_sm_sl, init_type_mtu_cap, vl_cap_init } = portInfo.read(ask(net, 0x15).first);
      return [mtu_sm_sl >> 4, init_type_mtu_cap & 0xf, vl_cap_init >> 4];
    };
    const setPort = (fields: Parameters<typeof setPortIb.make>[0]) => {
      const input = setPortIb.make(fields);
      net.driver.commands.ok('MLX4_CMD_SET_PORT', { in: input, inMod: 1, opMod: 0 });
    };
    expect(shown()).toEqual([5, 5, 4]);
    setPort({ change_port_mtu: true, mtu_cap: 3, change_port_vl: true, vl_cap: 2 });
    expect(shown()).toEqual([3, 3, 2]);
    // What has no flag stays as it is.
    setPort({ mtu_cap: 1, vl_cap: 1 });
    expect(shown()).toEqual([3, 3, 2]);
    expect(give(0, 5, { mtu_sm_sl: 0x40 })).toBe(0x001c);
    expect(give(0, 5, { mtu_sm_sl: 0x20 })).toBe(0);
    expect(shown()).toEqual([2, 3, 2]);
    setPort({ change_port_mtu: true, mtu_cap: 1 });
    expect(shown()).toEqual([1, 1, 2]);
  });

  test('is refused on an Ethernet port and on one without link', () => {
    const net = new Network();
    const data = portInfo.make({ lid: 5 });
    expect(ask(net, 0x15, { method: set, data }).status).toBe(0x001c);
    const { net: other, give } = port();
    other.rig.card.wirePort(1).linkChanged({ up: false, speedMbps: 0 });
    expect(give(0)).toBe(0x001c);
  });

  test('the port that becomes active is an event, and its link bit is set', () => {
    const { net, give } = port();
    give(IB_PORT_STATE.ARMED);
    expect(net.events.poll()).toEqual([]);
    give(IB_PORT_STATE.ACTIVE);
    expect(net.events.types()).toEqual([[9, 4]]);
  });

  test('a datagram over the link that is none, or is an answer, is dropped', () => {
    const { net } = port();
    const sent: Uint8Array[] = [];
    net.rig.card.wirePort(1).plugged({
      send: (frame) => sent.push(frame),
      offerChanged: () => 0,
      peerOffer: () => null,
    });
    net.arrive(1, new Uint8Array(100));
    net.arrive(1, mad.make({ mgmt_class: 1, method: getResponse }));
    net.arrive(1, mad.make({ base_version: 1, mgmt_class: 0x81, method: get, attr_id: 0x11 }));
    net.rig.clock.runFor(1e6);
    expect(sent.map((answer) => [mad.get(answer, 'method'), mad.get(answer, 'status')])).toEqual([
      [getResponse, 0x8000],
    ]);
    expect(net.rig.card.view.counts(1).dropped).toBe(2);
  });
});

test('the GUIDs follow the MACs that a card was made with', () => {
  const ports = new Network().rig.card.options.ports;
  const mac = 0x0002_c912_3456;
  const changed = [{ ...ports[0], mac }, ports[1]] as const;
  const net = new Network({ card: { ports: changed } });
  const guid = nodeInfo.get(ask(net, 0x11).first, 'port_guid');
  expect([formatMac(mac), guid]).toEqual(['00:02:c9:12:34:56', 0x0002_c903_0012_3456n]);
});
