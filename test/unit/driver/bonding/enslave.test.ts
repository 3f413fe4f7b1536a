// Events and log lines of enslave and release, against the lists of facts/driver 5.1, 10.3 and
// 10.4, and against the bonding lines of the real log (facts/traces/dmesg-real-old.txt).

import { describe, expect, it } from 'vitest';
import { IFF_NO_ADDRCONF } from '#kernel/net/flags.ts';
import { BondMachine } from './rig.ts';

/** What comes from works after the fact, in no fixed place. */
const fromWorks = new Set(['CHANGE', 'BONDING_INFO', 'RESEND_IGMP']);
const direct = (events: readonly string[]): string[] =>
  events.filter((event) => !fromWorks.has(event));

/** bond0 in a mode, with two cards that are not in it yet. */
function machine(mode: string, profile: '6.1' | '6.12' = '6.1') {
  const m = new BondMachine({ profile });
  m.load();
  const p1 = m.nic('p1', 0xc1);
  const p2 = m.nic('p2', 0xc2);
  const bond = m.bond({ mode, miimon: '100' });
  m.wait(50);
  m.forget();
  return { m, p1, p2, bond };
}

const untilBackup = ['JOIN', 'PRE_CHANGEADDR', 'CHANGEADDR', 'PRE_UP', 'UP', 'CHANGELOWERSTATE'];
const linked = ['PRECHANGEUPPER(linking)', 'CHANGEUPPER(linking)', 'CHANGELOWERSTATE'];

describe('enslaving', () => {
  for (const profile of ['6.1', '6.12'] as const) {
    it(`raises the events of 5.1 in active-backup (${profile})`, () => {
      const { m } = machine('active-backup', profile);
      expect(m.set('slaves', '+p1')).toBe(0);
      expect(direct(m.eventsOf('p1'))).toEqual([
        ...untilBackup,
        'CHANGELOWERSTATE', // becomes backup
        ...linked,
        'CHANGELOWERSTATE', // is chosen
      ]);
      m.forget();
      expect(m.set('slaves', '+p2')).toBe(0);
      expect(direct(m.eventsOf('p2'))).toEqual([...untilBackup, 'CHANGELOWERSTATE', ...linked]);
      expect(direct(m.eventsOf('p1'))).toEqual([]);
    });
  }

  it('raises no second CHANGELOWERSTATE before the link in balance-xor', () => {
    const { m } = machine('balance-xor');
    expect(m.set('slaves', '+p1')).toBe(0);
    expect(direct(m.eventsOf('p1'))).toEqual([...untilBackup, ...linked]);
  });

  it('raises it in 802.3ad, where a slave starts as backup', () => {
    const { m } = machine('802.3ad');
    expect(m.set('slaves', '+p1')).toBe(0);
    const events = direct(m.eventsOf('p1'));
    expect(events.slice(0, 10)).toEqual([...untilBackup, 'CHANGELOWERSTATE', ...linked]);
  });

  it('tells of the bond itself: address, features, failover, option', () => {
    const { m } = machine('active-backup');
    m.set('slaves', '+p1');
    expect(direct(m.eventsOf('bond0'))).toEqual([
      'PRE_CHANGEADDR',
      'CHANGEADDR',
      'FEAT_CHANGE',
      'BONDING_FAILOVER',
      'CHANGEINFODATA',
    ]);
    expect(m.read('/sys/class/net/bond0/address')).toBe('00:02:c9:a0:b0:c1\n');
  });

  it('sets the MTU of the bond first, when it is another', () => {
    const { m } = machine('active-backup');
    m.write('/sys/class/net/bond0/mtu', '1400');
    m.forget();
    m.set('slaves', '+p1');
    expect(direct(m.eventsOf('p1')).slice(0, 4)).toEqual([
      'JOIN',
      'PRECHANGEMTU',
      'CHANGEMTU',
      'PRE_CHANGEADDR',
    ]);
    expect(m.read('/sys/class/net/p1/mtu')).toBe('1400\n');
  });

  it('tells by BONDING_INFO what the slave is when the work runs, once per slave', () => {
    const { m, bond } = machine('active-backup');
    m.set('slaves', '+p1');
    m.wait(20);
    m.set('slaves', '+p2');
    m.wait(20);
    const infos = m.events.filter((event) => event.name === 'BONDING_INFO');
    expect(infos.map((event) => [event.dev, event.info.bonding_info])).toEqual([
      [
        'p1',
        {
          slave: { slave_id: 0, slave_name: 'p1', link: 0, state: 0, link_failure_count: 0 },
          master: { bond_mode: 1, num_slaves: 1, miimon: 100 },
        },
      ],
      [
        'p2',
        {
          slave: { slave_id: 0, slave_name: 'p2', link: 0, state: 1, link_failure_count: 0 },
          master: { bond_mode: 1, num_slaves: 2, miimon: 100 },
        },
      ],
    ]);
    expect(bond.slave_cnt).toBe(2);
  });

  it('says in CHANGELOWERSTATE what the slave carries, in CHANGEUPPER what bond it is', () => {
    const { m } = machine('active-backup');
    m.set('slaves', '+p1');
    const lower = m.events.filter((event) => event.name === 'CHANGELOWERSTATE');
    expect(lower.map((event) => event.info.lower_state_info)).toEqual([
      { link_up: true, tx_enabled: true },
      { link_up: true, tx_enabled: false },
      { link_up: true, tx_enabled: false },
      { link_up: true, tx_enabled: true },
    ]);
    const upper = m.events.find((event) => event.name === 'CHANGEUPPER(linking)');
    expect(upper?.info.upper_info).toEqual({ tx_type: 'activebackup', hash_type: 'NONE' });
    expect(upper?.info.upper_dev?.name).toBe('bond0');
  });

  it('prints the lines of the real log', () => {
    const { m } = machine('active-backup');
    const from = m.logLength;
    m.set('slaves', '+p1');
    m.wait(1000);
    m.set('slaves', '+p2');
    expect(m.lines(from)).toEqual([
      'bond0: (slave p1): making interface the new active one',
      'bond0: (slave p1): Enslaving as an active interface with an up link',
      'bond0: (slave p2): Enslaving as a backup interface with an up link',
    ]);
  });
});

