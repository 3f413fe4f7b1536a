// Ports: what type they get at load, the tables of addresses, and what the forms of SET_PORT carry.

import { describe, expect, it } from 'vitest';
import { parseMac } from '#bus/mac.ts';
import {
  __mlx4_replace_mac,
  mlx4_find_cached_mac,
  mlx4_get_base_qpn,
  mlx4_INIT_PORT,
  mlx4_register_mac,
  mlx4_SET_MCAST_FLTR,
  mlx4_SET_PORT,
  mlx4_SET_PORT_general,
  mlx4_SET_PORT_qpn_calc,
  mlx4_SET_PORT_user_mtu,
  mlx4_unregister_mac,
} from '#driver/mlx4_core/port.ts';
import {
  mlx4_find_cached_vlan,
  mlx4_register_vlan,
  mlx4_unregister_vlan,
} from '#driver/mlx4_core/port/vlan-table.ts';
import { cardProfiles } from '#device/options.ts';
import type { PortOptions } from '#device/options.ts';
import { CMD_STAT } from '#prm/status.ts';
import { CoreRig, slot } from './rig.ts';
import type { RigOptions } from './rig.ts';

const prefix = `mlx4_core ${slot}: `;
const macs = ['02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:03'].map(parseMac);
const [macA, macB, macC] = macs as [number, number, number];

function loaded(args = '', options: RigOptions = {}): CoreRig {
  const rig = new CoreRig({ ...options, kernel: { cpus: 1 } });
  rig.load(args);
  return rig;
}

/** First bytes of the last command's mailbox, hexadecimal. */
const lastBox = (rig: CoreRig, bytes: number): string =>
  Buffer.from(rig.commands.at(-1)!.mailbox.subarray(0, bytes)).toString('hex');

describe('port types at load', () => {
  const withPorts = (change: Partial<PortOptions>): RigOptions => {
    const [first, second] = cardProfiles.default.ports;
    return { card: { ports: [{ ...first, ...change }, second] } };
  };

  it.each([
    ['the firmware’s hint', '', {}, 2],
    ['the hint for InfiniBand', '', { suggested: 'ib' }, 1],
    ['the module parameter', 'port_type_array=1,2', {}, 1],
    ['what the port can be, whatever is asked', 'port_type_array=1,2', { supportsIb: false }, 2],
  ] as const)('come from %s', (_, args, change, type) => {
    const rig = loaded(args, withPorts(change));
    const { port_type, possible_type, port_mask } = rig.dev.caps;
    expect([port_type[1], possible_type[1], port_mask[1]]).toEqual([type, type, type]);
    expect(port_type[2]).toBe(2);
  });

  it('a port whose setting says so is sensed; nothing sensed means the hint', () => {
    const rig = loaded('', withPorts({ defaultSense: true }));
    const { port_type, possible_type } = rig.dev.caps;
    expect([port_type[1], possible_type[1]]).toEqual([2, 3]);
    expect(rig.names()).toContain('SENSE_PORT');
  });

  it('only InfiniBand ports get SET_PORT at load, with virtual lanes that the port has', () => {
    const rig = loaded('port_type_array=1,1');
    const sets = rig.commands.filter(({ name }) => name === 'SET_PORT');
    expect(sets.map(({ inModifier }) => inModifier)).toEqual([1, 2]);
    const both = loaded('port_type_array=2,2');
    expect(both.names()).not.toContain('SET_PORT');
  });

  it('too many virtual lanes: it tries with fewer', () => {
    const rig = loaded('port_type_array=1,1');
    const { dev } = rig;
    const from = rig.commands.length;
    const status = CMD_STAT.BAD_SIZE;
    rig.card.faults.set({ name: 'failCommand', command: 'MLX4_CMD_SET_PORT', status, count: 2 });
    expect(rig.run(() => mlx4_SET_PORT(dev, 1, -1))).toBe(0);
    const lanes = rig.commands.slice(from).map(({ mailbox }) => mailbox[3]! >> 4);
    expect(lanes).toEqual([8, 4, 2]);
    // Expected, so it is no error line.
    expect(rig.log(/command 0xc failed/)).toBe('');
  });
});

