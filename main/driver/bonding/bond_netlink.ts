// The kind `bond` of `ip link` (bond_netlink.c): making, changing and showing bonds and slaves.
// Options arrive by the names that ip has for them and are applied in the order of the kernel's,
// whatever the order in the command; the first that fails ends it. RTNL is held. What is shown is a
// view, read without points.

import { formatIpv4 } from '#bus/ipv4.ts';
import { formatMac, formatMacAt } from '#bus/mac.ts';
import { EINVAL } from '#kernel/errno.ts';
import {
  bond_slave_get,
  bond_slaves,
  bond_uses_primary,
  BOND_MODE,
  BOND_MODE_8023AD,
} from './bonding.ts';
import { netdev_priv } from '#kernel/net/netdevice.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import { netdev_warn } from '#kernel/net/netdev-log.ts';
import type { NetlinkExtack } from '#kernel/net/netlink.ts';
import type { LinkOptions, RtnlLinkOps } from '#kernel/net/rtnl-link-ops.ts';
import { unregister_netdevice_queue } from '#kernel/net/unregister.ts';
import type { MaySleep } from '#sim/task.ts';
import { bond_3ad_get_active_agg_info } from './bond_3ad/info.ts';
import { __bond_opt_set } from './bond_options/set.ts';
import { valueName } from './bond_options/table.ts';
import type { OptionName } from './bond_options/table.ts';
import { bond_setup, registerBond } from './bond_main/setup.ts';
import type { bonding, bonding_module } from './bonding.ts';

/** Names that `ip` has for options, in the order in which the kernel applies them. */
const linkOptions: readonly (readonly [word: string, option: OptionName])[] = [
  ['mode', 'mode'],
  ['active_slave', 'active_slave'],
  ['miimon', 'miimon'],
  ['updelay', 'updelay'],
  ['downdelay', 'downdelay'],
  ['peer_notify_delay', 'peer_notif_delay'],
  ['use_carrier', 'use_carrier'],
  ['arp_interval', 'arp_interval'],
  ['arp_ip_target', 'arp_ip_target'],
  ['arp_validate', 'arp_validate'],
  ['arp_all_targets', 'arp_all_targets'],
  ['primary', 'primary'],
  ['primary_reselect', 'primary_reselect'],
  ['fail_over_mac', 'fail_over_mac'],
  ['xmit_hash_policy', 'xmit_hash_policy'],
  ['resend_igmp', 'resend_igmp'],
  ['num_grat_arp', 'num_grat_arp'],
  ['num_unsol_na', 'num_unsol_na'],
  ['all_slaves_active', 'all_slaves_active'],
  ['min_links', 'min_links'],
  ['lp_interval', 'lp_interval'],
  ['packets_per_slave', 'packets_per_slave'],
  ['lacp_active', 'lacp_active'],
  ['lacp_rate', 'lacp_rate'],
  ['ad_select', 'ad_select'],
  ['ad_actor_sys_prio', 'ad_actor_sys_prio'],
  ['ad_user_port_key', 'ad_user_port_key'],
  ['ad_actor_system', 'ad_actor_system'],
  ['tlb_dynamic_lb', 'tlb_dynamic_lb'],
  ['arp_missed_max', 'arp_missed_max'],
  ['coupled_control', 'coupled_control'],
];

/** Monitors exclude each other within one command. */
function conflict(options: LinkOptions, extack: NetlinkExtack): number {
  const set = (word: string): boolean => Number(options[word] ?? 0) !== 0;
  if (!set('miimon')) return 0;
  if (set('arp_interval')) {
    extack.message = 'ARP monitoring cannot be used with MII monitoring';
    return -EINVAL;
  }
  const validates =
    (options['arp_validate'] ?? 'none') !== 'none' && options['arp_validate'] !== '0';
  if (!validates) return 0;
  extack.message = 'ARP validating cannot be used with MII monitoring';
  return -EINVAL;
}

/** The list of targets is replaced as a whole. */
function* setTargets(bond: bonding, list: string, extack: NetlinkExtack): MaySleep<number> {
  bond.params.arp_targets = [];
  for (const target of list.split(',').filter((each) => each !== '')) {
    const err = yield* __bond_opt_set(bond, 'arp_ip_target', `+${target}`, extack);
    if (err !== 0) return err;
  }
  if (bond.params.arp_targets.length === 0 && bond.params.arp_interval !== 0) {
    netdev_warn(bond.dev, 'Removing last arp target with arp_interval on');
  }
  return 0;
}

/** A word that nobody knows is refused, as ip itself would do. */
function unknownWord(
  options: LinkOptions,
  known: readonly string[],
  extack: NetlinkExtack,
): number {
  const word = Object.keys(options).find((each) => !known.includes(each));
  if (word === undefined) return 0;
  extack.message = `bond: unknown option "${word}"`;
  return -EINVAL;
}

/** Applies options to a bond. 0 or a negative error. */
export function* bond_changelink(
  dev: NetDevice,
  options: LinkOptions,
  extack: NetlinkExtack,
): MaySleep<number> {
  const bond = netdev_priv<bonding>(dev);
  const words = ['clear_active_slave', ...linkOptions.map(([word]) => word)];
  let err = unknownWord(options, words, extack);
  if (err === 0) err = conflict(options, extack);
  for (const [word, option] of linkOptions) {
    if (err !== 0) return err;
    const given = option === 'active_slave' && 'clear_active_slave' in options ? '' : options[word];
    if (given === undefined) continue;
    err =
      option === 'arp_ip_target'
        ? yield* setTargets(bond, given, extack)
        : yield* __bond_opt_set(bond, option, given, extack);
  }
  return err;
}

