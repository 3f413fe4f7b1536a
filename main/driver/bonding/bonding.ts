// Types, constants and small predicates of bonding (include/net/bonding.h,
// include/uapi/linux/if_bonding.h; facts/driver 10.1, 10.2). RTNL protects membership, parameters
// and the choice of the active slave; mode_lock the 802.3ad machines. Shared cells are what others
// read meanwhile: the RCU pointers, and link, backup and send_peer_notif. Plain although read
// without a lock: parameters, slave_cnt, inactive, delay.
// Left out: XDP, IPsec and TLS offload, netpoll, IPv6 neighbour targets, namespaces.

import type { KernfsNode } from '#kernel/fs/kernfs.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import type { Module } from '#kernel/module.ts';
import type { ModuleParams } from '#kernel/module-params.ts';
import type { NetDevice, NetdevStats, RxHandlerResult } from '#kernel/net/netdevice.ts';
import { netdev_priv, netif_carrier_ok, netif_running } from '#kernel/net/netdevice.ts';
import { netdev_dbg, netdev_err, netdev_info, netdev_warn } from '#kernel/net/netdev-log.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import type { DelayedWork, Workqueue } from '#kernel/workqueue.ts';
import type { Shared } from '#sim/shared.ts';
import type { Atomic } from '#sim/task.ts';
import type { ad_bond_info, ad_slave_info } from './bond_3ad/ad.ts';
import type { RateLimit } from './ratelimit.ts';

export { SPEED_UNKNOWN } from '#kernel/net/ethtool.ts';

export const DRV_NAME = 'bonding';
export const DRV_DESCRIPTION = 'Ethernet Channel Bonding Driver';

export const BOND_MODE_ROUNDROBIN = 0;
export const BOND_MODE_ACTIVEBACKUP = 1;
export const BOND_MODE_XOR = 2;
export const BOND_MODE_BROADCAST = 3;
export const BOND_MODE_8023AD = 4;
export const BOND_MODE_TLB = 5;
export const BOND_MODE_ALB = 6;

/** Link of a slave. NOCHANGE is a proposal only. */
export const BOND_LINK_NOCHANGE = -1;
export const BOND_LINK_UP = 0;
export const BOND_LINK_FAIL = 1;
export const BOND_LINK_DOWN = 2;
export const BOND_LINK_BACK = 3;

/** State of a slave, in slave.backup. */
export const BOND_STATE_ACTIVE = 0;
export const BOND_STATE_BACKUP = 1;

export const BOND_XMIT_POLICY_LAYER2 = 0;
export const BOND_XMIT_POLICY_LAYER34 = 1;
export const BOND_XMIT_POLICY_LAYER23 = 2;
export const BOND_XMIT_POLICY_ENCAP23 = 3;
export const BOND_XMIT_POLICY_ENCAP34 = 4;
export const BOND_XMIT_POLICY_VLAN_SRCMAC = 5;

export const BOND_PRI_RESELECT_ALWAYS = 0;
export const BOND_PRI_RESELECT_BETTER = 1;
export const BOND_PRI_RESELECT_FAILURE = 2;

export const BOND_FOM_NONE = 0;
export const BOND_FOM_ACTIVE = 1;
export const BOND_FOM_FOLLOW = 2;

export const BOND_ARP_VALIDATE_NONE = 0;
export const BOND_ARP_VALIDATE_ACTIVE = 1;
export const BOND_ARP_VALIDATE_BACKUP = 2;
export const BOND_ARP_VALIDATE_ALL = 3;
export const BOND_ARP_FILTER = 4;
export const BOND_ARP_TARGETS_ANY = 0;
export const BOND_ARP_TARGETS_ALL = 1;
export const BOND_MAX_ARP_TARGETS = 16;

export const BOND_AD_STABLE = 0;
export const BOND_AD_BANDWIDTH = 1;
export const BOND_AD_COUNT = 2;

/** Duplex as the kernel numbers it; the order counts for primary_reselect. */
export const DUPLEX_HALF = 0;
export const DUPLEX_FULL = 1;
export const DUPLEX_UNKNOWN = 0xff;

export const BOND_DEFAULT_MAX_BONDS = 1;
export const BOND_DEFAULT_TX_QUEUES = 16;
export const BOND_DEFAULT_RESEND_IGMP = 1;
export const BOND_DEFAULT_MIIMON = 100;
export const BOND_ALB_DEFAULT_LP_INTERVAL = 1;
/** fw_version of `ethtool -i`. */
export const BOND_ABI_VERSION = 2;

