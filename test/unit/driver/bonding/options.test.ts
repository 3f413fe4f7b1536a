// Options by sysfs and by ip: values and their names, errors with errno and log line (facts/driver
// 10.10), the files and what they show, bonding_masters.

import { describe, expect, it } from 'vitest';
import { bond_opts } from '#driver/bonding/bond_options/table.ts';
import { bond_opt_parse } from '#driver/bonding/bond_options/parse.ts';
import { vfs_readdir, vfs_stat } from '#kernel/fs/vfs.ts';
import { ipLinkAdd, ipLinkDelete, ipLinkGet, ipLinkSet } from '#kernel/net/rtnl-link.ts';
import type { LinkInfo } from '#kernel/net/rtnl-link.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { kthread_run } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import { BondMachine } from './rig.ts';

function empty(mode = 'active-backup', up = false) {
  const m = new BondMachine();
  m.load();
  m.nic('p1', 0xc1);
  m.nic('p2', 0xc2);
  const bond = m.bond({ mode }, up);
  return { m, bond };
}

describe('reading a value', () => {
  const parse = (name: string, text: string) =>
    bond_opt_parse(
      bond_opts.find((each) => each.name === name)!,
      text,
    )?.value ?? null;

  it.each([
    ['mode', '802.3ad\n', 4],
    ['mode', '4', 4],
    ['mode', ' 1 \n', 1],
    ['mode', 'default', 0],
    ['mode', '7', null],
    ['mode', 'nonsense', null],
    ['mode', '', null],
    ['miimon', '100', 100],
    ['miimon', 'off', 0],
    ['miimon', '-1', null],
    ['miimon', '2147483648', null],
    ['lp_interval', '0', null],
    ['num_grat_arp', '256', null],
    ['num_grat_arp', 'default', 1],
    ['lacp_rate', 'default', null],
    ['xmit_hash_policy', 'layer3+4', 1],
  ])('%s of %j is %s', (name, text, expected) => {
    expect(parse(name, text)).toBe(expected);
  });
});

