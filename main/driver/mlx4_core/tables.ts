// The firmware half of struct mlx4_priv (mlx4.h): the command interface, memory of the card's
// contexts, and the tables of its objects. Each table says what protects it. A table that is null
// or a queue that is missing is not set up yet, or gone: notNull() then faults as the kernel would.
// Left out: what only virtual functions have, BlueFlame pages, user-space quotas.

import type { DmaBuffer } from '#kernel/pci/dma.ts';
import type { Mutex } from '#kernel/locking/mutex.ts';
import type { SpinLock } from '#kernel/locking/spinlock.ts';
import type { IoMem } from '#kernel/pci/io.ts';
import type { WorkStruct } from '#kernel/workqueue.ts';
import { Oops } from '#sim/shared.ts';
import type { mlx4_bitmap } from './alloc/bitmap.ts';
import type { mlx4_db_pgdir } from './alloc/db.ts';
import type { mlx4_zone_allocator } from './alloc/zone.ts';
import type { mlx4_cmd_interface } from './cmd/types.ts';
import type { mlx4_icm, mlx4_icm_table } from './icm.ts';
import type { mlx4_cq, mlx4_mtt, mlx4_qp, mlx4_srq, mlx4_uar } from './mlx4.ts';
import type { mlx4_buddy } from './mr/buddy.ts';

/** What QUERY_FW said, and the memory that firmware was given (struct mlx4_fw). */
export interface mlx4_fw {
  fw_pages: number;
  fw_icm: mlx4_icm | null;
  aux_icm: mlx4_icm | null;
  /** Place of the clear-interrupt register in its BAR. */
  clr_int_base: number;
  clr_int_bar: number;
  catas_offset: number;
  /** Dwords. */
  catas_size: number;
  catas_bar: number;
  clock_offset: number;
  clock_bar: number;
}

/** An event queue (struct mlx4_eq). Its consumer index belongs to the interrupt handler. */
export interface mlx4_eq {
  /** Mapped page of doorbells, and where in it this queue's is. */
  doorbell: { readonly page: IoMem; readonly offset: number } | null;
  eqn: number;
  cons_index: number;
  irq: number;
  /** A handler was requested; protected by msix_ctl.pool_lock. */
  have_irq: boolean;
  nent: number;
  buf: DmaBuffer | null;
  mtt: mlx4_mtt | null;
  /** Users that were given this queue; protected by msix_ctl.pool_lock. */
  ref_count: number;
  /** Ports whose completions it may take. */
  readonly actv_ports: Set<number>;
}

/** struct mlx4_eq_table. */
export interface mlx4_eq_table {
  bitmap: mlx4_bitmap | null;
  /** Queue 0 is the one for asynchronous events. */
  eq: mlx4_eq[];
  /** Mapped pages of doorbells by index. */
  readonly uar_map: Map<number, IoMem>;
  irq_names: string[];
  inta_pin: number;
  /** The clear-interrupt register, the word and the bit of the card's pin. */
  clr_int: IoMem | null;
  clr_word: number;
  clr_mask: number;
  /** With INTx: the handler was requested. */
  have_irq: boolean;
  table: mlx4_icm_table | null;
  cmpt_table: mlx4_icm_table | null;
}

/** struct mlx4_cq_table. */
export interface mlx4_cq_table {
  bitmap: mlx4_bitmap | null;
  /** Protects `tree` against others that change it; looked up under RCU. */
  lock: SpinLock | null;
  readonly tree: Map<number, mlx4_cq>;
  table: mlx4_icm_table | null;
  cmpt_table: mlx4_icm_table | null;
}

/** struct mlx4_srq_table. */
export interface mlx4_srq_table {
  bitmap: mlx4_bitmap | null;
  lock: SpinLock | null;
  readonly tree: Map<number, mlx4_srq>;
  table: mlx4_icm_table | null;
  cmpt_table: mlx4_icm_table | null;
}

