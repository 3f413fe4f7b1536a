// Features of the bond as its slaves allow them (bond_main.c: bond_fix_features,
// bond_compute_features; net/core/dev.c: netdev_increment_features). Every change of membership
// ends in FEAT_CHANGE of the bond.
// Left out: features of VLAN devices, encapsulation and MPLS; limits of TSO.

import { ethHeaderBytes } from '#bus/frame.ts';
import {
  NETIF_F_HIGHDMA,
  NETIF_F_HW_VLAN_CTAG_FILTER,
  NETIF_F_HW_VLAN_CTAG_RX,
  NETIF_F_IP_CSUM,
  NETIF_F_IPV6_CSUM,
  NETIF_F_LRO,
  NETIF_F_SG,
  NETIF_F_TSO,
} from '#kernel/net/flags.ts';
import { netdev_change_features } from '#kernel/net/dev.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { MaySleep } from '#sim/task.ts';
import { bond_has_slaves, bond_slaves } from '../bonding.ts';
import type { bonding } from '../bonding.ts';

/** On as soon as one slave has them: the others do it in software. */
const NETIF_F_ONE_FOR_ALL = NETIF_F_SG | NETIF_F_HIGHDMA;
/** What a bond can do at best. */
export const BOND_VLAN_FEATURES =
  NETIF_F_IP_CSUM |
  NETIF_F_IPV6_CSUM |
  NETIF_F_SG |
  NETIF_F_TSO |
  NETIF_F_HIGHDMA |
  NETIF_F_LRO |
  NETIF_F_HW_VLAN_CTAG_RX |
  NETIF_F_HW_VLAN_CTAG_FILTER;

/** ndo_fix_features: checksums and TSO stay, as software can stand in for a slave without them. */
export function bond_fix_features(dev: NetDevice, wanted: number): number {
  const slaves = bond_slaves(netdev_priv<bonding>(dev));
  const some = slaves.reduce((features, slave) => features | slave.dev.features, 0);
  return (wanted & ~NETIF_F_ONE_FOR_ALL) | (wanted & some & NETIF_F_ONE_FOR_ALL);
}

/** Computes them anew; the longest header of a slave becomes the bond's. */
export function* bond_compute_features(bond: bonding): MaySleep<void> {
  if (bond_has_slaves(bond)) {
    const lengths = bond_slaves(bond).map((slave) => slave.dev.hard_header_len);
    bond.dev.hard_header_len = Math.max(ethHeaderBytes, ...lengths);
  }
  yield* netdev_change_features(bond.dev);
}
