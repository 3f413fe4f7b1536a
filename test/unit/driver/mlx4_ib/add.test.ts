// mlx4_ib on a card: what it registers, what it says and asks on the way, what it shows, what it
// gives back.

import { describe, expect, it } from 'vitest';
import { parseMac } from '#bus/mac.ts';
import { cardProfiles } from '#device/options.ts';
import { IbRig } from './rig.ts';

const designs = [
  ['v6.1', 'mlx4_ib_add'],
  ['v6.6', 'mlx4_ib_probe'],
] as const;

/** A card whose port 1 starts as InfiniBand. */
const [first, secondPort] = cardProfiles.default.ports;
const ibEth = { ports: [{ ...first, suggested: 'ib' as const }, secondPort] as const };

describe.each(designs)('on an eth/eth card in %s', (variant, functionName) => {
  it('registers mlx4_0 with a counter for each port, and says so', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib']);
    expect(rig.log(/mlx4_ib>/)).toBe(
      [
        `<mlx4_ib> ${functionName}: mlx4_ib: Mellanox ConnectX InfiniBand driver v4.0-0`,
        `<mlx4_ib> ${functionName}: counter index 2 for port 1 allocated 1`,
        `<mlx4_ib> ${functionName}: counter index 3 for port 2 allocated 1`,
      ].join('\n'),
    );
    expect(rig.list()).toEqual(['mlx4_0']);
    expect(rig.list('mlx4_0/ports')).toEqual(['1', '2']);
    expect(rig.oopses).toEqual([]);
  });

  it('asks the card seven times by MAD_IFC: node, device, twice the P_Key of each port', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en']);
    const before = rig.count('MAD_IFC');
    rig.load(['mlx4_ib']);
    expect(rig.count('MAD_IFC') - before).toBe(7);
  });

  it('shows RoCE ports with the state of their netdevs', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    for (const port of [1, 2]) {
      const of = (file: string): string | number => rig.read(`mlx4_0/ports/${port}/${file}`);
      expect(of('link_layer')).toBe('Ethernet');
      expect(of('state')).toBe('4: ACTIVE');
      expect(of('phys_state')).toBe('5: LinkUp');
      expect(of('rate')).toBe('40 Gb/sec (4X QDR)');
      expect(of('gids/0')).toBe(`fe80:0000:0000:0000:0202:c9ff:fea0:b0c${port}`);
      expect(of('gid_attrs/ndevs/0')).toBe(`eth${port - 1}`);
    }
    const netdev = rig.k.net.devices.find(
      ({ dev_port, parent }) => parent !== null && dev_port === 1,
    )!;
    expect(netdev.dev_addr).toEqual(Uint8Array.from([0, 2, 0xc9, 0xa0, 0xb0, 0xc2]));
    expect(parseMac('00:02:c9:a0:b0:c2')).toBe(secondPort.mac);
  });

  it('puts the default GID of each netdev into the card, by SET_PORT', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en']);
    const before = rig.commands.length;
    rig.load(['mlx4_ib']);
    const tables = rig.commands
      .slice(before)
      .filter(({ name }) => name === 'SET_PORT')
      .map(({ inModifier }) => inModifier);
    expect(tables).toEqual([0x501, 0x502]);
  });

  it('shows what the card is', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_ib']);
    expect(rig.read('mlx4_0/hca_type')).toBe('MT4099');
    expect(rig.read('mlx4_0/board_id')).toBe('MT_1090120019');
    expect(rig.read('mlx4_0/fw_ver')).toBe('2.42.5000');
    expect(rig.read('mlx4_0/hw_rev')).toBe('0');
    expect(rig.read('mlx4_0/node_type')).toBe('1: CA');
    expect(rig.list('mlx4_0/hw_counters')).toContain('rq_num_lle');
    expect(rig.read('mlx4_0/ports/1/counters/port_xmit_data')).toBe('0');
  });

  it('gives everything back when the module goes, and comes again as mlx4_0', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.unload('mlx4_ib');
    expect(rig.list()).toEqual([]);
    expect(rig.k.infiniband.ib_mad_port_list).toEqual([]);
    const count = (name: string): number => rig.count(name);
    expect(count('SW2HW_CQ')).toBeGreaterThan(2);
    rig.load(['mlx4_ib']);
    expect(rig.list()).toEqual(['mlx4_0']);
    expect(
      rig
        .log(/counter index/)
        .split('\n')
        .at(-1),
    ).toContain('counter index 5 for port 2');
    rig.unload('mlx4_ib');
    rig.unload('mlx4_en');
    rig.unload('mlx4_core');
    expect(rig.oopses).toEqual([]);
    expect(rig.k.findings).toEqual([]);
  });

  it('lets a netdev go that its GIDs hold', () => {
    const rig = new IbRig({ variant });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    rig.unload('mlx4_en');
    expect(rig.read('mlx4_0/ports/1/gids/0')).toBe('0000:0000:0000:0000:0000:0000:0000:0000');
    expect(rig.read('mlx4_0/ports/1/state')).toBe('1: DOWN');
    expect(rig.log(/unregister_netdevice/)).toBe('');
  });
});

describe.each(designs)('on an ib/eth card in %s', (variant) => {
  it('asks for every GID and P_Key of the InfiniBand port, opens it with QP0, and shows it', () => {
    const rig = new IbRig({ variant, card: ibEth });
    rig.load(['mlx4_en', 'mlx4_ib'], true);
    const gids = 2 * 128;
    const pkeys = 128;
    expect(rig.count('MAD_IFC')).toBeGreaterThan(gids + pkeys);
    expect(rig.list('mlx4_0/ports')).toEqual(['1', '2']);
    expect(rig.read('mlx4_0/ports/1/link_layer')).toBe('InfiniBand');
    expect(rig.read('mlx4_0/ports/1/pkeys/0')).toBe('0xffff');
    expect(rig.read('mlx4_0/ports/2/link_layer')).toBe('Ethernet');
    expect(rig.log(/counter index/)).toContain('counter index 0 for port 1 allocated 0');
    const opened = rig.commands.filter(
      ({ name, inModifier }) => name === 'INIT_PORT' && inModifier === 1,
    );
    expect(opened).toHaveLength(1);
    expect(rig.oopses).toEqual([]);
  });

  it('closes the port again when the module goes', () => {
    const rig = new IbRig({ variant, card: ibEth });
    rig.load(['mlx4_ib']);
    const before = rig.commands.length;
    rig.unload('mlx4_ib');
    const closed = rig.commands
      .slice(before)
      .filter(({ name }) => name === 'CLOSE_PORT')
      .map(({ inModifier }) => inModifier);
    // Once with QP0, once by remove.
    expect(closed).toEqual([1, 1]);
  });
});
