// Types, constants and log macros of mlx4_ib (mlx4_ib.h; facts/driver 1.7, 1.10). Index 0 of
// arrays by port is unused. iboe.lock (spinlock, bottom halves off) protects netdevs[],
// last_port_state[] and the GID tables; reset_flow_resource_lock the list of queue pairs; each
// counter table has its own mutex.
// Unprotected: ib_active, written by add and remove and by the catastrophic event, maybe in a hard
// interrupt.
// Left out: user space, data path, SR-IOV (demux, alias GUIDs, tunnel QPs), flow steering.

import { pageBytes } from '#bus/memory.ts';
import type { Kernel } from '#kernel/kernel.ts';
import type { MadAgent } from '#kernel/infiniband/mad-agent.ts';
import type { IbDevice } from '#kernel/infiniband/ib-device.ts';
import type { GidContext } from '#kernel/infiniband/ib-ops.ts';
import type { Mutex } from '#kernel/locking/mutex.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import { module_text } from '#kernel/module.ts';
import type { Module } from '#kernel/module.ts';
import type { ModuleParams } from '#kernel/module-params.ts';
import type { NetDevice } from '#kernel/net/netdevice.ts';
import type { NetdevNotifierInfo } from '#kernel/net/notifier.ts';
import type { AtomicNotifierBlock, NotifierBlock } from '#kernel/notifier.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import { pr_err, pr_info, pr_warn } from '#kernel/printk.ts';
import type { Workqueue } from '#kernel/workqueue.ts';
import { Oops } from '#sim/shared.ts';
import type { Shared } from '#sim/shared.ts';
import type { Atomic } from '#sim/task.ts';
import { cardName } from '../mlx4_core/mlx4.ts';
import type {
  mlx4_cq,
  mlx4_dev,
  mlx4_hwq_resources,
  mlx4_qp,
  mlx4_uar,
} from '../mlx4_core/mlx4.ts';
import type { DriverVariant } from '../variant.ts';

export const DRV_NAME = 'mlx4_ib';
export const DRV_VERSION = '4.0-0';

/** Larger buffers of queues are of single pages: PAGE_SIZE * 2 of mlx4_buf_alloc(). */
export const maxDirectBytes = 2 * pageBytes;

/** GIDs in the card's table of a RoCE port. */
export const MLX4_MAX_PORT_GIDS = 128;

/** The queues of the module; they end with it. */
export interface mlx4_ib_queues {
  /** `mlx4_ib`: bonded port state, SL to VL. */
  readonly wq: Workqueue;
  /**
   * `mlx4_ib_cm` and `mlx4_ib_mcg`: of SR-IOV; `mlx4_ib_qp_event_wq` in 6.12. They stay empty
   * here.
   */
  readonly others: readonly Workqueue[];
}

/** The module's static variables. */
export interface mlx4_ib_module {
  readonly k: Kernel;
  readonly module: Module;
  readonly params: ModuleParams;
  readonly variant: DriverVariant;
  /** Null before init. Exit destroys them and leaves the pointers, as C does. */
  queues: mlx4_ib_queues | null;
  /** pr_info_once() of the version line. */
  versionPrinted: boolean;
  /** Works made so far, for their names. */
  works: number;
}

/** An entry of the table that SET_PORT sends (struct gid_entry). */
export interface gid_entry {
  /** 16 bytes; zero is empty. */
  gid: Uint8Array;
  gid_type: number;
  vlan_id: number;
  ctx: GidContext | null;
}

/** struct mlx4_ib_iboe: RDMA over Ethernet. */
export interface mlx4_ib_iboe {
  readonly lock: SpinLock;
  /** No reference is held on them. */
  readonly netdevs: (NetDevice | null)[];
  /** MACs as the last netdev event left them. */
  readonly mac: number[];
  nb: NotifierBlock<NetdevNotifierInfo> | null;
  /** IB_PORT_* as it was when an UP or DOWN of the netdev was last passed on. */
  readonly last_port_state: number[];
  readonly gids: gid_entry[][];
}

/** A counter of the card that a port counts in. */
export interface counter_index {
  readonly index: number;
  /** It was allocated for this part; else it is a default one. */
  readonly allocated: boolean;
}

/** struct mlx4_ib_counters. */
export interface mlx4_ib_counters {
  readonly mutex: Mutex;
  readonly counters_list: counter_index[];
  default_counter: number;
}

/** Where a port's subnet manager is (the address handle sm_ah[]). */
export interface sm_address {
  readonly dlid: number;
  readonly sl: number;
}

/** A diagnostic counter: where it lies in the answer of DIAG_RPRT. */
export interface diag_counter {
  readonly name: string;
  readonly offset: number;
}

