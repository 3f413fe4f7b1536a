// /sys/class/net/bonding_masters and /sys/class/net/<bond>/bonding/ (bond_sysfs.c; facts/driver
// 10.10). Writing an option goes through bond_options/. Reading what changes with membership tries
// RTNL, the rest is read without a lock. A list ends with a newline instead of its last blank, as
// the source has it.

import { formatIpv4 } from '#bus/ipv4.ts';
import { formatMac } from '#bus/mac.ts';
import type { Device, DeviceAttribute } from '#kernel/base/device.ts';
import { EEXIST, ENODEV, EPERM } from '#kernel/errno.ts';
import { sysfs_create_file, sysfs_remove_file_ns } from '#kernel/fs/sysfs.ts';
import { dev_valid_name } from '#kernel/net/dev-name.ts';
import { to_net_dev } from '#kernel/net/net-sysfs.ts';
import { netdev_priv, netif_carrier_ok } from '#kernel/net/netdevice.ts';
import type { SysfsGroup } from '#kernel/net/netdevice.ts';
import { rtnl_lock, rtnl_trylock, rtnl_unlock } from '#kernel/net/rtnetlink.ts';
import { unregister_netdevice } from '#kernel/net/unregister.ts';
import { pr_err, pr_info } from '#kernel/printk.ts';
import { restart_syscall } from '#kernel/sched.ts';
import type { MaySleep } from '#sim/task.ts';
import { bond_3ad_get_active_agg_info } from './bond_3ad/info.ts';
import type { ad_info } from './bond_3ad/info.ts';
import { bond_opt_tryset_rtnl } from './bond_options/set.ts';
import { valueName } from './bond_options/table.ts';
import type { OptionName } from './bond_options/table.ts';
import {
  BOND_MODE,
  BOND_MODE_8023AD,
  bond_slaves,
  bond_uses_primary,
  DRV_NAME,
} from './bonding.ts';
import type { bond_params, bonding, bonding_module, slave } from './bonding.ts';

type Show = (bond: bonding) => MaySleep<string | number>;

const to_bond = (device: Device): bonding => netdev_priv<bonding>(to_net_dev(device));

function* bonding_sysfs_store_option(
  device: Device,
  name: OptionName,
  buffer: string,
): MaySleep<number> {
  const err = yield* bond_opt_tryset_rtnl(to_bond(device), name, buffer);
  return err === 0 ? buffer.length : err;
}

/** A file that shows an option and takes it. */
const option = (name: OptionName, show: Show): DeviceAttribute => ({
  name,
  mode: 0o644,
  show: (device) => show(to_bond(device)),
  store: (device, buffer) => bonding_sysfs_store_option(device, name, buffer),
});

/** A file that only shows something. */
const readOnly = (name: string, show: Show): DeviceAttribute => ({
  name,
  mode: 0o444,
  show: (device) => show(to_bond(device)),
});

/** Shows what a plain function gives. */
const text = (value: (bond: bonding) => string | number): Show =>
  function* showText(bond) {
    return `${value(bond)}\n`;
  };

/** The same, or nothing at all for null. */
const textOrNothing = (value: (bond: bonding) => string | number | null): Show =>
  function* showIfAny(bond) {
    const found = value(bond);
    return found === null ? '' : `${found}\n`;
  };

/** `name value` of an option whose values have names. */
const named = (
  name: OptionName,
  parameter: keyof bond_params = name as keyof bond_params,
): DeviceAttribute =>
  option(
    name,
    text((bond) => {
      const value = bond.params[parameter] as number;
      return `${valueName(name, value)} ${value}`;
    }),
  );

const numbered = (
  name: OptionName,
  parameter: keyof bond_params = name as keyof bond_params,
): DeviceAttribute =>
  option(
    name,
    text((bond) => bond.params[parameter] as number),
  );

/** A delay, in milliseconds. */
const delay = (name: 'updelay' | 'downdelay' | 'peer_notif_delay'): DeviceAttribute =>
  option(
    name,
    text((bond) => bond.params[name] * bond.params.miimon),
  );

/** One word for each slave. */
const perSlave = (word: (slave: slave) => string): Show =>
  function* showSlaves(bond) {
    if (!(yield* rtnl_trylock(bond.k))) return restart_syscall();
    const words = bond_slaves(bond).map(word);
    yield* rtnl_unlock(bond.k);
    return words.length === 0 ? '' : `${words.join(' ')}\n`;
  };

const aggregated = (bond: bonding): boolean => BOND_MODE(bond) === BOND_MODE_8023AD;

/** Something about the active aggregator; 0 without one, nothing in other modes. */
const ofAggregator = (name: string, value: (info: ad_info) => number): DeviceAttribute =>
  readOnly(
    name,
    textOrNothing((bond) => {
      if (!aggregated(bond)) return null;
      const info = bond_3ad_get_active_agg_info(bond);
      return info === null ? 0 : value(info);
    }),
  );

/** An option that only 802.3ad shows. */
const lacpOnly = (name: OptionName, value: (bond: bonding) => string | number): DeviceAttribute =>
  option(
    name,
    textOrNothing((bond) => (aggregated(bond) ? value(bond) : null)),
  );

function* bonding_show_primary(bond: bonding): MaySleep<string> {
  const primary = yield* bond.primary_slave.read();
  return primary === null ? '' : `${primary.dev.name}\n`;
}