/** struct bond_params. Delays are multiples of miimon. */
export interface bond_params {
  mode: number;
  xmit_policy: number;
  miimon: number;
  num_peer_notif: number;
  missed_max: number;
  arp_interval: number;
  arp_validate: number;
  arp_all_targets: number;
  /** Up to 16 IPv4 addresses, 32-bit numbers. */
  arp_targets: readonly number[];
  use_carrier: number;
  fail_over_mac: number;
  updelay: number;
  downdelay: number;
  peer_notif_delay: number;
  lacp_active: number;
  lacp_fast: number;
  min_links: number;
  ad_select: number;
  /** Name of the primary slave, or empty. */
  primary: string;
  primary_reselect: number;
  tx_queues: number;
  all_slaves_active: number;
  resend_igmp: number;
  lp_interval: number;
  packets_per_slave: number;
  tlb_dynamic_lb: number;
  ad_actor_sys_prio: number;
  ad_user_port_key: number;
  /** A MAC as a number; 0 means that of the bond. */
  ad_actor_system: number;
  coupled_control: number;
}

/** struct slave. */
export interface slave {
  readonly dev: NetDevice;
  readonly bond: bonding;
  /** Monitor ticks that a link change still has to wait. */
  delay: number;
  /** Jiffies; 0 for a link that was never up. */
  last_link_up: number;
  last_tx: number;
  last_rx: number;
  readonly target_last_arp_rx: number[];
  readonly link: Shared<number>;
  /** What the monitor proposes. */
  link_new_state: number;
  readonly backup: Shared<number>;
  /** Received frames are dropped, but for exact matches. */
  inactive: boolean;
  /** 802.3ad: the port does not collect. */
  rx_disabled: boolean;
  should_notify: boolean;
  should_notify_link: boolean;
  duplex: number;
  speed: number;
  original_mtu: number;
  link_failure_count: number;
  queue_id: number;
  perm_hwaddr: Uint8Array<ArrayBuffer>;
  prio: number;
  /** Present in 802.3ad only; read it with SLAVE_AD_INFO(). */
  ad_info: ad_slave_info | null;
  notify_work: DelayedWork;
  /** `bonding_slave` below the slave's directory. */
  kobj: KernfsNode | null;
  slave_stats: NetdevStats;
}

/** What looks at received frames before the bond does. */
export type RecvProbe = (skb: SkBuff, bond: bonding, slave: slave) => Atomic<RxHandlerResult>;

/** struct bonding. */
export interface bonding {
  readonly k: Kernel;
  readonly module: bonding_module;
  readonly dev: NetDevice;
  readonly curr_active_slave: Shared<slave | null>;
  readonly current_arp_slave: Shared<slave | null>;
  readonly primary_slave: Shared<slave | null>;
  /** Slaves that the hash may choose; null before the first update. */
  readonly usable_slaves: Shared<readonly slave[] | null>;
  readonly all_slaves: Shared<readonly slave[] | null>;
  force_primary: boolean;
  /** A FEAT_CHANGE is being handled. */
  notifier_ctx: boolean;
  slave_cnt: number;
  readonly recv_probe: Shared<RecvProbe | null>;
  readonly mode_lock: SpinLock;
  readonly stats_lock: SpinLock;
  readonly send_peer_notif: Shared<number>;
  igmp_retrans: number;
  /** Name of its file in /proc/net/bonding, empty without one. */
  proc_file_name: string;
  rr_tx_counter: number;
  ad_info: ad_bond_info;
  params: bond_params;
  /** Named after the bond; made by ndo_init. The works are made when registration is over. */
  wq: Workqueue;
  mii_work: DelayedWork;
  arp_work: DelayedWork;
  ad_work: DelayedWork;
  mcast_work: DelayedWork;
  slave_arr_work: DelayedWork;
  bond_stats: NetdevStats;
}

/** Static variables of the module. */
export interface bonding_module {
  readonly k: Kernel;
  readonly module: Module;
  readonly params: ModuleParams;
  /** What a new bond starts with. */
  bonding_defaults: bond_params;
  tx_queues: number;
  /** bond_net's list of bonds. */
  readonly dev_list: bonding[];
  readonly netRatelimit: RateLimit;
  /** Debug lines are wanted: parameter dyndbg. */
  readonly dynamicDebug: boolean;
  /** pr_err_once() about unknown speeds. */
  unknownSpeedPrinted: boolean;
}

export const BOND_MODE = (bond: bonding): number => bond.params.mode;

