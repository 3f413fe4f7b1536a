// Structures of mlx4_core (mlx4.h, include/linux/mlx4/device.h; facts/driver 1.2 to 1.4). Index 0
// of arrays by port is unused. Unprotected members are shared cells: dev.flags (plain
// read-modify-write from any context), persist.interface_state (tested without its mutex),
// priv.v2p, the adev slots (adev_release clears one without intf_mutex), and the nodes of the
// interface lists.
// Left out: SR-IOV state, crdump, blue flame pages.

import type { AuxiliaryDevice, AuxiliaryDriver } from '#kernel/base/auxiliary.ts';
import type { Devlink, DevlinkPort } from '#kernel/devlink.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { Completion } from '#kernel/locking/completion.ts';
import type { Mutex } from '#kernel/locking/mutex.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import type { Module } from '#kernel/module.ts';
import type { ModuleParams } from '#kernel/module-params.ts';
import type { AtomicNotifierHead } from '#kernel/notifier.ts';
import type { DmaBuffer } from '#kernel/pci/dma.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import { dev_dbg, dev_err, dev_info, dev_warn } from '#kernel/printk.ts';
import type { Timer } from '#kernel/time/timer.ts';
import type { DelayedWork, Workqueue, WorkStruct } from '#kernel/workqueue.ts';
import type { DevCapFlag, DevCapFlag2, DevCapFlag2ByValue } from '#prm/dev-cap.ts';
import { Oops } from '#sim/shared.ts';
import type { ListHead, Shared, SharedList } from '#sim/shared.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import type { DriverVariant } from '../variant.ts';
import type { mlx4_limits } from './limits.ts';
import type { mlx4_port_tables } from './port/tables.ts';
import type { mlx4_tables } from './tables.ts';

export const DRV_NAME = 'mlx4_core';
export const DRV_VERSION = '4.0-0';

export const MLX4_MAX_PORTS = 2;

/** Port types, as caps.port_type[] and mlx4_port1 have them. AUTO is both bits. */
export const MLX4_PORT_TYPE_NONE = 0;
export const MLX4_PORT_TYPE_IB = 1;
export const MLX4_PORT_TYPE_ETH = 2;
export const MLX4_PORT_TYPE_AUTO = 3;

/** Bits of dev.flags. */
export const MLX4_FLAG_MSI_X = 1 << 0;
export const MLX4_FLAG_OLD_PORT_CMDS = 1 << 1;
export const MLX4_FLAG_BONDED = 1 << 7;

/** persist.state. */
export const MLX4_DEVICE_STATE_UP = 1 << 0;
export const MLX4_DEVICE_STATE_INTERNAL_ERROR = 1 << 1;

/** Bits of persist.interface_state. */
export const MLX4_INTERFACE_STATE_UP = 1 << 0;
export const MLX4_INTERFACE_STATE_DELETION = 1 << 1;
export const MLX4_INTERFACE_STATE_NOWAIT = 1 << 2;

/** Device events (enum mlx4_dev_event). */
export const MLX4_DEV_EVENT_CATASTROPHIC_ERROR = 0;
export const MLX4_DEV_EVENT_PORT_UP = 1;
export const MLX4_DEV_EVENT_PORT_DOWN = 2;
export const MLX4_DEV_EVENT_PORT_REINIT = 3;
export const MLX4_DEV_EVENT_PORT_MGMT_CHANGE = 4;
export const MLX4_DEV_EVENT_SLAVE_INIT = 5;
export const MLX4_DEV_EVENT_SLAVE_SHUTDOWN = 6;

/** The interface restarts when the card is bonded or unbonded (intf.flags, adrv.flags). */
export const MLX4_INTFF_BONDING = 1 << 0;

/** Virtual-to-physical port map: port1 serves virtual port 1. */
export interface mlx4_port_map {
  readonly port1: number;
  readonly port2: number;
}