describe('errors', () => {
  it('an option that the mode does not know: -EACCES', () => {
    const { m } = empty();
    const from = m.logLength;
    expect(m.set('lacp_rate', 'fast')).toBe(-13);
    expect(m.lines(from)).toEqual([
      'bond0: option lacp_rate: mode dependency failed, not supported in mode active-backup(1)',
    ]);
  });

  it('mode and fail_over_mac with slaves: -ENOTEMPTY', () => {
    const { m } = empty();
    m.set('slaves', '+p1');
    const from = m.logLength;
    expect(m.set('mode', '0')).toBe(-39);
    expect(m.set('fail_over_mac', 'active')).toBe(-39);
    expect(m.lines(from)).toEqual([
      'bond0: option mode: unable to set because the bond device has slaves',
      'bond0: option fail_over_mac: unable to set because the bond device has slaves',
    ]);
  });

  it('mode and ad_select of a bond that is up: -EBUSY', () => {
    const { m } = empty('active-backup', true);
    const from = m.logLength;
    expect(m.set('mode', '0')).toBe(-16);
    expect(m.set('ad_select', 'count')).toBe(-16);
    expect(m.lines(from)).toEqual([
      'bond0: option mode: unable to set because the bond device is up',
      'bond0: option ad_select: unable to set because the bond device is up',
    ]);
  });

  it('a value that cannot be: -EINVAL, with the range where there is one', () => {
    const { m } = empty();
    const from = m.logLength;
    expect(m.set('mode', 'fast')).toBe(-22);
    expect(m.set('num_grat_arp', '300')).toBe(-22);
    expect(m.lines(from)).toEqual([
      'bond0: option mode: invalid value (fast)',
      'bond0: option num_grat_arp: invalid value (300)',
      'bond0: option num_grat_arp: allowed values 0 - 255',
    ]);
  });

  it('active_slave: unknown, foreign, or down', () => {
    const { m } = empty('active-backup', true);
    const p3 = m.nic('p3', 0xc3);
    m.set('miimon', '100');
    m.set('slaves', '+p1');
    m.set('slaves', '+p2');
    const from = m.logLength;
    expect(m.set('active_slave', 'nobody')).toBe(-19);
    expect(m.set('active_slave', 'p3')).toBe(-22);
    p3.setLink(true);
    m.run(() => ipLinkSet(m.k, 'p2', { up: false }));
    expect(m.set('active_slave', 'p2')).toBe(-22);
    expect(m.lines(from).filter((line) => !line.includes('invalid value'))).toEqual([
      'bond0: option active_slave: interface nobody does not exist!',
      'bond0: (slave p3): Device is not bonding slave',
      'bond0: (slave p2): Could not set as active slave; either p2 is down or the link is down',
    ]);
  });

  it('delays without miimon: -EPERM; with it, rounded with a warning', () => {
    const { m } = empty();
    const from = m.logLength;
    expect(m.set('updelay', '200')).toBe(-1);
    m.set('miimon', '100');
    expect(m.set('downdelay', '250')).toBe(0);
    expect(m.get('downdelay')).toBe('200');
    expect(m.set('peer_notif_delay', '1000')).toBe(0);
    expect(m.lines(from)).toEqual([
      'bond0: Unable to set up delay as MII monitoring is disabled',
      'bond0: down delay (250) is not a multiple of miimon (100), value rounded to 200 ms',
    ]);
  });

  it('ARP targets: bad, twice, missing', () => {
    const { m } = empty();
    const from = m.logLength;
    expect(m.set('arp_ip_target', '+10.0.0.1')).toBe(0);
    expect(m.set('arp_ip_target', '+10.0.0.1')).toBe(-22);
    expect(m.set('arp_ip_target', '+0.0.0.1')).toBe(-22);
    expect(m.set('arp_ip_target', '-10.0.0.9')).toBe(-22);
    expect(m.set('arp_ip_target', '10.0.0.9')).toBe(-1);
    expect(m.set('arp_ip_target', '+nobody')).toBe(-1);
    expect(m.get('arp_ip_target')).toBe('10.0.0.1');
    expect(m.lines(from).filter((line) => !line.includes('option '))).toEqual([
      'bond0: ARP target 10.0.0.1 is already present',
      'bond0: invalid ARP target 0.0.0.1 specified for addition',
      'bond0: unable to remove nonexistent ARP target 10.0.0.9',
      'bond0: no command found in arp_ip_targets file - use +<addr> or -<addr>',
      'bond0: invalid ARP target specified',
    ]);
  });

  it('queue_id: no slave, taken, no number: -EPERM', () => {
    const { m } = empty();
    m.set('slaves', '+p1');
    m.set('slaves', '+p2');
    expect(m.set('queue_id', 'p1:2')).toBe(0);
    expect(m.set('queue_id', 'p2:2')).toBe(-1);
    expect(m.set('queue_id', 'p3:1')).toBe(-1);
    expect(m.set('queue_id', 'p1')).toBe(-1);
    expect(m.set('queue_id', 'p1:17')).toBe(-1);
    expect(m.get('queue_id')).toBe('p1:2 p2:0');
  });
});

