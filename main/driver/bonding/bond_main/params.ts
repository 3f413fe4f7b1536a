// What a new bond starts with, from the module's parameters (bond_main.c: bond_check_params;
// facts/driver 10.10). A number out of range falls back to its default with a warning; a name that
// means nothing ends the loading. num_grat_arp and num_unsol_na are one variable: the one that was
// given counts.

import { EINVAL } from '#kernel/errno.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { ModuleParams } from '#kernel/module-params.ts';
import { KERN_NOTICE, pr_err, pr_info, pr_warn, printk } from '#kernel/printk.ts';
import { bond_is_ip_target_ok, readTarget } from '../bond_options/arp-targets.ts';
import { bond_opt_parse } from '../bond_options/parse.ts';
import { bond_opt_get, valueName } from '../bond_options/table.ts';
import type { OptionName } from '../bond_options/table.ts';
import { formatIpv4 } from '#bus/ipv4.ts';
import {
  BOND_ALB_DEFAULT_LP_INTERVAL,
  BOND_DEFAULT_MAX_BONDS,
  BOND_DEFAULT_MIIMON,
  BOND_DEFAULT_RESEND_IGMP,
  BOND_DEFAULT_TX_QUEUES,
  BOND_MAX_ARP_TARGETS,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  BOND_MODE_ALB,
  BOND_MODE_BROADCAST,
  bond_mode_name,
  BOND_MODE_ROUNDROBIN,
  bond_mode_uses_arp,
  bond_mode_uses_primary,
  DRV_NAME,
} from '../bonding.ts';
import type { bond_params } from '../bonding.ts';

/** What the parameters come to. */
export interface CheckedParams {
  readonly defaults: bond_params;
  readonly max_bonds: number;
  readonly tx_queues: number;
}

const INT_MAX = 0x7fff_ffff;

/** Thrown by the helpers below, caught by bond_check_params(). */
class BadParameter extends Error {}

/** The parameters under check, with the kernel for the log. */
class Reader {
  readonly k: Kernel;
  private readonly params: ModuleParams;

  constructor(k: Kernel, params: ModuleParams) {
    this.k = k;
    this.params = params;
  }

  warn(text: string): void {
    pr_warn(this.k, `${DRV_NAME}: ${text}`);
  }

  info(text: string): void {
    pr_info(this.k, `${DRV_NAME}: ${text}`);
  }

  /** The text of a parameter; empty when it was not given. */
  text(name: string): string {
    return this.params.text(name);
  }

  int(name: string): number {
    return this.params.int(name);
  }

  /** A number within bounds; else `fallback`, with `complaint` in the log. */
  within(
    name: string,
    bounds: readonly [number, number],
    fallback: number,
    complaint: string,
  ): number {
    const value = this.int(name);
    if (value >= bounds[0] && value <= bounds[1]) return value;
    this.warn(`Warning: ${complaint.replace('%d', String(value))}`);
    return fallback;
  }

  /** A number that must not be negative. */
  notNegative(name: string): number {
    const text = `${name} module parameter (%d), not in range 0-${INT_MAX}, so it was reset to 0`;
    return this.within(name, [0, INT_MAX], 0, text);
  }

  /** 0 or 1. */
  flag(name: string, fallback: number): number {
    const what = `${name} module parameter (%d), not of valid value (0/1)`;
    const text = `${what}, so it was set to ${fallback}`;
    return this.within(name, [0, 1], fallback, text);
  }

  /** A named value of an option; `words` is what the complaint calls it. */
  named(name: string, option: OptionName, words: string): number {
    const parsed = bond_opt_parse(bond_opt_get(option), this.text(name));
    if (parsed !== null) return parsed.value;
    pr_err(this.k, `${DRV_NAME}: Error: ${words} "${this.text(name)}"`);
    throw new BadParameter(name);
  }

  /** The same for a parameter that need not be given. */
  optional(name: string, option: OptionName, words: string, fallback: number): number {
    return this.text(name) === '' ? fallback : this.named(name, option, words);
  }
}

/** Hash policy and LACP rate, which mean nothing in some modes. */
function modeParameters(read: Reader, mode: number): { xmit_policy: number; lacp_fast: number } {
  const irrelevant = (name: string): void =>
    read.info(`${name} param is irrelevant in mode ${bond_mode_name(mode)}`);
  let xmit_policy = 0;
  let lacp_fast = 0;
  const noHash = [BOND_MODE_ROUNDROBIN, BOND_MODE_ACTIVEBACKUP, BOND_MODE_BROADCAST];
  if (read.text('xmit_hash_policy') !== '') {
    const name = 'xmit_hash_policy';
    if (noHash.includes(mode)) irrelevant(name);
    else xmit_policy = read.named(name, name, 'Invalid xmit_hash_policy');
  }
  if (read.text('lacp_rate') !== '') {
    if (mode !== BOND_MODE_8023AD) irrelevant('lacp_rate');
    else lacp_fast = read.named('lacp_rate', 'lacp_rate', 'Invalid lacp rate');
  }
  return { xmit_policy, lacp_fast };
}

