// Loading and unloading: bond0 by default, parameters with their defaults and complaints
// (facts/driver 10.10), what is left behind (nothing), stacks of blocked tasks.

import { describe, expect, it } from 'vitest';
import { stackFrames } from '#kernel/stack.ts';
import { kthread_run } from '#kernel/sched.ts';
import { vfs_write } from '#kernel/fs/vfs.ts';
import { digestOf } from '#test/support/digest.ts';
import { BondMachine } from './rig.ts';

describe('loading', () => {
  it('makes bond0, as max_bonds is 1', () => {
    const m = new BondMachine();
    expect(m.load('')).toBe(0);
    expect(m.read('/sys/class/net/bonding_masters')).toBe('bond0\n');
    expect(m.get('mode')).toBe('balance-rr 0');
    expect(m.get('miimon')).toBe('0');
    expect(m.read('/proc/net/bonding/bond0')).toContain(
      'Ethernet Channel Bonding Driver: v6.1.0\n',
    );
    expect(m.dev('bond0').txQueues.length).toBe(16);
  });

  it('makes as many bonds as it is told, with what it is told', () => {
    const m = new BondMachine();
    const args = 'max_bonds=2 mode=1 miimon=100 updelay=250 downdelay=200 tx_queues=4 primary=p1';
    expect(m.load(args)).toBe(0);
    expect(m.read('/sys/class/net/bonding_masters')).toBe('bond0 bond1\n');
    expect(m.get('mode')).toBe('active-backup 1');
    expect(m.get('updelay')).toBe('200');
    expect(m.dev('bond1').txQueues.length).toBe(4);
    expect(m.lines()).toEqual([
      'bonding: Warning: updelay (250) is not a multiple of miimon (100), ' +
        'updelay rounded to 200 ms',
      'bonding: MII link monitoring set to 100 ms',
    ]);
  });

  it('forces miimon for 802.3ad', () => {
    const m = new BondMachine();
    m.load('mode=802.3ad lacp_rate=fast xmit_hash_policy=layer3+4');
    expect(m.lines()).toEqual([
      'bonding: Warning: miimon must be specified, otherwise bonding will not detect link ' +
        'failure, speed and duplex which are essential for 802.3ad operation',
      'bonding: Forcing miimon to 100msec',
      'bonding: MII link monitoring set to 100 ms',
    ]);
    expect(m.get('lacp_rate')).toBe('fast 1');
    expect(m.get('xmit_hash_policy')).toBe('layer3+4 1');
  });

  it('ends with -EINVAL for names that mean nothing', () => {
    for (const [args, line] of [
      ['mode=fast', 'bonding: Error: Invalid bonding mode "fast"'],
      ['mode=4 lacp_rate=x', 'bonding: Error: Invalid lacp rate "x"'],
      ['mode=2 xmit_hash_policy=x', 'bonding: Error: Invalid xmit_hash_policy "x"'],
      ['ad_select=x', 'bonding: Error: Invalid ad_select "x"'],
    ] as const) {
      const m = new BondMachine();
      expect(m.load(args)).toBe(-22);
      expect(m.lines()).toContain(line);
      expect(m.k.vfs.resolve('/sys/class/net/bonding_masters')).toBeUndefined();
    }
  });

  it('falls back to defaults for numbers that cannot be', () => {
    const m = new BondMachine();
    m.load('max_bonds=-1 miimon=-5 tx_queues=300 use_carrier=2 arp_interval=100 resend_igmp=256');
    expect(m.read('/sys/class/net/bonding_masters')).toBe('bond0\n');
    expect(m.dev('bond0').txQueues.length).toBe(16);
    expect(m.lines().filter((line) => line.includes('Warning'))).toHaveLength(6);
    expect(m.get('arp_interval')).toBe('0');
  });
});