function* bonding_show_active_slave(bond: bonding): MaySleep<string> {
  const active = bond_uses_primary(bond) ? yield* bond.curr_active_slave.read() : null;
  return active === null ? '' : `${active.dev.name}\n`;
}

/** The directory `bonding`. */
export const bonding_group: SysfsGroup = {
  name: 'bonding',
  attributes: [
    option(
      'slaves',
      perSlave((slave) => slave.dev.name),
    ),
    named('mode'),
    named('fail_over_mac'),
    named('arp_validate'),
    named('arp_all_targets'),
    numbered('arp_interval'),
    option(
      'arp_ip_target',
      textOrNothing((bond) => bond.params.arp_targets.map(formatIpv4).join(' ') || null),
    ),
    delay('downdelay'),
    delay('updelay'),
    delay('peer_notif_delay'),
    named('lacp_active'),
    named('lacp_rate', 'lacp_fast'),
    named('ad_select'),
    named('xmit_hash_policy', 'xmit_policy'),
    numbered('num_grat_arp', 'num_peer_notif'),
    numbered('num_unsol_na', 'num_peer_notif'),
    numbered('miimon'),
    option('primary', bonding_show_primary),
    named('primary_reselect'),
    numbered('use_carrier'),
    option('active_slave', bonding_show_active_slave),
    readOnly(
      'mii_status',
      text((bond) => (netif_carrier_ok(bond.dev) ? 'up' : 'down')),
    ),
    ofAggregator('ad_aggregator', (info) => info.aggregator_id),
    ofAggregator('ad_num_ports', (info) => info.ports),
    ofAggregator('ad_actor_key', (info) => info.actor_key),
    ofAggregator('ad_partner_key', (info) => info.partner_key),
    readOnly(
      'ad_partner_mac',
      textOrNothing((bond) => {
        const info = aggregated(bond) ? bond_3ad_get_active_agg_info(bond) : null;
        return info === null ? null : formatMac(info.partner_system);
      }),
    ),
    option(
      'queue_id',
      perSlave((slave) => `${slave.dev.name}:${slave.queue_id}`),
    ),
    numbered('all_slaves_active'),
    numbered('resend_igmp'),
    numbered('min_links'),
    numbered('lp_interval'),
    numbered('packets_per_slave'),
    numbered('tlb_dynamic_lb'),
    lacpOnly('ad_actor_sys_prio', (bond) => bond.params.ad_actor_sys_prio),
    lacpOnly('ad_actor_system', (bond) => formatMac(bond.params.ad_actor_system)),
    lacpOnly('ad_user_port_key', (bond) => bond.params.ad_user_port_key),
    numbered('arp_missed_max', 'missed_max'),
  ],
};

/** Makes a bond by name; bond_netlink.ts knows how. */
export type CreateBond = (name: string) => MaySleep<number>;

function* bonding_show_bonds(state: bonding_module): MaySleep<string> {
  yield* rtnl_lock(state.k);
  const names = state.dev_list.map((bond) => bond.dev.name);
  yield* rtnl_unlock(state.k);
  return names.length === 0 ? '' : `${names.join(' ')}\n`;
}

function* createNamed(state: bonding_module, name: string, create: CreateBond): MaySleep<number> {
  pr_info(state.k, `${DRV_NAME}: ${name} is being created...`);
  const err = yield* create(name);
  if (err === -EEXIST) pr_info(state.k, `${DRV_NAME}: ${name} already exists`);
  else if (err !== 0) pr_info(state.k, `${DRV_NAME}: ${name} creation failed`);
  return err;
}

function* deleteNamed(state: bonding_module, name: string): MaySleep<number> {
  const { k } = state;
  yield* rtnl_lock(k);
  const bond = state.dev_list.find((each) => each.dev.name === name);
  if (bond !== undefined) {
    pr_info(k, `${DRV_NAME}: ${name} is being deleted...`);
    yield* unregister_netdevice(bond.dev);
  } else pr_err(k, `${DRV_NAME}: unable to delete non-existent ${name}`);
  yield* rtnl_unlock(k);
  return bond === undefined ? -ENODEV : 0;
}

function* bonding_store_bonds(
  state: bonding_module,
  buffer: string,
  create: CreateBond,
): MaySleep<number> {
  const command = buffer.trim().split(/\s+/)[0]!.slice(0, 16);
  const name = command.slice(1);
  if (!/^[+-]/.test(command) || !dev_valid_name(name)) {
    const advice = 'use +ifname or -ifname';
    pr_err(state.k, `${DRV_NAME}: no command found in bonding_masters - ${advice}`);
    return -EPERM;
  }
  const err = command.startsWith('+')
    ? yield* createNamed(state, name, create)
    : yield* deleteNamed(state, name);
  return err === 0 ? buffer.length : err;
}

const bonding_masters = 'bonding_masters';

/** Makes bonding_masters. */
export function bond_create_sysfs(state: bonding_module, create: CreateBond): void {
  sysfs_create_file(state.k.vfs.directory('/sys/class/net'), {
    name: bonding_masters,
    mode: 0o644,
    show: () => bonding_show_bonds(state),
    store: (buffer) => bonding_store_bonds(state, buffer, create),
  });
}

/** Removes it; waits until nobody reads or writes it. */
export function* bond_destroy_sysfs(state: bonding_module): MaySleep<void> {
  yield* sysfs_remove_file_ns(state.k.vfs.directory('/sys/class/net'), bonding_masters);
}
