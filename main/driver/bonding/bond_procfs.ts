// /proc/net/bonding/<bond> (bond_procfs.c; facts/driver 10.9): the whole state of a bond as text,
// written under RCU. Everybody here is root, so the parts for root are always there. IPv6 targets
// are left out, but for the line that names them.

import { formatMac, formatMacAt } from '#bus/mac.ts';
import { formatIpv4 } from '#bus/ipv4.ts';
import { proc_create, remove_proc_entry } from '#kernel/fs/procfs.ts';
import { netif_carrier_ok } from '#kernel/net/netdevice.ts';
import { rcu_read_lock, rcu_read_unlock } from '#kernel/rcu.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { bond_3ad_churn_desc, BOND_AD_INFO, SLAVE_AD_INFO } from './bond_3ad/ad.ts';
import type { port } from './bond_3ad/ad.ts';
import { bond_3ad_get_active_agg_info } from './bond_3ad/info.ts';
import { valueName } from './bond_options/table.ts';
import {
  BOND_MODE,
  BOND_MODE_8023AD,
  BOND_MODE_ACTIVEBACKUP,
  bond_mode_name,
  bond_mode_uses_xmit_hash,
  bond_slave_link_status,
  bond_slaves,
  bond_uses_primary,
  DRV_DESCRIPTION,
  DRV_NAME,
  DUPLEX_UNKNOWN,
  SPEED_UNKNOWN,
} from './bonding.ts';
import type { bonding, slave } from './bonding.ts';

const directory = `net/${DRV_NAME}`;

function modeLines(bond: bonding): string[] {
  const { fail_over_mac, xmit_policy } = bond.params;
  const follows = BOND_MODE(bond) === BOND_MODE_ACTIVEBACKUP && fail_over_mac !== 0;
  const mac = follows ? ` (fail_over_mac ${valueName('fail_over_mac', fail_over_mac)})` : '';
  const lines = [`Bonding Mode: ${bond_mode_name(BOND_MODE(bond))}${mac}`];
  if (bond_mode_uses_xmit_hash(bond)) {
    const policy = valueName('xmit_hash_policy', xmit_policy);
    lines.push(`Transmit Hash Policy: ${policy} (${xmit_policy})`);
  }
  return lines;
}

function* primaryLines(bond: bonding): Atomic<string[]> {
  if (!bond_uses_primary(bond)) return [];
  const curr = yield* bond.curr_active_slave.read();
  const primary = yield* bond.primary_slave.read();
  const reselect = valueName('primary_reselect', bond.params.primary_reselect);
  const which = primary === null ? 'None' : `${primary.dev.name} (primary_reselect ${reselect})`;
  return [`Primary Slave: ${which}`, `Currently Active Slave: ${curr?.dev.name ?? 'None'}`];
}

function monitorLines(bond: bonding): string[] {
  const { miimon, updelay, downdelay, peer_notif_delay } = bond.params;
  const { arp_interval, missed_max, arp_targets } = bond.params;
  const lines = [
    `MII Status: ${netif_carrier_ok(bond.dev) ? 'up' : 'down'}`,
    `MII Polling Interval (ms): ${miimon}`,
    `Up Delay (ms): ${updelay * miimon}`,
    `Down Delay (ms): ${downdelay * miimon}`,
    `Peer Notification Delay (ms): ${peer_notif_delay * miimon}`,
  ];
  if (arp_interval === 0) return lines;
  const targets = arp_targets.map((target) => ` ${formatIpv4(target)}`).join(',');
  return [
    ...lines,
    `ARP Polling Interval (ms): ${arp_interval}`,
    `ARP Missed Max: ${missed_max}`,
    `ARP IP target/s (n.n.n.n form):${targets}`,
    'NS IPv6 target/s (xx::xx form):',
  ];
}

function aggregatorLines(bond: bonding): string[] {
  const info = bond_3ad_get_active_agg_info(bond);
  if (info === null) return [`bond ${bond.dev.name} has no active aggregator`];
  return [
    'Active Aggregator Info:',
    `\tAggregator ID: ${info.aggregator_id}`,
    `\tNumber of ports: ${info.ports}`,
    `\tActor Key: ${info.actor_key}`,
    `\tPartner Key: ${info.partner_key}`,
    `\tPartner Mac Address: ${formatMac(info.partner_system)}`,
  ];
}

