// struct net_device and what belongs to it (include/linux/netdevice.h; facts/driver 9.7). RTNL
// protects the configuration; queues have their own locks, address lists addr_list_lock. State bits
// (running, present, carrier) are read without a lock by interrupts and by drivers, as in Linux.
// Locks and the reference are named after the device and follow its name.
// Left out: namespaces (all is init_net), XDP, traffic classes, tunnels, device groups.

import type { Actor } from '#detect/graph.ts';
import { Oops } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import type { Device, DeviceAttribute } from '../base/device.ts';
import type { Kernel } from '../kernel.ts';
import { spin_lock_init } from '../locking/spinlock.ts';
import type { SpinLock } from '../locking/spinlock.ts';
import { Reference } from '../reference.ts';
import type { Timer } from '../time/timer.ts';
import type { EthtoolOps } from './ethtool.ts';
import {
  ARPHRD_ETHER,
  IF_OPER_UNKNOWN,
  IF_OPER_UP,
  IFF_BONDING,
  IFF_BROADCAST,
  IFF_DORMANT,
  IFF_LOWER_UP,
  IFF_MULTICAST,
  IFF_RUNNING,
  IFF_SLAVE,
} from './flags.ts';
import type { InDevice } from './inetdev.ts';
import type { Inet6Dev } from './addrconf.ts';
import type { Napi } from './napi.ts';
import type { NetlinkExtack } from './netlink.ts';
import type { RtnlLinkOps } from './rtnl-link-ops.ts';
import { SkbQueue } from './skb.ts';
import type { SkBuff } from './skb.ts';

/** Life of a netdev. */
export type RegState =
  'uninitialized' | 'registered' | 'unregistering' | 'unregistered' | 'released';

/** struct rtnl_link_stats64: counters in the order of /sys/class/net/<if>/statistics. */
export interface NetdevStats {
  rx_packets: number;
  tx_packets: number;
  rx_bytes: number;
  tx_bytes: number;
  rx_errors: number;
  tx_errors: number;
  rx_dropped: number;
  tx_dropped: number;
  multicast: number;
  collisions: number;
  rx_length_errors: number;
  rx_over_errors: number;
  rx_crc_errors: number;
  rx_frame_errors: number;
  rx_fifo_errors: number;
  rx_missed_errors: number;
  tx_aborted_errors: number;
  tx_carrier_errors: number;
  tx_fifo_errors: number;
  tx_heartbeat_errors: number;
  tx_window_errors: number;
  rx_nohandler: number;
}

/** All counters at 0. */
export const zeroStats = (): NetdevStats => ({
  rx_packets: 0,
  tx_packets: 0,
  rx_bytes: 0,
  tx_bytes: 0,
  rx_errors: 0,
  tx_errors: 0,
  rx_dropped: 0,
  tx_dropped: 0,
  multicast: 0,
  collisions: 0,
  rx_length_errors: 0,
  rx_over_errors: 0,
  rx_crc_errors: 0,
  rx_frame_errors: 0,
  rx_fifo_errors: 0,
  rx_missed_errors: 0,
  tx_aborted_errors: 0,
  tx_carrier_errors: 0,
  tx_fifo_errors: 0,
  tx_heartbeat_errors: 0,
  tx_window_errors: 0,
  rx_nohandler: 0,
});

/** struct net_device_ops. Missing members mean what they mean in Linux. */
export interface NetDeviceOps {
  ndo_init?(dev: NetDevice): MaySleep<number>;
  ndo_uninit?(dev: NetDevice): MaySleep<void>;
  ndo_open?(dev: NetDevice): MaySleep<number>;
  ndo_stop?(dev: NetDevice): MaySleep<number>;
  /**
   * Under the queue's lock with bottom halves off. NETDEV_TX_OK (the skb is taken) or
   * NETDEV_TX_BUSY.
   */
  ndo_start_xmit(skb: SkBuff, dev: NetDevice): Atomic<number>;
  /** Index of a transmit queue. */
  ndo_select_queue?(dev: NetDevice, skb: SkBuff): number;
  /** Under addr_list_lock. */
  ndo_set_rx_mode?(dev: NetDevice): Atomic<void>;
  /** IFF_PROMISC or IFF_ALLMULTI changed, under RTNL. */
  ndo_change_rx_flags?(dev: NetDevice, change: number): MaySleep<void>;
  ndo_set_mac_address?(dev: NetDevice, mac: Uint8Array): MaySleep<number>;
  ndo_change_mtu?(dev: NetDevice, mtu: number): MaySleep<number>;
  ndo_get_stats?(dev: NetDevice): Atomic<NetdevStats>;
  /** In softirq context, all queues frozen. */
  ndo_tx_timeout?(dev: NetDevice, queue: number): Atomic<void>;
  ndo_fix_features?(dev: NetDevice, features: number): number;
  ndo_set_features?(dev: NetDevice, features: number): MaySleep<number>;
  /** `extack` carries what `ip` prints after `Error: `. */
  ndo_add_slave?(dev: NetDevice, slave: NetDevice, extack: NetlinkExtack): MaySleep<number>;
  ndo_del_slave?(dev: NetDevice, slave: NetDevice): MaySleep<number>;
}