/** Times of the monitors: one excludes the other. */
interface MonitorTimes {
  miimon: number;
  updelay: number;
  downdelay: number;
  arp_interval: number;
}

/** A delay as a multiple of miimon. */
function toTicks(read: Reader, name: string, delay: number, miimon: number): number {
  const ticks = Math.floor(delay / miimon);
  if (ticks * miimon !== delay) {
    const rounded = `${name} rounded to ${ticks * miimon} ms`;
    read.warn(`Warning: ${name} (${delay}) is not a multiple of miimon (${miimon}), ${rounded}`);
  }
  return ticks;
}

function monitorTimes(read: Reader, mode: number): MonitorTimes {
  let miimon = read.notNegative('miimon');
  const updelay = read.notNegative('updelay');
  const downdelay = read.notNegative('downdelay');
  const arp_interval = read.int('arp_interval');
  if (!bond_mode_uses_arp(mode) && miimon === 0) {
    read.warn(
      'Warning: miimon must be specified, otherwise bonding will not detect link failure, ' +
        'speed and duplex which are essential for 802.3ad operation',
    );
    read.warn('Forcing miimon to 100msec');
    miimon = BOND_DEFAULT_MIIMON;
  }
  if (mode === BOND_MODE_ALB) {
    const text =
      'In ALB mode you might experience client disconnections upon reconnection of a link if the ' +
      `bonding module updelay parameter (${updelay} msec) is incompatible with the forwarding ` +
      'delay time of the switch';
    printk(read.k, KERN_NOTICE, `${DRV_NAME}: ${text}`);
  }
  if (miimon === 0) {
    if (updelay > 0 || downdelay > 0) {
      read.warn(
        `Warning: miimon module parameter not set and updelay (${updelay}) or downdelay ` +
          `(${downdelay}) module parameter is set; updelay and downdelay have no effect unless ` +
          'miimon is set',
      );
    }
    return { miimon, updelay, downdelay, arp_interval };
  }
  if (arp_interval !== 0) {
    const both = `miimon (${miimon}) and arp_interval (${arp_interval})`;
    read.warn(`Warning: ${both} can't be used simultaneously, disabling ARP monitoring`);
  }
  return {
    miimon,
    updelay: toTicks(read, 'updelay', updelay, miimon),
    downdelay: toTicks(read, 'downdelay', downdelay, miimon),
    arp_interval: 0,
  };
}

/** Targets of the ARP monitor; a bad one, or none at all, switches it off. */
function arpTargets(read: Reader, times: MonitorTimes): number[] {
  const targets: number[] = [];
  const given = read
    .text('arp_ip_target')
    .split(',')
    .filter((each) => each !== '');
  if (times.arp_interval < 0) {
    const text = `arp_interval module parameter (${times.arp_interval}), not in range 0-${INT_MAX}`;
    read.warn(`Warning: ${text}, so it was reset to 0`);
    times.arp_interval = 0;
  }
  for (const text of given.slice(0, BOND_MAX_ARP_TARGETS)) {
    const target = readTarget(text);
    if (target === null || !bond_is_ip_target_ok(target)) {
      const what = `bad arp_ip_target module parameter (${text})`;
      read.warn(`Warning: ${what}, ARP monitoring will not be performed`);
      times.arp_interval = 0;
    } else if (targets.includes(target)) {
      read.warn(`Warning: duplicate address ${formatIpv4(target)} in arp_ip_target, skipping`);
    } else targets.push(target);
  }
  if (times.arp_interval > 0 && targets.length === 0) {
    const text = `arp_interval module parameter (${times.arp_interval}) specified`;
    const lacking = 'without providing an arp_ip_target parameter, arp_interval was reset to 0';
    read.warn(`Warning: ${text} ${lacking}`);
    times.arp_interval = 0;
  }
  return targets;
}

/** arp_validate makes no sense without the monitor. */
function arpValidate(read: Reader, times: MonitorTimes): number {
  if (read.text('arp_validate') === '') return 0;
  if (times.arp_interval === 0) {
    pr_err(read.k, `${DRV_NAME}: arp_validate requires arp_interval`);
    throw new BadParameter('arp_validate');
  }
  return read.named('arp_validate', 'arp_validate', 'invalid arp_validate');
}

function announceMonitor(
  read: Reader,
  times: MonitorTimes,
  validate: number,
  targets: number[],
): void {
  if (times.miimon > 0) read.info(`MII link monitoring set to ${times.miimon} ms`);
  else if (times.arp_interval > 0) {
    const name = valueName('arp_validate', validate);
    const what = `validate ${name}, with ${targets.length} target(s):`;
    const list = targets.map((target) => ` ${formatIpv4(target)}`).join('');
    read.info(`ARP monitoring set to ${times.arp_interval} ms, ${what}${list}`);
  }
}