describe('the MAC table', () => {
  it('has a place for each address and a count of its users', () => {
    const rig = loaded('debug_level=1');
    const { dev } = rig;
    const add = (mac: number): number => rig.run(() => mlx4_register_mac(dev, 1, mac));
    expect([add(macA), add(macB), add(macA)]).toEqual([0, 1, 0]);
    expect(rig.card.port(1).macs).toEqual([macA, macB]);
    expect(rig.card.port(2).macs).toEqual([]);
    const messages = rig.log(/MAC/).split('\n').slice(-5);
    expect(messages.map((line) => line.replace(prefix, ''))).toEqual([
      'Registering MAC: 0x20000000001 for port 1 without duplicate',
      'Free MAC index is 0',
      'Registering MAC: 0x20000000002 for port 1 without duplicate',
      'Free MAC index is 1',
      'Registering MAC: 0x20000000001 for port 1 without duplicate',
    ]);
    const from = rig.commands.length;
    rig.run(() => mlx4_unregister_mac(dev, 1, macA));
    expect(rig.names(from)).toEqual([]);
    rig.run(() => mlx4_unregister_mac(dev, 1, macA));
    expect(rig.names(from)).toEqual(['SET_PORT']);
    expect(rig.card.port(1).macs).toEqual([macB]);
    // The freed place is the next one.
    expect(add(macC)).toBe(0);
    expect(mlx4_find_cached_mac(dev, 1, macB)).toBe(1);
    expect(mlx4_find_cached_mac(dev, 1, macA)).toBe(-2);
  });

  it('an address that is not there is complained about', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.run(() => mlx4_unregister_mac(dev, 1, macA));
    expect(rig.log(/Mac entry/)).toBe(`${prefix}No valid Mac entry for the given index`);
  });

  it('is as large as the module parameter says', () => {
    const rig = loaded('log_num_mac=1');
    const { dev } = rig;
    const add = (mac: number): number => rig.run(() => mlx4_register_mac(dev, 1, mac));
    expect([add(macA), add(macB), add(macC)]).toEqual([0, 1, -28]);
    expect(mlx4_get_base_qpn(dev, 2) - mlx4_get_base_qpn(dev, 1)).toBe(2);
  });

  it('a refusal of the card leaves the place free', () => {
    const rig = loaded();
    const { dev } = rig;
    const command = 'MLX4_CMD_SET_PORT';
    rig.card.faults.set({ name: 'failCommand', command, status: CMD_STAT.BAD_PARAM, count: 1 });
    expect(rig.run(() => mlx4_register_mac(dev, 1, macA))).toBe(-22);
    expect(rig.log(/Failed adding/)).toBe(`${prefix}Failed adding MAC: 0x20000000001`);
    expect(rig.run(() => mlx4_register_mac(dev, 1, macB))).toBe(0);
  });

  it('an address can be replaced in its place', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.run(() => mlx4_register_mac(dev, 2, macA));
    const qpn = mlx4_get_base_qpn(dev, 2);
    expect(rig.run(() => __mlx4_replace_mac(dev, 2, qpn, macB))).toBe(0);
    expect(rig.card.port(2).macs).toEqual([macB]);
    expect(rig.run(() => __mlx4_replace_mac(dev, 2, qpn + 1, macC))).toBe(-22);
  });

  it('two at once get two places', () => {
    const rig = loaded();
    const { dev } = rig;
    const both = macs
      .slice(0, 2)
      .map((mac) => rig.start(`add ${mac}`, () => mlx4_register_mac(dev, 1, mac)));
    rig.wait(1);
    expect(both.map(({ result }) => result).toSorted()).toEqual([0, 1]);
    expect(rig.card.port(1).macs.toSorted()).toEqual([macA, macB]);
  });
});