/** struct netdev_queue: one transmit queue, with the packets that wait for it. */
export class NetdevQueue {
  readonly dev: NetDevice;
  readonly index: number;
  readonly _xmit_lock: SpinLock;
  /** __QUEUE_STATE_DRV_XOFF. */
  stopped = true;
  /** __QUEUE_STATE_FROZEN, while the watchdog calls the driver. */
  frozen = false;
  /** Jiffy of the last transmission. */
  trans_start = 0;
  /** The qdisc's packets. */
  readonly backlog = new SkbQueue();
  /** qdisc->seqlock: a context sends from the qdisc; others only add to it. */
  running = false;
  /** A NET_TX softirq is on its way for it. */
  scheduled = false;
  /** Packets that the qdisc threw away. */
  dropped = 0;
  /** Times that the watchdog fired. */
  trans_timeout = 0;

  constructor(dev: NetDevice, index: number) {
    this.dev = dev;
    this.index = index;
    this._xmit_lock = spin_lock_init(dev.k, `${dev.name} txq ${index}`);
  }
}

/** An address with the number of its users. */
export interface HwAddress {
  readonly addr: Uint8Array;
  refcount: number;
  /** Copied to lower devices by dev_mc_sync(): how many have it. */
  sync_cnt: number;
  /** Copied here from devices above: how many of the references are theirs. */
  synced: number;
}

/** A directory below the device's, for example `bonding`. */
export interface SysfsGroup {
  readonly name: string;
  readonly attributes: readonly DeviceAttribute[];
}

/** A link to a device above or below. */
export interface Adjacent {
  readonly dev: NetDevice;
  readonly master: boolean;
  readonly priv: unknown;
}

/** What an rx_handler did with a frame. */
export type RxHandlerResult = 'consumed' | 'another' | 'exact' | 'pass';
export type RxHandler = (skb: SkBuff) => Atomic<RxHandlerResult>;

export class NetDevice {
  readonly k: Kernel;
  /** Name, or the pattern (`eth%d`) before registration. Change it with dev_change_name(). */
  name: string;
  ifindex = 0;
  ops: NetDeviceOps;
  ethtool_ops: EthtoolOps = {};
  /** Kind for `ip -d link`: `bond`, or empty. */
  kind = '';
  /** Directories with files of the driver's own, made at registration. */
  sysfs_groups: readonly SysfsGroup[] = [];
  /** Set for devices that `ip link add` makes. */
  rtnl_link_ops: RtnlLinkOps | null = null;
  /** NET_NAME_*: 1 numbered by the kernel, 3 given by the user, 4 renamed. */
  name_assign_type = 1;
  flags = IFF_BROADCAST | IFF_MULTICAST;
  priv_flags = 0;
  /** IFF_PROMISC and IFF_ALLMULTI as user space asked for them. */
  gflags = 0;
  features = 0;
  /** Features that user space may change. */
  hw_features = 0;
  /** Features that user space wants; set at registration. */
  wanted_features = 0;
  dev_addr: Uint8Array = new Uint8Array(6);
  perm_addr: Uint8Array = new Uint8Array(6);
  addr_assign_type = 0;
  broadcast: Uint8Array = new Uint8Array([255, 255, 255, 255, 255, 255]);
  readonly addr_len = 6;
  type = ARPHRD_ETHER;
  mtu = 1500;
  min_mtu = 68;
  max_mtu = 1500;
  hard_header_len = 14;
  tx_queue_len = 1000;
  dev_id = 0;
  dev_port = 0;
  /** Parent device; gives the prefix of log lines and the place in sysfs. */
  parent: Device | null = null;
  /** The class device, from registration on. */
  dev: Device | null = null;
  reg_state: RegState = 'uninitialized';
  dismantle = false;
  needs_free_netdev = false;
  priv_destructor: ((dev: NetDevice) => MaySleep<void>) | null = null;
  /** Driver's data; read it with netdev_priv(). */
  priv: unknown = null;
  freed = false;

  /** __LINK_STATE_START: netif_running(). */
  running = false;
  /** __LINK_STATE_PRESENT. */
  present = true;
  /** __LINK_STATE_NOCARRIER, inverted. */
  carrier = true;
  dormant = false;
  /** __LINK_STATE_LINKWATCH_PENDING. */
  linkwatchPending = false;
  operstate = IF_OPER_UNKNOWN;
  carrier_up_count = 0;
  carrier_down_count = 0;

  readonly txQueues: NetdevQueue[];
  real_num_tx_queues: number;
  /** Name of the attached qdisc; `noop` until the device was opened once. */
  qdisc = 'noop';
  /** False: noop_qdisc, packets are dropped. */
  qdiscActive = false;
  /** Taken by netif_tx_lock() before the queues' own locks. */
  readonly tx_global_lock: SpinLock;
  /** Jiffies after which a stopped queue counts as stuck; 0 means 5 s. */
  watchdog_timeo = 0;
  watchdog_timer: Timer | null = null;
  readonly napi_list: Napi[] = [];

