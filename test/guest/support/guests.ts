// Guests for tests: from their snapshot, with the driver's messages at hand.

import { afterEach, expect, test } from 'vitest';
import { guestFiles, hasGuest } from '#guest/files.ts';
import { Guest } from '#guest/guest.ts';
import type { GuestSpec } from '#guest/guest.ts';
import type { Flavour } from '#guest/packages/wanted.ts';
import { guestCardSlot } from '#guest/pci-slot.ts';

/** The card's folder in sysfs. */
export const cardFolder = `/sys/bus/pci/devices/${guestCardSlot}`;

/** How many of a ping's packets were lost, in what it says. */
export const lost = /(\d+)% packet loss/;

/** What a test may want of its guests. */
type WantedGuest = Partial<GuestSpec> & { readonly flavour?: Flavour };

let running: Guest[] = [];

afterEach(async () => {
  const all = running;
  running = [];
  await Promise.all(all.map((guest) => guest.stop()));
});

/** A test that needs a guest: skipped, visibly, where there is none. */
export const guestTest = (flavour: Flavour = '686') => test.skipIf(!hasGuest(flavour));

/** Starts one; it is stopped when the test ends. */
export async function startGuest(spec: WantedGuest = {}): Promise<Guest> {
  const [guest] = await startGuests(1, spec);
  return guest!;
}

/** Starts several on one fabric; they are stopped when the test ends. */
export async function startGuests(
  wanted: number,
  { flavour = '686', ...spec }: WantedGuest = {},
): Promise<readonly Guest[]> {
  const files = guestFiles(flavour);
  const guests = await Guest.startTogether({ files, snapshot: files.snapshot, ...spec }, wanted);
  running.push(...guests);
  return guests;
}

/** What a line prints; a line that fails is an error. */
export async function must(guest: Guest, line: string, timeoutMs?: number): Promise<string> {
  const { output, code } = await guest.run(line, timeoutMs);
  if (code !== 0) throw new Error(`${line}: exit code ${code}\n${output}`);
  return output;
}

/** Waits until a line succeeds: guest time goes with the host's, however busy that is. */
export async function until(guest: Guest, line: string, seconds = 30): Promise<void> {
  await must(
    guest,
    `for i in $(seq ${seconds * 5}); do ${line} && break; sleep 0.2; done; ${line}`,
  );
}

/** The modules, as a person loads them. */
export async function load(guest: Guest, options = ''): Promise<void> {
  await must(guest, `modprobe mlx4_core ${options} && modprobe mlx4_en && modprobe mlx4_ib`);
}

/** What mlx4_en says as a warning whenever it starts a port (en_netdev.c: mlx4_en_init_netdev). */
const always = /mlx4_en: \S+: Port \d: (Using \d+ [TR]X rings|Initializing port)$/;

/** What a kernel says when the machine that it is emulated on is busy with other things. */
const hostIsBusy = /hrtimer: interrupt took|clocksource: |perf: interrupt/;

/** Messages of the kernel that are warnings or worse, since the last look. */
export async function complaints(guest: Guest): Promise<string[]> {
  const lines = (await must(guest, 'dmesg -r -c')).split('\n');
  const level = (line: string): number => Number(/^<(\d+)>/.exec(line)?.[1] ?? 7) % 8;
  const isKnown = (line: string): boolean => always.test(line) || hostIsBusy.test(line);
  return lines.filter((line) => level(line) <= 4 && !isKnown(line));
}

/**
 * The lab made no mistake, and the kernel has no trouble. `trouble`: which of its complaints are;
 * what a driver says of links and bonds that come and go is none.
 */
export async function expectWell(
  guest: Guest,
  trouble = /mlx4|BUG|Oops|WARN|blocked for more/,
): Promise<void> {
  expect(guest.errors).toEqual([]);
  expect((await complaints(guest)).filter((line) => trouble.test(line))).toEqual([]);
}

/** Trouble of the kernel itself. */
export const kernelTrouble = /BUG|Oops|WARN|blocked for more/;

/** Gives a device 10.0.0.2, and waits for an answer of the host on the fabric. */
export async function answers(guest: Guest, device: string): Promise<void> {
  await must(guest, `ip link set ${device} up && ip addr add 10.0.0.2/24 dev ${device}`);
  await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
}

/** Puts eth1 into a network namespace of its own, so that what is sent to it leaves by eth0. */
export async function apart(guest: Guest): Promise<(line: string) => string> {
  await must(guest, `unshare -n sh -c 'echo $$ > /tmp/ns; exec sleep 100000' & sleep 1`);
  await must(guest, 'ip link set eth1 netns $(cat /tmp/ns)');
  return (line) => `nsenter -t $(cat /tmp/ns) -n sh -c '${line}'`;
}

/** Both ports in bond0, 10.0.0.2, which is up. */
export async function bond(guest: Guest, mode: string): Promise<void> {
  await load(guest);
  await must(guest, `modprobe bonding mode=${mode} miimon=100`);
  await must(guest, 'ip link set bond0 down');
  await must(guest, 'ip link set eth0 master bond0 && ip link set eth1 master bond0');
  await must(guest, 'ip link set bond0 up && ip addr add 10.0.0.2/24 dev bond0');
}

/** Waits until the card has a port map. */
export async function mapped(guest: Guest, map: readonly [number, number]): Promise<void> {
  await expect.poll(() => guest.card.portMap, { timeout: 30_000 }).toEqual(map);
}