function lacpLines(bond: bonding): string[] {
  if (BOND_MODE(bond) !== BOND_MODE_8023AD) return [];
  const { lacp_active, lacp_fast, min_links, ad_select } = bond.params;
  return [
    '',
    '802.3ad info',
    `LACP active: ${lacp_active !== 0 ? 'on' : 'off'}`,
    `LACP rate: ${lacp_fast !== 0 ? 'fast' : 'slow'}`,
    `Min links: ${min_links}`,
    `Aggregator selection policy (ad_select): ${valueName('ad_select', ad_select)}`,
    `System priority: ${BOND_AD_INFO(bond).sys_priority}`,
    `System MAC address: ${formatMac(BOND_AD_INFO(bond).sys_mac_addr)}`,
    ...aggregatorLines(bond),
  ];
}

function* bond_info_show_master(bond: bonding): Atomic<string[]> {
  return [
    `${DRV_DESCRIPTION}: v${bond.k.options.release}`,
    '',
    ...modeLines(bond),
    ...(yield* primaryLines(bond)),
    ...monitorLines(bond),
    ...lacpLines(bond),
  ];
}

/** What both sides say in their LACPDUs. */
const lacpDetails = (port: port): string[] => [
  'details actor lacp pdu:',
  `    system priority: ${port.actor_system_priority}`,
  `    system mac address: ${formatMac(port.actor_system)}`,
  `    port key: ${port.actor_oper_port_key}`,
  `    port priority: ${port.actor_port_priority}`,
  `    port number: ${port.actor_port_number}`,
  `    port state: ${port.actor_oper_port_state}`,
  'details partner lacp pdu:',
  `    system priority: ${port.partner_oper.system_priority}`,
  `    system mac address: ${formatMac(port.partner_oper.system)}`,
  `    oper key: ${port.partner_oper.key}`,
  `    port priority: ${port.partner_oper.port_priority}`,
  `    port number: ${port.partner_oper.port_number}`,
  `    port state: ${port.partner_oper.port_state}`,
];

function portLines(slave: slave): string[] {
  if (BOND_MODE(slave.bond) !== BOND_MODE_8023AD) return [];
  const { port } = SLAVE_AD_INFO(slave);
  if (port.aggregator === null) return ['Aggregator ID: N/A'];
  return [
    `Aggregator ID: ${port.aggregator.aggregator_identifier}`,
    `Actor Churn State: ${bond_3ad_churn_desc(port.sm_churn_actor_state)}`,
    `Partner Churn State: ${bond_3ad_churn_desc(port.sm_churn_partner_state)}`,
    `Actor Churned Count: ${port.churn_actor_count}`,
    `Partner Churned Count: ${port.churn_partner_count}`,
    ...lacpDetails(port),
  ];
}

function duplexText(duplex: number): string {
  if (duplex === DUPLEX_UNKNOWN) return 'Unknown';
  return duplex !== 0 ? 'full' : 'half';
}

function* bond_info_show_slave(slave: slave): Atomic<string[]> {
  return [
    '',
    `Slave Interface: ${slave.dev.name}`,
    `MII Status: ${bond_slave_link_status(yield* slave.link.read())}`,
    `Speed: ${slave.speed === SPEED_UNKNOWN ? 'Unknown' : `${slave.speed} Mbps`}`,
    `Duplex: ${duplexText(slave.duplex)}`,
    `Link Failure Count: ${slave.link_failure_count}`,
    `Permanent HW addr: ${formatMacAt(slave.perm_hwaddr)}`,
    `Slave queue ID: ${slave.queue_id}`,
    ...portLines(slave),
  ];
}

/** The whole text. */
export function* bond_info_seq_show(bond: bonding): Atomic<string> {
  yield* rcu_read_lock(bond.k);
  const lines = yield* bond_info_show_master(bond);
  for (const slave of bond_slaves(bond)) lines.push(...(yield* bond_info_show_slave(slave)));
  yield* rcu_read_unlock(bond.k);
  return `${lines.join('\n')}\n`;
}

/** Makes the bond's file, under its present name. */
export function bond_create_proc_entry(bond: bonding): void {
  const { k, dev } = bond;
  const show = (): MaySleep<string> => bond_info_seq_show(bond);
  proc_create(k, `${directory}/${dev.name}`, { show, mode: 0o444 });
  bond.proc_file_name = dev.name;
}

/** Removes the file that the bond had. */
export function bond_remove_proc_entry(bond: bonding): void {
  if (bond.proc_file_name === '') return;
  remove_proc_entry(bond.k, `${directory}/${bond.proc_file_name}`);
  bond.proc_file_name = '';
}
