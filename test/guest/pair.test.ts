// Goal: two real drivers, each at a card of its own, talk over a cable of the fabric.
// Method: two guests; packets of every kind between them; what one sends is what the other has got.

import { expect } from 'vitest';
import type { TopologySpec } from '#fabric/topology.ts';
import { count } from '#test/support/counts.ts';
import { expectWell, guestTest, load, lost, must, startGuests, until } from './support/guests.ts';
import { fetched, serve } from './support/files.ts';
import type { Guest } from '#guest/guest.ts';

/** Nothing between the cards but cables. */
const backToBack: TopologySpec = {
  cables: [1, 2].map((port) => ({ a: `card0 port ${port}`, b: `card1 port ${port}` })),
};

/** Loads the drivers of both; theirs are 10.0.1.1 and 10.0.1.2. */
async function up(guests: readonly Guest[]): Promise<void> {
  for (const [at, guest] of guests.entries()) {
    await load(guest);
    await must(guest, 'ip link set eth0 mtu 9000 up');
    await must(guest, `ip addr add 10.0.1.${at + 1}/24 dev eth0`);
  }
  await until(guests[0]!, 'ping -c 1 -W 1 10.0.1.2 > /tmp/out');
}

guestTest().each([
  ['a switch', {}],
  ['cables alone', { topology: backToBack }],
])('two guests on %s: ping, TCP both ways', async (_, spec) => {
  const guests = await startGuests(2, spec);
  const [here, there] = [guests[0]!, guests[1]!];
  await up(guests);
  expect(lost.exec(await must(here, 'ping -c 3 -s 8972 10.0.1.2'))?.[1]).toBe('0');
  const size = count(2_000_000, 100_000_000);
  for (const [from, to, address] of [
    [here, there, '10.0.1.1'],
    [there, here, '10.0.1.2'],
  ] as const) {
    const sum = await serve(from, size);
    expect(await fetched(to, address)).toBe(sum);
  }
  for (const guest of guests) await expectWell(guest);
});
