// Goal: the real driver lets our card obey PAUSE, and shows what it has counted of it.
// Method: a host at the other end of the cable stops the card, again and again, with the driver's
// leave and without.

import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import { pauseFrame, quantaMax, quantumBits } from '#bus/mac-control.ts';
import type { Guest } from '#guest/guest.ts';
import { answers, guestTest, load, must, startGuest } from './support/guests.ts';

/** Frames that stop the card, and the time from one to the next, ms: none is still on by then. */
const [times, gapMs] = [20, 20];

async function stopCard(guest: Guest): Promise<void> {
  const [host] = guest.fabric.hosts;
  for (let sent = 0; sent < times; sent++) {
    host!.send(pauseFrame(host!.mac, quantaMax));
    await setTimeout(gapMs);
  }
}

/** The counters of `ethtool -S` whose names begin so. */
async function counters(guest: Guest, begin: string): Promise<Record<string, number>> {
  const lines = (await must(guest, `ethtool -S eth0 | grep " ${begin}" || true`)).split('\n');
  const pairs = lines.filter((line) => line !== '').map((line) => line.trim().split(': '));
  return Object.fromEntries(pairs.map(([name, value]) => [name!, Number(value)]));
}

guestTest()('PAUSE is obeyed and counted, as long as the driver allows it', async () => {
  const guest = await startGuest({
    topology: {
      hosts: [{ name: 'host0', ip: '10.0.0.1' }],
      cables: [{ a: 'card0 port 1', b: 'host0' }],
    },
  });
  await load(guest);
  await answers(guest, 'eth0');
  await stopCard(guest);
  await expect
    .poll(async () => (await counters(guest, 'rx_pause'))['rx_pause'], { timeout: 10_000 })
    .toBe(times);
  const counted = await counters(guest, 'rx_pause');
  expect(counted['rx_pause_transition']).toBe(times);
  const { speedMbps } = guest.fabric.hosts[0]!.link;
  const stopUs = Math.floor((quantaMax * quantumBits) / speedMbps);
  expect(counted['rx_pause_duration']).toBeGreaterThanOrEqual(times * stopUs);
  expect(await counters(guest, 'tx_pause')).toMatchObject({ tx_pause: 0 });

  await must(guest, 'ethtool -A eth0 rx off');
  await stopCard(guest);
  await must(guest, 'ping -c 2 10.0.0.1');
  await must(guest, 'ethtool -A eth0 rx on');
  await expect
    .poll(async () => (await counters(guest, 'rx_pause'))['rx_pause'], { timeout: 10_000 })
    .toBe(times);
  expect(guest.errors).toEqual([]);
});
