// Carrier of the bond, and speed, duplex and link of its slaves (bond_main.c: bond_set_carrier,
// bond_update_speed_duplex, bond_check_dev_link; facts/driver 10.5). With use_carrier 0 the
// driver's get_link counts instead of the carrier bit: which it is for every driver here. A driver
// without it counts as up; the MII registers that the kernel would ask then are left out.

import { EOPNOTSUPP } from '#kernel/errno.ts';
import type { LinkKsettings } from '#kernel/net/ethtool.ts';
import { netif_carrier_off, netif_carrier_on } from '#kernel/net/linkwatch.ts';
import { netif_carrier_ok, netif_running } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { ASSERT_RTNL } from '#kernel/net/rtnetlink.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { bond_3ad_set_carrier } from '../bond_3ad/selection.ts';
import {
  bond_has_slaves,
  BOND_LINK_UP,
  BOND_MODE,
  BOND_MODE_8023AD,
  bond_slaves,
  DUPLEX_FULL,
  DUPLEX_HALF,
  DUPLEX_UNKNOWN,
  SPEED_UNKNOWN,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';

function* anySlaveUp(bond: bonding): Atomic<boolean> {
  for (const slave of bond_slaves(bond)) {
    if ((yield* slave.link.read()) === BOND_LINK_UP) return true;
  }
  return false;
}

/**
 * The bond has carrier while one slave's link is UP; 802.3ad has its own rule. True on a change.
 */
export function* bond_set_carrier(bond: bonding): Atomic<boolean> {
  if (bond_has_slaves(bond) && BOND_MODE(bond) === BOND_MODE_8023AD) {
    return yield* bond_3ad_set_carrier(bond);
  }
  const up = yield* anySlaveUp(bond);
  if (up === netif_carrier_ok(bond.dev)) return false;
  if (up) yield* netif_carrier_on(bond.dev);
  else yield* netif_carrier_off(bond.dev);
  return true;
}

function* __ethtool_get_link_ksettings(dev: NetDevice): MaySleep<LinkKsettings | number> {
  ASSERT_RTNL(dev.k, 'net/ethtool/ioctl.c (439)');
  const { get_link_ksettings } = dev.ethtool_ops;
  return get_link_ksettings === undefined ? -EOPNOTSUPP : yield* get_link_ksettings(dev);
}

/** Asks the slave's driver. True when it does not know. */
export function* bond_update_speed_duplex(slave: slave): MaySleep<boolean> {
  const answer = yield* __ethtool_get_link_ksettings(slave.dev);
  const known = typeof answer !== 'number' && answer.speed > 0 && answer.duplex !== 'unknown';
  slave.speed = known ? answer.speed : SPEED_UNKNOWN;
  slave.duplex = known ? (answer.duplex === 'full' ? DUPLEX_FULL : DUPLEX_HALF) : DUPLEX_UNKNOWN;
  return !known;
}

/** True when the slave's netdev says that its link is up. */
export function bond_check_dev_link(bond: bonding, slave: slave): boolean {
  const { dev } = slave;
  if (!netif_running(dev)) return false;
  const blind = bond.params.use_carrier === 0 && dev.ethtool_ops.get_link === undefined;
  return blind || netif_carrier_ok(dev);
}