/** struct mlx4_qp_table. */
export interface mlx4_qp_table {
  /** Zones of queue pair numbers, and their ids by MLX4_QP_TABLE_ZONE_*. */
  zones: mlx4_zone_allocator | null;
  zones_uids: number[];
  /** Protects `tree`, also against hard interrupts. */
  lock: SpinLock | null;
  readonly tree: Map<number, mlx4_qp>;
  rdmarc_shift: number;
  qp_table: mlx4_icm_table | null;
  auxc_table: mlx4_icm_table | null;
  altc_table: mlx4_icm_table | null;
  rdmarc_table: mlx4_icm_table | null;
  cmpt_table: mlx4_icm_table | null;
}

/** struct mlx4_mr_table. */
export interface mlx4_mr_table {
  mpt_bitmap: mlx4_bitmap | null;
  mtt_buddy: mlx4_buddy | null;
  /** Order of the reserved translation entries, and where they begin; -1 when there are none. */
  reserved_mtt: { readonly offset: number; readonly order: number };
  mtt_table: mlx4_icm_table | null;
  dmpt_table: mlx4_icm_table | null;
}

/** struct mlx4_mcg_table. */
export interface mlx4_mcg_table {
  /** Serialises every change of steering. */
  mutex: Mutex | null;
  /** Entries behind the hash buckets. */
  bitmap: mlx4_bitmap | null;
  table: mlx4_icm_table | null;
}

/** An entry that promiscuous queue pairs were added to (struct mlx4_steer_index). */
export interface mlx4_steer_index {
  readonly index: number;
  /** Promiscuous queue pairs that are also members by themselves. */
  readonly duplicates: Set<number>;
}

/** Steering of a port (struct mlx4_steer), by steering type; protected by mcg_table.mutex. */
export interface mlx4_steer {
  readonly promisc_qps: readonly Set<number>[];
  readonly steer_entries: readonly Map<number, mlx4_steer_index>[];
}

/**
 * What the firmware half keeps in struct mlx4_priv. All of it is zeroed at the end of an unload.
 */
export interface mlx4_tables {
  cmd: mlx4_cmd_interface;
  fw: mlx4_fw;
  board_id: string;
  uar_bitmap: mlx4_bitmap | null;
  pd_bitmap: mlx4_bitmap | null;
  xrcd_bitmap: mlx4_bitmap | null;
  counters_bitmap: mlx4_bitmap | null;
  /** Counter of each port; -1 = none. */
  def_counter: number[];
  mr_table: mlx4_mr_table;
  eq_table: mlx4_eq_table;
  cq_table: mlx4_cq_table;
  srq_table: mlx4_srq_table;
  qp_table: mlx4_qp_table;
  mcg_table: mlx4_mcg_table;
  /** By port; null unless the steering lists exist. */
  steer: (mlx4_steer | null)[];
  /** Pages of doorbell records; protected by pgdir_mutex. */
  pgdir_list: mlx4_db_pgdir[];
  pgdir_mutex: Mutex;
  /** Which vectors have a handler: protects the reference counts of the event queues. */
  msix_ctl: { readonly pool_bm: Set<number>; pool_lock: Mutex | null };
  /** Page of doorbells of the driver itself. */
  driver_uar: mlx4_uar | null;
  kar: IoMem | null;
  /** Mapped internal clock; null when time stamps are off. */
  clock_mapping: IoMem | null;
  /** Operations that firmware asked for and that nobody has looked at yet. */
  opreq_count: number;
  opreq_task: WorkStruct | null;
}

/** Stands for a callback that nobody has set: calling it is a fault. */
export function nullCall(): never {
  throw new Oops('kernel NULL pointer dereference, address: 0000000000000000');
}

/** The object behind a pointer; a null one is a fault, as in the kernel. */
export function notNull<T>(pointer: T | null): T {
  if (pointer !== null) return pointer;
  throw new Oops('kernel NULL pointer dereference, address: 0000000000000000');
}
