// Multicast groups of a device, as far as the card's filter depends on them (net/ipv4/igmp.c): an
// open device is in 224.0.0.1, whose MAC goes on its multicast list. RTNL is held.
// Left out: groups of user space, all IGMP packets.

import { writeBe32 } from '#bus/bytes.ts';
import type { Atomic } from '#sim/task.ts';
import { dev_mc_add, dev_mc_del } from './addr-list.ts';
import { ARPHRD_ETHER } from './flags.ts';
import type { InDevice } from './inetdev.ts';

/** 224.0.0.1. */
export const IGMP_ALL_HOSTS = 0xe000_0001;

/** ip_eth_mc_map(): 01:00:5e and the low 23 bits of the group. */
export function ip_eth_mc_map(group: number): Uint8Array {
  const mac = new Uint8Array(6);
  writeBe32(mac, 2, (0x5e << 24) | (group & 0x7f_ffff));
  mac[0] = 0x01;
  return mac;
}

function* igmp_group_added(in_dev: InDevice, group: number): Atomic<void> {
  if (in_dev.dev.type === ARPHRD_ETHER) yield* dev_mc_add(in_dev.dev, ip_eth_mc_map(group));
}

function* igmp_group_dropped(in_dev: InDevice, group: number): Atomic<void> {
  if (in_dev.dev.type === ARPHRD_ETHER) yield* dev_mc_del(in_dev.dev, ip_eth_mc_map(group));
}

/** The device came up. */
export function* ip_mc_up(in_dev: InDevice): Atomic<void> {
  if (in_dev.mc_list.includes(IGMP_ALL_HOSTS)) return;
  in_dev.mc_list.push(IGMP_ALL_HOSTS);
  yield* igmp_group_added(in_dev, IGMP_ALL_HOSTS);
}

/** The device went down. */
export function* ip_mc_down(in_dev: InDevice): Atomic<void> {
  for (const group of in_dev.mc_list.splice(0)) yield* igmp_group_dropped(in_dev, group);
}

export const ip_mc_destroy_dev = ip_mc_down;
