// Goal: the real bonding driver and mlx4 put the card's port map where the table of modes says, and
// traffic outlives a cable.
// Method: bonds of three modes over both ports; the card's map is looked at from outside.

import { expect } from 'vitest';
import { lacpTopology } from '#fabric/topology.ts';
import { bond, guestTest, mapped, must, startGuest, until } from './support/guests.ts';

guestTest()('active-backup: the map follows the active slave, and the ping goes on', async () => {
  const guest = await startGuest();
  await bond(guest, 'active-backup');
  await mapped(guest, [1, 1]);
  await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
  await must(guest, 'ping -c 10 10.0.0.1 > /tmp/ping & sleep 2');
  guest.fabric.act('pull', 'card0 port 1');
  await mapped(guest, [2, 2]);
  await must(guest, 'wait');
  // The one that was under way when the cable went may be lost.
  expect(
    Number(/(\d+) packets received/.exec(await must(guest, 'cat /tmp/ping'))![1]),
  ).toBeGreaterThan(8);
  guest.fabric.act('plug', 'card0 port 1');
  await until(guest, 'grep -A1 "Interface: eth0" /proc/net/bonding/bond0 | grep -q "Status: up"');
  await must(guest, 'rmmod bonding');
  await mapped(guest, [1, 2]);
  expect(guest.errors).toEqual([]);
});

guestTest()('balance-xor: each port is itself while both have a link', async () => {
  const guest = await startGuest();
  await bond(guest, 'balance-xor');
  await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
  await mapped(guest, [1, 2]);
  guest.fabric.act('pull', 'card0 port 2');
  await mapped(guest, [1, 1]);
  expect(guest.card.commandLog.map(({ name }) => name)).toContain('VIRT_PORT_MAP');
});

guestTest()('802.3ad: a partner is found, and the map is as for balance-xor', async () => {
  const guest = await startGuest({ topology: lacpTopology });
  await bond(guest, '802.3ad');
  await until(guest, 'grep -q "Number of ports: 2" /proc/net/bonding/bond0', 60);
  await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
  await mapped(guest, [1, 2]);
});
