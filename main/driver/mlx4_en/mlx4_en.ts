// Types, constants and log macros of mlx4_en (mlx4_en.h; facts/driver 1.5, 1.6, 1.10). Unprotected
// members are shared cells: pndev[] and upper[] (written by probe, by the netdev notifier under
// RTNL, by destroy under state_lock) and port_up (read by interrupt handlers without a lock).
// Left out: PTP clock, DCB, XDP, flow steering rules, VXLAN, SR-IOV.

import { formatMac } from '#bus/mac.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { Mutex } from '#kernel/locking/mutex.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import type { Module } from '#kernel/module.ts';
import type { ModuleParams } from '#kernel/module-params.ts';
import type { Napi } from '#kernel/net/napi.ts';
import type { NetDevice, NetdevQueue } from '#kernel/net/netdevice.ts';
import type { NetdevNotifierInfo } from '#kernel/net/notifier.ts';
import type { SkBuff } from '#kernel/net/skb.ts';
import type { AtomicNotifierBlock, NotifierBlock } from '#kernel/notifier.ts';
import type { DmaBuffer } from '#kernel/pci/dma.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import type { PciDevice } from '#kernel/pci/pci-device.ts';
import { KERN_DEBUG, KERN_ERR, KERN_INFO, KERN_WARNING, printk } from '#kernel/printk.ts';
import type { DelayedWork, Workqueue, WorkStruct } from '#kernel/workqueue.ts';
import type { Shared } from '#sim/shared.ts';
import type {
  mlx4_cq,
  mlx4_dev,
  mlx4_hwq_resources,
  mlx4_mr,
  mlx4_qp,
  mlx4_uar,
} from '../mlx4_core/mlx4.ts';
import type { DriverVariant } from '../variant.ts';

export const DRV_NAME = 'mlx4_en';
export const DRV_VERSION = '4.0-0';

/** Traffic that is always wanted in the log: NETIF_MSG_LINK and NETIF_MSG_IFDOWN. */
export const NETIF_MSG = { LINK: 0x4, TIMER: 0x8, IFDOWN: 0x10, IFUP: 0x20, DRV: 0x1 } as const;
export type MessageLevel = keyof typeof NETIF_MSG;
export const MLX4_EN_MSG_LEVEL = NETIF_MSG.LINK | NETIF_MSG.IFDOWN;

/** Rings and their sizes. */
export const MAX_TX_RINGS = 32;
export const MAX_RX_RINGS = 16;
export const MLX4_EN_DEF_TX_RING_SIZE = 1024;
export const MLX4_EN_DEF_RX_RING_SIZE = 1024;
export const MLX4_EN_MIN_RX_SIZE = 256;
export const MLX4_EN_MIN_TX_SIZE = 64;
export const MLX4_EN_MAX_RX_SIZE = 8192;
export const MLX4_EN_MAX_TX_SIZE = 8192;
export const MLX4_EN_DEFAULT_TX_WORK = 256;
/** Watchdog of transmit queues, seconds. */
export const MLX4_EN_WATCHDOG_TIMEOUT_S = 15;

/** Interrupt moderation: frames and microseconds. */
export const MLX4_EN_RX_COAL_TARGET = 44;
export const MLX4_EN_RX_COAL_TIME = 16;
export const MLX4_EN_TX_COAL_PKTS = 16;
export const MLX4_EN_TX_COAL_TIME = 16;
export const MLX4_EN_RX_RATE_LOW = 400_000;
export const MLX4_EN_RX_COAL_TIME_LOW = 0;
export const MLX4_EN_RX_RATE_HIGH = 450_000;
export const MLX4_EN_RX_COAL_TIME_HIGH = 128;
export const MLX4_EN_RX_SIZE_THRESH = 1024;
/** Adaptive moderation starts above this many packets per second and ring. */
export const MLX4_EN_RX_RATE_THRESH = Math.floor(1_000_000 / MLX4_EN_RX_COAL_TIME_HIGH);
export const MLX4_EN_AVG_PKT_SMALL = 256;
export const MLX4_EN_AUTO_CONF = 0xffff;

/** priv.flags. */
export const MLX4_EN_FLAG_PROMISC = 0x1;
export const MLX4_EN_FLAG_MC_PROMISC = 0x2;
export const MLX4_EN_FLAG_FORCE_PROMISC = 0x20;

/** priv.pflags, private flags of ethtool. */
export const MLX4_EN_PRIV_FLAGS_BLUEFLAME = 1;
export const MLX4_EN_PRIV_FLAGS_PHV = 2;

/** Kinds of CQ. */
export const TX = 0;
export const RX = 1;
export type CqType = typeof TX | typeof RX;

/** What the module's code shares between cards: its static variables and parameters. */
export interface mlx4_en_module {
  readonly k: Kernel;
  readonly module: Module;
  readonly params: ModuleParams;
  readonly variant: DriverVariant;
  /** printk_once() of the version line. */
  versionPrinted: boolean;
  /** Parameters after mlx4_en_verify_params(). */
  pfctx: number;
  pfcrx: number;
  inline_thold: number;
  /** Bond works made so far, for their names. */
  bondWorks: number;
}