describe('keeping IPv6 off', () => {
  const IFF_SLAVE = 0x800;

  it('is what IFF_SLAVE does from before the slave is opened, in 6.1', () => {
    const { m, p1 } = machine('active-backup');
    const flagsAtOpen: boolean[] = [];
    const open = p1.dev.ops.ndo_open!;
    p1.dev.ops = {
      ...p1.dev.ops,
      *ndo_open(dev) {
        flagsAtOpen.push((dev.flags & IFF_SLAVE) !== 0, (dev.priv_flags & IFF_NO_ADDRCONF) !== 0);
        return yield* open(dev);
      },
    };
    m.set('slaves', '+p1');
    expect(flagsAtOpen).toEqual([true, false]);
  });

  it('is what IFF_NO_ADDRCONF does in 6.12, until the slave leaves', () => {
    const { m, p1 } = machine('active-backup', '6.12');
    const open = p1.dev.ops.ndo_open!;
    let slaveAtOpen = true;
    p1.dev.ops = {
      ...p1.dev.ops,
      *ndo_open(dev) {
        slaveAtOpen = (dev.flags & IFF_SLAVE) !== 0;
        return yield* open(dev);
      },
    };
    m.set('slaves', '+p1');
    expect(slaveAtOpen).toBe(false);
    expect(p1.dev.flags & IFF_SLAVE).toBe(IFF_SLAVE);
    expect(p1.dev.priv_flags & IFF_NO_ADDRCONF).not.toBe(0);
    m.set('slaves', '-p1');
    expect(p1.dev.priv_flags & IFF_NO_ADDRCONF).toBe(0);
    expect(p1.dev.flags & IFF_SLAVE).toBe(0);
  });

  it('leaves only the bond to become ready', () => {
    const { m } = machine('active-backup');
    m.set('slaves', '+p1');
    m.set('slaves', '+p2');
    m.wait(1500);
    const ready = m.k.log.records.filter((record) => record.text.includes('link becomes ready'));
    expect(ready.map((record) => record.text)).toEqual([
      'IPv6: ADDRCONF(NETDEV_CHANGE): bond0: link becomes ready',
    ]);
  });
});

