// Steering as the card sees it: groups, chains behind a bucket, promiscuous queue pairs and their
// duplicates.

import { describe, expect, it } from 'vitest';
import { parseMac } from '#bus/mac.ts';
import {
  mlx4_multicast_attach,
  mlx4_multicast_detach,
  mlx4_multicast_promisc_add,
  mlx4_multicast_promisc_remove,
  mlx4_unicast_attach,
  mlx4_unicast_detach,
  mlx4_unicast_promisc_add,
  mlx4_unicast_promisc_remove,
} from '#driver/mlx4_core/mcg.ts';
import { ethernetGid, MLX4_PROT_ETH, MLX4_PROT_IB_IPV6 } from '#prm/steering.ts';
import { cardProfiles } from '#device/options.ts';
import { CMD_STAT } from '#prm/status.ts';
import { CoreRig, slot } from './rig.ts';

const prefix = `mlx4_core ${slot}: `;
const unicast = parseMac('02:00:00:00:00:01');
const groups = ['01:00:5e:00:00:01', '33:33:00:00:00:01'].map(parseMac);
const [groupA, groupB] = groups as [number, number];

const gidOf = (port: number, mac: number): Uint8Array =>
  ethernetGid.make({ port, mac_h: Math.floor(mac / 2 ** 32), mac_l: mac % 2 ** 32 });

/** A loaded card with short words for what is done to it. */
class Steering {
  readonly rig: CoreRig;

  constructor(args = '', card = {}) {
    this.rig = new CoreRig({ kernel: { cpus: 1 }, card });
    this.rig.load(args);
  }

  join(qpn: number, mac: number, port = 1, blockLoopback = false): number {
    const { dev } = this.rig;
    const gid = gidOf(port, mac);
    return this.rig.run(() =>
      mlx4_multicast_attach(dev, { qpn }, gid, port, blockLoopback, MLX4_PROT_ETH),
    );
  }

  leave(qpn: number, mac: number, port = 1): number {
    const { dev } = this.rig;
    return this.rig.run(() => mlx4_multicast_detach(dev, { qpn }, gidOf(port, mac), MLX4_PROT_ETH));
  }

  promisc(qpn: number, port = 1): number {
    const { dev } = this.rig;
    return this.rig.run(() => mlx4_multicast_promisc_add(dev, qpn, port));
  }

  normal(qpn: number, port = 1): number {
    const { dev } = this.rig;
    return this.rig.run(() => mlx4_multicast_promisc_remove(dev, qpn, port));
  }

  /** Who gets a multicast. */
  members(mac: number, port: 1 | 2 = 1): number[] {
    return [...this.rig.card.view.steered(port, 0, mac)].toSorted((a, b) => a - b);
  }
}