/** struct mlx4_caps: what QUERY_DEV_CAP and QUERY_PORT said. Filled in by mlx4_dev_cap(). */
export interface mlx4_caps extends mlx4_limits {
  num_ports: number;
  /** Capability flags by name; use mlx4_has_cap() and mlx4_has_cap2(). */
  flags: ReadonlySet<DevCapFlag>;
  flags2: ReadonlySet<DevCapFlag2 | DevCapFlag2ByValue>;
  port_type: number[];
  possible_type: number[];
  supported_type: number[];
  suggested_type: number[];
  default_sense: boolean[];
  /** Type of each port as the parts see it: mlx4_foreach_port() goes by this. */
  port_mask: number[];
  /** Default MAC by port, a number below 2^48. */
  def_mac: number[];
  eth_mtu_cap: number[];
  ib_mtu_cap: number[];
  /** IB MTU that the user set with mlx4_portN_mtu, as enum ib_mtu; 0 = none. */
  port_ib_mtu: number[];
  /** Default capability mask of the IB port, and what MOD_STAT_CFG said of it. */
  ib_port_def_cap: number[];
  phys_port_id: bigint[];
  port_width_cap: number[];
  /** RX checksum modes by port (CONFIG_DEV). */
  rx_checksum_flags_port: number[];
  vl_cap: number[];
  gid_table_len: number[];
  pkey_table_len: number[];
  steering_mode: number;
  num_comp_vectors: number;
  num_eqs: number;
  reserved_eqs: number;
  num_uars: number;
  cqe_size: number;
  eqe_size: number;
  max_counters: number;
}

/** struct mlx4_dev. */
export interface mlx4_dev {
  readonly k: Kernel;
  readonly persist: mlx4_dev_persistent;
  /** The private part around it; reach it with mlx4_priv(). */
  readonly priv: mlx4_priv;
  readonly flags: Shared<number>;
  caps: mlx4_caps;
  rev_id: number;
}

/** struct mlx4_dev_persistent: survives a restart of the card. */
export interface mlx4_dev_persistent {
  readonly pdev: PciDevice;
  dev: mlx4_dev;
  /** MLX4_DEVICE_STATE_*; protected by device_state_mutex. */
  state: number;
  readonly device_state_mutex: Mutex;
  /** MLX4_INTERFACE_STATE_*; also tested without interface_state_mutex. */
  readonly interface_state: Shared<number>;
  readonly interface_state_mutex: Mutex;
  /** The PCI device is enabled; protected by pci_status_mutex. */
  pci_status: boolean;
  readonly pci_status_mutex: Mutex;
  catas_wq: Workqueue;
  catas_work: WorkStruct;
  /** Types to go back to after a restart, by port. */
  readonly curr_port_type: number[];
  readonly curr_port_poss_type: number[];
  /** kfree() was called. */
  freed: boolean;
}

/** struct mlx4_port_info. */
export interface mlx4_port_info {
  readonly dev: mlx4_dev;
  /** Port number, 1 or 2. */
  readonly port: number;
  /** Type asked for by a write that has not succeeded yet; 0 = none. */
  tmp_type: number;
  readonly devlink_port: DevlinkPort;
  /** Names of the files that mlx4_init_port_info() made. */
  readonly files: string[];
  /** Addresses and VLANs that the card knows; set by mlx4_init_port_tables(). */
  tables?: mlx4_port_tables;
}

/** struct mlx4_sense. */
export interface mlx4_sense {
  readonly do_sense_port: boolean[];
  readonly sense_allowed: boolean[];
  /** Null until mlx4_sense_init(). */
  sense_poll: DelayedWork | null;
}

/** struct mlx4_catas_err. */
export interface mlx4_catas_err {
  map: IoMem | null;
  timer: Timer | null;
}

/** List design: struct mlx4_device_context, one per interface and card. */
export interface mlx4_device_context {
  /** Node in priv.ctx_list. */
  readonly list: ListHead<mlx4_device_context>;
  /** Node in the local list of a mlx4_do_bond() in progress. */
  readonly bond_list: ListHead<mlx4_device_context>;
  readonly intf: mlx4_interface;
  /** What add() gave: an mlx4_en_dev or mlx4_ib_dev. */
  readonly context: Shared<unknown>;
}

