// Goal: the real driver survives what a card can do to it.
// Method: a catastrophic error while traffic flows.

import { expect } from 'vitest';
import { answers, guestTest, load, must, startGuest, until } from './support/guests.ts';

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
