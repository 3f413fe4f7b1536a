// Goal: Debian's kernel takes our card for a ConnectX-3, with either kind of interrupt, as often as
// one likes.
// Method: load and unload its modules; look for complaints in its log and at what it reports.

import { describe, expect } from 'vitest';
import { formatMac } from '#bus/mac.ts';
import { flavours } from '#guest/packages/wanted.ts';
import { count } from '#test/support/counts.ts';
import {
  answers,
  cardFolder,
  complaints,
  guestTest,
  load,
  must,
  startGuest,
  until,
} from './support/guests.ts';

/** How often modules are loaded and unloaded. */
const rounds = count(2, 20);

describe.each(flavours)('kernel %s', (flavour) => {
  guestTest(flavour).each(['', 'msi_x=0'])('loads and unloads (%s)', async (options) => {
    const guest = await startGuest({ flavour });
    await complaints(guest);
    for (let round = 0; round < rounds; round++) {
      await load(guest, options);
      await must(guest, 'modprobe bonding');
      await until(guest, '[ -e /sys/class/net/eth0 -a -e /sys/class/net/eth1 ]');
      await must(guest, 'ip link set eth0 up && ip link set eth1 up');
      await until(guest, '[ "$(cat /sys/class/net/eth1/carrier)" = 1 ]');
      const interrupts = await must(guest, 'grep mlx4 /proc/interrupts');
      expect(/PCI-MSI/.test(interrupts)).toBe(options === '');
      await must(guest, 'rmmod bonding mlx4_ib mlx4_en mlx4_core');
    }
    expect(await complaints(guest)).toEqual([]);
    expect(await must(guest, 'cat /proc/sys/kernel/tainted')).toBe('0');
    expect(guest.errors).toEqual([]);
  });
});

guestTest()('what it reports is what the card has', async () => {
  const guest = await startGuest();
  await load(guest);
  await must(guest, 'ip link set eth0 up; ip link set eth1 up');
  for (const [at, name] of (['eth0', 'eth1'] as const).entries()) {
    await until(guest, `[ "$(cat /sys/class/net/${name}/carrier)" = 1 ]`);
    const port = guest.card.options.ports[at]!;
    const read = (file: string) => must(guest, `cat /sys/class/net/${name}/${file}`);
    expect(await read('address')).toBe(formatMac(port.mac));
    expect(Number(await read('speed'))).toBe(guest.card.port(at + 1).speedMbps);
  }
  const { major, minor, sub } = guest.card.options.firmwareVersion;
  expect(await must(guest, 'cat /sys/class/infiniband/mlx4_0/fw_ver')).toBe(
    `${major}.${minor}.${sub}`,
  );
  expect(await must(guest, 'cat /sys/class/infiniband/mlx4_0/board_id')).toBe(
    guest.card.options.boardId,
  );
  expect(await must(guest, `cat ${cardFolder}/mlx4_port1 ${cardFolder}/mlx4_port2`)).toBe(
    'eth\neth',
  );
  expect(await must(guest, `cat ${cardFolder}/max_link_speed`)).toBe('8.0 GT/s PCIe');
});

guestTest()('a cable that is pulled is noticed, and one that is plugged', async () => {
  const guest = await startGuest();
  await load(guest);
  await must(guest, 'ip link set eth0 up');
  await until(guest, 'dmesg | grep -q "eth0: Link Up"');
  await must(guest, 'dmesg -c');
  expect(guest.fabric.act('pull', 'card0 port 1')).toBeNull();
  await until(guest, 'dmesg | grep -q "eth0: Link Down"');
  expect(await must(guest, 'cat /sys/class/net/eth0/carrier')).toBe('0');
  expect(guest.fabric.act('plug', 'card0 port 1')).toBeNull();
  await until(guest, 'dmesg | grep -q "eth0: Link Up"');
});

guestTest()('a port that is closed is closed without a word of its link', async () => {
  const guest = await startGuest();
  await load(guest);
  await answers(guest, 'eth0');
  await must(guest, 'dmesg -c; ip link set eth0 down; sleep 2');
  const said = await must(guest, 'dmesg');
  expect(said).toContain('eth0: Close port called');
  expect(said).not.toContain('Link Down');
  await must(guest, 'ip link set eth0 up');
  await until(guest, 'ping -c 1 -W 1 10.0.0.1 > /tmp/out');
});

guestTest()('packets that it has counted are those that the card has', async () => {
  const guest = await startGuest();
  await load(guest);
  await answers(guest, 'eth0');
  await must(guest, 'ping -c 5 -s 1000 10.0.0.1');
  const counted = async (name: string): Promise<number> =>
    Number(await must(guest, `cat /sys/class/net/eth0/statistics/${name}`));
  const byCard = (): readonly number[] => {
    const { sent, received, dropped, overflow } = guest.card.view.counts(1);
    return [sent, received - dropped - overflow];
  };
  // The link's own messages come at any time, so both are read until they agree.
  const difference = async (): Promise<readonly number[]> => {
    const byDriver = [await counted('tx_packets'), await counted('rx_packets')];
    return byCard().map((frames, at) => frames - byDriver[at]!);
  };
  await expect.poll(difference, { timeout: 20_000 }).toEqual([0, 0]);
  expect(Math.min(...byCard())).toBeGreaterThanOrEqual(6);
});