describe('unloading', () => {
  it('releases all slaves and leaves nothing behind', () => {
    const m = new BondMachine();
    m.load('mode=1 miimon=100');
    const p1 = m.nic('p1', 0xc1);
    m.open(m.dev('bond0'));
    const references = p1.dev.refs.count;
    m.set('slaves', '+p1');
    expect(p1.dev.refs.count).toBeGreaterThan(references);
    m.wait(1000);
    const from = m.logLength;
    expect(m.unload()).toBe(0);
    expect(m.lines(from)).toContain('bond0 (unregistering): Released all slaves');
    expect(m.k.net.devices.map((dev) => dev.name)).not.toContain('bond0');
    expect(m.k.vfs.resolve('/sys/class/net/bonding_masters')).toBeUndefined();
    expect(m.k.vfs.resolve('/proc/net/bonding')).toBeUndefined();
    expect([...m.k.workqueues.all].map((queue) => queue.name)).not.toContain('bond0');
    expect(m.k.net.netdev_chain.blocks.map((block) => block.name)).not.toContain(
      'bond_netdev_event',
    );
    m.wait(1500);
    expect(p1.dev.refs.count).toBe(references);
    expect(m.load('')).toBe(0);
  });
});

describe('stacks', () => {
  it('of a writer that waits inside an enslave have the names of the kernel', () => {
    const m = new BondMachine();
    m.load();
    const p1 = m.nic('p1', 0xc1);
    m.bond({ mode: 'active-backup' });
    let stack: string[] = [];
    const { open } = { open: p1.dev.ops.ndo_open! };
    p1.dev.ops = {
      ...p1.dev.ops,
      *ndo_open(dev) {
        // Sleeps, as a driver that talks to firmware does.
        const { k } = m;
        k.sim.after(1000, () => {
          stack = stackFrames(writer.stack);
          k.sim.wake(writer);
        });
        yield* k.sim.block('D', 'firmware');
        return yield* open(dev);
      },
    };
    const writer = kthread_run(m.k, 'writer', 'sh', function* () {
      yield* vfs_write(m.k, '/sys/class/net/bond0/bonding/slaves', '+p1\n');
    });
    m.wait(100);
    const frames = stack.map((frame) => frame.split(' ')[0]);
    const wanted = [
      'bond_enslave',
      'bond_option_slaves_set',
      '__bond_opt_set',
      '__bond_opt_set_notify',
      'bond_opt_tryset_rtnl',
      'bonding_sysfs_store_option',
      'dev_attr_store',
      'sysfs_kf_write',
      'kernfs_fop_write_iter',
    ];
    expect(frames.filter((frame) => wanted.includes(frame!))).toEqual(wanted);
    expect(stack).toContain('bond_enslave [bonding]');
    expect(m.get('slaves')).toBe('p1');
  });
});

describe('determinism', () => {
  it('the same run has the same trace, and another policy ends in the same state', () => {
    const run = (seed?: number) => {
      const m = new BondMachine(seed === undefined ? {} : { seed });
      m.load();
      const p1 = m.nic('p1', 0xc1);
      m.nic('p2', 0xc2);
      m.bond({ mode: 'active-backup', miimon: '100' });
      m.set('slaves', '+p1');
      m.set('slaves', '+p2');
      m.wait(1200);
      p1.setLink(false);
      m.wait(500);
      m.set('slaves', '-p1');
      m.wait(200);
      const state = m.read('/proc/net/bonding/bond0');
      expect(m.k.graph.deadlocks).toEqual([]);
      expect(m.k.findings).toEqual([]);
      return { digest: digestOf(m.k.trace), state };
    };
    const first = run();
    expect(run()).toEqual(first);
    for (let seed = 1; seed <= 5; seed++) expect(run(seed).state).toBe(first.state);
  });

  it('removing a card while its bond works are busy never deadlocks', () => {
    for (let seed = 1; seed <= 10; seed++) {
      const m = new BondMachine({ seed });
      m.load();
      const p1 = m.nic('p1', 0xc1);
      const p2 = m.nic('p2', 0xc2);
      m.bond({ mode: seed % 2 === 0 ? '802.3ad' : 'active-backup', miimon: '10' });
      m.set('slaves', '+p1');
      m.set('slaves', '+p2');
      p2.setLink(false);
      m.unregister(p1);
      p2.setLink(true);
      m.wait(100);
      m.unload();
      expect(m.k.graph.deadlocks).toEqual([]);
      expect(m.k.findings).toEqual([]);
    }
  });
});
