// Addresses that the ARP monitor asks (bond_options.c: bond_option_arp_ip_targets_set; facts/driver
// 10.10): `+10.0.0.1` adds one, `-10.0.0.1` removes it; at most 16. RTNL is held.

import { formatIpv4, parseIpv4Address } from '#bus/ipv4.ts';
import { EINVAL, EPERM } from '#kernel/errno.ts';
import { netdev_err, netdev_warn } from '#kernel/net/netdev-log.ts';
import type { MaySleep } from '#sim/task.ts';
import { bond_dbg, BOND_MAX_ARP_TARGETS, bond_slaves } from '../bonding.ts';
import type { bonding } from '../bonding.ts';
import type { ParsedValue } from './parse.ts';

/** Neither 0.x.x.x nor the broadcast address. */
export const bond_is_ip_target_ok = (address: number): boolean =>
  address !== 0xffff_ffff && address >>> 24 !== 0;

/** The address at the start of a text, or null. */
export function readTarget(text: string): number | null {
  const found = /^\d+\.\d+\.\d+\.\d+/.exec(text)?.[0];
  if (found === undefined || found.split('.').some((part) => Number(part) > 255)) return null;
  return parseIpv4Address(found);
}

function bond_option_arp_ip_target_add(bond: bonding, target: number): number {
  const { params } = bond;
  const name = formatIpv4(target);
  const refuse = (text: string): number => {
    netdev_err(bond.dev, text);
    return -EINVAL;
  };
  if (!bond_is_ip_target_ok(target)) {
    return refuse(`invalid ARP target ${name} specified for addition`);
  }
  if (params.arp_targets.includes(target)) return refuse(`ARP target ${name} is already present`);
  if (params.arp_targets.length === BOND_MAX_ARP_TARGETS) {
    return refuse('ARP target table is full!');
  }
  bond_dbg(bond.dev, `Adding ARP target ${name}`);
  const slot = params.arp_targets.length;
  for (const slave of bond_slaves(bond)) slave.target_last_arp_rx[slot] = bond.k.jiffies;
  params.arp_targets = [...params.arp_targets, target];
  return 0;
}

function bond_option_arp_ip_target_rem(bond: bonding, target: number): number {
  const { params } = bond;
  const name = formatIpv4(target);
  if (!bond_is_ip_target_ok(target)) {
    netdev_err(bond.dev, `invalid ARP target ${name} specified for removal`);
    return -EINVAL;
  }
  const at = params.arp_targets.indexOf(target);
  if (at < 0) {
    netdev_err(bond.dev, `unable to remove nonexistent ARP target ${name}`);
    return -EINVAL;
  }
  if (params.arp_targets.length === 1 && params.arp_interval !== 0) {
    netdev_warn(bond.dev, 'Removing last arp target with arp_interval on');
  }
  bond_dbg(bond.dev, `Removing ARP target ${name}`);
  for (const slave of bond_slaves(bond)) {
    slave.target_last_arp_rx.splice(at, 1);
    slave.target_last_arp_rx.push(0);
  }
  params.arp_targets = params.arp_targets.toSpliced(at, 1);
  return 0;
}

/** The option arp_ip_target. */
export function* bond_option_arp_ip_targets_set(
  bond: bonding,
  { text }: ParsedValue,
): MaySleep<number> {
  const target = readTarget(text.slice(1));
  if (target === null) {
    netdev_err(bond.dev, 'invalid ARP target specified');
    return -EPERM;
  }
  if (text.startsWith('+')) return bond_option_arp_ip_target_add(bond, target);
  if (text.startsWith('-')) return bond_option_arp_ip_target_rem(bond, target);
  const advice = 'use +<addr> or -<addr>';
  netdev_err(bond.dev, `no command found in arp_ip_targets file - ${advice}`);
  return -EPERM;
}
