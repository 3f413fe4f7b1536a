// Goal: the real driver survives what a card can do to it.
// Method: a catastrophic error while traffic flows; and a port of the other type.

import { expect } from 'vitest';
import type { TopologySpec } from '#fabric/topology.ts';
import { answers, cardFolder, guestTest, load, must, startGuest, until } from './support/guests.ts';

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

/** Port 1 at an InfiniBand peer. */
const atPeer = (subnetManager: boolean): TopologySpec => ({
  ibPeers: [{ name: 'peer0', subnetManager }],
  cables: [{ a: 'card0 port 1', b: 'peer0' }],
});

guestTest().each([
  [true, '4: ACTIVE'],
  [false, '2: INIT'],
])('an InfiniBand port, subnet manager %s', async (subnetManager, state) => {
  const guest = await startGuest({ topology: atPeer(subnetManager) });
  await load(guest);
  await must(guest, `echo ib > ${cardFolder}/mlx4_port1`);
  const port = '/sys/class/infiniband/mlx4_0/ports/1';
  await until(guest, `[ "$(cat ${port}/link_layer)" = InfiniBand ]`);
  await until(guest, `[ "$(cat ${port}/state)" = "${state}" ]`);
  const lid = Number(await must(guest, `cat ${port}/lid`));
  expect(lid > 0).toBe(subnetManager);
});