describe('files', () => {
  it('of a bond are those of the kernel, with its modes', () => {
    const { m } = empty();
    const entries = vfs_readdir(m.k, '/sys/class/net/bond0/bonding');
    if (typeof entries === 'number') throw new Error('no directory');
    const wanted =
      'slaves mode fail_over_mac arp_validate arp_all_targets arp_interval arp_ip_target ' +
      'arp_missed_max downdelay updelay peer_notif_delay lacp_active lacp_rate ad_select ' +
      'xmit_hash_policy num_grat_arp num_unsol_na miimon primary primary_reselect use_carrier ' +
      'active_slave mii_status ad_aggregator ad_num_ports ad_actor_key ad_partner_key ' +
      'ad_partner_mac queue_id all_slaves_active resend_igmp min_links lp_interval ' +
      'packets_per_slave tlb_dynamic_lb ad_actor_sys_prio ad_actor_system ad_user_port_key';
    expect(entries.map((entry) => entry.name).sort()).toEqual(wanted.split(' ').sort());
    const readOnly =
      'mii_status ad_aggregator ad_num_ports ad_actor_key ad_partner_key ad_partner_mac'.split(' ');
    for (const { name } of entries) {
      const stat = vfs_stat(m.k, `/sys/class/net/bond0/bonding/${name}`);
      if (typeof stat === 'number') throw new Error(name);
      expect([name, stat.mode]).toEqual([name, readOnly.includes(name) ? 0o444 : 0o644]);
    }
  });

  it('show names with their values, and lists', () => {
    const { m } = empty();
    expect(m.get('mode')).toBe('active-backup 1');
    expect(m.get('xmit_hash_policy')).toBe('layer2 0');
    expect(m.get('lacp_rate')).toBe('slow 0');
    expect(m.get('primary_reselect')).toBe('always 0');
    expect(m.get('slaves')).toBe('');
    expect(m.get('ad_actor_system')).toBe('');
    expect(m.get('mii_status')).toBe('down');
    m.set('slaves', '+p1');
    m.set('slaves', '+p2');
    m.set('primary', 'p2');
    expect(m.get('slaves')).toBe('p1 p2');
    expect(m.get('primary')).toBe('p2');
    expect(m.get('active_slave')).toBe('p2');
    expect(m.get('mii_status')).toBe('up');
  });

  it('of a slave are below bonding_slave', () => {
    const { m } = empty();
    m.set('slaves', '+p1');
    const read = (name: string) => m.read(`/sys/class/net/p1/bonding_slave/${name}`).trim();
    expect(read('state')).toBe('active');
    expect(read('mii_status')).toBe('up');
    expect(read('link_failure_count')).toBe('0');
    expect(read('perm_hwaddr')).toBe('00:02:c9:a0:b0:c1');
    expect(read('queue_id')).toBe('0');
    expect(read('ad_aggregator_id')).toBe('N/A');
    expect(read('ad_actor_oper_port_state')).toBe('N/A');
    expect(m.k.vfs.resolve('/sys/class/net/p1/master')?.name).toBe('bond0');
  });

  it('a change is told by CHANGEINFODATA, a refused one is not', () => {
    const { m } = empty();
    m.forget();
    m.set('miimon', '100');
    m.set('miimon', 'x');
    expect(m.eventsOf('bond0')).toEqual(['CHANGEINFODATA']);
  });

  it('writing while RTNL is busy comes back when it is free, as one call', () => {
    const { m, bond } = empty();
    const { k } = m;
    kthread_run(k, 'holder', 'holder', function* () {
      yield* rtnl_lock(k);
      yield* msleep(k, 50);
      yield* rtnl_unlock(k);
    });
    const begin = k.sim.now();
    expect(m.set('miimon', '100')).toBe(0);
    expect(bond.params.miimon).toBe(100);
    expect(k.sim.now() - begin).toBeGreaterThan(50e6);
  });

  it('miimon and arp_interval exclude each other', () => {
    const { m } = empty('active-backup', true);
    m.set('miimon', '100');
    m.set('arp_interval', '200');
    expect([m.get('miimon'), m.get('arp_interval')]).toEqual(['0', '200']);
    m.set('miimon', '100');
    expect([m.get('miimon'), m.get('arp_interval')]).toEqual(['100', '0']);
  });

  it('802.3ad, -tlb and -alb force miimon, and give up the ARP monitor', () => {
    const { m } = empty();
    m.set('arp_interval', '100');
    expect(m.set('mode', '802.3ad')).toBe(0);
    expect([m.get('miimon'), m.get('arp_interval')]).toEqual(['100', '0']);
    expect(m.get('ad_actor_sys_prio')).toBe('65535');
  });
});

