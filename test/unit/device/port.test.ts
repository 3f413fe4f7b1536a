// Ports: type, life and link, events, SET_PORT in its forms, tables, statistics, PTYS, and
// InfiniBand with and without a subnet manager.

import { describe, expect, test } from 'vitest';
import { insertVlan } from '#bus/frame.ts';
import { broadcastMac } from '#bus/mac.ts';
import type { TopologySpec } from '#fabric/topology.ts';
import { defaultTopology } from '#fabric/topology.ts';
import { eqePortMgmt } from '#prm/events.ts';
import {
  MLX4_ACCESS_REG_QUERY,
  MLX4_ACCESS_REG_WRITE,
  MLX4_PTYS_EN,
  MLX4_REG_ID_PTYS,
  accessReg,
  accessRegLength,
  ptys,
  ptysBytes,
  ptysOffset,
} from '#prm/mad.ts';
import {
  linkSpeedMbps,
  macTableEntry,
  queryPort,
  setPortGeneral,
  setPortIb,
  vlanTableEntry,
} from '#prm/port.ts';
import { Network, portMacs, udpTo } from '#test/support/card/network.ts';

const msNs = 1_000_000;

const query = (net: Network, inMod = 1) =>
  queryPort.read(net.driver.commands.ok('MLX4_CMD_QUERY_PORT', { inMod }).mailbox);
const initPort = (net: Network, inMod = 1) =>
  net.driver.commands.ok('MLX4_CMD_INIT_PORT', { inMod });
const closePort = (net: Network, inMod = 1) =>
  net.driver.commands.ok('MLX4_CMD_CLOSE_PORT', { inMod });
const setPort = (net: Network, input: Uint8Array, inMod: number, opMod: number) =>
  net.driver.commands.status('MLX4_CMD_SET_PORT', { in: input, inMod, opMod });

