// ping on a real machine, in iputils' words.

import { beforeAll, expect, test } from 'vitest';
import { bootedLab } from '#test/support/lab.ts';
import type { Lab } from '#test/support/lab.ts';

let lab: Lab;

beforeAll(() => {
  lab = bootedLab();
  lab.out('ip link set ens1 up; ip addr add 10.0.0.2/24 dev ens1; sleep 1');
});

/** Times become T, so that texts can be compared. */
const timeless = (text: string): string =>
  text.replace(/time=[\d.]+/g, 'time=T').replace(/= [\d./]+ ms/, '= T ms');

test('replies and the summary', () => {
  expect(timeless(lab.out('ping -c 3 10.0.0.1'))).toBe(
    [
      'PING 10.0.0.1 (10.0.0.1) 56(84) bytes of data.',
      '64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=T ms',
      '64 bytes from 10.0.0.1: icmp_seq=2 ttl=64 time=T ms',
      '64 bytes from 10.0.0.1: icmp_seq=3 ttl=64 time=T ms',
      '',
      '--- 10.0.0.1 ping statistics ---',
      '3 packets transmitted, 3 received, 0% packet loss, time 2000ms',
      'rtt min/avg/max/mdev = T ms',
      '',
    ].join('\n'),
  );
});

test('-q is quiet, -i and -s are used, -I names source and device', () => {
  expect(timeless(lab.out('ping -q -c 2 -i 0.5 -s 1000 -I ens1 10.0.0.1'))).toBe(
    [
      'PING 10.0.0.1 (10.0.0.1) from 10.0.0.2 ens1: 1000(1028) bytes of data.',
      '',
      '--- 10.0.0.1 ping statistics ---',
      '2 packets transmitted, 2 received, 0% packet loss, time 500ms',
      'rtt min/avg/max/mdev = T ms',
      '',
    ].join('\n'),
  );
  expect(lab.out('ping -c 1 -s 100 10.0.0.1')).toContain('108 bytes from 10.0.0.1');
});

test('nobody answers ARP: the machine itself says so, and the status is 1', () => {
  const { output, status } = lab.line('ping -c 2 10.0.0.77');
  expect(status).toBe(1);
  expect(output.replace(/time \d+ms/, 'time Tms')).toBe(
    [
      'PING 10.0.0.77 (10.0.0.77) 56(84) bytes of data.',
      'From 10.0.0.2 icmp_seq=1 Destination Host Unreachable',
      'From 10.0.0.2 icmp_seq=2 Destination Host Unreachable',
      '',
      '--- 10.0.0.77 ping statistics ---',
      '2 packets transmitted, 0 received, +2 errors, 100% packet loss, time Tms',
      'pipe 2',
      '',
    ].join('\n'),
  );
});

test('lost frames are counted', () => {
  lab.machine.fabric.cable('cable1').setFaults({ dropEveryNth: 3, direction: 'fromB' });
  const { output } = lab.line('ping -c 6 -i 0.2 -W 1 10.0.0.1');
  lab.machine.fabric.cable('cable1').setFaults({ dropEveryNth: 0 });
  expect(output).toMatch(/6 packets transmitted, 4 received, 33\.3333% packet loss, time \d+ms\n/);
});

test('-w ends it at its time, Ctrl-C at once: both print the summary', () => {
  const { output, status } = lab.line('ping -w 3 10.0.0.1');
  expect(output).toMatch(/[34] packets transmitted, [34] received, 0% packet loss/);
  expect(status).toBe(0);
  const tty = lab.machine.terminal('main');
  const typed = tty.type('ping 10.0.0.1');
  lab.run(2.5);
  tty.interrupt();
  lab.run(0.1);
  expect(tty.screen.text).toMatch(
    /\^C\n\n--- 10\.0\.0\.1 ping statistics ---\n3 packets transmitted, 3 received/,
  );
  expect(typed.status).toBe(130);
});

test('-O says what has no answer yet', () => {
  lab.out('ip neigh replace 10.0.0.50 lladdr 02:00:00:00:00:50 dev ens1');
  expect(lab.line('ping -O -c 2 -W 1 10.0.0.50').output).toContain(
    'no answer yet for icmp_seq=1\n',
  );
});

test('the machine answers itself', () => {
  expect(lab.out('ping -c 1 127.0.0.1')).toContain('64 bytes from 127.0.0.1: icmp_seq=1 ttl=64');
  expect(lab.out('ping -c 1 10.0.0.2')).toContain('64 bytes from 10.0.0.2');
});

test.each([
  ['ping', 'ping: usage error: Destination address required\n'],
  ['ping nosuch', 'ping: nosuch: Name or service not known\n'],
  ['ping -c 0 10.0.0.1', "ping: invalid argument: '0'\n"],
  ['ping -c', "ping: option requires an argument -- 'c'\n"],
  ['ping -I nosuch 10.0.0.1', 'ping: unknown iface: nosuch\n'],
  ['ping 1.2.3.4', 'ping: connect: Network is unreachable\n'],
])('%s', (line, output) => {
  expect(lab.line(line)).toEqual({ output, status: 2 });
});