function* bond_newlink(
  dev: NetDevice,
  options: LinkOptions,
  extack: NetlinkExtack,
): MaySleep<number> {
  const err = yield* bond_changelink(dev, options, extack);
  return err < 0 ? err : yield* registerBond(dev);
}

/** Options of a slave: `ip link set p1 type bond_slave prio 5`. 0 or a negative error. */
export function* bond_slave_changelink(
  bond_dev: NetDevice,
  slave_dev: NetDevice,
  options: LinkOptions,
  extack: NetlinkExtack,
): MaySleep<number> {
  const bond = netdev_priv<bonding>(bond_dev);
  const names = ['queue_id', 'prio', 'actor_port_prio'] as const;
  let err = unknownWord(options, names, extack);
  for (const name of names) {
    const given = options[name];
    if (err !== 0 || given === undefined) continue;
    err = yield* __bond_opt_set(bond, name, `${slave_dev.name}:${given}`, extack);
  }
  return err;
}

/** What the active aggregator is, as ip shows it. */
function aggregatorInfo(bond: bonding): Record<string, string | number> {
  if (BOND_MODE(bond) !== BOND_MODE_8023AD) return {};
  const info = bond_3ad_get_active_agg_info(bond);
  const { ad_actor_sys_prio, ad_user_port_key, ad_actor_system } = bond.params;
  return {
    ...(info === null
      ? {}
      : {
          ad_aggregator: info.aggregator_id,
          ad_num_ports: info.ports,
          ad_actor_key: info.actor_key,
          ad_partner_key: info.partner_key,
          ad_partner_mac: formatMac(info.partner_system),
        }),
    ad_actor_sys_prio,
    ad_user_port_key,
    ad_actor_system: formatMac(ad_actor_system),
  };
}

/** What `ip -d link` shows of a bond, in its order. */
export function bond_fill_info(dev: NetDevice): Record<string, string | number> {
  const bond = netdev_priv<bonding>(dev);
  const { params } = bond;
  const active = bond_uses_primary(bond) ? bond.curr_active_slave.peek : null;
  const primary = bond.primary_slave.peek;
  const targets = params.arp_targets.map(formatIpv4).join(',');
  return {
    mode: valueName('mode', params.mode),
    ...(active === null ? {} : { active_slave: active.dev.name }),
    miimon: params.miimon,
    updelay: params.updelay * params.miimon,
    downdelay: params.downdelay * params.miimon,
    peer_notify_delay: params.peer_notif_delay * params.miimon,
    use_carrier: params.use_carrier,
    arp_interval: params.arp_interval,
    arp_missed_max: params.missed_max,
    ...(targets === '' ? {} : { arp_ip_target: targets }),
    arp_validate: valueName('arp_validate', params.arp_validate),
    arp_all_targets: valueName('arp_all_targets', params.arp_all_targets),
    ...(primary === null ? {} : { primary: primary.dev.name }),
    primary_reselect: valueName('primary_reselect', params.primary_reselect),
    fail_over_mac: valueName('fail_over_mac', params.fail_over_mac),
    xmit_hash_policy: valueName('xmit_hash_policy', params.xmit_policy),
    resend_igmp: params.resend_igmp,
    num_grat_arp: params.num_peer_notif,
    all_slaves_active: params.all_slaves_active,
    min_links: params.min_links,
    lp_interval: params.lp_interval,
    packets_per_slave: params.packets_per_slave,
    lacp_active: valueName('lacp_active', params.lacp_active),
    lacp_rate: valueName('lacp_rate', params.lacp_fast),
    ad_select: valueName('ad_select', params.ad_select),
    ...aggregatorInfo(bond),
    tlb_dynamic_lb: params.tlb_dynamic_lb,
  };
}

const states = ['ACTIVE', 'BACKUP'] as const;
const links = ['UP', 'GOING_DOWN', 'DOWN', 'GOING_BACK'] as const;

/** What it shows of a slave. */
export function bond_fill_slave_info(
  bond_dev: NetDevice,
  slave_dev: NetDevice,
): Record<string, string | number> {
  const slave = bond_slave_get(slave_dev);
  if (slave === null || !bond_slaves(netdev_priv<bonding>(bond_dev)).includes(slave)) return {};
  const port = slave.ad_info?.port;
  return {
    state: states[slave.backup.peek] ?? String(slave.backup.peek),
    mii_status: links[slave.link.peek] ?? String(slave.link.peek),
    link_failure_count: slave.link_failure_count,
    perm_hwaddr: formatMacAt(slave.perm_hwaddr),
    queue_id: slave.queue_id,
    prio: slave.prio,
    ...(port === undefined || port.aggregator === null
      ? {}
      : {
          ad_aggregator_id: port.aggregator.aggregator_identifier,
          ad_actor_oper_port_state: port.actor_oper_port_state,
          ad_partner_oper_port_state: port.partner_oper.port_state,
        }),
  };
}

/** The kind, for one loaded module. */
export const bond_link_ops = (state: bonding_module): RtnlLinkOps => ({
  kind: 'bond',
  alloc: (_k, name) => bond_setup(state, name),
  newlink: bond_newlink,
  changelink: bond_changelink,
  slave_changelink: bond_slave_changelink,
  dellink: (dev, kill) => unregister_netdevice_queue(dev, kill),
  fill_info: bond_fill_info,
  fill_slave_info: bond_fill_slave_info,
});