/** struct mlx4_en_port_profile. */
export interface mlx4_en_port_profile {
  rx_ring_num: number;
  tx_ring_num: number;
  rx_ring_size: number;
  tx_ring_size: number;
  rx_pause: number;
  tx_pause: number;
  rx_ppp: number;
  tx_ppp: number;
  num_up: number;
  inline_thold: number;
}

/**
 * struct mlx4_en_dev: one per card with the Ethernet part bound. Index 0 of arrays by port is
 * unused.
 */
export interface mlx4_en_dev {
  readonly k: Kernel;
  readonly module: mlx4_en_module;
  readonly dev: mlx4_dev;
  readonly pdev: PciDevice;
  /** Protects device_up, and pndev[] against deferred works, port start and stop, statistics. */
  readonly state_lock: Mutex;
  readonly pndev: readonly Shared<NetDevice | null>[];
  readonly upper: readonly Shared<NetDevice | null>[];
  /** Profiles by port. */
  readonly prof: (mlx4_en_port_profile | null)[];
  readonly mac_removed: boolean[];
  device_up: boolean;
  port_cnt: number;
  LSO_support: boolean;
  workqueue: Workqueue;
  priv_uar: mlx4_uar;
  uar_map: IoMem;
  readonly uar_lock: SpinLock;
  priv_pdn: number;
  mr: mlx4_mr;
  netdev_nb: NotifierBlock<NetdevNotifierInfo> | null;
  mlx_nb: AtomicNotifierBlock<unknown> | null;
}

/** struct mlx4_en_cq. */
export interface mlx4_en_cq {
  readonly priv: mlx4_en_priv;
  readonly type: CqType;
  /** Ring that it serves. */
  readonly ring: number;
  /** While the card has it. */
  mcq: mlx4_cq | null;
  wqres: mlx4_hwq_resources;
  readonly buf: DmaBuffer;
  readonly buf_size: number;
  size: number;
  vector: number;
  moder_cnt: number;
  moder_time: number;
  napi: Napi | null;
}

/** struct mlx4_en_tx_ring. Counters of TXBBs run freely (32 bits). */
export interface mlx4_en_tx_ring {
  readonly queue_index: number;
  readonly size: number;
  readonly size_mask: number;
  readonly full_size: number;
  readonly buf_size: number;
  readonly inline_thold: number;
  wqres: mlx4_hwq_resources;
  readonly buf: DmaBuffer;
  /** Where packets that are not inlined lie while the card reads them: one slot per TXBB. */
  data: DmaBuffer | null;
  dataStride: number;
  readonly skbs: (SkBuff | null)[];
  readonly nr_txbb: Uint8Array;
  readonly nr_bytes: Uint32Array;
  qpn: number;
  sp_qp: mlx4_qp;
  cqn: number;
  tx_queue: NetdevQueue;
  prod: number;
  cons: number;
  last_nr_txbb: number;
  bytes: number;
  packets: number;
  tx_csum: number;
  tso_packets: number;
  xmit_more: number;
  queue_stopped: number;
  wake_queue: number;
  tx_dropped: number;
}

/** struct mlx4_en_rx_ring. Counters of descriptors run freely. */
export interface mlx4_en_rx_ring {
  readonly size: number;
  readonly size_mask: number;
  readonly buf_size: number;
  wqres: mlx4_hwq_resources;
  /** The work queue: a stub of a send queue (when `firstDescriptor` is not 0), then descriptors. */
  readonly buf: DmaBuffer;
  firstDescriptor: number;
  stride: number;
  /** Packet buffers: one slot per descriptor. */
  data: DmaBuffer | null;
  dataStride: number;
  actual_size: number;
  qpn: number;
  cqn: number;
  prod: number;
  cons: number;
  fcs_del: number;
  bytes: number;
  packets: number;
  csum_ok: number;
  csum_none: number;
  csum_complete: number;
  rx_alloc_pages: number;
  dropped: number;
  /** Rate of the last sample, for adaptive moderation. */
  lastPackets: number;
  lastBytes: number;
}

/** struct mlx4_en_rss_map. */
export interface mlx4_en_rss_map {
  base_qpn: number;
  qps: mlx4_qp[];
  indir_qp: mlx4_qp | null;
  /** The indirection QP itself, with more than one ring. */
  rss_qp: mlx4_qp | null;
}

/** struct mlx4_en_port_state, from QUERY_PORT. */
export interface mlx4_en_port_state {
  link_state: boolean;
  link_speed: number;
  transceiver: number;
  autoneg: boolean;
}

/** struct mlx4_en_mc_list: a multicast address and what is to be done about it. */
export interface mlx4_en_mc_list {
  readonly mac: number;
  action: 'none' | 'add' | 'remove';
}