describe('life and link', () => {
  test('QUERY_PORT: types, MTU, table sizes, MAC; the link bit and the speed are live', () => {
    const net = new Network({ topology: defaultTopology });
    expect(query(net)).toMatchObject({
      link_up: false,
      suggested_eth: true,
      supported_types: 3,
      eth_mtu: 9600,
      log_max_mac: 7,
      log_max_vlan: 7,
      def_mac: portMacs[0],
    });
    initPort(net);
    expect(query(net).link_up).toBe(false);
    net.rig.clock.runFor(20 * msNs);
    expect(query(net).link_up).toBe(true);
    expect(linkSpeedMbps(query(net).link_speed)).toBe(40_000);
    net.rig.fabric!.act('pull', 'switch0 port 1');
    expect(query(net)).toMatchObject({ link_up: false });
    expect(query(net, 2).def_mac).toBe(portMacs[1]);
  });

  test('the link that comes and goes by itself is a PORT_CHANGE event, active or down', () => {
    const net = new Network({ topology: defaultTopology });
    initPort(net);
    net.rig.clock.runFor(20 * msNs);
    net.rig.fabric!.act('pull', 'card0 port 1');
    net.rig.fabric!.act('plug', 'card0 port 1');
    net.rig.clock.runFor(20 * msNs);
    expect(net.events.types()).toEqual([
      [9, 4],
      [9, 1],
      [9, 4],
    ]);
  });

  test('closing is silent: the link goes down without an event', () => {
    const net = new Network({ topology: defaultTopology });
    initPort(net);
    net.rig.clock.runFor(20 * msNs);
    net.events.poll();
    closePort(net);
    expect([net.rig.card.port(1).linkUp, net.events.poll()]).toEqual([false, []]);
    initPort(net);
    expect(net.events.poll()).toEqual([]);
    net.rig.clock.runFor(20 * msNs);
    expect(net.events.types()).toEqual([[9, 4]]);
  });

  test('opening and closing twice is as good as once', () => {
    const net = new Network({ topology: defaultTopology });
    closePort(net);
    initPort(net);
    net.rig.clock.runFor(20 * msNs);
    net.events.poll();
    initPort(net);
    net.rig.clock.runFor(100 * msNs);
    expect([net.events.poll(), net.rig.card.port(1).linkUp]).toEqual([[], true]);
    closePort(net);
    closePort(net);
    expect(net.rig.card.port(1).initialised).toBe(false);
  });

  test('ports that do not exist are a bad index', () => {
    const { driver } = new Network();
    const names = [
      'QUERY_PORT',
      'INIT_PORT',
      'CLOSE_PORT',
      'SENSE_PORT',
      'DUMP_ETH_STATS',
    ] as const;
    for (const name of names) {
      for (const inMod of [0, 3]) {
        const answer = driver.commands.status(`MLX4_CMD_${name}`, { inMod });
        expect([name, inMod, answer]).toEqual([name, inMod, 'BAD_INDEX']);
      }
    }
    expect(driver.commands.status('MLX4_CMD_QUERY_PORT', { inMod: 0x101 })).toBe('BAD_INDEX');
    expect(
      driver.commands.status('MLX4_CMD_SET_VLAN_FLTR', { in: new Uint8Array(8), inMod: 3 }),
    ).toBe('BAD_INDEX');
    expect(driver.commands.status('MLX4_CMD_DIAG_RPRT', { inMod: 3, opMod: 2 })).toBe('BAD_INDEX');
    expect(driver.commands.status('MLX4_CMD_DIAG_RPRT', { inMod: 0, opMod: 2 })).toBe('OK');
  });

  test('portFlap takes the link down count times, whatever the cable does', () => {
    const net = new Network({ topology: defaultTopology });
    initPort(net);
    net.rig.clock.runFor(20 * msNs);
    net.events.poll();
    net.rig.card.faults.set({
      name: 'portFlap',
      portNumber: 1,
      downNs: 100 * msNs,
      upNs: 50 * msNs,
      count: 2,
    });
    expect(net.rig.card.port(1).linkUp).toBe(false);
    net.rig.clock.runFor(1000 * msNs);
    expect(net.events.types().map(([, subtype]) => subtype)).toEqual([1, 4, 1, 4]);
    expect(net.rig.card.port(1).linkUp).toBe(true);
  });

  test('SENSE_PORT tells what the other end speaks, also while the port is closed', () => {
    const topology: TopologySpec = {
      ...defaultTopology,
      ibPeers: [{ name: 'ibpeer0' }],
      cables: [
        { a: 'card0 port 1', b: 'switch0 port 1' },
        { a: 'card0 port 2', b: 'ibpeer0' },
      ],
    };
    const net = new Network({ topology });
    const sense = (inMod: number) =>
      net.driver.commands.ok('MLX4_CMD_SENSE_PORT', { inMod }).immediate;
    expect([sense(1), sense(2)]).toEqual([
      [0, 2],
      [0, 1],
    ]);
    net.rig.fabric!.act('pull', 'switch0 port 1');
    net.rig.fabric!.ibPeer('ibpeer0').setEnabled(false);
    expect([sense(1), sense(2)]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });
});

describe('SET_PORT', () => {
  const empty = new Uint8Array(0x40);

  test('type: the form of SET_PORT makes an InfiniBand or an Ethernet port', () => {
    const net = new Network();
    expect(setPort(net, empty, 1, 0)).toBe('OK');
    expect([net.rig.card.port(1).type, net.rig.card.port(2).type]).toEqual(['ib', 'eth']);
    expect(setPort(net, empty, 1, 1)).toBe('OK');
    expect(net.rig.card.port(1).type).toBe('eth');
  });

  test('a port that cannot be that type refuses the form', () => {
    const base = { ...new Network().rig.card.options.ports[0] };
    const ports = [
      { ...base, supportsIb: false },
      { ...base, supportsEth: false },
    ] as const;
    const net = new Network({ card: { ports } });
    expect([setPort(net, empty, 1, 0), setPort(net, empty, 2, 1)]).toEqual([
      'BAD_PARAM',
      'BAD_PARAM',
    ]);
    expect([net.rig.card.port(1).type, net.rig.card.port(2).type]).toEqual(['eth', 'ib']);
    expect([query(net, 1).supported_types, query(net, 2).supported_types]).toEqual([2, 1]);
  });

  test('InfiniBand: too many virtual lanes answer BAD_SIZE, and the driver asks for fewer', () => {
    const net = new Network();
    const form = (fields: Parameters<typeof setPortIb.make>[0]) =>
      setPort(net, setPortIb.make(fields), 1, 0);
    expect(form({ change_port_vl: true, vl_cap: 9 })).toBe('BAD_SIZE');
    expect(form({ change_port_vl: true, vl_cap: 8 })).toBe('OK');
    expect(form({ change_port_mtu: true, mtu_cap: 6 })).toBe('BAD_PARAM');
    expect(form({ change_port_mtu: true, mtu_cap: 5 })).toBe('OK');
  });

  test('GENERAL: a field counts only with its valid bit', () => {
    const net = new Network();
    const general = (fields: Parameters<typeof setPortGeneral.make>[0]) =>
      setPort(net, setPortGeneral.make(fields), 1, 1);
    expect(general({ mtu: 9000 })).toBe('OK');
    expect(net.rig.card.port(1).mtuBytes).toBe(1526);
    expect(general({ v_mtu: true, mtu: 9000 })).toBe('OK');
    expect(net.rig.card.port(1).mtuBytes).toBe(9000);
    expect(general({ v_mtu: true, mtu: 63 })).toBe('BAD_PARAM');
    expect(general({ v_mtu: true, mtu: 9627 })).toBe('BAD_PARAM');
    expect(general({ v_mtu: true, mtu: 9626 })).toBe('OK');
    expect(general({ v_user_mtu: true, user_mtu: 1500, v_pptx: true, pptx: 0x80 })).toBe('OK');
  });

  test('MAC and VLAN tables are replaced as a whole', () => {
    const net = new Network();
    const macs = new Uint8Array(1024);
    macTableEntry.write(macs, { valid: true, mac_h: 0x0002, mac_l: 0xc9a0_b0c1 }, 8);
    macTableEntry.write(macs, { mac_h: 0x0002, mac_l: 5 }, 16);
    expect(setPort(net, macs, 0x201, 1)).toBe('OK');
    expect(net.rig.card.port(1).macs).toEqual([portMacs[0]]);
    expect(setPort(net, new Uint8Array(1024), 0x201, 1)).toBe('OK');
    expect(net.rig.card.port(1).macs).toEqual([]);
    const vlans = new Uint8Array(512);
    vlanTableEntry.write(vlans, { valid: true, vlan: 5 }, 8);
    expect(setPort(net, vlans, 0x301, 1)).toBe('OK');
  });

  test('every Ethernet type but A0 steering is taken, unknown ones are refused', () => {
    const net = new Network();
    const answers = Array.from({ length: 16 }, (_, type) =>
      setPort(net, empty, (type << 8) | 1, 1),
    );
    const taken = answers.flatMap((answer, type) => (answer === 'OK' ? [type] : []));
    expect(taken).toEqual([0, 2, 3, 4, 5, 8, 9, 0xb, 0xd]);
    expect(new Set(answers)).toEqual(new Set(['OK', 'BAD_PARAM']));
  });

  test('the beacon is taken for any port type; other forms do not exist', () => {
    const net = new Network();
    expect(setPort(net, Uint8Array.of(0, 0, 0xff, 0xff), 1, 4)).toBe('OK');
    expect(setPort(net, empty, 1, 2)).toBe('BAD_OP');
    expect(setPort(net, empty, 3, 1)).toBe('BAD_INDEX');
  });
});

describe('statistics', () => {
  const page = (net: Network, inMod = 1) =>
    new DataView(net.driver.commands.ok('MLX4_CMD_DUMP_ETH_STATS', { inMod }).mailbox.buffer);
  const at = (view: DataView, place: number) => Number(view.getBigUint64(place));

  test('frames and octets by priority, size and kind, in both directions', () => {
    const net = new Network();
    const { qp } = net.pair({ port: 1 });
    net.open(1);
    net.arrive(1, udpTo(portMacs[0], 60));
    net.arrive(1, insertVlan(udpTo(portMacs[0], 200), 0x6000));
    net.arrive(1, udpTo(broadcastMac, 1480));
    qp.send(udpTo(portMacs[1], 18));
    qp.send(insertVlan(udpTo(0x0100_5e00_0001, 1472), 0xe000));
    net.rig.clock.runFor(msNs);
    const view = page(net);
    // By hand: 102 + 4 bytes are 65-127, 246 + 4 are 128-255, 1522 + 4 are 1523-1548.
    expect([0x048 + 64, 0x090 + 24, 0x1f8 + 64].map((place) => at(view, place))).toEqual([1, 1, 1]);
    expect([0x310, 0x3a0, 0x360 + 24].map((place) => at(view, place))).toEqual([1, 1, 1]);
    expect([0x478, 0x540].map((place) => at(view, place))).toEqual([102 + 1522, 2]);
    expect([0x3b8 + 0x18 * 3, 0x480 + 0x18 * 3].map((place) => at(view, place))).toEqual([246, 1]);
    expect([0x598 + 64, 0x778 + 56].map((place) => at(view, place))).toEqual([1, 1]);
    expect([0xa78, 0xb58, 0xa98 + 0x18 * 7].map((place) => at(view, place))).toEqual([60, 1, 1]);
    expect([0x998, 0x908 + 56].map((place) => at(view, place))).toEqual([1, 1]);
  });

  test('frames over the MTU are giants', () => {
    const net = new Network();
    net.open(1);
    net.arrive(1, udpTo(portMacs[0], 3000));
    expect(at(page(net), 0x288 + 64)).toBe(1);
  });

  test('bit 8 resets after reading; the flow control page is not offered', () => {
    const net = new Network();
    net.open(1);
    net.arrive(1, udpTo(portMacs[0]));
    expect([page(net, 0x101), page(net)].map((view) => at(view, 0x540))).toEqual([1, 0]);
    expect(net.driver.commands.status('MLX4_CMD_DUMP_ETH_STATS', { inMod: 0x1001 })).toBe(
      'BAD_PARAM',
    );
  });
});

describe('PTYS', () => {
  const access = (net: Network, fields: object, header: object = {}) => {
    const mailbox = new Uint8Array(ptysOffset + ptysBytes);
    accessReg.write(mailbox, {
      constant1: 0x0804,
      reg_id: MLX4_REG_ID_PTYS,
      method: MLX4_ACCESS_REG_QUERY,
      constant2: 1,
      len_const: accessRegLength(ptysBytes),
      ...header,
    });
    ptys.write(mailbox, { local_port: 1, proto_mask: MLX4_PTYS_EN, ...fields }, ptysOffset);
    const answer = net.driver.commands.ok('MLX4_CMD_ACCESS_REG', { in: mailbox }).mailbox;
    return {
      status: accessReg.get(answer, 'status'),
      cap: ptys.get(answer, 'eth_proto_cap', ptysOffset),
      admin: ptys.get(answer, 'eth_proto_admin', ptysOffset),
      oper: ptys.get(answer, 'eth_proto_oper', ptysOffset),
    };
  };
  const [cr10, cr40, cr56] = [1 << 12, 1 << 6, 1 << 17];
  const write = { method: MLX4_ACCESS_REG_WRITE };

  test('a query gives what the port can do, may do and does', () => {
    const net = new Network({ topology: defaultTopology });
    const all = cr10 | cr40 | cr56;
    expect(access(net, {})).toEqual({ status: 0, cap: all, admin: all, oper: 0 });
    initPort(net);
    net.rig.clock.runFor(20 * msNs);
    expect(access(net, {}).oper).toBe(cr40);
  });

  test('a write leaves the named speeds, and the link trains again', () => {
    const net = new Network({ topology: defaultTopology });
    initPort(net);
    net.rig.clock.runFor(20 * msNs);
    net.events.poll();
    expect(access(net, { eth_proto_admin: cr10 }, write)).toMatchObject({
      status: 0,
      admin: cr10,
      oper: 0,
    });
    net.rig.clock.runFor(20 * msNs);
    expect(net.rig.card.port(1).speedMbps).toBe(10_000);
    expect(access(net, {}).oper).toBe(cr10);
    expect(net.events.types()).toEqual([
      [9, 1],
      [9, 4],
    ]);
    access(net, { eth_proto_admin: cr10 }, write);
    expect(net.rig.card.port(1).linkUp).toBe(true);
  });

  test('what it cannot do is in the status of the register; the command succeeds', () => {
    const net = new Network();
    const refused = [
      access(net, { local_port: 3 }),
      access(net, { proto_mask: 1 }),
      access(net, {}, { reg_id: 0x5005 }),
      access(net, {}, { method: 3 }),
      access(net, {}, { len_const: 0x3001 }),
      access(net, { eth_proto_admin: 1 }, write),
    ];
    expect(refused.map(({ status }) => status)).toEqual([1, 1, 1, 1, 1, 1]);
    const mailbox = new Uint8Array(64);
    expect(net.driver.commands.status('MLX4_CMD_ACCESS_REG', { in: mailbox })).toBe('BAD_PARAM');
  });
});

describe('InfiniBand', () => {
  const topology = (subnetManager: boolean): TopologySpec => ({
    ibPeers: [{ name: 'ibpeer0', subnetManager }],
    cables: [{ a: 'card0 port 1', b: 'ibpeer0' }],
  });

  function infiniband(subnetManager: boolean, flags = {}): Network {
    const net = new Network({ topology: topology(subnetManager), card: flags });
    setPort(net, new Uint8Array(0x40), 1, 0);
    initPort(net);
    net.rig.clock.runFor(20 * msNs);
    return net;
  }

  test('without a subnet manager the link trains, and the port is not usable: no event', () => {
    const net = infiniband(false);
    net.rig.clock.runFor(10_000 * msNs);
    expect(net.rig.card.port(1)).toMatchObject({ type: 'ib', linkUp: false, speedMbps: 56_000 });
    expect([query(net).link_up, net.events.poll()]).toEqual([false, []]);
  });

  test('with one it becomes active, with an event, and goes down with the link', () => {
    const net = infiniband(true);
    expect(net.events.poll()).toEqual([]);
    net.rig.clock.runFor(200 * msNs);
    expect([net.rig.card.port(1).linkUp, net.events.types()]).toEqual([true, [[9, 4]]]);
    net.rig.fabric!.act('pull', 'ibpeer0');
    expect([net.rig.card.port(1).linkUp, net.events.types()]).toEqual([false, [[9, 1]]]);
  });

  test('a manager that is switched off leaves an active port active', () => {
    const net = infiniband(true);
    net.rig.clock.runFor(200 * msNs);
    net.rig.fabric!.ibPeer('ibpeer0').setSubnetManager(false);
    net.rig.clock.runFor(10_000 * msNs);
    expect(net.rig.card.port(1).linkUp).toBe(true);
  });

  test('with PORT_MNG_CHG_EV software also hears what the manager changed', () => {
    const { flags } = new Network().rig.card.options;
    const net = infiniband(true, { flags: [...flags, 'PORT_MNG_CHG_EV'] });
    net.driver.commands.ok('MLX4_CMD_MAP_EQ', { in: [0, 1 << 0x1d], inMod: 4 });
    net.rig.clock.runFor(200 * msNs);
    const [first, second] = net.events.poll();
    expect(eqePortMgmt.read(first!)).toMatchObject({
      port: 1,
      port_lid: 2,
      mstr_sm_lid: 1,
      changed_attr: 5,
    });
    expect([first![1], first![3], second![1], second![3]]).toEqual([0x1d, 0x15, 9, 4]);
  });

  test('an InfiniBand port carries no Ethernet frames, in either direction', () => {
    const net = infiniband(false);
    const { qp, sends, receives } = net.receiver(1);
    net.arrive(1, udpTo(portMacs[0]));
    expect(receives.poll()).toEqual([]);
    qp.send(udpTo(portMacs[1]));
    net.rig.clock.runFor(msNs);
    expect(sends.decoded()[0]).toMatchObject({ opcode: 0x1e });
    expect(net.rig.events('card.refused').at(-1)).toMatch(/no management datagram/);
    expect(net.rig.fabric!.ibPeer('ibpeer0').received).toBe(0);
  });

  test('an InfiniBand port against a switch has no link', () => {
    const net = new Network({ topology: defaultTopology });
    setPort(net, new Uint8Array(0x40), 1, 0);
    initPort(net);
    net.rig.clock.runFor(1000 * msNs);
    expect(net.rig.card.port(1).linkUp).toBe(false);
    expect(net.rig.fabric!.cable('cable1').reason).toBe('ib meets eth');
  });

  test('changing the type of an open port drops the link, with an event', () => {
    const net = new Network({ topology: defaultTopology });
    net.open(1);
    net.events.poll();
    setPort(net, new Uint8Array(0x40), 1, 0);
    expect(net.events.types()).toEqual([[9, 1]]);
    setPort(net, new Uint8Array(0x40), 1, 1);
    net.rig.clock.runFor(20 * msNs);
    expect(net.events.types()).toEqual([[9, 4]]);
  });
});