describe('bonding_masters', () => {
  it('makes and deletes bonds, with the lines of the kernel', () => {
    const { m } = empty();
    const masters = '/sys/class/net/bonding_masters';
    const from = m.logLength;
    expect(m.write(masters, '+bond7')).toBe(0);
    expect(m.read(masters)).toBe('bond0 bond7\n');
    expect(m.write(masters, '+bond7')).toBe(-17);
    expect(m.write(masters, '-bond7')).toBe(0);
    expect(m.write(masters, '-bond7')).toBe(-19);
    expect(m.write(masters, 'bond7')).toBe(-1);
    expect(m.read(masters)).toBe('bond0\n');
    expect(m.lines(from)).toEqual([
      'bonding: bond7 is being created...',
      'bonding: bond7 is being created...',
      'bonding: bond7 already exists',
      'bonding: bond7 is being deleted...',
      'bond7 (unregistering): Released all slaves',
      'bonding: unable to delete non-existent bond7',
      'bonding: no command found in bonding_masters - use +ifname or -ifname',
    ]);
  });

  it('frees the slaves of a bond that is deleted', () => {
    const { m } = empty('active-backup', true);
    m.set('slaves', '+p1');
    m.set('slaves', '+p2');
    const from = m.logLength;
    expect(m.write('/sys/class/net/bonding_masters', '-bond0')).toBe(0);
    expect(m.lines(from).filter((line) => line.startsWith('bond0'))).toEqual([
      'bond0 (unregistering): (slave p1): Releasing backup interface',
      'bond0 (unregistering): (slave p2): Releasing backup interface',
      'bond0 (unregistering): Released all slaves',
    ]);
    expect(m.read('/sys/class/net/p2/address')).toBe('00:02:c9:a0:b0:c2\n');
    expect(m.dev('p1').master).toBeNull();
    expect(m.k.vfs.resolve('/proc/net/bonding/bond0')).toBeUndefined();
    expect([...m.k.workqueues.all].map((queue) => queue.name)).not.toContain('bond0');
  });
});

describe('ip link', () => {
  it('makes a bond with options, shows it, and takes slaves in', () => {
    const { m } = empty();
    const { k } = m;
    const options = { mode: 'balance-xor', miimon: '50', xmit_hash_policy: 'layer3+4' };
    expect(m.run(() => ipLinkAdd(k, 'bond1', 'bond', { options }))).toBe(0);
    expect(m.run(() => ipLinkSet(k, 'p1', { master: 'bond1' }))).toBe(0);
    const info = m.run(() => ipLinkGet(k, 'bond1')) as LinkInfo;
    expect(info.kind).toBe('bond');
    expect(info.info).toMatchObject({ mode: 'balance-xor', miimon: 50, use_carrier: 1 });
    const slave = m.run(() => ipLinkGet(k, 'p1')) as LinkInfo;
    expect(slave.slaveInfo).toMatchObject({ state: 'ACTIVE', mii_status: 'UP', prio: 0 });
    expect(m.run(() => ipLinkSet(k, 'p1', { master: null }))).toBe(0);
    expect(m.run(() => ipLinkDelete(k, 'bond1'))).toBe(0);
    expect(m.read('/sys/class/net/bonding_masters')).toBe('bond0\n');
  });

  it('says why it refuses, and keeps it out of the log', () => {
    const { m } = empty();
    const { k } = m;
    m.open(m.dev('p1'));
    const extack = { message: '' };
    const from = m.logLength;
    expect(m.run(() => ipLinkSet(k, 'p1', { master: 'bond0' }, extack))).toBe(-1);
    expect(extack.message).toBe('Device can not be enslaved while up');
    expect(m.lines(from)).toEqual([]);
    const both = { miimon: '100', arp_interval: '100' };
    expect(m.run(() => ipLinkAdd(k, 'bond1', 'bond', { options: both }, extack))).toBe(-22);
    expect(extack.message).toBe('ARP monitoring cannot be used with MII monitoring');
    expect(m.run(() => ipLinkAdd(k, 'bond1', 'bond', { options: { speed: '1' } }, extack))).toBe(
      -22,
    );
    expect(m.read('/sys/class/net/bonding_masters')).toBe('bond0\n');
  });

  it('sets the prio of slaves, which decides without a primary', () => {
    const { m } = empty('active-backup', true);
    const { k } = m;
    m.set('slaves', '+p1');
    m.set('slaves', '+p2');
    expect(m.get('active_slave')).toBe('p1');
    const prio = (value: string) => ({ slaveOptions: { prio: value } });
    expect(m.run(() => ipLinkSet(k, 'p2', prio('10')))).toBe(0);
    expect(m.get('active_slave')).toBe('p2');
    m.set('primary', 'p1');
    const from = m.logLength;
    expect(m.run(() => ipLinkSet(k, 'p2', prio('20')))).toBe(0);
    expect(m.get('active_slave')).toBe('p1');
    expect(m.lines(from)).toEqual([
      'bond0: (slave p2): prio updated, but will not affect failover re-selection as primary ' +
        'slave have been set',
    ]);
  });
});