/** struct mlx4_ib_qp. */
export interface mlx4_ib_qp {
  readonly mqp: mlx4_qp;
  readonly wqres: mlx4_hwq_resources;
  readonly geometry: mlx4_ib_qp_geometry;
  /** Serialises changes of state. */
  readonly mutex: Mutex;
  /** Protects rq. */
  readonly rq_lock: SpinLock;
  readonly port: number;
  /** IB state. */
  state: 'RESET' | 'INIT' | 'RTR' | 'RTS' | 'ERR';
  /** Work requests posted, and completed. */
  readonly sq: { head: number; tail: number };
  readonly rq: { head: number; tail: number };
  readonly cq: mlx4_ib_cq;
}

/** Entries and strides of a queue pair's buffer; the queue with the larger stride lies first. */
export interface mlx4_ib_qp_geometry {
  readonly sqEntries: number;
  readonly sqShift: number;
  readonly sqOffset: number;
  readonly rqEntries: number;
  readonly rqShift: number;
  readonly rqOffset: number;
  readonly bufBytes: number;
}

/** struct mlx4_ib_cq. */
export interface mlx4_ib_cq {
  readonly mcq: mlx4_cq;
  readonly wqres: mlx4_hwq_resources;
  /** The core's completion handler. */
  readonly completed: () => Atomic<void>;
  reset_notify_added: boolean;
}

/** struct mlx4_ib_dev: one per card with the InfiniBand part bound. */
export interface mlx4_ib_dev {
  readonly k: Kernel;
  readonly module: mlx4_ib_module;
  readonly dev: mlx4_dev;
  readonly ib_dev: IbDevice<mlx4_ib_dev>;
  /** Ports of the card, bonded or not; ib_dev.phys_port_cnt is what others see. */
  num_ports: number;
  priv_pdn: number;
  priv_uar: mlx4_uar;
  uar_map: IoMem;
  /** By port, then QP number. */
  readonly send_agent: (MadAgent | null)[][];
  readonly sm_ah: (sm_address | null)[];
  /** Protects sm_ah[] and the node description. */
  readonly sm_lock: SpinLock;
  /** SL to VL map by port, 8 bytes as one number. */
  readonly sl2vl: bigint[];
  readonly cap_mask_mutex: Mutex;
  readonly ib_active: Shared<boolean>;
  readonly iboe: mlx4_ib_iboe;
  readonly counters_table: mlx4_ib_counters[];
  eq_table: number[] | null;
  readonly reset_flow_resource_lock: SpinLock;
  readonly qp_list: mlx4_ib_qp[];
  /** Diagnostic counters of the card, and of a port when the card counts by port; null for none. */
  diag_counters: readonly (readonly diag_counter[] | null)[];
  /** Event chain. */
  mlx_nb: AtomicNotifierBlock<unknown> | null;
}

/** pr_fmt: `<mlx4_ib> function: text`. */
const pr_fmt = (functionName: string, text: string): string =>
  `<${DRV_NAME}> ${functionName}: ${text}`;

export const ib_err = (state: mlx4_ib_module, functionName: string, text: string): void => {
  pr_err(state.k, pr_fmt(functionName, text));
};
export const ib_warn = (state: mlx4_ib_module, functionName: string, text: string): void => {
  pr_warn(state.k, pr_fmt(functionName, text));
};
export const ib_info = (state: mlx4_ib_module, functionName: string, text: string): void => {
  pr_info(state.k, pr_fmt(functionName, text));
};

/** Short name of the part in names of locks and works: `mlx4_ib@card0`, `mlx4_ib@card0#2`. */
export const partName = (ibdev: mlx4_ib_dev): string => ibdev.ib_dev.instanceName;

/** Name of a fresh part, before its device has one. */
export const partNameOf = (dev: mlx4_dev): string => `${DRV_NAME}@${cardName(dev)}`;

/**
 * Where members lie in struct mlx4_ib_dev, for the address of a NULL dereference; the lab's
 * layout.
 */
const memberOffsets = { num_ports: 0x6d8, ib_active: 0x9e8, iboe_lock: 0x9f0 } as const;

/**
 * The structure behind a pointer that may be NULL or stale, as code reads its first member: faults
 * when the module's text, or the memory, is gone.
 */
export function derefIbDev(
  state: mlx4_ib_module,
  pointer: unknown,
  member: keyof typeof memberOffsets,
  functionName: string,
): mlx4_ib_dev {
  module_text(state.module, functionName);
  if (pointer === null || pointer === undefined) {
    const address = memberOffsets[member].toString(16).padStart(16, '0');
    throw new Oops(`kernel NULL pointer dereference, address: ${address}`);
  }
  const ibdev = pointer as mlx4_ib_dev;
  if (ibdev.ib_dev.freed) throw new Oops(`KASAN: slab-use-after-free in ${functionName}`);
  return ibdev;
}

/** The queue `mlx4_ib`. Once it is destroyed, queueing on it is an oops. */
export const queueOf = (state: mlx4_ib_module): Workqueue => state.queues!.wq;
