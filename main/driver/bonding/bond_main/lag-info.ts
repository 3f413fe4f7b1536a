// What CHANGEUPPER says of a bond (bond_main.c: bond_lag_tx_type, bond_lag_hash_type; facts/driver
// 5.3). Switch drivers look at it; mlx4_en does not.

import type { LagUpperInfo } from '#kernel/net/notifier.ts';
import { BOND_MODE, BOND_MODE_8023AD, BOND_MODE_XOR } from '../bonding.ts';
import type { bonding } from '../bonding.ts';

/** NETDEV_LAG_TX_TYPE_* by mode, in words. */
const txTypes: readonly string[] = [
  'roundrobin',
  'activebackup',
  'hash',
  'broadcast',
  'hash',
  'unknown',
  'unknown',
];

/** NETDEV_LAG_HASH_* by policy, in words. */
const hashTypes: readonly string[] = ['L2', 'L34', 'L23', 'E23', 'E34', 'VLAN_SRCMAC'];

export function bond_lag_upper_info(bond: bonding): LagUpperInfo {
  const mode = BOND_MODE(bond);
  const hashes = mode === BOND_MODE_XOR || mode === BOND_MODE_8023AD;
  const hash_type = hashes ? (hashTypes[bond.params.xmit_policy] ?? 'UNKNOWN') : 'NONE';
  return { tx_type: txTypes[mode] ?? 'unknown', hash_type };
}