/** struct mlx4_en_priv: one per netdev. */
export interface mlx4_en_priv {
  readonly k: Kernel;
  readonly mdev: mlx4_en_dev;
  readonly prof: mlx4_en_port_profile;
  readonly dev: NetDevice;
  /** Port number, 1 or 2. */
  readonly port: number;
  readonly port_up: Shared<boolean>;
  registered: boolean;
  allocated: boolean;
  /** MLX4_EN_STATE_FLAG_RESTARTING: a restart is queued or runs. */
  restarting: boolean;
  /** The last port event; only noted, the work asks the card. */
  link_state: 'up' | 'down';
  readonly port_state: mlx4_en_port_state;
  readonly rx_mode_task: WorkStruct;
  readonly restart_task: WorkStruct;
  readonly linkstate_task: WorkStruct;
  readonly stats_task: DelayedWork;
  readonly service_task: DelayedWork;
  /** Protects statistics and the flip of port_up; taken with bottom halves off. */
  readonly stats_lock: SpinLock;
  res: mlx4_hwq_resources | null;
  tx_ring: mlx4_en_tx_ring[];
  rx_ring: mlx4_en_rx_ring[];
  tx_cq: mlx4_en_cq[];
  rx_cq: mlx4_en_cq[];
  rss_map: mlx4_en_rss_map;
  drop_qp: mlx4_qp | null;
  /** Queue pair that receives for the port. */
  base_qpn: number;
  /** Queue pair number that the port's MAC reserved. */
  mac_qpn: number;
  counter_index: number;
  msg_enable: number;
  flags: number;
  pflags: number;
  rx_skb_size: number;
  num_frags: number;
  /** Registered addresses, 48-bit numbers. */
  readonly mac_hash: Set<number>;
  current_mac: number;
  mc_list: number[];
  curr_list: mlx4_en_mc_list[];
  rx_frames: number;
  rx_usecs: number;
  tx_frames: number;
  tx_usecs: number;
  adaptive_rx_coal: boolean;
  pkt_rate_low: number;
  pkt_rate_high: number;
  rx_usecs_low: number;
  rx_usecs_high: number;
  sample_interval: number;
  last_moder_time: number[];
  last_moder_jiffies: number;
  tx_timeouts: number;
  /** Counters of the card, by their ethtool names. */
  readonly hw_stats: Map<string, number>;
  /** Names that ethtool shows before those of rings. */
  stats_bitmap: readonly string[];
  /** Scratch for descriptors: filled and copied without a point in between. */
  readonly scratch: Uint8Array;
}

/** A message about the card: `mlx4_en 0000:06:00.0: text`. */
const pr = (mdev: mlx4_en_dev, level: number, text: string): void => {
  printk(mdev.k, level, `${DRV_NAME} ${mdev.pdev.name}: ${text}`);
};
export const mlx4_err = (mdev: mlx4_en_dev, text: string): void => {
  pr(mdev, KERN_ERR, text);
};
export const mlx4_warn = (mdev: mlx4_en_dev, text: string): void => {
  pr(mdev, KERN_WARNING, text);
};
export const mlx4_info = (mdev: mlx4_en_dev, text: string): void => {
  pr(mdev, KERN_INFO, text);
};

/** A message about a netdev: its name once registered, card and port before. */
function en_print(level: number, priv: mlx4_en_priv, text: string): void {
  const { name } = priv.mdev.pdev;
  const who = priv.registered ? priv.dev.name : `${name}: Port ${priv.port}`;
  printk(priv.k, level, `${DRV_NAME}: ${who}: ${text}`);
}
export const en_err = (priv: mlx4_en_priv, text: string): void => {
  en_print(KERN_ERR, priv, text);
};
export const en_warn = (priv: mlx4_en_priv, text: string): void => {
  en_print(KERN_WARNING, priv, text);
};
export const en_info = (priv: mlx4_en_priv, text: string): void => {
  en_print(KERN_INFO, priv, text);
};
/** Printed only when the message level is enabled; by default LINK and IFDOWN are. */
export const en_dbg = (level: MessageLevel, priv: mlx4_en_priv, text: string): void => {
  if ((priv.msg_enable & NETIF_MSG[level]) !== 0) en_print(KERN_DEBUG, priv, text);
};

/** `%pM`. */
export const macText = (mac: number): string => formatMac(mac);

/** Short name of a port in names of locks and works: `card0/1`. */
export const portName = (mdev: mlx4_en_dev, portNumber: number): string =>
  `${mdev.pdev.function.name}/${portNumber}`;

/** True when the card has a gathered capability flag (caps.flags2). */
export const isEthPort = (mdev: mlx4_en_dev, portNumber: number): boolean =>
  (mdev.dev.caps.port_mask[portNumber] ?? 0) === 2;

/** Numbers of the Ethernet ports, as caps.port_mask has them (mlx4_foreach_port). */
export function ethPorts(mdev: mlx4_en_dev): number[] {
  const ports: number[] = [];
  for (let i = 1; i <= mdev.dev.caps.num_ports; i++) if (isEthPort(mdev, i)) ports.push(i);
  return ports;
}
