// What Ethernet drivers share (net/ethernet/eth.c, include/linux/etherdevice.h): valid and random
// addresses, and the plain way to change one.

import { isMulticastAt, writeMac } from '#bus/mac.ts';
import type { MaySleep } from '#sim/task.ts';
import { EADDRNOTAVAIL, EBUSY } from '../errno.ts';
import type { Kernel } from '../kernel.ts';
import { IFF_LIVE_ADDR_CHANGE, NET_ADDR_RANDOM } from './flags.ts';
import type { NetDevice } from './netdevice.ts';

/** True for a unicast address that is not zero. */
export const is_valid_ether_addr = (mac: Uint8Array): boolean =>
  !isMulticastAt(mac) && mac.some((byte) => byte !== 0);

/** A random address of local administration; the same sequence in every run. */
export function eth_random_addr(k: Kernel): Uint8Array {
  const mac = new Uint8Array(6);
  writeMac(mac, 0, k.net.random.u32() * 0x1_0000 + (k.net.random.u32() & 0xffff));
  mac[0] = (mac[0]! & 0xfe) | 0x02;
  return mac;
}

/** Gives a device a random address. */
export function eth_hw_addr_random(dev: NetDevice): void {
  dev.addr_assign_type = NET_ADDR_RANDOM;
  dev.dev_addr = eth_random_addr(dev.k);
}

/** ndo_set_mac_address of drivers that need nothing else. */
export function* eth_mac_addr(dev: NetDevice, mac: Uint8Array): MaySleep<number> {
  if ((dev.priv_flags & IFF_LIVE_ADDR_CHANGE) === 0 && dev.running) return -EBUSY;
  if (!is_valid_ether_addr(mac)) return -EADDRNOTAVAIL;
  dev.dev_addr = mac.slice();
  return 0;
}
