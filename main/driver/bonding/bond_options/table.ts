// The options of a bond as data (bond_options.c: bond_opts and its value tables; facts/driver
// 10.10): names for values, ranges, the modes that know an option, and when it may be set. What
// setting does is in set.ts. Left out: ns_ip6_target and broadcast_neighbor.

import {
  BOND_AD_BANDWIDTH,
  BOND_AD_COUNT,
  BOND_AD_STABLE,
  BOND_ARP_FILTER,
  BOND_ARP_TARGETS_ALL,
  BOND_ARP_TARGETS_ANY,
  BOND_ARP_VALIDATE_ACTIVE,
  BOND_ARP_VALIDATE_ALL,
  BOND_ARP_VALIDATE_BACKUP,
  BOND_ARP_VALIDATE_NONE,
  BOND_FOM_ACTIVE,
  BOND_FOM_FOLLOW,
  BOND_FOM_NONE,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  BOND_MODE_ALB,
  BOND_MODE_BROADCAST,
  BOND_MODE_ROUNDROBIN,
  BOND_MODE_TLB,
  BOND_MODE_XOR,
  BOND_PRI_RESELECT_ALWAYS,
  BOND_PRI_RESELECT_BETTER,
  BOND_PRI_RESELECT_FAILURE,
  BOND_XMIT_POLICY_ENCAP23,
  BOND_XMIT_POLICY_ENCAP34,
  BOND_XMIT_POLICY_LAYER2,
  BOND_XMIT_POLICY_LAYER23,
  BOND_XMIT_POLICY_LAYER34,
  BOND_XMIT_POLICY_VLAN_SRCMAC,
} from '../bonding.ts';

/** A value with a name. `min` and `max` bound the numbers that have none. */
export interface bond_opt_value {
  readonly string: string;
  readonly value: number;
  readonly flags?: readonly ('default' | 'min' | 'max')[];
}

/** An option. */
export interface bond_option {
  readonly name: string;
  /** BOND_OPTFLAG_NOSLAVES: only while the bond is empty. */
  readonly noSlaves?: true;
  /** BOND_OPTFLAG_IFDOWN: only while the bond is down. */
  readonly ifDown?: true;
  /** BOND_OPTFLAG_RAWVAL: the text is the option's own business. */
  readonly raw?: true;
  /** Modes that know the option; all of them unless given. */
  readonly modes?: readonly number[];
  readonly values?: readonly bond_opt_value[];
}

const INT_MAX = 0x7fff_ffff;
const primaryModes = [BOND_MODE_ACTIVEBACKUP, BOND_MODE_TLB, BOND_MODE_ALB];
const lacpModes = [BOND_MODE_8023AD];
const arpModes = [BOND_MODE_ROUNDROBIN, BOND_MODE_ACTIVEBACKUP, BOND_MODE_XOR, BOND_MODE_BROADCAST];

/** Names for 0, 1, 2 …, the first of which is the default. */
const named = (...names: readonly (readonly [string, number])[]): readonly bond_opt_value[] =>
  names.map(([string, value], index) =>
    index === 0 ? { string, value, flags: ['default'] } : { string, value },
  );

const offOn = (byDefault: 0 | 1): readonly bond_opt_value[] =>
  ['off', 'on'].map((string, value) =>
    value === byDefault ? { string, value, flags: ['default'] } : { string, value },
  );

const upTo = (max: number): readonly bond_opt_value[] => [
  { string: 'off', value: 0, flags: ['default'] },
  { string: 'maxval', value: max, flags: ['max'] },
];

const notifications: readonly bond_opt_value[] = [
  { string: 'off', value: 0 },
  { string: 'maxval', value: 255, flags: ['max'] },
  { string: 'default', value: 1, flags: ['default'] },
];

const between = (min: number, max: number, byDefault: number): readonly bond_opt_value[] => [
  { string: 'minval', value: min, flags: min === byDefault ? ['min', 'default'] : ['min'] },
  { string: 'maxval', value: max, flags: max === byDefault ? ['max', 'default'] : ['max'] },
  ...(byDefault === min || byDefault === max
    ? []
    : [{ string: 'default', value: byDefault, flags: ['default'] as const }]),
];

const modeValues = named(
  ['balance-rr', BOND_MODE_ROUNDROBIN],
  ['active-backup', BOND_MODE_ACTIVEBACKUP],
  ['balance-xor', BOND_MODE_XOR],
  ['broadcast', BOND_MODE_BROADCAST],
  ['802.3ad', BOND_MODE_8023AD],
  ['balance-tlb', BOND_MODE_TLB],
  ['balance-alb', BOND_MODE_ALB],
);

const hashValues = named(
  ['layer2', BOND_XMIT_POLICY_LAYER2],
  ['layer3+4', BOND_XMIT_POLICY_LAYER34],
  ['layer2+3', BOND_XMIT_POLICY_LAYER23],
  ['encap2+3', BOND_XMIT_POLICY_ENCAP23],
  ['encap3+4', BOND_XMIT_POLICY_ENCAP34],
  ['vlan+srcmac', BOND_XMIT_POLICY_VLAN_SRCMAC],
);