const modeNames = [
  'load balancing (round-robin)',
  'fault-tolerance (active-backup)',
  'load balancing (xor)',
  'fault-tolerance (broadcast)',
  'IEEE 802.3ad Dynamic link aggregation',
  'transmit load balancing',
  'adaptive load balancing',
] as const;

/** Text of a mode in /proc. */
export const bond_mode_name = (mode: number): string => modeNames[mode] ?? 'unknown';

export const bond_is_lb = (bond: bonding): boolean =>
  BOND_MODE(bond) === BOND_MODE_TLB || BOND_MODE(bond) === BOND_MODE_ALB;

export const bond_needs_speed_duplex = (bond: bonding): boolean =>
  BOND_MODE(bond) === BOND_MODE_8023AD || bond_is_lb(bond);

/** Modes that keep an array of usable slaves. */
export const bond_mode_can_use_xmit_hash = (bond: bonding): boolean =>
  BOND_MODE(bond) === BOND_MODE_XOR || bond_needs_speed_duplex(bond);

/** Modes that spread by hash. */
export const bond_mode_uses_xmit_hash = (bond: bonding): boolean =>
  BOND_MODE(bond) === BOND_MODE_XOR ||
  BOND_MODE(bond) === BOND_MODE_8023AD ||
  (bond_is_lb(bond) && bond.params.tlb_dynamic_lb === 0);

export const bond_mode_uses_arp = (mode: number): boolean =>
  mode !== BOND_MODE_8023AD && mode !== BOND_MODE_TLB && mode !== BOND_MODE_ALB;

export const bond_mode_uses_primary = (mode: number): boolean =>
  mode === BOND_MODE_ACTIVEBACKUP || mode === BOND_MODE_TLB || mode === BOND_MODE_ALB;

export const bond_uses_primary = (bond: bonding): boolean =>
  bond_mode_uses_primary(BOND_MODE(bond));

/** bond_for_each_slave(): the slaves in list order, as they are now. */
export const bond_slaves = (bond: bonding): slave[] =>
  bond.dev.lower.map((adjacent) => adjacent.priv as slave);

export const bond_has_slaves = (bond: bonding): boolean => bond.dev.lower.length > 0;

export const bond_get_slave_by_dev = (bond: bonding, dev: NetDevice): slave | undefined =>
  bond_slaves(bond).find((slave) => slave.dev === dev);

/** The slave behind a slave netdev's rx handler, null before it has one; under RTNL or RCU. */
export const bond_slave_get = (dev: NetDevice): slave | null => dev.rx_handler_data as slave | null;

/** True when the netdev itself can carry frames. */
export const bond_slave_is_up = (slave: slave): boolean =>
  netif_running(slave.dev) && netif_carrier_ok(slave.dev);

export function* bond_is_active_slave(slave: slave): Atomic<boolean> {
  return (yield* slave.backup.read()) === BOND_STATE_ACTIVE;
}

/** Running, with carrier, link UP and state ACTIVE. */
export function* bond_slave_can_tx(slave: slave): Atomic<boolean> {
  if (!bond_slave_is_up(slave)) return false;
  if ((yield* slave.link.read()) !== BOND_LINK_UP) return false;
  return yield* bond_is_active_slave(slave);
}

const linkTexts = ['up', 'going down', 'down', 'going back'] as const;

/** Text of a link in /proc and sysfs. */
export const bond_slave_link_status = (link: number): string => linkTexts[link] ?? 'unknown';

const ofSlave = (dev: NetDevice, text: string): string => `(slave ${dev.name}): ${text}`;

export const slave_info = (bond_dev: NetDevice, slave_dev: NetDevice, text: string): void =>
  netdev_info(bond_dev, ofSlave(slave_dev, text));
export const slave_warn = (bond_dev: NetDevice, slave_dev: NetDevice, text: string): void =>
  netdev_warn(bond_dev, ofSlave(slave_dev, text));
export const slave_err = (bond_dev: NetDevice, slave_dev: NetDevice, text: string): void =>
  netdev_err(bond_dev, ofSlave(slave_dev, text));

/** netdev_dbg(): silent unless the module was loaded with `dyndbg=+p`. */
export function bond_dbg(bond_dev: NetDevice, text: string): void {
  if (netdev_priv<bonding>(bond_dev).module.dynamicDebug) netdev_dbg(bond_dev, text);
}

export const slave_dbg = (bond_dev: NetDevice, slave_dev: NetDevice, text: string): void =>
  bond_dbg(bond_dev, ofSlave(slave_dev, text));
