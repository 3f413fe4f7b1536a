// `ip` on a real machine, in iproute2 6.1's words. The shapes were compared with the real
// program's.

import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { bondedLab, bootedLab } from '#test/support/lab.ts';
import type { Lab } from '#test/support/lab.ts';

const mac1 = '00:02:c9:a0:b0:c1';
const mac2 = '00:02:c9:a0:b0:c2';
const broadcast = 'ff:ff:ff:ff:ff:ff';

describe('what it shows', () => {
  let lab: Lab;

  beforeAll(() => {
    lab = bondedLab('v6.1');
    lab.out('ping -c 1 10.0.0.1');
  });

  const lo =
    '1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN ' +
    'mode DEFAULT group default qlen 1000';
  const ens1 =
    '2: ens1: <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> mtu 1500 qdisc mq master bond0 state UP';

  test.each(['link', 'l', 'link show', 'link sh', 'l l', 'link list'])('ip %s', (words) => {
    const lines = lab.out(`ip ${words}`).split('\n');
    expect(lines.slice(0, 4)).toEqual([
      lo,
      '    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00',
      `${ens1} mode DEFAULT group default qlen 1000`,
      `    link/ether ${mac1} brd ${broadcast}`,
    ]);
    expect(lines[5]).toBe(`    link/ether ${mac1} brd ${broadcast} permaddr ${mac2}`);
  });

  test('one device, a kind, the slaves of a master, what is up', () => {
    const names = (words: string): string[] =>
      [...lab.out(`ip -o link ${words}`).matchAll(/^\d+: (\w+):/gm)].map((match) => match[1]!);
    expect(names('show dev ens1')).toEqual(['ens1']);
    expect(names('show ens1')).toEqual(['ens1']);
    expect(names('show master bond0')).toEqual(['ens1', 'ens1d1']);
    expect(names('show type bond')).toEqual(['bond0']);
    expect(names('show up')).toEqual(['lo', 'ens1', 'ens1d1', 'bond0']);
  });

  test('-o puts a device on one line', () => {
    expect(lab.out('ip -o link show lo')).toBe(
      `${lo}\\    link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00\n`,
    );
  });

  test('-br is a table', () => {
    expect(lab.out('ip -br link show ens1')).toBe(
      `ens1             UP             ${mac1} <BROADCAST,MULTICAST,SLAVE,UP,LOWER_UP> \n`,
    );
    expect(lab.out('ip -br a show bond0')).toBe('bond0            UP             10.0.0.2/24 \n');
  });

  test('-d tells of bond and slave', () => {
    const bond = lab.out('ip -d link show bond0').split('\n');
    expect(bond[1]).toBe(
      `    link/ether ${mac1} brd ${broadcast} promiscuity 0  allmulti 0 minmtu 68 maxmtu 65535 `,
    );
    expect(bond[2]).toMatch(/^ {4}bond mode active-backup active_slave ens1 miimon 100 updelay 0 /);
    expect(bond[2]).toMatch(/tlb_dynamic_lb 1 addrgenmode eui64 numtxqueues 16 $/);
    expect(lab.out('ip -d link show ens1d1').split('\n')[2]).toBe(
      `    bond_slave state BACKUP mii_status UP link_failure_count 0 perm_hwaddr ${mac2} ` +
        'queue_id 0 prio 0 addrgenmode eui64 numtxqueues 4 parentbus pci parentdev 0000:06:00.0 ',
    );
  });

  test('-s has the tables of counters, -s -s those of errors', () => {
    const lines = lab.out('ip -s link show lo').split('\n');
    expect(lines.slice(2)).toEqual([
      '    RX:  bytes packets errors dropped  missed   mcast           ',
      '             0       0      0       0       0       0 ',
      '    TX:  bytes packets errors dropped carrier collsns           ',
      '             0       0      0       0       0       0 ',
      '',
    ]);
    const more = lab.out('ip -s -s link show lo').split('\n');
    expect(more.slice(4, 6)).toEqual([
      '    RX errors:  length    crc   frame    fifo overrun',
      '                     0      0       0       0       0 ',
    ]);
    expect(more.slice(8, 10)).toEqual([
      '    TX errors: aborted   fifo  window heartbt transns',
      '                     0      0       0       0       0 ',
    ]);
  });

  test('ip a shows addresses', () => {
    expect(lab.out('ip a show bond0').split('\n').slice(1)).toEqual([
      `    link/ether ${mac1} brd ${broadcast}`,
      '    inet 10.0.0.2/24 scope global bond0',
      '       valid_lft forever preferred_lft forever',
      '',
    ]);
    expect(lab.out('ip -o a')).toBe(
      '1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever preferred_lft forever\n' +
        '4: bond0    inet 10.0.0.2/24 scope global bond0' +
        '\\       valid_lft forever preferred_lft forever\n',
    );
    expect(lab.out('ip -6 -o a')).toBe('');
  });

  test('-j is JSON, -p its readable form', () => {
    expect(JSON.parse(lab.out('ip -j addr show bond0'))).toEqual([
      {
        ifindex: 4,
        ifname: 'bond0',
        flags: ['BROADCAST', 'MULTICAST', 'MASTER', 'UP', 'LOWER_UP'],
        mtu: 1500,
        qdisc: 'noqueue',
        operstate: 'UP',
        group: 'default',
        txqlen: 1000,
        link_type: 'ether',
        address: mac1,
        broadcast,
        addr_info: [
          {
            family: 'inet',
            local: '10.0.0.2',
            prefixlen: 24,
            scope: 'global',
            label: 'bond0',
            valid_life_time: 4294967295,
            preferred_life_time: 4294967295,
          },
        ],
      },
    ]);
    expect(lab.out('ip -j -p -br link show lo')).toBe(
      [
        '[ {',
        '        "ifname": "lo",',
        '        "operstate": "UNKNOWN",',
        '        "address": "00:00:00:00:00:00",',
        '        "flags": [ "LOOPBACK","UP","LOWER_UP" ]',
        '    } ]',
        '',
      ].join('\n'),
    );
    const [detailed] = JSON.parse(lab.out('ip -j -d -s link show ens1')) as Record<
      string,
      unknown
    >[];
    expect(detailed).toMatchObject({
      linkinfo: { info_slave_kind: 'bond', info_slave_data: { state: 'ACTIVE' } },
      parentbus: 'pci',
      stats64: { rx: { errors: 0 } },
    });
  });

  test('neighbours', () => {
    expect(lab.out('ip n')).toBe('10.0.0.1 dev bond0 lladdr 02:00:00:00:00:01 REACHABLE \n');
    expect(lab.out('ip neigh show dev bond0')).toBe(
      '10.0.0.1 lladdr 02:00:00:00:00:01 REACHABLE \n',
    );
    expect(JSON.parse(lab.out('ip -j n'))).toEqual([
      { dst: '10.0.0.1', dev: 'bond0', lladdr: '02:00:00:00:00:01', state: ['REACHABLE'] },
    ]);
    expect(lab.out('ip neigh show nud stale')).toBe('');
  });

  test('routes', () => {
    expect(lab.out('ip r')).toBe('10.0.0.0/24 dev bond0 proto kernel scope link src 10.0.0.2 \n');
    expect(lab.out('ip route get 10.0.0.1')).toBe(
      '10.0.0.1 dev bond0 src 10.0.0.2 uid 0 \n    cache \n',
    );
    expect(JSON.parse(lab.out('ip -j route'))).toEqual([
      {
        dst: '10.0.0.0/24',
        dev: 'bond0',
        protocol: 'kernel',
        scope: 'link',
        prefsrc: '10.0.0.2',
        flags: [],
      },
    ]);
    expect(lab.out('ip route show table local dev lo')).toContain('local 127.0.0.1 dev lo');
  });
});