describe('the VLAN table', () => {
  it('begins at place 2 and counts users', () => {
    const rig = loaded('debug_level=1');
    const { dev } = rig;
    const add = (vlan: number): number => rig.run(() => mlx4_register_vlan(dev, 1, vlan));
    expect([add(0), add(7), add(7), add(4096)]).toEqual([2, 3, 3, -22]);
    expect(rig.log(/already registered/)).toBe(`${prefix}vlan 7 is already registered.`);
    expect(mlx4_find_cached_vlan(dev, 1, 7)).toBe(3);
    const from = rig.commands.length;
    rig.run(() => mlx4_unregister_vlan(dev, 1, 7));
    expect(rig.names(from)).toEqual([]);
    rig.run(() => mlx4_unregister_vlan(dev, 1, 7));
    expect(rig.names(from)).toEqual(['SET_PORT']);
    rig.run(() => mlx4_unregister_vlan(dev, 1, 7));
    expect(rig.log(/not in the vlan/)).toBe(`${prefix}vlan 0x7 is not in the vlan table`);
  });
});

describe('SET_PORT and its like', () => {
  const noPause = { tx_pause: 0, tx_ppp: 0, rx_pause: 0, rx_ppp: 0 };

  it('GENERAL carries MTU and pause; pause by priority rules global pause out', () => {
    const rig = loaded();
    const { dev } = rig;
    const pause = { ...noPause, tx_pause: 1, rx_pause: 1 };
    rig.run(() => mlx4_SET_PORT_general(dev, 1, 1526, pause));
    expect(lastBox(rig, 16)).toBe('00000007000005f68000000080000000');
    rig.run(() => mlx4_SET_PORT_general(dev, 2, 1526, { ...pause, tx_ppp: 0x0f }));
    expect(lastBox(rig, 16)).toBe('00000007000005f6000f000080000000');
    const { inModifier, opModifier } = rig.commands.at(-1)!;
    expect([inModifier, opModifier]).toEqual([2, 1]);
    rig.run(() => mlx4_SET_PORT_user_mtu(dev, 1, 1500));
    expect(lastBox(rig, 28)).toBe(`00002000${'00'.repeat(22)}05dc`);
  });

  it('RQP_CALC is sent under A0 steering only', () => {
    const b0 = loaded();
    const from = b0.commands.length;
    expect(b0.run(() => mlx4_SET_PORT_qpn_calc(b0.dev, 1, 0x41, true))).toBe(0);
    expect(b0.names(from)).toEqual([]);
    const flags = cardProfiles.default.flags.filter((flag) => !flag.startsWith('VEP_'));
    const a0 = loaded('', { card: { flags } });
    expect(a0.dev.caps.steering_mode).toBe(0);
    // This card does not offer it.
    expect(a0.run(() => mlx4_SET_PORT_qpn_calc(a0.dev, 1, 0x41, true))).toBe(-22);
    expect(a0.commands.at(-1)!.inModifier).toBe(0x101);
    expect(lastBox(a0, 28)).toBe('000000410007000000000000000000010000000080000041' + '80000041');
  });

  it('the multicast filter takes address and “clear” in one immediate', () => {
    const rig = loaded();
    const { dev } = rig;
    rig.run(() => mlx4_SET_MCAST_FLTR(dev, 1, 0xffff_ffff_ffff, true, 0));
    expect(rig.commands.at(-1)!.inParam).toEqual([0x8000_ffff, 0xffff_ffff]);
    rig.run(() => mlx4_SET_MCAST_FLTR(dev, 1, 0x3333_0000_0001, false, 0));
    expect(rig.commands.at(-1)!.inParam).toEqual([0x3333, 1]);
  });

  it('a port that was started tells the clock rate again', () => {
    const rig = loaded();
    const { dev } = rig;
    dev.caps.hca_core_clock = 0;
    expect(rig.run(() => mlx4_INIT_PORT(dev, 1))).toBe(0);
    expect(dev.caps.hca_core_clock).toBe(427);
  });
});