describe('groups', () => {
  it('every member gets the packets of its port and address, and no others', () => {
    const s = new Steering();
    expect([s.join(0x41, groupA), s.join(0x42, groupA), s.join(0x43, groupB)]).toEqual([0, 0, 0]);
    expect([s.members(groupA), s.members(groupB), s.members(groupA, 2)]).toEqual([
      [0x41, 0x42],
      [0x43],
      [],
    ]);
    expect(s.leave(0x41, groupA)).toBe(0);
    expect(s.members(groupA)).toEqual([0x42]);
    expect(s.leave(0x42, groupA)).toBe(0);
    expect(s.members(groupA)).toEqual([]);
    expect(s.members(groupB)).toEqual([0x43]);
  });

  it('each change reads an entry and writes it back', () => {
    const s = new Steering();
    const from = s.rig.commands.length;
    s.join(0x41, groupA);
    s.leave(0x41, groupA);
    expect(s.rig.names(from)).toEqual([
      ...['MGID_HASH', 'READ_MCG', 'WRITE_MCG'],
      // Leaving looks again whether others are only promiscuous.
      ...['MGID_HASH', 'READ_MCG', 'READ_MCG', 'WRITE_MCG'],
    ]);
  });

  it('joining twice is no error; leaving without having joined is one', () => {
    const s = new Steering('debug_level=1');
    s.join(0x41, groupA);
    expect(s.join(0x41, groupA)).toBe(0);
    expect(s.rig.log(/already a member/)).toBe(`${prefix}QP 000041 already a member of MGM`);
    expect(s.leave(0x42, groupA)).toBe(-22);
    expect(s.rig.log(/not found in MGM/)).toBe(`${prefix}QP 000042 not found in MGM`);
    expect(s.members(groupA)).toEqual([0x41]);
  });

  it('unicast addresses are steered apart from multicast ones', () => {
    const s = new Steering();
    const { rig } = s;
    const { dev } = rig;
    const gid = gidOf(2, unicast);
    expect(rig.run(() => mlx4_unicast_attach(dev, 0x50, gid, false, MLX4_PROT_ETH))).toBe(0);
    expect(rig.card.view.steered(2, 1, unicast)).toEqual([0x50]);
    expect(rig.card.view.steered(1, 1, unicast)).toEqual([]);
    expect(rig.run(() => mlx4_unicast_detach(dev, 0x50, gid, MLX4_PROT_ETH))).toBe(0);
    expect(rig.card.view.steered(2, 1, unicast)).toEqual([]);
    // The caller's copy of the address is left alone.
    expect(gid).toEqual(gidOf(2, unicast));
  });

  it('an entry can be full', () => {
    const s = new Steering('log_num_mgm_entry_size=7');
    expect(s.rig.dev.caps.num_qp_per_mgm).toBe(24);
    for (let i = 0; i < 24; i++) expect(s.join(0x40 + i, groupA)).toBe(0);
    // Of an entry that exists the error is lost: kept as in Linux.
    expect(s.join(0x80, groupA)).toBe(0);
    expect(s.rig.log(/is full/)).toMatch(/MGM at index [0-9a-f]+ is full/);
    expect(s.members(groupA).length).toBe(24);
  });

  it('“no loopback” is the member’s own mark', () => {
    const s = new Steering();
    s.join(0x41, groupA, 1, true);
    const { mailbox } = s.rig.commands.at(-1)!;
    expect(Buffer.from(mailbox.subarray(0x20, 0x24)).toString('hex')).toBe('40000041');
  });

  it('under A0 steering Ethernet addresses need no rule', () => {
    const flags = cardProfiles.default.flags.filter((flag) => !flag.startsWith('VEP_'));
    const s = new Steering('', { flags });
    const from = s.rig.commands.length;
    expect([s.join(0x41, groupA), s.leave(0x41, groupA)]).toEqual([0, 0]);
    expect(s.rig.names(from)).toEqual([]);
    const { dev } = s.rig;
    const gid = new Uint8Array(16).fill(0xff);
    const attach = () => mlx4_multicast_attach(dev, { qpn: 1 }, gid, 1, false, MLX4_PROT_IB_IPV6);
    expect(s.rig.run(attach)).toBe(0);
    expect(s.rig.names(from)).toEqual(['MGID_HASH', 'READ_MCG', 'WRITE_MCG']);
  });
});

describe('addresses with the same bucket', () => {
  /** Addresses that the card hashes alike, found by asking it. */
  function colliding(s: Steering, count: number): number[] {
    const byBucket = new Map<number, number[]>();
    for (let i = 0; i < 4096; i++) {
      const mac = 0x0100_5e00_0000 + i * 0x101;
      const from = s.rig.commands.length;
      s.join(0x41, mac);
      const bucket = s.rig.commands.slice(from).find(({ name }) => name === 'READ_MCG')!.inModifier;
      s.leave(0x41, mac);
      const alike = [...(byBucket.get(bucket) ?? []), mac];
      byBucket.set(bucket, alike);
      if (alike.length === count) return alike;
    }
    throw new Error('no collision');
  }

  it('form a chain: entries come behind the bucket, and go from anywhere in it', () => {
    const s = new Steering();
    const [a, b, c] = colliding(s, 3) as [number, number, number];
    for (const [i, mac] of [a, b, c].entries()) expect(s.join(0x50 + i, mac)).toBe(0);
    const all = (): number[][] => [a, b, c].map((mac) => s.members(mac));
    expect(all()).toEqual([[0x50], [0x51], [0x52]]);
    // The middle, then the bucket: what is behind it moves up.
    expect(s.leave(0x51, b)).toBe(0);
    expect(all()).toEqual([[0x50], [], [0x52]]);
    expect(s.leave(0x50, a)).toBe(0);
    expect(all()).toEqual([[], [], [0x52]]);
    expect(s.join(0x53, b)).toBe(0);
    expect(all()).toEqual([[], [0x53], [0x52]]);
    expect([s.leave(0x52, c), s.leave(0x53, b)]).toEqual([0, 0]);
    const { bitmap } = s.rig.priv.mcg_table;
    expect(bitmap!.avail).toBe(s.rig.dev.caps.num_amgms);
  });

  it('an address that is not in the chain is not found', () => {
    const s = new Steering();
    const [a, b] = colliding(s, 2) as [number, number];
    s.join(0x50, a);
    expect(s.leave(0x51, b)).toBe(-22);
    expect(s.rig.log(/MGID/)).toMatch(/MGID 0000:0000:0001:0000:0000:[0-9a-f:]+ not found$/);
  });
});

