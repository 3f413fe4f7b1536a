// What stands in the way of a slave (bond_main.c: the first part of bond_enslave; facts/driver
// 10.3). The reason goes to whoever asked: to `ip` by the extended acknowledgement, else into the
// log.
// Left out: CAN devices and VLAN challenged ones, which do not exist here.

import { ethHeaderBytes } from '#bus/frame.ts';
import { dev_close, dev_open } from '#kernel/net/dev.ts';
import { dev_mc_flush, dev_uc_flush } from '#kernel/net/addr-list.ts';
import { EBUSY, EINVAL, EOPNOTSUPP, EPERM } from '#kernel/errno.ts';
import { NETDEV_POST_TYPE_CHANGE, NETDEV_PRE_TYPE_CHANGE } from '#kernel/net/events.ts';
import { ARPHRD_ETHER, ARPHRD_INFINIBAND, IFF_MASTER, IFF_UP } from '#kernel/net/flags.ts';
import { netif_is_bond_master } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netdev_err } from '#kernel/net/netdev-log.ts';
import type { NetlinkExtack } from '#kernel/net/netlink.ts';
import { call_netdevice_notifiers } from '#kernel/net/notifier.ts';
import { notifier_to_errno } from '#kernel/notifier.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  BOND_FOM_ACTIVE,
  bond_has_slaves,
  BOND_MODE,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  slave_dbg,
  slave_err,
  slave_warn,
} from '../bonding.ts';
import type { bonding } from '../bonding.ts';

/** A question about a slave: the bond, the candidate, and where to say why not. */
export interface Candidate {
  readonly bond: bonding;
  readonly slave_dev: NetDevice;
  readonly extack: NetlinkExtack | null;
}

/** BOND_NL_ERR(): a reason that names the bond only. */
function bondError(who: Candidate, error: number, text: string): number {
  if (who.extack !== null) who.extack.message = text;
  else netdev_err(who.bond.dev, `Error: ${text}`);
  return -error;
}

/** SLAVE_NL_ERR(): a reason that names the slave as well. */
export function slaveError(who: Candidate, error: number, text: string): number {
  if (who.extack !== null) who.extack.message = text;
  else slave_err(who.bond.dev, who.slave_dev, `Error: ${text}`);
  return -error;
}

/** Checks that change nothing. 0 or a negative error. */
export function checkCandidate(who: Candidate): number {
  const { bond, slave_dev } = who;
  if ((slave_dev.flags & IFF_MASTER) !== 0 && !netif_is_bond_master(slave_dev)) {
    return bondError(who, EPERM, 'Device type (master device) cannot be enslaved');
  }
  if (bond.params.use_carrier === 0 && slave_dev.ethtool_ops.get_link === undefined) {
    slave_warn(bond.dev, slave_dev, 'no link monitoring support');
  }
  if (slave_dev.rx_handler !== null) {
    return slaveError(who, EBUSY, 'Device is in use and cannot be enslaved');
  }
  if (bond.dev === slave_dev) return bondError(who, EPERM, 'Cannot enslave bond to itself.');
  if ((slave_dev.flags & IFF_UP) !== 0) {
    return slaveError(who, EPERM, 'Device can not be enslaved while up');
  }
  return 0;
}

/** The bond is an Ethernet device (again). */
export function bond_ether_setup(bond_dev: NetDevice): void {
  bond_dev.type = ARPHRD_ETHER;
  bond_dev.hard_header_len = ethHeaderBytes;
  bond_dev.mtu = 1500;
  bond_dev.broadcast.fill(0xff);
  bond_dev.flags |= IFF_MASTER;
}

/** The bond becomes of the slave's type, down meanwhile. */
function* bond_setup_by_slave(bond_dev: NetDevice, slave_dev: NetDevice): MaySleep<void> {
  const wasUp = (bond_dev.flags & IFF_UP) !== 0;
  yield* dev_close(bond_dev);
  bond_dev.type = slave_dev.type;
  bond_dev.hard_header_len = slave_dev.hard_header_len;
  bond_dev.broadcast.set(slave_dev.broadcast);
  if (wasUp) yield* dev_open(bond_dev);
}

/** The first slave decides of what type the bond is; the others must be of the same. */
export function* adaptType(who: Candidate): MaySleep<number> {
  const { bond, slave_dev } = who;
  const bond_dev = bond.dev;
  if (bond_dev.type === slave_dev.type) return 0;
  if (bond_has_slaves(bond)) {
    return slaveError(who, EINVAL, 'Device type is different from other slaves');
  }
  if (slave_dev.type !== ARPHRD_ETHER && BOND_MODE(bond) === BOND_MODE_8023AD) {
    return slaveError(who, EINVAL, '8023AD mode requires Ethernet devices');
  }
  slave_dbg(bond_dev, slave_dev, `change device type from ${bond_dev.type} to ${slave_dev.type}`);
  const answer = yield* call_netdevice_notifiers(NETDEV_PRE_TYPE_CHANGE, bond_dev);
  if (notifier_to_errno(answer) !== 0) {
    slave_err(bond_dev, slave_dev, 'refused to change device type');
    return -EBUSY;
  }
  yield* dev_uc_flush(bond_dev);
  yield* dev_mc_flush(bond_dev);
  if (slave_dev.type === ARPHRD_ETHER) bond_ether_setup(bond_dev);
  else yield* bond_setup_by_slave(bond_dev, slave_dev);
  yield* call_netdevice_notifiers(NETDEV_POST_TYPE_CHANGE, bond_dev);
  return 0;
}

/** Slaves that cannot change their address need fail_over_mac active. 0 or a negative error. */
export function checkAddress(who: Candidate): number {
  const { bond, slave_dev } = who;
  const infiniband = slave_dev.type === ARPHRD_INFINIBAND;
  if (infiniband && BOND_MODE(bond) !== BOND_MODE_ACTIVEBACKUP) {
    const text = 'Only active-backup mode is supported for infiniband slaves';
    return slaveError(who, EOPNOTSUPP, text);
  }
  if (slave_dev.ops.ndo_set_mac_address !== undefined && !infiniband) return 0;
  const warn = (text: string): void => slave_warn(bond.dev, slave_dev, text);
  warn('The slave device specified does not support setting the MAC address');
  if (BOND_MODE(bond) !== BOND_MODE_ACTIVEBACKUP) return 0;
  if (bond.params.fail_over_mac === BOND_FOM_ACTIVE) return 0;
  if (bond_has_slaves(bond)) {
    const text =
      'Slave device does not support setting the MAC address, but fail_over_mac is not set to ' +
      'active';
    return slaveError(who, EOPNOTSUPP, text);
  }
  bond.params.fail_over_mac = BOND_FOM_ACTIVE;
  warn('Setting fail_over_mac to active for active-backup mode');
  return 0;
}
