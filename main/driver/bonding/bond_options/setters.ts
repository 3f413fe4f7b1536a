// What each option does when it is set (bond_options.c: bond_option_*_set; facts/driver 10.10).
// RTNL is held; dependencies are checked and the value is read. Options about slaves are in
// slaves.ts.

import { formatMac, isMulticast, parseMac } from '#bus/mac.ts';
import { EINVAL, EPERM } from '#kernel/errno.ts';
import { IFF_UP } from '#kernel/net/flags.ts';
import { netdev_err, netdev_info, netdev_warn } from '#kernel/net/netdev-log.ts';
import { cancel_delayed_work_sync, queue_delayed_work } from '#kernel/workqueue.ts';
import type { MaySleep } from '#sim/task.ts';
import {
  bond_3ad_update_ad_actor_settings,
  bond_3ad_update_lacp_active,
  bond_3ad_update_lacp_rate,
} from '../bond_3ad/bind.ts';
import { tellMode } from '../bond_main/told.ts';
import { bond_rcv_validate } from '../bond_main/arp-probe.ts';
import { bond_set_carrier } from '../bond_main/carrier.ts';
import { bond_select_active_slave } from '../bond_main/failover.ts';
import {
  BOND_ARP_VALIDATE_NONE,
  bond_dbg,
  BOND_DEFAULT_MIIMON,
  bond_is_active_slave,
  BOND_MODE_ALB,
  bond_mode_uses_arp,
  bond_slaves,
} from '../bonding.ts';
import type { bond_params, bonding } from '../bonding.ts';
import { bond_option_arp_ip_targets_set } from './arp-targets.ts';
import type { ParsedValue } from './parse.ts';
import {
  bond_option_active_slave_set,
  bond_option_actor_port_prio_set,
  bond_option_primary_set,
  bond_option_prio_set,
  bond_option_queue_id_set,
  bond_option_slaves_set,
} from './slaves.ts';
import { valueName } from './table.ts';
import type { OptionName } from './table.ts';

/** Sets one option. 0 or a negative error. */
type Setter = (bond: bonding, given: ParsedValue) => MaySleep<number>;

/** Parameters that are numbers. */
type NumericParameter = {
  [K in keyof bond_params]: bond_params[K] extends number ? K : never;
}[keyof bond_params];

const isUp = (bond: bonding): boolean => (bond.dev.flags & IFF_UP) !== 0;

/** For options that are only remembered. */
const remember = (name: NumericParameter): Setter =>
  function* rememberValue(bond, { value }) {
    bond_dbg(bond.dev, `Setting ${name} to ${value}`);
    bond.params[name] = value;
    return 0;
  };

function* bond_option_mode_set(bond: bonding, { value }: ParsedValue): MaySleep<number> {
  const { params } = bond;
  if (!bond_mode_uses_arp(value)) {
    if (params.arp_interval !== 0) {
      const mode = valueName('mode', value);
      const text = `${mode} mode is incompatible with arp monitoring, start mii monitoring`;
      bond_dbg(bond.dev, text);
      params.arp_interval = 0;
    }
    if (params.miimon === 0) params.miimon = BOND_DEFAULT_MIIMON;
  }
  if (value === BOND_MODE_ALB) params.tlb_dynamic_lb = 1;
  params.arp_validate = BOND_ARP_VALIDATE_NONE;
  params.mode = value;
  tellMode(bond);
  return 0;
}

/** Switches the ARP monitor off and the MII monitor on, or off. */
function* bond_option_miimon_set(bond: bonding, { value }: ParsedValue): MaySleep<number> {
  const { params } = bond;
  bond_dbg(bond.dev, `Setting MII monitoring interval to ${value}`);
  params.miimon = value;
  if (value !== 0 && params.arp_interval !== 0) {
    params.arp_interval = 0;
    params.arp_validate = BOND_ARP_VALIDATE_NONE;
  }
  if (!isUp(bond)) return 0;
  if (value === 0) {
    yield* cancel_delayed_work_sync(bond.mii_work);
    return 0;
  }
  yield* cancel_delayed_work_sync(bond.arp_work);
  yield* queue_delayed_work(bond.wq, bond.mii_work, 0);
  return 0;
}

/** Switches the MII monitor off and the ARP monitor on, or off. */
function* bond_option_arp_interval_set(bond: bonding, { value }: ParsedValue): MaySleep<number> {
  const { params } = bond;
  bond_dbg(bond.dev, `Setting ARP monitoring interval to ${value}`);
  params.arp_interval = value;
  if (value !== 0) params.miimon = 0;
  if (!isUp(bond)) return 0;
  if (value === 0) {
    if (params.arp_validate !== 0) yield* bond.recv_probe.write(null);
    yield* cancel_delayed_work_sync(bond.arp_work);
    return 0;
  }
  yield* bond.recv_probe.write(bond_rcv_validate);
  yield* cancel_delayed_work_sync(bond.mii_work);
  yield* queue_delayed_work(bond.wq, bond.arp_work, 0);
  return 0;
}

