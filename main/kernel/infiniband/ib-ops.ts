// What an RDMA driver gives to the core (struct ib_device_ops), and the objects that the core
// makes through it: protection domain, completion queue, queue pair. Every call carries the
// driver's module: the core fetches an instruction of it first, so a call into an unloaded driver
// is the page fault that it is.
// Left out: operations of user space and of the data path.

import type { Atomic, MaySleep } from '#sim/task.ts';
import type { DeviceAttribute } from '../base/device.ts';
import type { Module } from '../module.ts';
import type { NetDevice } from '../net/netdevice.ts';
import type { WorkStruct } from '../workqueue.ts';
import type { IbDevice } from './ib-device.ts';
import type {
  IbDeviceAttr,
  IbGidAttr,
  IbPortAttr,
  IbPortImmutable,
  IbQpState,
  IbQpType,
} from './ib-verbs.ts';

/** struct ib_pd. */
export interface IbPd {
  readonly device: IbDevice;
  /** Driver's object. */
  drv: unknown;
  local_dma_lkey: number;
  /** Region for all memory, when the device has no key that always works. */
  internal_mr: unknown;
  /** Queue pairs in it. */
  usecnt: number;
}

/** struct ib_cq. */
export interface IbCq {
  readonly device: IbDevice;
  /** Unique name: `ib_mad cq(mlx4_0/1)`. */
  readonly name: string;
  readonly cqe: number;
  readonly comp_vector: number;
  drv: unknown;
  /** Completions are looked at by this work (IB_POLL_UNBOUND_WORKQUEUE). */
  work: WorkStruct | null;
  usecnt: number;
}

/** struct ib_qp_cap. */
export interface IbQpCap {
  readonly max_send_wr: number;
  readonly max_recv_wr: number;
  readonly max_send_sge: number;
  readonly max_recv_sge: number;
}

/** struct ib_qp_init_attr. */
export interface IbQpInitAttr {
  readonly qp_type: IbQpType;
  readonly port_num: number;
  readonly send_cq: IbCq;
  readonly recv_cq: IbCq;
  readonly cap: IbQpCap;
  /** Told of errors of the queue pair, in a hard interrupt. */
  event_handler(event: number): Atomic<void>;
}

/** struct ib_qp. */
export interface IbQp {
  readonly device: IbDevice;
  readonly pd: IbPd;
  readonly qp_type: IbQpType;
  readonly port: number;
  readonly send_cq: IbCq;
  readonly recv_cq: IbCq;
  /** 0 and 1 for the special ones. */
  qp_num: number;
  drv: unknown;
}

/** struct ib_qp_attr: what a change of state sets besides the state. */
export interface IbQpAttr {
  readonly qp_state: IbQpState;
  readonly pkey_index?: number;
  readonly qkey?: number;
  readonly sq_psn?: number;
}

/** struct ib_recv_wr with one entry: a buffer for one message. */
export interface IbRecvWr {
  /** Bus address. */
  readonly addr: number;
  readonly length: number;
  readonly lkey: number;
}

/** What process_mad() made of a datagram; `reply` is null when there is none. */
export interface ProcessedMad {
  readonly success: boolean;
  readonly consumed: boolean;
  readonly reply: Uint8Array | null;
}

/** A counter of hw_counters. */
export interface RdmaStat {
  readonly name: string;
  value: number;
}

/** struct ib_device_ops. Numbers as results are 0 or negative errors unless said otherwise. */
export interface IbDeviceOps {
  readonly owner: Module | null;
  query_device(device: IbDevice): MaySleep<IbDeviceAttr | number>;
  query_port(device: IbDevice, port: number): MaySleep<IbPortAttr | number>;
  /** 16 bytes. */
  query_gid(device: IbDevice, port: number, index: number): MaySleep<Uint8Array | number>;
  /** The P_Key, or a negative error. */
  query_pkey(device: IbDevice, port: number, index: number): MaySleep<number>;
  get_port_immutable(device: IbDevice, port: number): MaySleep<IbPortImmutable | number>;
  get_link_layer(device: IbDevice, port: number): number;
  /** The netdev behind a RoCE port, with a reference (dev_hold), or null. */
  get_netdev(device: IbDevice, port: number): Atomic<NetDevice | null>;
  get_dev_fw_str(device: IbDevice): string;
  /** RoCE: puts a GID into the card's table; the context goes to del_gid(). */
  add_gid(device: IbDevice, attr: IbGidAttr): MaySleep<GidContext | number>;
  del_gid(device: IbDevice, attr: IbGidAttr, context: GidContext): MaySleep<number>;
  modify_device(device: IbDevice, nodeDesc: string): MaySleep<number>;
  process_mad(device: IbDevice, port: number, mad: Uint8Array): MaySleep<ProcessedMad>;
  alloc_pd(pd: IbPd): MaySleep<number>;
  dealloc_pd(pd: IbPd): MaySleep<void>;
  /** Sets pd.internal_mr; gives its lkey, or a negative error. */
  get_dma_mr(pd: IbPd): MaySleep<number>;
  dereg_mr(pd: IbPd): MaySleep<void>;
  /** `completed` is called in a hard interrupt at a completion that was asked for. */
  create_cq(cq: IbCq, completed: () => Atomic<void>): MaySleep<number>;
  destroy_cq(cq: IbCq): MaySleep<void>;
  req_notify_cq(cq: IbCq): Atomic<number>;
  create_qp(qp: IbQp, init: IbQpInitAttr): MaySleep<number>;
  modify_qp(qp: IbQp, attr: IbQpAttr): MaySleep<number>;
  destroy_qp(qp: IbQp): MaySleep<void>;
  /** Gives buffers to the receive queue; -ENOMEM when it is full. */
  post_recv(qp: IbQp, requests: readonly IbRecvWr[]): Atomic<number>;
  /** Files of the driver in the device's directory. */
  readonly device_group: readonly DeviceAttribute[];
  /** Counters of the device, or of a port (from 1); null when there are none. */
  alloc_hw_stats(device: IbDevice, port: number): RdmaStat[] | null;
  /** Reads them anew. The number of counters, or a negative error. */
  get_hw_stats(device: IbDevice, port: number, stats: RdmaStat[]): MaySleep<number>;
}

/** What the driver remembers of a GID that it put into the card's table. */
export interface GidContext {
  readonly real_index: number;
  refcount: number;
}
