// Port aggregation: the map from virtual to physical ports, FPP, and the RX port check.

import { describe, expect, test } from 'vitest';
import { MLX4_QP_BIT_FPP } from '#prm/qp-context.ts';
import { configDev, virtPortMap } from '#prm/firmware.ts';
import { Network, portMacs, strangerMac, udpTo } from '#test/support/card/network.ts';
import type { PairOptions } from '#test/support/card/pair.ts';

/** Both ports open on wires of their own. */
function bonded() {
  const net = new Network();
  const wires: number[][] = [[], []];
  for (const port of [1, 2] as const) {
    net.rig.card.wirePort(port).plugged({
      send: (frame) => wires[port - 1]!.push(frame.length),
      offerChanged: () => undefined,
      peerOffer: () => null,
    });
    net.open(port);
  }
  const map = (port1: number, port2: number) =>
    net.driver.commands.status('MLX4_CMD_VIRT_PORT_MAP', {
      in: virtPortMap.make({ port1, port2 }),
      opMod: 1,
    });
  const check = (on: boolean) => {
    const mailbox = configDev.make({ update_rx_port_check: true, rx_port_check_disabled: !on });
    net.driver.commands.ok('MLX4_CMD_CONFIG_DEV', { in: mailbox });
  };
  /** Sends from queue pairs of both ports: frames that left by port 1 and by port 2. */
  const sent = (options: PairOptions = {}) => {
    const pairs = ([1, 2] as const).map((port) => net.pair({ port, ...options }).qp);
    wires.forEach((wire) => wire.splice(0));
    pairs.forEach((qp, i) => {
      qp.send(udpTo(strangerMac, 100 + i));
    });
    net.rig.clock.runFor(1e6);
    return wires.map((wire) => wire.map((length) => length - 141));
  };
  return { net, map, check, sent };
}

describe('VIRT_PORT_MAP', () => {
  test('the map moves sends of both virtual ports, at once', () => {
    const { map, sent } = bonded();
    expect(sent()).toEqual([[1], [2]]);
    expect(map(2, 2)).toBe('OK');
    expect(sent()).toEqual([[], [1, 2]]);
    map(1, 1);
    expect(sent()).toEqual([[1, 2], []]);
    map(2, 1);
    expect(sent()).toEqual([[2], [1]]);
    map(1, 2);
    expect(sent()).toEqual([[1], [2]]);
  });

  test('FPP keeps a queue pair on its port', () => {
    const { map, sent } = bonded();
    map(2, 2);
    expect(sent({ context: { params2: MLX4_QP_BIT_FPP } })).toEqual([[1], [2]]);
  });

  test('values other than 1 and 2 are refused and change nothing', () => {
    const { net, map } = bonded();
    map(2, 2);
    for (const [port1, port2] of [
      [0, 1],
      [3, 1],
      [1, 0],
      [1, 3],
      [256, 1],
    ] as const) {
      expect(map(port1, port2)).toBe('BAD_PARAM');
    }
    expect(net.rig.card.portMap).toEqual([2, 2]);
  });

  test('the map can be read, and each change is in the trace', () => {
    const { net, map } = bonded();
    const before = net.rig.events('card.map').length;
    map(1, 1);
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_VIRT_PORT_MAP', { opMod: 0 });
    expect(virtPortMap.read(mailbox)).toEqual({ port1: 1, port2: 1 });
    expect(net.rig.events('card.map')).toHaveLength(before + 1);
  });

  test('a card without PORT_REMAP has no such command', () => {
    const net = new Network({ card: { flags2: [] } });
    for (const opMod of [0, 1]) {
      const given = { in: virtPortMap.make({ port1: 1, port2: 1 }), opMod };
      expect(net.driver.commands.status('MLX4_CMD_VIRT_PORT_MAP', given)).toBe('BAD_OP');
    }
  });

  test('a frame for a physical port whose link is down is dropped', () => {
    const { net, map, sent } = bonded();
    net.rig.card.wirePort(2).linkChanged({ up: false, speedMbps: 0 });
    map(2, 2);
    expect(sent()).toEqual([[], []]);
  });
});

describe('RX port check', () => {
  test('on: a queue pair takes packets from its own port only; off: from both', () => {
    const { net, check } = bonded();
    const { qp, receives } = net.receiver(1);
    net.steer(2, portMacs[0], [qp.qpn]);
    const feed = () => {
      net.arrive(1, udpTo(portMacs[0]));
      net.arrive(2, udpTo(portMacs[0]));
      return receives.poll().length;
    };
    expect(feed()).toBe(1);
    expect(net.rig.card.view.counts(2).dropped).toBe(1);
    check(false);
    expect([feed(), net.rig.card.rxPortCheck]).toEqual([2, false]);
    check(true);
    expect(feed()).toBe(1);
  });

  test('steering stays by physical port: without a rule there, a frame goes nowhere', () => {
    const { net, check } = bonded();
    const { receives } = net.receiver(1);
    check(false);
    net.arrive(2, udpTo(portMacs[0]));
    expect(receives.poll()).toEqual([]);
  });
});

describe('CONFIG_DEV', () => {
  test('changes only what its flags name, and gives it back', () => {
    const { net, check } = bonded();
    const { commands } = net.driver;
    const set = (fields: Parameters<typeof configDev.make>[0]) =>
      commands.ok('MLX4_CMD_CONFIG_DEV', { in: configDev.make(fields) });
    const get = () => configDev.read(commands.ok('MLX4_CMD_CONFIG_DEV', { opMod: 1 }).mailbox);
    set({ vxlan_udp_dport: 4789, roce_v2_udp_dport: 4791, rx_port_check_disabled: true });
    expect(get()).toMatchObject({
      vxlan_udp_dport: 0,
      roce_v2_udp_dport: 0,
      rx_port_check_disabled: false,
    });
    set({ update_vxlan_port: true, vxlan_udp_dport: 4789 });
    set({ update_roce_v2_port: true, roce_v2_udp_dport: 4791 });
    check(false);
    expect(get()).toMatchObject({
      vxlan_udp_dport: 4789,
      roce_v2_udp_dport: 4791,
      rx_port_check_disabled: true,
    });
  });

  test('the RX checksum mode of both ports is the one of the card', () => {
    const net = new Network({ card: { rxChecksumMode: 2 } });
    const { mailbox } = net.driver.commands.ok('MLX4_CMD_CONFIG_DEV', { opMod: 1 });
    expect(mailbox[0x83]).toBe(0x22);
  });
});