describe('fail_over_mac follow in 6.12', () => {
  it('gives a slave that has the address of the bond a random one', () => {
    for (const [profile, random] of [
      ['6.1', false],
      ['6.12', true],
    ] as const) {
      const { m, p2, bond } = machine('active-backup', profile);
      m.set('fail_over_mac', 'follow');
      m.set('slaves', '+p1');
      p2.dev.dev_addr = bond.dev.dev_addr.slice();
      m.set('slaves', '+p2');
      const same = p2.dev.dev_addr.join() === bond.dev.dev_addr.join();
      expect(same).toBe(!random);
    }
  });
});

describe('refusals', () => {
  it('refuse a slave that is up, with -EPERM and the line', () => {
    const { m, p1 } = machine('active-backup');
    m.open(p1.dev);
    const from = m.logLength;
    expect(m.set('slaves', '+p1')).toBe(-1);
    expect(m.lines(from)).toEqual([
      'bond0: (slave p1): Error: Device can not be enslaved while up',
    ]);
  });

  it('refuse a slave of another bond, with -EBUSY, whose line the kernel gets wrong', () => {
    const { m } = machine('active-backup');
    m.set('slaves', '+p1');
    m.write('/sys/class/net/bonding_masters', '+bond1');
    const from = m.logLength;
    expect(m.write('/sys/class/net/bond1/bonding/slaves', '+p1')).toBe(-16);
    expect(m.lines(from)).toEqual([
      'bond1: (slave p1): Error: Device is in use and cannot be enslaved',
      'bond1: option slaves: unable to set because the bond device is up',
    ]);
  });

  it('refuse the bond itself, unknown names and missing commands', () => {
    const { m } = machine('active-backup');
    const from = m.logLength;
    expect(m.set('slaves', '+bond0')).toBe(-1);
    expect(m.set('slaves', '+nobody')).toBe(-19);
    expect(m.set('slaves', 'p1')).toBe(-1);
    expect(m.set('slaves', '-p2')).toBe(-22);
    expect(m.lines(from)).toEqual([
      'bond0: Error: Cannot enslave bond to itself.',
      'bond0: option slaves: interface +nobody does not exist!',
      'bond0: no command found in slaves file - use +ifname or -ifname',
      'bond0: option slaves: invalid value (-p2)',
    ]);
  });

  it('give everything back when the slave cannot be opened', () => {
    const { m, p1, bond } = machine('active-backup');
    const address = m.read('/sys/class/net/p1/address');
    p1.dev.ops = {
      ...p1.dev.ops,
      *ndo_open() {
        return -5;
      },
    };
    const from = m.logLength;
    expect(m.set('slaves', '+p1')).toBe(-5);
    expect(m.lines(from)).toEqual(['bond0: (slave p1): Opening slave failed']);
    expect(m.read('/sys/class/net/p1/address')).toBe(address);
    expect(p1.dev.flags & 0x800).toBe(0);
    expect(bond.slave_cnt).toBe(0);
    expect(m.k.vfs.resolve('/sys/class/net/p1/bonding_slave')).toBeUndefined();
    expect(m.read('/sys/class/net/bond0/address')).not.toBe(address);
  });
});

