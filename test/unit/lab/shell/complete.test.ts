// Completion at the prompt: programs, paths of /sys and /proc, network devices; and that nothing of
// it happens in the machine.

import { beforeAll, expect, test } from 'vitest';
import { complete } from '#lab/shell/complete.ts';
import type { Completion } from '#lab/shell/complete.ts';
import { bondedLab } from '#test/support/lab.ts';
import type { Lab } from '#test/support/lab.ts';

let lab: Lab;

beforeAll(() => {
  lab = bondedLab('naive');
});

const at = (line: string, cursor = line.length): Completion =>
  complete(lab.machine.terminal('main').state, line, cursor);

test.each([
  ['mod', ['modinfo', 'modprobe']],
  ['sleep 1; ethto', ['ethtool']],
  ['dmesg | gre', ['grep']],
  ['while tru', ['true']],
  ['X=1 unam', ['uname']],
  ['cat /sys/class/net/bond0/bonding/mii', ['/sys/class/net/bond0/bonding/mii_status']],
  ['cd /sys/class/ne', ['/sys/class/net/']],
  ['cat /proc/net/bondin', ['/proc/net/bonding/']],
  ['cat /sys/bus/pci/devices/0000:06:00.0/mlx4_port1_', ['…mtu']],
  ['echo ib >/sys/bus/pci/dev', ['/sys/bus/pci/devices/']],
  ['ip link set bo', ['bond0']],
  ['ethtool ens1d', ['ens1d1']],
  ['echo +ens1d', ['+ens1d1']],
  ['ping -I bo', ['bond0']],
  ['cat /nowhere/at', []],
  ['echo "/sys/cl', []],
  ['zzz', []],
])('%s', (line, words) => {
  const base = /\S*$/.exec(line)![0];
  const wanted = words.map((word) => (word.startsWith('…') ? `${base}${word.slice(1)}` : word));
  const found = at(line).words;
  if (line.endsWith('mii')) expect(found).toEqual(expect.arrayContaining(wanted));
  else expect(found).toEqual(wanted);
});

test('several have in common what was typed or more, and the place of the word is told', () => {
  expect(at('ls /sys/class/net/e')).toMatchObject({ from: 3, common: '/sys/class/net/ens1' });
  expect(at('ip link show', 2)).toMatchObject({ from: 0, words: ['ip'], common: 'ip' });
});

test('a relative path is one from where the shell is', () => {
  lab.out('cd /sys/class/net/bond0');
  expect(at('cat bonding/act').words).toEqual(['bonding/active_slave']);
  expect(at('cat operst').words).toEqual(['operstate']);
  lab.out('cd /');
});

test('completing is no event of the machine', () => {
  const { trace } = lab.machine.k;
  const before = trace.count;
  at('cat /sys/class/net/');
  at('ip link set ');
  expect(trace.count).toBe(before);
});
