// Goal: nothing is corrupted, and nothing goes wrong in the kernel, when cables flap and the bond
// fails over while data flows.
// Method: one guest with a bond fetches a file from another again and again; the cables of the bond
// are pulled and plugged in turn all the while; every copy has the sum of the file.

import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { Guest } from '#guest/guest.ts';
import { count } from '#test/support/counts.ts';
import { fetched, serve } from './support/files.ts';
import {
  bond,
  expectWell,
  guestTest,
  kernelTrouble,
  load,
  must,
  startGuests,
  until,
} from './support/guests.ts';

const fileBytes = count(4_000_000, 50_000_000);
const totalBytes = count(12_000_000, 1_000_000_000);
/** A cable is out for this long, and then in for this long, ms. */
const flapMs = 1500;

/** Pulls one cable after the other until it is told to stop; gives how often it has. */
async function flap({ fabric }: Guest, stop: AbortSignal): Promise<number> {
  let flaps = 0;
  for (; !stop.aborted; flaps++) {
    const port = `card0 port ${1 + (flaps % 2)}`;
    expect(fabric.act('pull', port)).toBeNull();
    await setTimeout(flapMs);
    expect(fabric.act('plug', port)).toBeNull();
    await setTimeout(flapMs);
  }
  return flaps;
}

guestTest()('data flows whole through flapping cables', async () => {
  const [here, there] = (await startGuests(2)) as [Guest, Guest];
  await load(there);
  await must(there, 'ip link set eth0 up && ip addr add 10.0.0.3/24 dev eth0');
  await bond(here, 'active-backup');
  await until(here, 'ping -c 1 -W 1 10.0.0.3 > /tmp/out');
  const sum = await serve(there, fileBytes);
  let failovers = 0;
  here.card.onCommand = ({ name }) => {
    if (name === 'VIRT_PORT_MAP') failovers++;
  };
  const stop = new AbortController();
  const flapping = flap(here, stop.signal);
  try {
    for (let bytes = 0; bytes < totalBytes; bytes += fileBytes) {
      expect(await fetched(here, '10.0.0.3')).toBe(sum);
    }
  } finally {
    stop.abort();
  }
  expect(await flapping).toBeGreaterThan(0);
  expect(failovers).toBeGreaterThan(0);
  for (const guest of [here, there]) await expectWell(guest, kernelTrouble);
});
