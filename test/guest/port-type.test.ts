// Goal: the type of a port can be changed under traffic, with a bond over it and without: all
// network devices of the card go and come back, and traffic goes on when they are set up again.
// Method: pings that never end, both types in turn; the card is looked at from outside.

import { expect } from 'vitest';
import type { Guest } from '#guest/guest.ts';
import { count } from '#test/support/counts.ts';
import {
  answers,
  bond,
  cardFolder,
  expectWell,
  guestTest,
  kernelTrouble,
  load,
  mapped,
  must,
  startGuest,
  until,
} from './support/guests.ts';

const rounds = count(1, 10);
/** A ping ends by itself when its device goes, so there is always another. */
const traffic = '(while :; do ping 10.0.0.1 > /tmp/pings 2>&1; sleep 0.1; done) &';
const hasDevice = (name: string): string => `[ -e /sys/class/net/${name} ]`;

/** Writes a type, and waits until the card has it and the second port's device is there. */
async function change(guest: Guest, type: 'ib' | 'eth'): Promise<void> {
  await must(guest, `echo ${type} > ${cardFolder}/mlx4_port1`);
  expect(await must(guest, `cat ${cardFolder}/mlx4_port1`)).toBe(type);
  expect(guest.card.port(1).type).toBe(type);
  expect(guest.card.port(2).type).toBe('eth');
}

guestTest()('without a bond: the other port goes and comes back too', async () => {
  const guest = await startGuest();
  await load(guest);
  await must(guest, traffic);
  for (let round = 0; round < rounds; round++) {
    await answers(guest, 'eth1');
    await change(guest, 'ib');
    // Port 1 has no device, so port 2 has the first name that is free.
    await until(guest, `${hasDevice('eth0')} && ! ${hasDevice('eth1')}`);
    await answers(guest, 'eth0');
    await change(guest, 'eth');
    await until(guest, `${hasDevice('eth0')} && ${hasDevice('eth1')}`);
  }
  await answers(guest, 'eth1');
  await expectWell(guest, kernelTrouble);
});

guestTest()('with a bond: it loses its slaves, and takes them again', async () => {
  const guest = await startGuest();
  await bond(guest, 'active-backup');
  await mapped(guest, [1, 1]);
  await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
  await must(guest, traffic);
  for (let round = 0; round < rounds; round++) {
    await change(guest, 'ib');
    await until(guest, `! ${hasDevice('eth1')}`);
    await mapped(guest, [1, 2]);
    await change(guest, 'eth');
    await until(guest, `${hasDevice('eth0')} && ${hasDevice('eth1')}`);
    expect(await must(guest, 'cat /sys/class/net/bond0/bonding/slaves')).toBe('');
    await must(guest, 'ip link set eth0 master bond0 && ip link set eth1 master bond0');
    // Bonded again: the RDMA device has one port.
    await until(
      guest,
      'ls -d /sys/class/infiniband/*/ports/1 && ! ls /sys/class/infiniband/*/ports/2',
    );
    // The driver believes that the card still has the map of the first bond, and sends none
    // (facts/driver E4, in every variant).
    expect(guest.card.portMap).toEqual([1, 2]);
    await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
  }
  await expectWell(guest, kernelTrouble);
});
