// The tables of facts/driver 5.4 and 5.5, row by row.

import { describe, expect, test } from 'vitest';
import { bondPortMap, decideBondEvent } from '#driver/mlx4_en/en_netdev/bond-decision.ts';
import type { BondingInfo } from '#driver/mlx4_en/en_netdev/bond-decision.ts';

const info = (mode: number, slaves: number, state: number, link: number): BondingInfo => ({
  slave: { state, link },
  master: { bond_mode: mode, num_slaves: slaves },
});

const up = 0;
const fail = 1;
const down = 2;
const back = 3;
const active = 0;
const backup = 1;

describe('port map by mode and slave state (5.5)', () => {
  test.each([
    [1, 1, active, up, [1, 1]],
    [1, 1, backup, up, [2, 2]],
    [1, 2, active, up, [2, 2]],
    [1, 2, backup, up, [1, 1]],
    [1, 2, backup, down, [1, 1]],
    [2, 1, active, up, [1, 2]],
    [2, 1, active, fail, [1, 2]],
    [2, 1, active, down, [2, 2]],
    [2, 1, active, back, [2, 2]],
    [4, 2, active, up, [1, 2]],
    [4, 2, backup, fail, [1, 2]],
    [4, 2, active, down, [1, 1]],
    [4, 2, active, back, [1, 1]],
  ])('mode %i port %i state %i link %i', (mode, port, state, link, map) => {
    const got = bondPortMap(port, info(mode, 2, state, link));
    expect(got).toEqual({ port1: map[0], port2: map[1] });
  });

  test.each([0, 3, 5, 6])('mode %i is not carried by the card', (mode) => {
    expect(bondPortMap(1, info(mode, 2, active, up))).toBeNull();
  });

  test('a third slave is one too many', () => {
    expect(bondPortMap(1, info(1, 3, active, up))).toBeNull();
  });
});

const unbond = { isBonded: false, map: { port1: 0, port2: 0 } };
const bonding = info(1, 2, active, up);

describe('kept or dropped (5.4)', () => {
  test.each([
    ['both under one master, own port, BONDING_INFO', 2, 1, true, bonding, 'bond'],
    ['both under one master, own port, another event', 2, 1, true, null, 'drop'],
    ['both under one master, foreign netdev', 2, 0, true, null, 'drop'],
    ['both under one master, foreign BONDING_INFO', 2, 0, true, bonding, 'drop'],
    ['not one master, own port, another event', 2, 2, false, null, 'unbond'],
    ['not one master, own port, BONDING_INFO', 2, 2, false, bonding, 'unbond'],
    ['not one master, foreign netdev', 2, 0, false, null, 'drop'],
    ['one Ethernet port, its netdev', 1, 1, true, null, 'unbond'],
    ['one Ethernet port, its BONDING_INFO', 1, 1, true, bonding, 'unbond'],
    ['one Ethernet port, foreign netdev', 1, 0, true, null, 'drop'],
    ['wrong mode', 2, 1, true, info(0, 2, active, up), 'unbond'],
    ['three slaves', 2, 1, true, info(1, 3, active, up), 'unbond'],
    ['one slave left', 2, 1, true, info(1, 1, active, up), 'unbond'],
  ] as const)('%s', (_, ethPorts, portNumber, sameMaster, data, outcome) => {
    const got = decideBondEvent({ ethPorts, portNumber, sameMaster }, data);
    if (outcome === 'drop') expect(got).toBeNull();
    else if (outcome === 'unbond') expect(got).toEqual(unbond);
    else expect(got).toEqual({ isBonded: true, map: { port1: 1, port2: 1 } });
  });
});
