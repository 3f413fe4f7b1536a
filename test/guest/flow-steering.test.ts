// Goal: the real driver steers by rules when it is told to, and its packets arrive.
// Method: load it with log_num_mgm_entry_size=-1; look at the rules that the card has, at pings to
// a host and between the ports, at promiscuous mode; take everything down again.

import { expect } from 'vitest';
import { MLX4_DOMAIN } from '#prm/steering.ts';
import {
  answers,
  apart,
  complaints,
  expectWell,
  guestTest,
  load,
  lost,
  must,
  startGuest,
  until,
} from './support/guests.ts';

/** Flags of a network device that is up; the second one hears every multicast group. */
const upFlags = '0x1003';
const allMulticastFlags = '0x1203';
/** The driver changes its rules in a work item: how long to look for them. */
const patience = { timeout: 30_000 };

guestTest()('by rules: addresses, groups, default rules, packets; nothing is left', async () => {
  const guest = await startGuest();
  await complaints(guest);
  await load(guest, 'log_num_mgm_entry_size=-1');
  const { view } = guest.card;
  const types = (portNumber: 1 | 2) => view.flowRules(portNumber).map(({ type }) => type);
  const last = () => types(1).at(-1);

  await answers(guest, 'eth0');
  expect(await must(guest, 'dmesg')).toMatch(/mlx4_en: eth0: Steering Mode 2/);
  expect(lost.exec(await must(guest, 'ping -c 3 10.0.0.1'))?.[1]).toBe('0');
  // Its own address, broadcast, and a group each of IPv4 and IPv6.
  expect(types(1).length).toBeGreaterThanOrEqual(4);
  expect(new Set(types(1))).toEqual(new Set(['REGULAR']));
  expect(view.flowRules(1).every(({ priority }) => priority === MLX4_DOMAIN.NIC)).toBe(true);
  expect(types(2)).toEqual([]);

  await must(guest, 'ip link set eth0 promisc on');
  await expect.poll(last, patience).toBe('ALL_DEFAULT');
  await must(guest, 'ip link set eth0 promisc off');
  await expect.poll(last, patience).toBe('REGULAR');
  await must(guest, `echo ${allMulticastFlags} > /sys/class/net/eth0/flags`);
  await expect.poll(last, patience).toBe('MC_DEFAULT');
  await must(guest, `echo ${upFlags} > /sys/class/net/eth0/flags`);
  await expect.poll(last, patience).toBe('REGULAR');

  const there = await apart(guest);
  await must(guest, 'ip addr add 10.0.1.1/24 dev eth0');
  await must(guest, there('ip link set lo up; ip link set eth1 up'));
  await must(guest, there('ip addr add 10.0.1.2/24 dev eth1'));
  await until(guest, 'ping -c 1 -W 1 10.0.1.2 > /tmp/out');
  // All nodes: a multicast group that both ports are in.
  await until(guest, 'ping -6 -c 2 ff02::1%eth0 | grep -q "bytes from fe80"');

  await must(guest, 'ip link set eth0 down');
  await must(guest, there('ip link set eth1 down'));
  expect([types(1), types(2)]).toEqual([[], []]);
  await must(guest, 'rmmod mlx4_ib mlx4_en mlx4_core');
  await expectWell(guest);
});

guestTest()('a rule to drop a frame is in front of those that take it', async () => {
  const guest = await startGuest();
  await load(guest, 'log_num_mgm_entry_size=-1');
  await must(guest, 'modprobe 8021q');
  await answers(guest, 'eth0');
  const passes = 'ping -c 1 -W 1 10.0.0.1 > /tmp/out';
  await must(guest, 'ethtool -N eth0 flow-type ip4 src-ip 10.0.0.1 action -1 loc 0');
  await must(guest, `! ${passes}`);
  // The rule of promiscuous mode has a priority before all others, and yet it is the last.
  const types = () => guest.card.view.flowRules(1).map(({ type }) => type);
  await must(guest, 'ip link set eth0 promisc on');
  await expect.poll(types, patience).toContain('ALL_DEFAULT');
  await must(guest, `! ${passes}`);
  await must(guest, 'ip link set eth0 promisc off');
  await must(guest, 'ethtool -N eth0 delete 0');
  await must(guest, passes);
  // A rule that names a VLAN leaves frames without a tag alone.
  for (const vlan of [7, 0]) {
    const tagged = `flow-type ip4 src-ip 10.0.0.1 vlan ${vlan}`;
    await must(guest, `ethtool -N eth0 ${tagged} action -1 loc 0`);
    await must(guest, passes);
    await must(guest, 'ethtool -N eth0 delete 0');
  }
  // One that sends them to a queue of its own takes them away from the others.
  await must(guest, 'ethtool -N eth0 flow-type ip4 src-ip 10.0.0.1 action 0 loc 0');
  expect(await must(guest, 'ping -c 3 10.0.0.1')).not.toContain('DUP');
  await expectWell(guest);
});
