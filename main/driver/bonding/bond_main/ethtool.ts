// What ethtool shows of a bond (bond_main.c: bond_ethtool_ops): driver, link, and the speed of all
// slaves that can send, together. Left out: time stamping.

import { ethtool_op_get_link } from '#kernel/net/ethtool.ts';
import type { EthtoolDrvinfo, EthtoolOps, LinkKsettings } from '#kernel/net/ethtool.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  BOND_ABI_VERSION,
  BOND_MODE,
  BOND_MODE_BROADCAST,
  bond_slave_can_tx,
  bond_slaves,
  DRV_NAME,
  DUPLEX_FULL,
  DUPLEX_UNKNOWN,
  SPEED_UNKNOWN,
} from '../bonding.ts';
import type { bonding } from '../bonding.ts';

function duplexName(duplex: number): LinkKsettings['duplex'] {
  if (duplex === DUPLEX_UNKNOWN) return 'unknown';
  return duplex === DUPLEX_FULL ? 'full' : 'half';
}

/** Sum of the speeds (broadcast: the lowest), and the duplex of the first slave that knows it. */
function* bond_ethtool_get_link_ksettings(dev: NetDevice): MaySleep<LinkKsettings> {
  const bond = netdev_priv<bonding>(dev);
  const speeds: number[] = [];
  let duplex = DUPLEX_UNKNOWN;
  for (const slave of bond_slaves(bond)) {
    if (!(yield* bond_slave_can_tx(slave))) continue;
    if (slave.speed !== SPEED_UNKNOWN) speeds.push(slave.speed);
    if (duplex === DUPLEX_UNKNOWN) duplex = slave.duplex;
  }
  const lowest = BOND_MODE(bond) === BOND_MODE_BROADCAST;
  const sum = speeds.reduce((total, speed) => total + speed, 0);
  const speed = speeds.length === 0 ? SPEED_UNKNOWN : lowest ? Math.min(...speeds) : sum;
  return { speed, duplex: duplexName(duplex), autoneg: false, port: 'Other' };
}

function* bond_ethtool_get_drvinfo(dev: NetDevice): MaySleep<EthtoolDrvinfo> {
  return {
    driver: DRV_NAME,
    version: dev.k.options.release,
    fw_version: String(BOND_ABI_VERSION),
    bus_info: '',
  };
}

/** A bond's ethtool functions. */
export const bond_ethtool_ops: EthtoolOps = {
  get_drvinfo: bond_ethtool_get_drvinfo,
  get_link: ethtool_op_get_link,
  get_link_ksettings: bond_ethtool_get_link_ksettings,
};