describe('what it changes', () => {
  let lab: Lab;

  beforeEach(() => {
    lab = bootedLab();
  });

  test('ip link set: up, mtu, name, address, flags', () => {
    lab.out('ip link set ens1 up mtu 9000');
    expect(lab.out('cat /sys/class/net/ens1/mtu')).toBe('9000\n');
    lab.out('ip link set dev ens1 down');
    lab.out('ip link set ens1 name left address 02:00:00:00:00:77');
    expect(lab.out('ip -br link show left')).toMatch(/^left +DOWN +02:00:00:00:00:77 /);
    lab.out('ip link set left promisc on allmulticast on txqueuelen 500 up; sleep 1');
    expect(lab.out('ip link show left')).toMatch(
      /<BROADCAST,MULTICAST,ALLMULTI,PROMISC,UP[^>]*>.* qlen 500\n/,
    );
  });

  test('ip link add and del of a bond, its options, its slaves', () => {
    lab.out('modprobe bonding max_bonds=0');
    lab.out('ip link add name bond7 type bond mode 802.3ad miimon 50 lacp_rate fast');
    expect(lab.out('ip -d link show bond7')).toMatch(
      /bond mode 802\.3ad miimon 50 .*lacp_rate fast/,
    );
    lab.out('ip link set ens1 master bond7');
    expect(lab.out('ip -o link show ens1')).toContain('master bond7');
    lab.out('ip link set ens1 nomaster');
    expect(lab.out('ip -o link show ens1')).not.toContain('master');
    lab.out('ip link del bond7');
    expect(lab.line('ip link show bond7').status).toBe(1);
  });

  test('the module of a kind is loaded when it is needed', () => {
    lab.out('ip link add type bond');
    expect(lab.out('lsmod')).toContain('bonding');
  });

  test('ip addr add, del, flush', () => {
    lab.out('ip addr add 10.0.0.2/24 brd 10.0.0.255 dev ens1');
    lab.out('ip addr add 10.0.0.3/24 dev ens1 label ens1:x');
    const addresses = lab
      .out('ip a show ens1')
      .split('\n')
      .filter((line) => line.includes('inet'));
    expect(addresses).toEqual([
      '    inet 10.0.0.2/24 brd 10.0.0.255 scope global ens1',
      '    inet 10.0.0.3/24 scope global secondary ens1:x',
    ]);
    lab.out('ip addr del 10.0.0.3/24 dev ens1');
    expect(lab.out('ip a show ens1')).not.toContain('10.0.0.3');
    lab.out('ip addr flush dev ens1');
    expect(lab.out('ip a show ens1')).not.toContain('inet');
  });

  test('ip neigh add, del, flush; ip route add, del', () => {
    lab.out('ip link set ens1 up; ip addr add 10.0.0.2/24 dev ens1');
    lab.out('ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev ens1');
    expect(lab.out('ip n')).toBe('10.0.0.9 dev ens1 lladdr 02:00:00:00:00:09 PERMANENT \n');
    lab.out('ip neigh del 10.0.0.9 dev ens1');
    expect(lab.out('ip n')).not.toContain('PERMANENT');
    lab.out('ip neigh flush all');
    lab.out('ip route add default via 10.0.0.1');
    lab.out('ip route add 192.168.0.0/16 via 10.0.0.1 dev ens1 metric 5');
    expect(lab.out('ip route')).toBe(
      'default via 10.0.0.1 dev ens1 \n' +
        '10.0.0.0/24 dev ens1 proto kernel scope link src 10.0.0.2 \n' +
        '192.168.0.0/16 via 10.0.0.1 dev ens1 metric 5 \n',
    );
    lab.out('ip route del default');
    expect(lab.out('ip route')).not.toContain('default');
  });
});

