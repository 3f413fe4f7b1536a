// Goal: packets of the real driver arrive whole, at every size, in both directions.
// Method: ping a host of the fabric; send between the two ports, each in a network of its own.

import { expect } from 'vitest';
import { formatMac } from '#bus/mac.ts';
import { count } from '#test/support/counts.ts';
import {
  answers,
  apart,
  expectWell,
  guestTest,
  load,
  lost,
  must,
  startGuest,
  until,
} from './support/guests.ts';

/** The address that Linux makes of a MAC. */
function linkLocalOf(mac: number): string {
  const [a = 0, b = 0, c = 0, ...rest] = formatMac(mac)
    .split(':')
    .map((byte) => parseInt(byte, 16));
  const bytes = [a ^ 2, b, c, 0xff, 0xfe, ...rest];
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `fe80::${hex.replace(/(.{4})(?=.)/g, '$1:')}`;
}

guestTest()('ping a host, from 56 to 8,972 bytes', async () => {
  const guest = await startGuest();
  await load(guest);
  await must(guest, 'ip link set eth0 mtu 9000 up && ip addr add 10.0.0.2/24 dev eth0');
  await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
  for (const size of [56, 1472, 1473, 4000, 8972]) {
    const said = await must(guest, `ping -c 3 -s ${size} 10.0.0.1`);
    expect([size, lost.exec(said)?.[1]]).toEqual([size, '0']);
  }
  const sent = Number(await must(guest, 'cat /sys/class/net/eth0/statistics/tx_packets'));
  expect(sent).toBeGreaterThanOrEqual(16);
  expect(await must(guest, 'cat /sys/class/net/eth0/statistics/rx_errors')).toBe('0');
});

guestTest()('between the ports: IPv4, IPv6, VLANs, multicast, TCP both ways', async () => {
  const guest = await startGuest();
  await load(guest);
  await must(guest, 'modprobe 8021q');
  const there = await apart(guest);
  await must(guest, 'ip link set eth0 mtu 9000 up && ip addr add 10.0.1.1/24 dev eth0');
  await must(guest, there('ip link set lo up; ip link set eth1 mtu 9000 up'));
  await must(guest, there('ip addr add 10.0.1.2/24 dev eth1'));
  await until(guest, 'ping -c 1 -W 1 10.0.1.2 > /tmp/out');
  expect(lost.exec(await must(guest, 'ping -c 3 -s 8972 10.0.1.2'))?.[1]).toBe('0');

  await must(guest, 'ip link add link eth0 name v7 type vlan id 7 && ip link set v7 up');
  await must(guest, 'ip addr add 10.0.7.1/24 dev v7');
  await must(guest, there('ip link add link eth1 name v7 type vlan id 7; ip link set v7 up'));
  await must(guest, there('ip addr add 10.0.7.2/24 dev v7'));
  expect(lost.exec(await must(guest, 'ping -c 3 -s 8000 10.0.7.2'))?.[1]).toBe('0');

  const linkLocal = linkLocalOf(guest.card.options.ports[1].mac);
  await until(guest, `ping -6 -c 1 -W 1 ${linkLocal}%eth0 > /tmp/out`);
  expect(lost.exec(await must(guest, `ping -6 -c 2 -s 1000 ${linkLocal}%eth0`))?.[1]).toBe('0');
  // All nodes: a multicast group that both ports are in.
  expect(await must(guest, 'ping -6 -c 2 ff02::1%eth0')).toContain('bytes from fe80');

  const size = count(2_000_000, 50_000_000);
  await must(guest, `head -c ${size} /dev/urandom > /tmp/sent`, 900_000);
  const sum = (await must(guest, 'md5sum < /tmp/sent')).split(' ')[0];
  await must(guest, `${there('nc -l -p 5000 > /tmp/got')} & sleep 1`);
  await must(guest, 'nc 10.0.1.2 5000 < /tmp/sent', 900_000);
  await until(guest, `md5sum < /tmp/got | grep -q ${sum}`);
  await must(guest, 'nc -l -p 5001 > /tmp/back & sleep 1');
  await must(guest, there('nc 10.0.1.1 5001 < /tmp/sent'), 900_000);
  await until(guest, `md5sum < /tmp/back | grep -q ${sum}`);
  await expectWell(guest);
});

guestTest()('promiscuous: frames for others are there, its own are there once', async () => {
  const guest = await startGuest();
  await load(guest);
  const there = await apart(guest);
  await answers(guest, 'eth0');
  await must(guest, there('ip link set eth1 up; ip addr add 10.0.1.2/24 dev eth1'));
  await until(guest, there('ip link show eth1 | grep -q LOWER_UP'));
  await must(guest, 'ip link set eth0 promisc on');
  const received = async (): Promise<number> =>
    Number(await must(guest, 'cat /sys/class/net/eth0/statistics/rx_packets'));
  // Nobody has this address, so the switch sends it everywhere; groups have no say in it.
  for (const address of ['02:00:00:00:00:77', '01:00:5e:00:00:77']) {
    const before = await received();
    await must(guest, there(`arp -i eth1 -s 10.0.1.77 ${address}`));
    await must(guest, there('ping -c 20 -i 0.1 -W 1 10.0.1.77 > /tmp/unheard; arp -d 10.0.1.77'));
    const more = async (): Promise<number> => (await received()) - before;
    await expect.poll(more, { timeout: 20_000 }).toBeGreaterThanOrEqual(20);
  }
  expect(await must(guest, 'ping -c 3 10.0.0.1')).not.toContain('DUP');
  await expectWell(guest);
});

guestTest()('what it sends comes back to it only while it asks for that', async () => {
  const guest = await startGuest();
  await load(guest);
  // Linux takes a group message of its own that comes back for a second host with its address,
  // unless it puts a mark of its own on it (RFC 7527).
  const marks = ['all', 'eth0'].map((name) => `/proc/sys/net/ipv6/conf/${name}/enhanced_dad`);
  await must(guest, `for at in ${marks.join(' ')}; do echo 0 > $at; done`);
  await answers(guest, 'eth0');
  await must(guest, 'sleep 3');
  await must(guest, '! dmesg | grep "duplicate address"');
  await must(guest, 'ethtool -K eth0 loopback on');
  await until(guest, '! ping -c 1 -W 1 10.0.0.1 > /tmp/out');
  await must(guest, 'ethtool -K eth0 loopback off');
  await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
});