  readonly addr_list_lock: SpinLock;
  readonly mc: HwAddress[] = [];
  readonly uc: HwAddress[] = [];
  promiscuity = 0;
  allmulti = 0;
  /** Promiscuous because the card cannot filter secondary unicast addresses. */
  uc_promisc = false;

  readonly upper: Adjacent[] = [];
  readonly lower: Adjacent[] = [];
  rx_handler: RxHandler | null = null;
  rx_handler_data: unknown = null;

  readonly refs: Reference;
  /** Counters of drivers that have no others, and what ndo_get_stats fills. */
  readonly stats: NetdevStats = zeroStats();
  /** Counters of the core itself, added to the others by dev_get_stats(). */
  readonly core_stats = { rx_dropped: 0, tx_dropped: 0, rx_nohandler: 0 };
  ip_ptr: InDevice | null = null;
  ip6_ptr: Inet6Dev | null = null;

  constructor(k: Kernel, name: string, ops: NetDeviceOps, queues: number) {
    this.k = k;
    this.name = name;
    this.ops = ops;
    this.refs = new Reference(k, `netdev ${name}`);
    this.addr_list_lock = spin_lock_init(k, `addr_list_lock(${name})`);
    this.tx_global_lock = spin_lock_init(k, `tx_global_lock(${name})`);
    this.txQueues = Array.from({ length: queues }, (_, index) => new NetdevQueue(this, index));
    this.real_num_tx_queues = queues;
  }

  /** The device above that rules this one, or null. */
  get master(): NetDevice | null {
    return this.upper.find((adjacent) => adjacent.master)?.dev ?? null;
  }

  /** Flags as user space sees them (dev_get_flags()). */
  get userFlags(): number {
    const known = this.flags & ~(IFF_RUNNING | IFF_LOWER_UP | IFF_DORMANT);
    if (!this.running) return known;
    const running = netif_oper_up(this) ? IFF_RUNNING : 0;
    const lowerUp = this.carrier ? IFF_LOWER_UP : 0;
    return known | running | lowerUp | (this.dormant ? IFF_DORMANT : 0);
  }

  /** Sets the name, and with it what the graph, the trace and reports say. Core only. */
  setName(name: string): void {
    this.name = name;
    this.refs.rename(`netdev ${name}`);
    this.addr_list_lock.rename(`addr_list_lock(${name})`);
    this.tx_global_lock.rename(`tx_global_lock(${name})`);
    for (const queue of this.txQueues) queue._xmit_lock.rename(`${name} txq ${queue.index}`);
  }
}

const noOps: NetDeviceOps = {
  *ndo_start_xmit() {
    throw new Oops('kernel NULL pointer dereference, address: 0000000000000000');
  },
};

/**
 * alloc_etherdev_mqs(): an Ethernet netdev that is not registered yet. The caller sets ops and
 * priv.
 */
export function alloc_etherdev_mqs(k: Kernel, name: string, queues: number): NetDevice {
  return new NetDevice(k, name, noOps, queues);
}

/** netdev_priv(); using it after free_netdev() is an oops. */
export function netdev_priv<T>(dev: NetDevice): T {
  if (dev.freed) throw new Oops(`KASAN: slab-use-after-free in netdev_priv(${dev.name})`);
  return dev.priv as T;
}

/**
 * Takes a reference. `actor` (a task or a work) is named as the holder in the wait graph; null is
 * for holds that belong to an object and not to somebody who could be stuck.
 */
export function* dev_hold(
  dev: NetDevice,
  actor: Actor | null = null,
  why = 'dev_hold',
): Atomic<void> {
  yield* dev.refs.hold(actor, why);
}

/**
 * Gives a reference back, for the actor that took it. Nothing happens at the last one: waiters
 * poll.
 */
export function* dev_put(dev: NetDevice, actor: Actor | null = null): Atomic<void> {
  yield* dev.refs.put(actor);
}

/** netdev_refcnt_read(). */
export const netdev_refcnt_read = (dev: NetDevice): number => dev.refs.count;

export const netif_running = (dev: NetDevice): boolean => dev.running;
export const netif_carrier_ok = (dev: NetDevice): boolean => dev.carrier;
export const netif_device_present = (dev: NetDevice): boolean => dev.present;
export const netif_oper_up = (dev: NetDevice): boolean =>
  dev.operstate === IF_OPER_UP || dev.operstate === IF_OPER_UNKNOWN;
export const netif_is_bond_master = (dev: NetDevice): boolean => dev.kind === 'bond';
export const netif_is_bond_slave = (dev: NetDevice): boolean =>
  (dev.flags & IFF_SLAVE) !== 0 && (dev.priv_flags & IFF_BONDING) !== 0;
