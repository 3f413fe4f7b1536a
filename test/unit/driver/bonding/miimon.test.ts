// The MII monitor: the table of facts/driver 10.5 row by row, the times that follow from it, and
// the failovers of 10.6 with the lines of the real log.

import { describe, expect, it } from 'vitest';
import { inspectSlave } from '#driver/bonding/bond_main/miimon.ts';
import type { Inspected } from '#driver/bonding/bond_main/miimon.ts';
import {
  BOND_LINK_BACK,
  BOND_LINK_DOWN,
  BOND_LINK_FAIL,
  BOND_LINK_NOCHANGE,
  BOND_LINK_UP,
} from '#driver/bonding/bonding.ts';
import { rtnl_lock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { kthread_run } from '#kernel/sched.ts';
import { msleep } from '#kernel/time/delay.ts';
import { BondMachine } from './rig.ts';

describe('one inspection', () => {
  const base: Inspected = {
    link: BOND_LINK_UP,
    delay: 0,
    linkOk: true,
    updelay: 2,
    downdelay: 3,
    miimon: 100,
    ignoreUpdelay: false,
    role: 'active ',
  };
  const look = (change: Partial<Inspected>) => {
    const { proposal, delay, line } = inspectSlave({ ...base, ...change });
    return [proposal, delay, line?.text ?? null];
  };

  it.each([
    ['UP, carrier', {}, [BOND_LINK_NOCHANGE, 0, null]],
    [
      'UP, no carrier',
      { linkOk: false },
      [BOND_LINK_FAIL, 2, 'link status down for active interface, disabling it in 300 ms'],
    ],
    ['UP, no carrier, no delay', { linkOk: false, downdelay: 0 }, [BOND_LINK_DOWN, 0, null]],
    [
      'UP, no carrier, other modes',
      { linkOk: false, role: '', downdelay: 1 },
      [BOND_LINK_FAIL, 0, 'link status down for interface, disabling it in 100 ms'],
    ],
    [
      'FAIL, carrier',
      { link: BOND_LINK_FAIL, delay: 1 },
      [BOND_LINK_UP, 1, 'link status up again after 200 ms'],
    ],
    [
      'FAIL, no carrier, time left',
      { link: BOND_LINK_FAIL, linkOk: false, delay: 2 },
      [BOND_LINK_NOCHANGE, 1, null],
    ],
    [
      'FAIL, no carrier, time over',
      { link: BOND_LINK_FAIL, linkOk: false, delay: 0 },
      [BOND_LINK_DOWN, 0, null],
    ],
    ['DOWN, no carrier', { link: BOND_LINK_DOWN, linkOk: false }, [BOND_LINK_NOCHANGE, 0, null]],
    [
      'DOWN, carrier',
      { link: BOND_LINK_DOWN },
      [BOND_LINK_BACK, 1, 'link status up, enabling it in 200 ms'],
    ],
    ['DOWN, carrier, no delay', { link: BOND_LINK_DOWN, updelay: 0 }, [BOND_LINK_UP, 0, null]],
    [
      'DOWN, carrier, nobody else',
      { link: BOND_LINK_DOWN, ignoreUpdelay: true },
      [BOND_LINK_UP, 0, 'link status up, enabling it in 0 ms'],
    ],
    [
      'BACK, no carrier',
      { link: BOND_LINK_BACK, linkOk: false, delay: 1 },
      [BOND_LINK_DOWN, 1, 'link status down again after 100 ms'],
    ],
    ['BACK, carrier, time left', { link: BOND_LINK_BACK, delay: 1 }, [BOND_LINK_NOCHANGE, 0, null]],
    ['BACK, carrier, time over', { link: BOND_LINK_BACK, delay: 0 }, [BOND_LINK_UP, 0, null]],
    [
      'BACK, carrier, nobody else',
      { link: BOND_LINK_BACK, delay: 2, ignoreUpdelay: true },
      [BOND_LINK_UP, 0, null],
    ],
  ])('%s', (_row, change, expected) => {
    expect(look(change)).toEqual(expected);
  });
});

function machine(options: Record<string, string> = {}, profile: '6.1' | '6.12' = '6.1') {
  const m = new BondMachine({ profile });
  m.load();
  const p1 = m.nic('p1', 0xc1);
  const p2 = m.nic('p2', 0xc2);
  const bond = m.bond({ mode: 'active-backup', miimon: '100', ...options });
  m.set('slaves', '+p1');
  m.set('slaves', '+p2');
  m.wait(1500);
  m.forget();
  return { m, p1, p2, bond };
}

describe('active-backup', () => {
  it('follows the cables as the real log has it', () => {
    const { m, p1, p2, bond } = machine();
    const from = m.logLength;
    p1.setLink(false);
    m.wait(500);
    p1.setLink(true);
    m.wait(500);
    expect(m.set('active_slave', 'p1')).toBe(0);
    p2.setLink(false);
    m.wait(500);
    p1.setLink(false);
    m.wait(500);
    expect(bond.dev.carrier).toBe(false);
    p2.setLink(true);
    m.wait(500);
    expect(bond.dev.carrier).toBe(true);
    p1.setLink(true);
    m.wait(500);
    expect(m.lines(from)).toEqual([
      'bond0: (slave p1): link status definitely down, disabling slave',
      'bond0: (slave p2): making interface the new active one',
      'bond0: (slave p1): link status definitely up, 40000 Mbps full duplex',
      'bond0: (slave p1): making interface the new active one',
      'bond0: (slave p2): link status definitely down, disabling slave',
      'bond0: (slave p1): link status definitely down, disabling slave',
      'bond0: now running without any active interface!',
      'bond0: (slave p2): link status definitely up, 40000 Mbps full duplex',
      'bond0: (slave p2): making interface the new active one',
      'bond0: active interface up!',
      'bond0: (slave p1): link status definitely up, 40000 Mbps full duplex',
    ]);
  });

  it('raises for a failover CHANGELOWERSTATE at once and BONDING_INFO of both slaves later', () => {
    const { m, p1 } = machine();
    p1.setLink(false);
    m.wait(300);
    const about = (dev: string) =>
      m.eventsOf(dev).filter((event) => event === 'CHANGELOWERSTATE' || event === 'BONDING_INFO');
    // Link DOWN and state BACKUP of p1; state ACTIVE of p2.
    expect(about('p1')).toEqual(['CHANGELOWERSTATE', 'CHANGELOWERSTATE', 'BONDING_INFO']);
    expect(about('p2')).toEqual(['CHANGELOWERSTATE', 'BONDING_INFO']);
    expect(m.eventsOf('bond0')).toContain('BONDING_FAILOVER');
    expect(m.eventsOf('bond0')).toContain('NOTIFY_PEERS');
    expect(m.eventsOf('bond0')).toContain('RESEND_IGMP');
    const info = m.events.findLast((event) => event.name === 'BONDING_INFO');
    expect(info?.info.bonding_info?.slave).toEqual({
      slave_id: 0,
      slave_name: 'p2',
      link: 0,
      state: 0,
      link_failure_count: 0,
    });
  });

  it('tells nobody of FAIL and BACK', () => {
    const { m, p2, bond } = machine({ downdelay: '500', updelay: '500' });
    p2.setLink(false);
    m.wait(250);
    expect(m.slave(bond, p2).link.peek).toBe(BOND_LINK_FAIL);
    expect(m.eventsOf('p2')).toEqual(['CHANGE']);
    m.forget();
    p2.setLink(true);
    m.wait(250);
    expect(m.slave(bond, p2).link.peek).toBe(BOND_LINK_UP);
  });

  it('waits for downdelay and updelay, in ticks of miimon', () => {
    const { m, p2, bond } = machine({ downdelay: '300', updelay: '200' });
    const slave = m.slave(bond, p2);
    const from = m.logLength;
    p2.setLink(false);
    m.wait(600);
    expect(slave.link.peek).toBe(BOND_LINK_DOWN);
    expect(slave.link_failure_count).toBe(1);
    p2.setLink(true);
    m.wait(500);
    expect(slave.link.peek).toBe(BOND_LINK_UP);
    expect(m.lines(from)).toEqual([
      'bond0: (slave p2): link status down for backup interface, disabling it in 300 ms',
      'bond0: (slave p2): link status definitely down, disabling slave',
      'bond0: (slave p2): link status up, enabling it in 200 ms',
      'bond0: (slave p2): link status definitely up, 40000 Mbps full duplex',
    ]);
    const times = m.k.log.records.slice(from).filter((record) => record.text.includes('slave p2'));
    // Three ticks of 100 ms; a tick of 25 jiffies takes 26 on the timer wheel.
    expect(Math.round((times[1]!.timeNs - times[0]!.timeNs) / 1e6 / 104)).toBe(3);
    expect(Math.round((times[3]!.timeNs - times[2]!.timeNs) / 1e6 / 104)).toBe(2);
  });

  it('takes a slave that is coming back early when it is the only one left', () => {
    const { m, p1, p2 } = machine({ updelay: '5000' });
    p2.setLink(false);
    m.wait(300);
    p2.setLink(true);
    m.wait(1300);
    const from = m.logLength;
    p1.setLink(false);
    m.wait(300);
    const lines = m.lines(from);
    expect(lines[0]).toBe('bond0: (slave p1): link status definitely down, disabling slave');
    expect(lines[1]).toMatch(
      /^bond0: \(slave p2\): making interface the new active one \d+ ms earlier$/,
    );
    expect(m.get('active_slave')).toBe('p2');
  });

  it('inspects again every jiffy while RTNL is busy, and repeats the line about the delay', () => {
    const held = (profile: '6.1' | '6.12') => {
      const { m, p2 } = machine({ downdelay: '300' }, profile);
      const from = m.logLength;
      const { k } = m;
      kthread_run(k, 'holder', 'holder', function* () {
        yield* rtnl_lock(k);
        yield* msleep(k, 400);
        yield* rtnl_unlock(k);
      });
      p2.setLink(false);
      m.wait(350);
      return m.lines(from).filter((line) => line.includes('disabling it in 300 ms')).length;
    };
    expect(held('6.1')).toBeGreaterThan(20);
    // 6.12 prints at most ten in five seconds.
    expect(held('6.12')).toBe(10);
  });

  it('goes back to the primary, as primary_reselect says', () => {
    const activeAfterReturn = (reselect: string, speedMbps: number) => {
      const { m, p1 } = machine({ primary: 'p1', primary_reselect: reselect });
      expect(m.get('active_slave')).toBe('p1');
      p1.setLink(false);
      m.wait(300);
      expect(m.get('active_slave')).toBe('p2');
      p1.speedMbps = speedMbps;
      p1.setLink(true);
      m.wait(300);
      return m.get('active_slave');
    };
    expect(activeAfterReturn('always', 40_000)).toBe('p1');
    expect(activeAfterReturn('better', 40_000)).toBe('p2');
    expect(activeAfterReturn('better', 56_000)).toBe('p1');
    expect(activeAfterReturn('failure', 56_000)).toBe('p2');
  });
});

describe('balance-xor', () => {
  it('counts a slave out and in without any talk of active ones', () => {
    const { m, p1, bond } = machine({ mode: 'balance-xor' });
    const usable = () => bond.usable_slaves.peek?.map((slave) => slave.dev.name);
    expect(usable()).toEqual(['p1', 'p2']);
    const from = m.logLength;
    p1.setLink(false);
    m.wait(300);
    expect(usable()).toEqual(['p2']);
    p1.setLink(true);
    m.wait(300);
    expect(usable()).toEqual(['p1', 'p2']);
    expect(m.lines(from)).toEqual([
      'bond0: (slave p1): link status definitely down, disabling slave',
      'bond0: (slave p1): link status definitely up, 40000 Mbps full duplex',
    ]);
    expect(bond.dev.carrier).toBe(true);
  });
});
