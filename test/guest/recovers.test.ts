// Goal: the real driver survives what a card can do to it.
// Method: a catastrophic error while traffic flows, with a bond and without.

import { expect } from 'vitest';
import {
  answers,
  bond,
  guestTest,
  load,
  mapped,
  must,
  startGuest,
  until,
} from './support/guests.ts';

guestTest()('a catastrophic error: noticed, reset, and traffic goes on', async () => {
  const guest = await startGuest();
  await load(guest);
  await answers(guest, 'eth0');
  guest.card.faults.set({ name: 'catastrophic' });
  await until(guest, 'dmesg | grep -q "mlx4_restart_one was ended, ret=0"', 60);
  expect(await must(guest, 'dmesg')).toContain('device was reset successfully');
  await until(guest, 'ip link set eth0 up');
  await answers(guest, 'eth0');
  expect(guest.errors).toEqual([]);
});

guestTest()('a catastrophic error under a bond: each port is itself again', async () => {
  const guest = await startGuest();
  await bond(guest, 'active-backup');
  guest.fabric.act('pull', 'card0 port 1');
  await mapped(guest, [2, 2]);
  guest.fabric.act('plug', 'card0 port 1');
  guest.card.faults.set({ name: 'catastrophic' });
  await until(guest, 'dmesg | grep -q "mlx4_restart_one was ended, ret=0"', 60);
  await must(guest, 'ip link set bond0 down && ip addr flush dev bond0');
  await until(guest, 'ip link set eth0 up');
  // The driver says nothing of the map: were it still there, this would leave by port 2, and the
  // answer would look for eth0 there.
  await answers(guest, 'eth0');
  expect(guest.errors).toEqual([]);
});
