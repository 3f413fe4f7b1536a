// Options that name slaves (bond_options.c: bond_option_slaves_set, bond_option_active_slave_set,
// bond_option_primary_set, bond_option_queue_id_set, bond_option_prio_set; facts/driver 10.6,
// 10.10). RTNL is held. prio and actor_port_prio come by netlink only; their text is
// `slave:number`.

import { EINVAL, ENODEV, EPERM } from '#kernel/errno.ts';
import { __dev_get_by_name } from '#kernel/net/dev.ts';
import { dev_valid_name } from '#kernel/net/dev-name.ts';
import { netif_is_bond_slave } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netdev_err } from '#kernel/net/netdev-log.ts';
import { netdev_master_upper_dev_get } from '#kernel/net/upper.ts';
import type { MaySleep } from '#sim/task.ts';
import { SLAVE_AD_INFO } from '../bond_3ad/ad.ts';
import { bond_3ad_update_ad_actor_settings } from '../bond_3ad/bind.ts';
import { bond_enslave } from '../bond_main/enslave.ts';
import { bond_change_active_slave, bond_select_active_slave } from '../bond_main/failover.ts';
import { bond_release } from '../bond_main/release.ts';
import {
  bond_dbg,
  BOND_LINK_UP,
  bond_slave_get,
  bond_slave_is_up,
  bond_slaves,
  slave_dbg,
  slave_err,
  slave_warn,
} from '../bonding.ts';
import type { bonding, slave } from '../bonding.ts';
import type { ParsedValue } from './parse.ts';

/** Longest name of a netdev. */
const nameMax = 15;

/** The first word of a text, cut as sscanf() does. */
const firstWord = (text: string, length: number): string =>
  text.trim().split(/\s+/)[0]!.slice(0, length);

/** `+p1` takes a slave in, `-p1` lets it go. */
export function* bond_option_slaves_set(bond: bonding, { text }: ParsedValue): MaySleep<number> {
  const command = firstWord(text, nameMax + 1);
  const name = command.slice(1);
  if (!/^[+-]/.test(command) || !dev_valid_name(name)) {
    netdev_err(bond.dev, 'no command found in slaves file - use +ifname or -ifname');
    return -EPERM;
  }
  const dev = __dev_get_by_name(bond.k, name);
  if (dev === undefined) {
    bond_dbg(bond.dev, `interface ${name} does not exist!`);
    return -ENODEV;
  }
  if (command.startsWith('+')) {
    slave_dbg(bond.dev, dev, 'Enslaving interface');
    return yield* bond_enslave(bond.dev, dev, null);
  }
  slave_dbg(bond.dev, dev, 'Releasing interface');
  return yield* bond_release(bond.dev, dev);
}

/** A netdev that is to be the active slave must be one of ours. 0 or a negative error. */
function checkOurs(bond: bonding, slave_dev: NetDevice): number {
  if (!netif_is_bond_slave(slave_dev)) {
    slave_err(bond.dev, slave_dev, 'Device is not bonding slave');
    return -EINVAL;
  }
  if (netdev_master_upper_dev_get(slave_dev) === bond.dev) return 0;
  slave_err(bond.dev, slave_dev, 'Device is not our slave');
  return -EINVAL;
}

function* makeActive(bond: bonding, slave: slave): MaySleep<number> {
  const old_active = yield* bond.curr_active_slave.read();
  if (slave === old_active) {
    slave_dbg(bond.dev, slave.dev, 'is already the current active slave');
    return 0;
  }
  const linkUp = (yield* slave.link.read()) === BOND_LINK_UP && bond_slave_is_up(slave);
  if (old_active === null || !linkUp) {
    const why = `either ${slave.dev.name} is down or the link is down`;
    slave_err(bond.dev, slave.dev, `Could not set as active slave; ${why}`);
    return -EINVAL;
  }
  slave_dbg(bond.dev, slave.dev, 'Setting as active slave');
  yield* bond_change_active_slave(bond, slave);
  return 0;
}