/** List design: struct mlx4_interface, one per module. */
export interface mlx4_interface {
  readonly name: string;
  readonly protocol: number;
  /** MLX4_INTFF_*. */
  readonly flags: number;
  /** Whose code the callbacks are: calling them when it is unloaded is an oops. */
  readonly module: Module;
  /** Null when the card cannot have this interface. */
  add(dev: mlx4_dev): MaySleep<unknown>;
  remove(dev: mlx4_dev, context: unknown): MaySleep<void>;
  /** Under ctx_lock, maybe in a hard interrupt. */
  event?(dev: mlx4_dev, context: unknown, event: number, param: unknown): Atomic<void>;
  /** The object of a port, for other interfaces; no reference is taken on it. */
  get_dev?(dev: mlx4_dev, context: unknown, port: number): Atomic<unknown>;
  activate?(dev: mlx4_dev, context: unknown): MaySleep<void>;
}

/** Auxiliary design: struct mlx4_adev. */
export interface mlx4_adev extends AuxiliaryDevice {
  readonly mdev: mlx4_dev;
  /** Slot in priv.adev. */
  readonly idx: number;
}

/** Auxiliary design: struct mlx4_adrv. */
export interface mlx4_adrv extends AuxiliaryDriver {
  readonly protocol: number;
  /** MLX4_INTFF_*. */
  readonly flags: number;
}

/**
 * struct mlx4_priv: embeds struct mlx4_dev and lives as the private part of the devlink instance.
 */
export interface mlx4_priv extends mlx4_tables {
  readonly k: Kernel;
  readonly module: mlx4_core_module;
  readonly devlink: Devlink;
  readonly dev: mlx4_dev;
  /** Variant with a list of interfaces. */
  readonly ctx_list: SharedList<mlx4_device_context>;
  /** Protects membership of ctx_list, also against hard interrupts. */
  readonly ctx_lock: SpinLock;
  /** Variant with the auxiliary bus: slot 0 eth, slot 1 ib; protected by intf_mutex. */
  readonly adev: readonly Shared<mlx4_adev | null>[];
  /** Suffix of the auxiliary device names; -1 while there is none. */
  adev_idx: number;
  event_nh: AtomicNotifierHead<unknown>;
  /** Serialises port type changes. */
  port_mutex: Mutex;
  /** Serialises bond, unbond and port map. */
  bond_mutex: Mutex;
  /** The driver's cache of the card's port map. */
  readonly v2p: Shared<mlx4_port_map>;
  readonly port: (mlx4_port_info | null)[];
  readonly sense: mlx4_sense;
  readonly catas_err: mlx4_catas_err;
  /** 1 after unload, 0 at the end of load. */
  removed: boolean;
  /** devlink_free() was called. */
  freed: boolean;
}

/** The module's static variables; one per loaded module. */
export interface mlx4_core_module {
  readonly k: Kernel;
  readonly module: Module;
  readonly params: ModuleParams;
  readonly variant: DriverVariant;
  /** Protects intf_list and dev_list, or the adev slots of every card. */
  readonly intf_mutex: Mutex;
  readonly set_port_type_mutex: Mutex;
  readonly intf_list: SharedList<mlx4_interface>;
  readonly dev_list: SharedList<mlx4_priv>;
  /** List nodes of registered interfaces and cards. */
  readonly intf_nodes: Map<mlx4_interface, ListHead<mlx4_interface>>;
  readonly dev_nodes: Map<mlx4_priv, ListHead<mlx4_priv>>;
  /** mlx4_adev_ida: numbers in use. */
  readonly mlx4_adev_ida: Set<number>;
  /** Queue `mlx4` of all cards. */
  mlx4_wq: Workqueue;
  /** Bond works made so far, for their names. */
  bondWorks: number;
  versionPrinted: boolean;
}

/** struct mlx4_mtt: a range of translation entries. */
export interface mlx4_mtt {
  readonly offset: number;
  /** log2 of the pages; -1 for a region without translation. */
  readonly order: number;
  readonly page_shift: number;
}

/** struct mlx4_mr. */
export interface mlx4_mr {
  key: number;
  pd: number;
  /** Access rights, MLX4_PERM_*. */
  access: number;
  iova: bigint;
  size: bigint;
  mtt: mlx4_mtt;
  /** MLX4_MPT_DISABLED, _EN_SW or _EN_HW. */
  enabled: number;
}

/** struct mlx4_uar. */
export interface mlx4_uar {
  readonly index: number;
}

/** struct mlx4_db: a doorbell record of 8 bytes in a page of records. */
export interface mlx4_db {
  /** Bus address of the record. */
  readonly dma: number;
  /** Writes a big-endian word of the record; offset 0 or 4. */
  write(offset: number, value: number): void;
  read(offset: number): number;
}