/** The primary, and what is done when it comes back. */
function primaryParameters(
  read: Reader,
  mode: number,
): Pick<bond_params, 'primary' | 'primary_reselect'> {
  const given = read.text('primary');
  if (given !== '' && !bond_mode_uses_primary(mode)) {
    const text = `has no effect in ${bond_mode_name(mode)} mode`;
    read.warn(`Warning: ${given} primary device specified but ${text}`);
  }
  const primary = bond_mode_uses_primary(mode) ? given.slice(0, 15) : '';
  const name = 'primary_reselect';
  const primary_reselect =
    primary === '' ? 0 : read.optional(name, name, 'Invalid primary_reselect', 0);
  return { primary, primary_reselect };
}

/** Notifications after a failover. */
function peerNotifications(read: Reader): number {
  const name = read.int('num_grat_arp') === 1 ? 'num_unsol_na' : 'num_grat_arp';
  const text = 'num_grat_arp/num_unsol_na (%d) not in range 0-255 so it was reset to 1';
  return read.within(name, [0, 255], 1, text);
}

function failOverMac(read: Reader, mode: number): number {
  const value = read.optional('fail_over_mac', 'fail_over_mac', 'invalid fail_over_mac', 0);
  if (read.text('fail_over_mac') !== '' && mode !== BOND_MODE_ACTIVEBACKUP) {
    read.warn('Warning: fail_over_mac only affects active-backup mode');
  }
  return value;
}

function adSelect(read: Reader, mode: number): number {
  const value = read.optional('ad_select', 'ad_select', 'Invalid ad_select', 0);
  if (read.text('ad_select') !== '' && mode !== BOND_MODE_8023AD) {
    read.warn('ad_select param only affects 802.3ad mode');
  }
  return value;
}

function checkAll(read: Reader): CheckedParams {
  const mode = read.optional('mode', 'mode', 'Invalid bonding mode', BOND_MODE_ROUNDROBIN);
  const { xmit_policy, lacp_fast } = modeParameters(read, mode);
  const ad_select = adSelect(read, mode);
  const range = `not in range 0-${INT_MAX}, so it was reset to BOND_DEFAULT_MAX_BONDS`;
  const bondsText = `max_bonds (%d) ${range} (${BOND_DEFAULT_MAX_BONDS})`;
  const max_bonds = read.within('max_bonds', [0, INT_MAX], BOND_DEFAULT_MAX_BONDS, bondsText);
  const use_carrier = read.flag('use_carrier', 1);
  const num_peer_notif = peerNotifications(read);
  const times = monitorTimes(read, mode);
  const queuesText =
    'tx_queues (%d) should be between 1 and 255, resetting to ' + String(BOND_DEFAULT_TX_QUEUES);
  const tx_queues = read.within('tx_queues', [1, 255], BOND_DEFAULT_TX_QUEUES, queuesText);
  const all_slaves_active = read.flag('all_slaves_active', 0);
  const igmpText =
    'resend_igmp (%d) should be between 0 and 255, resetting to ' +
    String(BOND_DEFAULT_RESEND_IGMP);
  const resend_igmp = read.within('resend_igmp', [0, 255], BOND_DEFAULT_RESEND_IGMP, igmpText);
  const packetsText = 'packets_per_slave (%d) should be between 0 and 65535 resetting to 1';
  const packets_per_slave = read.within('packets_per_slave', [0, 65535], 1, packetsText);
  const arp_targets = arpTargets(read, times);
  const arp_validate = arpValidate(read, times);
  const arp_all_targets = read.optional(
    'arp_all_targets',
    'arp_all_targets',
    'invalid arp_all_targets_value',
    0,
  );
  announceMonitor(read, times, arp_validate, arp_targets);
  const lpText = `ip_interval must be between 1 and ${INT_MAX}, so it was reset to 1`;
  const lp_interval = read.within(
    'lp_interval',
    [1, INT_MAX],
    BOND_ALB_DEFAULT_LP_INTERVAL,
    lpText,
  );
  const defaults: bond_params = {
    mode,
    xmit_policy,
    ...times,
    num_peer_notif,
    missed_max: 2,
    arp_validate,
    arp_all_targets,
    arp_targets,
    use_carrier,
    fail_over_mac: failOverMac(read, mode),
    peer_notif_delay: 0,
    lacp_active: 1,
    lacp_fast,
    min_links: read.int('min_links'),
    ad_select,
    ...primaryParameters(read, mode),
    tx_queues,
    all_slaves_active,
    resend_igmp,
    lp_interval,
    packets_per_slave,
    tlb_dynamic_lb: 1,
    ad_actor_sys_prio: 65535,
    ad_user_port_key: 0,
    ad_actor_system: 0,
    coupled_control: 1,
  };
  return { defaults, max_bonds, tx_queues };
}

/** Checks all parameters. -EINVAL for one that ends the loading. */
export function bond_check_params(k: Kernel, params: ModuleParams): CheckedParams | number {
  try {
    return checkAll(new Reader(k, params));
  } catch (error) {
    if (error instanceof BadParameter) return -EINVAL;
    throw error;
  }
}