describe('what it refuses', () => {
  let lab: Lab;

  beforeAll(() => {
    lab = bootedLab();
    lab.out('ip addr add 10.0.0.2/24 dev ens1');
  });

  test.each([
    ['ip foo', 'Object "foo" is unknown, try "ip help".', 1],
    ['ip -zz link', 'Option "-zz" is unknown, try "ip -help".', 255],
    ['ip link foo', 'Command "foo" is unknown, try "ip link help".', 255],
    ['ip link show nosuch', 'Device "nosuch" does not exist.', 1],
    ['ip link set nosuch up', 'Cannot find device "nosuch"', 1],
    ['ip link set', 'Not enough information: "dev" argument is required.', 255],
    ['ip link set ens1 mtu', 'Command line is not complete. Try option "help"', 255],
    ['ip link set ens1 mtu x', 'Error: argument "x" is wrong: Invalid "mtu" value', 255],
    ['ip link set ens1 up foo', 'Error: either "dev" is duplicate, or "foo" is a garbage.', 255],
    ['ip link set ens1 address 1:2', '"1:2" is invalid lladdr.', 1],
    [
      'ip link set ens1 master nosuch',
      'Error: argument "nosuch" is wrong: Device does not exist\n',
      255,
    ],
    ['ip link set ens1 mtu 60000', 'RTNETLINK answers: Invalid argument', 2],
    ['ip link add', 'Not enough information: "type" argument is required', 255],
    ['ip link add x type nosuch', 'Error: Unknown device type.', 2],
    ['ip link del ens1', 'RTNETLINK answers: Operation not supported', 2],
    ['ip addr add 10.0.0.2/24 dev ens1', 'RTNETLINK answers: File exists', 2],
    [
      'ip addr add 999.1.1.1/24 dev ens1',
      'Error: any valid prefix is expected rather than "999.1.1.1/24".',
      1,
    ],
    ['ip addr add 10.0.0.3/24', 'Not enough information: "dev" argument is required.', 255],
    ['ip addr del 10.9.9.9/24 dev ens1', 'RTNETLINK answers: Cannot assign requested address', 2],
    ['ip neigh del 10.0.0.9 dev ens1', 'RTNETLINK answers: No such file or directory', 2],
    ['ip neigh flush', 'Flush requires arguments.', 1],
    ['ip neigh show dev nosuch', 'Cannot find device "nosuch"', 1],
    ['ip route del 1.2.3.0/24', 'RTNETLINK answers: No such process', 2],
    ['ip route get 1.2.3.4', 'RTNETLINK answers: Network is unreachable', 2],
  ])('%s', (line, message, status) => {
    expect(lab.line(line)).toEqual({ output: `${message}\n`, status });
  });
});