/** Delays are kept as multiples of miimon. */
function _bond_option_delay_set(
  bond: bonding,
  value: number,
  words: string,
  name: 'updelay' | 'downdelay' | 'peer_notif_delay',
): number {
  const { miimon } = bond.params;
  if (miimon === 0) {
    netdev_err(bond.dev, `Unable to set ${words} as MII monitoring is disabled`);
    return -EPERM;
  }
  const ticks = Math.floor(value / miimon);
  if (ticks * miimon !== value) {
    const text = `is not a multiple of miimon (${miimon}), value rounded to ${ticks * miimon} ms`;
    netdev_warn(bond.dev, `${words} (${value}) ${text}`);
  }
  bond.params[name] = ticks;
  return 0;
}

const delay = (words: string, name: 'updelay' | 'downdelay' | 'peer_notif_delay'): Setter =>
  function* bond_option_delay_set(bond, { value }) {
    return _bond_option_delay_set(bond, value, words, name);
  };

function* bond_option_primary_reselect_set(
  bond: bonding,
  { value }: ParsedValue,
): MaySleep<number> {
  bond.params.primary_reselect = value;
  yield* bond_select_active_slave(bond);
  return 0;
}

function* bond_option_min_links_set(bond: bonding, { value }: ParsedValue): MaySleep<number> {
  bond.params.min_links = value;
  yield* bond_set_carrier(bond);
  return 0;
}

/** Backup slaves receive, or no more. */
function* bond_option_all_slaves_active_set(
  bond: bonding,
  { value }: ParsedValue,
): MaySleep<number> {
  if (value === bond.params.all_slaves_active) return 0;
  bond.params.all_slaves_active = value;
  for (const slave of bond_slaves(bond)) {
    if (!(yield* bond_is_active_slave(slave))) slave.inactive = value === 0;
  }
  return 0;
}

function* bond_option_lacp_active_set(bond: bonding, { value }: ParsedValue): MaySleep<number> {
  bond.params.lacp_active = value;
  yield* bond_3ad_update_lacp_active(bond);
  return 0;
}

function* bond_option_lacp_rate_set(bond: bonding, { value }: ParsedValue): MaySleep<number> {
  bond.params.lacp_fast = value;
  yield* bond_3ad_update_lacp_rate(bond);
  return 0;
}

function* bond_option_ad_actor_sys_prio_set(
  bond: bonding,
  { value }: ParsedValue,
): MaySleep<number> {
  bond.params.ad_actor_sys_prio = value;
  yield* bond_3ad_update_ad_actor_settings(bond);
  return 0;
}

function* bond_option_ad_actor_system_set(bond: bonding, { text }: ParsedValue): MaySleep<number> {
  const mac = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}/i.exec(text)?.[0];
  const system = mac === undefined ? null : parseMac(mac);
  if (system === null || isMulticast(system)) {
    netdev_err(bond.dev, 'Invalid ad_actor_system MAC address.');
    return -EINVAL;
  }
  bond_dbg(bond.dev, `Setting ad_actor_system to ${formatMac(system)}`);
  bond.params.ad_actor_system = system;
  yield* bond_3ad_update_ad_actor_settings(bond);
  return 0;
}

function* bond_option_coupled_control_set(bond: bonding, { value }: ParsedValue): MaySleep<number> {
  const name = valueName('coupled_control', value);
  netdev_info(bond.dev, `Setting coupled_control to ${name} (${value})`);
  bond.params.coupled_control = value;
  return 0;
}

/** By option. */
export const setters: Readonly<Record<OptionName, Setter>> = {
  mode: bond_option_mode_set,
  packets_per_slave: remember('packets_per_slave'),
  xmit_hash_policy: remember('xmit_policy'),
  arp_validate: remember('arp_validate'),
  arp_all_targets: remember('arp_all_targets'),
  fail_over_mac: remember('fail_over_mac'),
  arp_interval: bond_option_arp_interval_set,
  arp_missed_max: remember('missed_max'),
  arp_ip_target: bond_option_arp_ip_targets_set,
  downdelay: delay('down delay', 'downdelay'),
  updelay: delay('up delay', 'updelay'),
  peer_notif_delay: delay('peer notification delay', 'peer_notif_delay'),
  lacp_active: bond_option_lacp_active_set,
  lacp_rate: bond_option_lacp_rate_set,
  min_links: bond_option_min_links_set,
  ad_select: remember('ad_select'),
  num_unsol_na: remember('num_peer_notif'),
  num_grat_arp: remember('num_peer_notif'),
  miimon: bond_option_miimon_set,
  prio: bond_option_prio_set,
  primary: bond_option_primary_set,
  primary_reselect: bond_option_primary_reselect_set,
  use_carrier: remember('use_carrier'),
  active_slave: bond_option_active_slave_set,
  queue_id: bond_option_queue_id_set,
  all_slaves_active: bond_option_all_slaves_active_set,
  resend_igmp: remember('resend_igmp'),
  lp_interval: remember('lp_interval'),
  slaves: bond_option_slaves_set,
  tlb_dynamic_lb: remember('tlb_dynamic_lb'),
  ad_actor_sys_prio: bond_option_ad_actor_sys_prio_set,
  actor_port_prio: bond_option_actor_port_prio_set,
  ad_actor_system: bond_option_ad_actor_system_set,
  ad_user_port_key: remember('ad_user_port_key'),
  coupled_control: bond_option_coupled_control_set,
};