/** A name makes that slave the active one; nothing lets the bond choose anew. */
export function* bond_option_active_slave_set(
  bond: bonding,
  { text }: ParsedValue,
): MaySleep<number> {
  const name = firstWord(text, nameMax);
  if (name === '') {
    bond_dbg(bond.dev, 'Clearing current active slave');
    yield* bond_change_active_slave(bond, null);
    yield* bond_select_active_slave(bond);
    return 0;
  }
  const slave_dev = __dev_get_by_name(bond.k, name);
  if (slave_dev === undefined) return -ENODEV;
  const err = checkOurs(bond, slave_dev);
  if (err !== 0) return err;
  const slave = bond_slave_get(slave_dev);
  return slave === null ? -EINVAL : yield* makeActive(bond, slave);
}

/** Nobody is the primary any more. */
function* clearPrimary(bond: bonding): MaySleep<void> {
  bond_dbg(bond.dev, 'Setting primary slave to None');
  yield* bond.primary_slave.write(null);
  yield* bond_select_active_slave(bond);
}

/** The preferred slave; one that is not there yet is remembered by its name. */
export function* bond_option_primary_set(
  bond: bonding,
  { text: primary }: ParsedValue,
): MaySleep<number> {
  if (primary === '') {
    bond.params.primary = '';
    yield* clearPrimary(bond);
    return 0;
  }
  const slave = bond_slaves(bond).find((each) => each.dev.name === primary);
  if (slave !== undefined) {
    slave_dbg(bond.dev, slave.dev, 'Setting as primary slave');
    yield* bond.primary_slave.write(slave);
    bond.params.primary = slave.dev.name;
    bond.force_primary = true;
    yield* bond_select_active_slave(bond);
    return 0;
  }
  if ((yield* bond.primary_slave.read()) !== null) yield* clearPrimary(bond);
  bond.params.primary = primary.slice(0, nameMax);
  bond_dbg(bond.dev, `Recording ${primary} as primary, but it has not been enslaved yet`);
  return 0;
}

/** `p1:2`: frames for transmit queue 2 of the bond go to p1. */
export function* bond_option_queue_id_set(bond: bonding, { text }: ParsedValue): MaySleep<number> {
  const match = /^([^:]*):\s*(\d+)/.exec(text);
  const queueId = Number(match?.[2]);
  const slave = bond_slaves(bond).find((each) => each.dev.name === match?.[1]);
  const taken = bond_slaves(bond).some((each) => each !== slave && each.queue_id === queueId);
  const refused =
    slave === undefined || queueId > bond.dev.real_num_tx_queues || (queueId !== 0 && taken);
  if (refused) {
    bond_dbg(bond.dev, 'invalid input for queue_id set');
    return -EPERM;
  }
  slave.queue_id = queueId;
  return 0;
}

/** The slave and the number in `slave:number`, or null. */
function slaveAndNumber(bond: bonding, text: string): [slave, number] | null {
  const [name, number] = text.split(':');
  const slave = bond_slaves(bond).find((each) => each.dev.name === name);
  return slave === undefined ? null : [slave, Number(number)];
}

/** Without a primary, the slave with the highest prio is preferred. */
export function* bond_option_prio_set(bond: bonding, { text }: ParsedValue): MaySleep<number> {
  const found = slaveAndNumber(bond, text);
  if (found === null) return -ENODEV;
  const [slave, prio] = found;
  slave.prio = prio;
  if ((yield* bond.primary_slave.read()) === null) {
    yield* bond_select_active_slave(bond);
    return 0;
  }
  const why = 'will not affect failover re-selection as primary slave have been set';
  slave_warn(bond.dev, slave.dev, `prio updated, but ${why}`);
  return 0;
}

/** LACP port priority of one slave. */
export function* bond_option_actor_port_prio_set(
  bond: bonding,
  { text }: ParsedValue,
): MaySleep<number> {
  const found = slaveAndNumber(bond, text);
  if (found === null) return -ENODEV;
  const [slave, priority] = found;
  SLAVE_AD_INFO(slave).port_priority = priority;
  yield* bond_3ad_update_ad_actor_settings(bond);
  return 0;
}