const validateValues = named(
  ['none', BOND_ARP_VALIDATE_NONE],
  ['active', BOND_ARP_VALIDATE_ACTIVE],
  ['backup', BOND_ARP_VALIDATE_BACKUP],
  ['all', BOND_ARP_VALIDATE_ALL],
  ['filter', BOND_ARP_FILTER],
  ['filter_active', BOND_ARP_FILTER | BOND_ARP_VALIDATE_ACTIVE],
  ['filter_backup', BOND_ARP_FILTER | BOND_ARP_VALIDATE_BACKUP],
);

const reselectValues = named(
  ['always', BOND_PRI_RESELECT_ALWAYS],
  ['better', BOND_PRI_RESELECT_BETTER],
  ['failure', BOND_PRI_RESELECT_FAILURE],
);

const macValues = named(
  ['none', BOND_FOM_NONE],
  ['active', BOND_FOM_ACTIVE],
  ['follow', BOND_FOM_FOLLOW],
);

const adSelectValues = named(
  ['stable', BOND_AD_STABLE],
  ['bandwidth', BOND_AD_BANDWIDTH],
  ['count', BOND_AD_COUNT],
);

const options = [
  { name: 'mode', noSlaves: true, ifDown: true, values: modeValues },
  {
    name: 'packets_per_slave',
    modes: [BOND_MODE_ROUNDROBIN],
    values: [
      { string: 'default', value: 1, flags: ['default'] },
      { string: 'maxval', value: 65535, flags: ['max'] },
    ],
  },
  { name: 'xmit_hash_policy', values: hashValues },
  { name: 'arp_validate', modes: arpModes, values: validateValues },
  {
    name: 'arp_all_targets',
    values: named(['any', BOND_ARP_TARGETS_ANY], ['all', BOND_ARP_TARGETS_ALL]),
  },
  { name: 'fail_over_mac', noSlaves: true, values: macValues },
  { name: 'arp_interval', modes: arpModes, values: upTo(INT_MAX) },
  { name: 'arp_missed_max', modes: arpModes, values: between(1, 255, 2) },
  { name: 'arp_ip_target', raw: true },
  { name: 'downdelay', values: upTo(INT_MAX) },
  { name: 'updelay', values: upTo(INT_MAX) },
  {
    name: 'peer_notif_delay',
    values: [
      { string: 'off', value: 0 },
      { string: 'maxval', value: 300_000, flags: ['max'] },
    ],
  },
  { name: 'lacp_active', ifDown: true, modes: lacpModes, values: offOn(1) },
  {
    name: 'lacp_rate',
    ifDown: true,
    modes: lacpModes,
    values: [
      { string: 'slow', value: 0 },
      { string: 'fast', value: 1 },
    ],
  },
  { name: 'min_links', values: upTo(INT_MAX) },
  { name: 'ad_select', ifDown: true, values: adSelectValues },
  { name: 'num_unsol_na', values: notifications },
  { name: 'num_grat_arp', values: notifications },
  { name: 'miimon', values: upTo(INT_MAX) },
  { name: 'prio', raw: true, modes: primaryModes },
  { name: 'primary', raw: true, modes: primaryModes },
  { name: 'primary_reselect', values: reselectValues },
  { name: 'use_carrier', values: offOn(1) },
  { name: 'active_slave', raw: true, modes: primaryModes },
  { name: 'queue_id', raw: true },
  { name: 'all_slaves_active', values: offOn(0) },
  { name: 'resend_igmp', values: notifications },
  { name: 'lp_interval', values: between(1, INT_MAX, 1) },
  { name: 'slaves', raw: true },
  {
    name: 'tlb_dynamic_lb',
    ifDown: true,
    modes: [BOND_MODE_TLB, BOND_MODE_ALB],
    values: offOn(1),
  },
  { name: 'ad_actor_sys_prio', modes: lacpModes, values: between(1, 65535, 65535) },
  { name: 'actor_port_prio', raw: true, modes: lacpModes },
  { name: 'ad_actor_system', raw: true, modes: lacpModes },
  { name: 'ad_user_port_key', ifDown: true, modes: lacpModes, values: between(0, 1023, 0) },
  {
    name: 'coupled_control',
    ifDown: true,
    modes: lacpModes,
    values: [
      { string: 'on', value: 1, flags: ['default'] },
      { string: 'off', value: 0 },
    ],
  },
] as const satisfies readonly bond_option[];

/** Name of an option, as its sysfs file has it. */
export type OptionName = (typeof options)[number]['name'];

/** bond_opts[]. */
export const bond_opts: readonly bond_option[] = options;

/** bond_opt_get_by_name(). */
export const bond_opt_get = (name: OptionName): bond_option =>
  bond_opts.find((option) => option.name === name)!;

/** The name of an option's value; empty for one without a name. */
export const valueName = (option: OptionName, value: number): string =>
  bond_opt_get(option).values?.find((each) => each.value === value)?.string ?? '';