/** struct mlx4_hwq_resources: memory of a queue, its translation and its doorbell record. */
export interface mlx4_hwq_resources {
  readonly db: mlx4_db;
  readonly mtt: mlx4_mtt;
  readonly buf: DmaBuffer;
}

/** struct mlx4_qp. */
export interface mlx4_qp {
  readonly qpn: number;
  /** Told of events of this queue pair, in a hard interrupt. */
  event: ((type: number) => Atomic<void>) | null;
  /** 1 for the queue pair itself; an event under way has another one. */
  refcount: number;
  /** Completed when the last reference is gone. */
  readonly free: Completion;
}

/** struct mlx4_cq. */
export interface mlx4_cq {
  readonly cqn: number;
  /** Completion vector: its EQ is the one behind the async EQ. */
  readonly vector: number;
  /** Interrupt number behind it. */
  readonly irq: number;
  readonly uar: mlx4_uar;
  /** Consumer index in word 0, last arm word in word 1. */
  readonly db: mlx4_db;
  cons_index: number;
  arm_sn: number;
  /** A completion came, in a hard interrupt. */
  readonly comp: () => Atomic<void>;
  /** The card found something wrong with this queue, in a hard interrupt. */
  readonly event: ((type: number) => Atomic<void>) | null;
  refcount: number;
  readonly free: Completion;
}

/** struct mlx4_srq. */
export interface mlx4_srq {
  readonly srqn: number;
  readonly event: ((type: number) => Atomic<void>) | null;
  refcount: number;
  readonly free: Completion;
}

/** The private part around a struct mlx4_dev (container_of); an oops when it was freed. */
export function mlx4_priv(dev: mlx4_dev): mlx4_priv {
  if (dev.priv.freed)
    throw new Oops(`KASAN: slab-use-after-free in mlx4_priv(${dev.persist.pdev.slot})`);
  return dev.priv;
}

/** The persistent part; an oops when mlx4_remove_one() has freed it. */
export function mlx4_persist(dev: mlx4_dev): mlx4_dev_persistent {
  if (!dev.persist.freed) return dev.persist;
  throw new Oops(`KASAN: slab-use-after-free in mlx4_persist(${dev.persist.pdev.slot})`);
}

/** True when the card has the capability (caps.flags). */
export const mlx4_has_cap = (dev: mlx4_dev, flag: DevCapFlag): boolean => dev.caps.flags.has(flag);

/** True when the card has the gathered capability (caps.flags2). */
export const mlx4_has_cap2 = (dev: mlx4_dev, flag: DevCapFlag2 | DevCapFlag2ByValue): boolean =>
  dev.caps.flags2.has(flag);

/** The counter that nobody reads; queues without one of their own count there. */
export const MLX4_SINK_COUNTER_INDEX = (dev: mlx4_dev): number => dev.caps.max_counters - 1;

/** mlx4_is_mfunc(): the lab has no SR-IOV, so never. */
export const mlx4_is_mfunc = (_dev: mlx4_dev): boolean => false;

export const mlx4_err = (dev: mlx4_dev, text: string): void => {
  dev_err(dev.persist.pdev, text);
};
export const mlx4_warn = (dev: mlx4_dev, text: string): void => {
  dev_warn(dev.persist.pdev, text);
};
export const mlx4_info = (dev: mlx4_dev, text: string): void => {
  dev_info(dev.persist.pdev, text);
};
/** Printed only with module parameter debug_level. */
export const mlx4_dbg = (dev: mlx4_dev, text: string): void => {
  if (dev.priv.module.params.int('debug_level') !== 0) dev_dbg(dev.persist.pdev, text);
};

/** Short name of the card in names of locks, queues and works: `card0`. */
export const cardName = (dev: mlx4_dev): string => dev.persist.pdev.function.name;

/** Ports of one type in ascending order, as mlx4_foreach_port() walks caps.port_mask. */
export function portsOfType(dev: mlx4_dev, type: number): number[] {
  const ports: number[] = [];
  for (let port = 1; port <= dev.caps.num_ports; port++) {
    if (dev.caps.port_mask[port] === type) ports.push(port);
  }
  return ports;
}