describe('promiscuous queue pairs', () => {
  it('are members of every group, of those that come later too', () => {
    const s = new Steering();
    s.join(0x41, groupA);
    expect(s.promisc(0x60)).toBe(0);
    s.join(0x42, groupB);
    expect([s.members(groupA), s.members(groupB)]).toEqual([
      [0x41, 0x60],
      [0x42, 0x60],
    ]);
    // Packets without a group go to the port's list.
    expect(s.members(0x0100_5e7f_0000)).toEqual([0x60]);
    expect(s.normal(0x60)).toBe(0);
    expect([s.members(groupA), s.members(groupB), s.members(0x0100_5e7f_0000)]).toEqual([
      [0x41],
      [0x42],
      [],
    ]);
  });

  it('one that is a member for its own sake stays one when it is promiscuous no more', () => {
    const s = new Steering();
    s.join(0x41, groupA);
    s.promisc(0x41);
    s.normal(0x41);
    expect(s.members(groupA)).toEqual([0x41]);
    expect(s.leave(0x41, groupA)).toBe(0);
    expect(s.members(groupA)).toEqual([]);
  });

  it('one that leaves a group stays in it while it is promiscuous and another is a member', () => {
    const s = new Steering();
    s.promisc(0x60);
    s.join(0x60, groupA);
    s.join(0x41, groupA);
    expect(s.leave(0x60, groupA)).toBe(0);
    expect(s.members(groupA)).toEqual([0x41, 0x60]);
    s.normal(0x60);
    expect(s.members(groupA)).toEqual([0x41]);
  });

  it('a group whose last own member leaves is gone, promiscuous ones do not keep it', () => {
    const s = new Steering();
    s.promisc(0x60);
    s.join(0x41, groupA);
    expect(s.members(groupA)).toEqual([0x41, 0x60]);
    expect(s.leave(0x41, groupA)).toBe(0);
    expect([...s.rig.priv.steer[1]!.steer_entries[0]!.keys()]).toEqual([]);
    expect(s.members(groupA)).toEqual([0x60]);
    expect(s.normal(0x60)).toBe(0);
    expect(s.members(groupA)).toEqual([]);
  });

  it('ports and steering types have lists of their own', () => {
    const s = new Steering();
    const { rig } = s;
    const { dev } = rig;
    s.promisc(0x60, 2);
    expect(rig.run(() => mlx4_unicast_promisc_add(dev, 0x61, 1))).toBe(0);
    expect([s.members(groupA), s.members(groupA, 2)]).toEqual([[], [0x60]]);
    expect(rig.card.view.steered(1, 1, unicast)).toEqual([0x61]);
    expect(rig.run(() => mlx4_unicast_promisc_remove(dev, 0x61, 1))).toBe(0);
    expect(rig.card.view.steered(1, 1, unicast)).toEqual([]);
  });

  it('ending what has not begun is only warned of', () => {
    const s = new Steering();
    expect(s.normal(0x99)).toBe(0);
    expect(s.rig.log(/promiscuous/)).toBe(`${prefix}QP 99 is not promiscuous QP`);
  });

  it('changes at the same time are made one after the other', () => {
    const s = new Steering();
    const { rig } = s;
    const { dev } = rig;
    const gid = gidOf(1, groupA);
    for (let qpn = 0x70; qpn < 0x78; qpn++) {
      rig.start(`join ${qpn}`, () =>
        mlx4_multicast_attach(dev, { qpn }, gid, 1, false, MLX4_PROT_ETH),
      );
    }
    rig.start('promisc', () => mlx4_multicast_promisc_add(dev, 0x60, 1));
    rig.wait(1);
    expect(s.members(groupA)).toEqual([0x60, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77]);
  });
});

describe('when the card refuses', () => {
  it('the error of a group’s write is lost for Ethernet: kept as in Linux', () => {
    const s = new Steering();
    const command = 'MLX4_CMD_WRITE_MCG';
    s.rig.card.faults.set({ name: 'failCommand', command, status: CMD_STAT.BAD_PARAM, count: 1 });
    expect(s.join(0x41, groupA)).toBe(0);
    expect(s.members(groupA)).toEqual([]);
  });

  it('a promiscuous list that cannot be written leaves the queue pair off the list', () => {
    const s = new Steering();
    const command = 'MLX4_CMD_WRITE_MCG';
    s.rig.card.faults.set({ name: 'failCommand', command, status: CMD_STAT.BAD_PARAM, count: 1 });
    expect(s.promisc(0x60)).toBe(-22);
    expect(s.rig.priv.steer[1]!.promisc_qps[0]!.size).toBe(0);
  });
});
