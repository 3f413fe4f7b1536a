// /proc/net/bonding/bond0, letter by letter (facts/driver 10.9).

import { expect, it } from 'vitest';
import { ipLinkSet } from '#kernel/net/rtnl-link.ts';
import { BondMachine } from './rig.ts';

function machine(options: Record<string, string>) {
  const m = new BondMachine();
  m.load();
  const p1 = m.nic('p1', 0xc1);
  const p2 = m.nic('p2', 0xc2);
  m.bond(options);
  m.set('slaves', '+p1');
  m.set('slaves', '+p2');
  return { m, p1, p2 };
}

it('has the shape of the kernel in active-backup', () => {
  const { m, p2 } = machine({
    mode: 'active-backup',
    fail_over_mac: 'active',
    miimon: '100',
    updelay: '200',
  });
  m.set('primary', 'p1');
  m.wait(1000);
  p2.setLink(false);
  m.wait(300);
  expect(m.read('/proc/net/bonding/bond0')).toBe(`Ethernet Channel Bonding Driver: v6.1.0

Bonding Mode: fault-tolerance (active-backup) (fail_over_mac active)
Primary Slave: p1 (primary_reselect always)
Currently Active Slave: p1
MII Status: up
MII Polling Interval (ms): 100
Up Delay (ms): 200
Down Delay (ms): 0
Peer Notification Delay (ms): 0

Slave Interface: p1
MII Status: up
Speed: 40000 Mbps
Duplex: full
Link Failure Count: 0
Permanent HW addr: 00:02:c9:a0:b0:c1
Slave queue ID: 0

Slave Interface: p2
MII Status: down
Speed: Unknown
Duplex: Unknown
Link Failure Count: 1
Permanent HW addr: 00:02:c9:a0:b0:c2
Slave queue ID: 0
`);
});

it('names the hash where there is one, and ARP targets where they are asked', () => {
  const { m } = machine({ mode: 'balance-xor', xmit_hash_policy: 'layer2+3' });
  m.set('arp_ip_target', '+10.0.0.1');
  m.set('arp_ip_target', '+10.0.0.2');
  m.set('arp_interval', '500');
  expect(m.read('/proc/net/bonding/bond0').split('\n').slice(2, 14)).toEqual([
    'Bonding Mode: load balancing (xor)',
    'Transmit Hash Policy: layer2+3 (2)',
    'MII Status: up',
    'MII Polling Interval (ms): 0',
    'Up Delay (ms): 0',
    'Down Delay (ms): 0',
    'Peer Notification Delay (ms): 0',
    'ARP Polling Interval (ms): 500',
    'ARP Missed Max: 2',
    'ARP IP target/s (n.n.n.n form): 10.0.0.1, 10.0.0.2',
    'NS IPv6 target/s (xx::xx form):',
    '',
  ]);
});

it('has the LACP parts in 802.3ad', () => {
  const { m } = machine({ mode: '802.3ad', lacp_rate: 'fast' });
  m.wait(500);
  const text = m.read('/proc/net/bonding/bond0');
  expect(text).toContain(`Peer Notification Delay (ms): 0

802.3ad info
LACP active: on
LACP rate: fast
Min links: 0
Aggregator selection policy (ad_select): stable
System priority: 65535
System MAC address: 00:02:c9:a0:b0:c1
Active Aggregator Info:
	Aggregator ID: 1
	Number of ports: 1
	Actor Key: 23
	Partner Key: 1
	Partner Mac Address: 00:00:00:00:00:00

Slave Interface: p1
`);
  expect(text).toContain(`Slave queue ID: 0
Aggregator ID: 1
Actor Churn State: monitoring
Partner Churn State: monitoring
Actor Churned Count: 0
Partner Churned Count: 0
details actor lacp pdu:
    system priority: 65535
    system mac address: 00:02:c9:a0:b0:c1
    port key: 23
    port priority: 255
    port number: 1
    port state: `);
  expect(text).toMatch(/details partner lacp pdu:\n {4}system priority: 65535\n/);
});

it('says so when no aggregator is active', () => {
  const m = new BondMachine();
  m.load();
  m.bond({ mode: '802.3ad' });
  expect(m.read('/proc/net/bonding/bond0')).toContain('bond bond0 has no active aggregator\n');
});

it('follows the name of the bond', () => {
  const m = new BondMachine();
  m.load();
  m.bond({}, false);
  m.run(() => ipLinkSet(m.k, 'bond0', { name: 'team' }));
  expect(m.read('/proc/net/bonding/team')).toContain('Bonding Mode');
  expect(m.k.vfs.resolve('/proc/net/bonding/bond0')).toBeUndefined();
});