describe('releasing', () => {
  function two(mode = 'active-backup') {
    const all = machine(mode);
    all.m.set('slaves', '+p1');
    all.m.set('slaves', '+p2');
    // Linkwatch must have looked at both: a slave with a pending link change is not announced.
    all.m.wait(1500);
    all.m.forget();
    return all;
  }
  const unlinked = ['PRECHANGEUPPER(!linking)', 'CHANGEUPPER(!linking)'];
  const restored = ['GOING_DOWN', 'DOWN', 'PRE_CHANGEADDR', 'CHANGEADDR'];

  it('raises the events of 5.1, and CHANGELOWERSTATE for the slave that takes over', () => {
    const { m } = two();
    const from = m.logLength;
    expect(m.set('slaves', '-p1')).toBe(0);
    expect(direct(m.eventsOf('p1'))).toEqual(['CHANGELOWERSTATE', ...unlinked, ...restored]);
    expect(direct(m.eventsOf('p2'))).toEqual(['CHANGELOWERSTATE']);
    expect(direct(m.eventsOf('bond0'))).toEqual([
      'BONDING_FAILOVER',
      'NOTIFY_PEERS',
      'FEAT_CHANGE',
      'CHANGEINFODATA',
    ]);
    expect(m.lines(from)).toEqual([
      'bond0: (slave p1): Releasing backup interface',
      'bond0: (slave p1): the permanent HWaddr of slave - 00:02:c9:a0:b0:c1 - is still in use by ' +
        'bond - set the HWaddr of slave to a different address to avoid conflicts',
      'bond0: (slave p2): making interface the new active one',
    ]);
  });

  it('raises no CHANGELOWERSTATE for a backup, and has nothing to choose', () => {
    const { m } = two();
    const from = m.logLength;
    expect(m.set('slaves', '-p2')).toBe(0);
    expect(direct(m.eventsOf('p2'))).toEqual([...unlinked, ...restored]);
    expect(direct(m.eventsOf('p1'))).toEqual([]);
    expect(m.lines(from)).toEqual(['bond0: (slave p2): Releasing backup interface']);
  });

  it('gives the bond a random address with the last slave, CHANGEADDR and RELEASE', () => {
    const { m, bond } = two();
    m.set('slaves', '-p2');
    m.forget();
    const from = m.logLength;
    expect(m.set('slaves', '-p1')).toBe(0);
    expect(direct(m.eventsOf('bond0'))).toEqual([
      'CHANGEADDR',
      'RELEASE',
      'FEAT_CHANGE',
      'CHANGEINFODATA',
    ]);
    expect(m.lines(from)).toEqual(['bond0: (slave p1): Releasing backup interface']);
    expect(bond.dev.addr_assign_type).toBe(1);
    expect(bond.dev.dev_addr[0]! & 3).toBe(2);
    expect(bond.slave_cnt).toBe(0);
  });

  it('restores address and MTU, and removes the files', () => {
    const { m } = two();
    m.write('/sys/class/net/bond0/mtu', '1400');
    m.forget();
    expect(m.set('slaves', '-p2')).toBe(0);
    expect(direct(m.eventsOf('p2')).slice(-2)).toEqual(['PRECHANGEMTU', 'CHANGEMTU']);
    expect(m.read('/sys/class/net/p2/address')).toBe('00:02:c9:a0:b0:c2\n');
    expect(m.read('/sys/class/net/p2/mtu')).toBe('1500\n');
    expect(m.k.vfs.resolve('/sys/class/net/p2/bonding_slave')).toBeUndefined();
    expect(m.k.vfs.resolve('/sys/class/net/p2/master', false)).toBeUndefined();
  });

  it('happens inside UNREGISTER, and restores the MTU without telling anybody', () => {
    const { m, p1, bond } = two();
    m.write('/sys/class/net/bond0/mtu', '1400');
    m.forget();
    m.unregister(p1);
    // The observer registered before bonding, so it sees the outer UNREGISTER first.
    expect(direct(m.eventsOf('p1'))).toEqual([
      'GOING_DOWN',
      'DOWN',
      'UNREGISTER',
      'CHANGELOWERSTATE',
      ...unlinked,
      'PRE_CHANGEADDR',
      'CHANGEADDR',
    ]);
    expect(p1.dev.mtu).toBe(1500);
    expect(p1.dev.reg_state).toBe('unregistered');
    expect(bond.slave_cnt).toBe(1);
  });

  it('starts and ends with the states of balance-xor and 802.3ad', () => {
    const xor = two('balance-xor');
    xor.m.set('slaves', '-p1');
    expect(direct(xor.m.eventsOf('p1'))).toEqual(['CHANGELOWERSTATE', ...unlinked, ...restored]);
    expect(direct(xor.m.eventsOf('p2'))).toEqual([]);
  });
});
