// The MAD layer (core/mad.c): a client of every device that opens each port that has management
// datagrams: protection domain, completion queue, QP0 on InfiniBand ports, QP1 on all, brought to
// RTS through the driver. A port that cannot be opened makes add() fail; the device stays
// registered without MAD ports.
// Left out: sending, what is done with a received datagram, classes, RMPP.

import type { MaySleep } from '#sim/task.ts';
import { EOPNOTSUPP } from '../errno.ts';
import { spin_lock_irqsave, spin_unlock_irqrestore } from '../locking/spinlock.ts';
import { dev_err } from '../printk.ts';
import { alloc_ordered_workqueue, destroy_workqueue } from '../workqueue.ts';
import type { Workqueue } from '../workqueue.ts';
import { ib_agent_port_close, ib_agent_port_open } from './agent.ts';
import type { IbClient } from './client.ts';
import { rdmaPorts } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import type { IbCq, IbPd, IbQp, IbQpAttr } from './ib-ops.ts';
import { IB_DEFAULT_PKEY_FULL, IB_QP1_QKEY, IB_QPT_GSI, IB_QPT_SMI } from './ib-verbs.ts';
import type { IbQpType } from './ib-verbs.ts';
import { cleanup_recv_queue, ib_mad_post_receive_mads } from './mad-receive.ts';
import type { MadBuffers } from './mad-receive.ts';
import { ib_find_pkey, rdma_cap_ib_mad, rdma_cap_ib_smi } from './port.ts';
import {
  ib_alloc_cq,
  ib_alloc_pd,
  ib_create_qp,
  ib_dealloc_pd,
  ib_destroy_qp,
  ib_free_cq,
  ib_modify_qp,
  ib_req_notify_cq,
} from './verbs.ts';

/** Work requests of a MAD queue pair (mad_sendq_size, mad_recvq_size) and their scatter entries. */
const IB_MAD_QP_SEND_SIZE = 128;
const IB_MAD_QP_RECV_SIZE = 512;
const IB_MAD_SEND_REQ_MAX_SG = 2;
const IB_MAD_RECV_REQ_MAX_SG = 1;
const IB_MAD_SEND_Q_PSN = 0;

/** struct ib_mad_port_private: an open port. */
export interface MadPort {
  readonly device: IbDevice;
  readonly port_num: number;
  readonly pd: IbPd;
  readonly cq: IbCq;
  /** By number: QP0 (null on Ethernet) and QP1. */
  readonly qps: readonly (IbQp | null)[];
  /** Receive buffers by queue pair, once the port is started. */
  readonly buffers: Map<IbQp, MadBuffers>;
  /** `ib_mad1`: for the works of agents. */
  wq: Workqueue;
}

const portName = (device: IbDevice, port: number): string => `${device.name}/${port}`;

function* create_mad_qp(
  parts: { readonly pd: IbPd; readonly cq: IbCq },
  port: number,
  qp_type: IbQpType,
): MaySleep<IbQp | number> {
  const { device } = parts.pd;
  const qp = yield* ib_create_qp(parts.pd, {
    qp_type,
    port_num: port,
    send_cq: parts.cq,
    recv_cq: parts.cq,
    cap: {
      max_send_wr: IB_MAD_QP_SEND_SIZE,
      max_recv_wr: IB_MAD_QP_RECV_SIZE,
      max_send_sge: IB_MAD_SEND_REQ_MAX_SG,
      max_recv_sge: IB_MAD_RECV_REQ_MAX_SG,
    },
    *event_handler(event) {
      dev_err(device, `Fatal error (${event}) on MAD QP (${qp_type})`);
    },
  });
  if (typeof qp === 'number') dev_err(device, `Couldn't create ib_mad QP${qp_type}`);
  return qp;
}

/** Takes one queue pair from RESET to RTS. */
function* startQp(qp: IbQp, number: number, pkey_index: number): MaySleep<number> {
  const steps: IbQpAttr[] = [
    { qp_state: 'INIT', pkey_index, qkey: qp.qp_num === 0 ? 0 : IB_QP1_QKEY },
    { qp_state: 'RTR' },
    { qp_state: 'RTS', sq_psn: IB_MAD_SEND_Q_PSN },
  ];
  for (const attr of steps) {
    const err = yield* ib_modify_qp(qp, attr);
    if (err === 0) continue;
    dev_err(qp.device, `Couldn't change QP${number} state to ${attr.qp_state}: ${err}`);
    return err;
  }
  return 0;
}

function* ib_mad_port_start(port: MadPort): MaySleep<number> {
  const pkey = yield* ib_find_pkey(port.device, port.port_num, IB_DEFAULT_PKEY_FULL);
  for (const [number, qp] of port.qps.entries()) {
    if (qp === null) continue;
    const err = yield* startQp(qp, number, Math.max(0, pkey));
    if (err !== 0) return err;
  }
  yield* ib_req_notify_cq(port.cq);
  for (const qp of port.qps) {
    if (qp === null) continue;
    const buffers = yield* ib_mad_post_receive_mads(qp, IB_MAD_QP_RECV_SIZE);
    if (typeof buffers === 'number') {
      dev_err(port.device, "Couldn't post receive WRs");
      return buffers;
    }
    port.buffers.set(qp, buffers);
  }
  return 0;
}

/** Domain, completion queue and queue pairs of a port. */
type PortParts = Pick<MadPort, 'pd' | 'cq' | 'qps'>;

/** Destroys what an open port has, in the order of ib_mad_port_close(). */
function* releasePort(parts: PortParts, buffers?: MadPort['buffers']): MaySleep<void> {
  for (const qp of parts.qps.toReversed()) if (qp !== null) yield* ib_destroy_qp(qp);
  yield* ib_free_cq(parts.cq);
  yield* ib_dealloc_pd(parts.pd);
  for (const [qp, each] of buffers ?? []) cleanup_recv_queue(qp, each);
}

/** The two queue pairs of a port, or a negative error with what was made destroyed again. */
function* createQps(
  parts: { readonly pd: IbPd; readonly cq: IbCq },
  port: number,
  smi: boolean,
): MaySleep<(IbQp | null)[] | number> {
  const qp0 = smi ? yield* create_mad_qp(parts, port, IB_QPT_SMI) : null;
  if (typeof qp0 === 'number') return qp0;
  const qp1 = yield* create_mad_qp(parts, port, IB_QPT_GSI);
  if (typeof qp1 !== 'number') return [qp0, qp1];
  if (qp0 !== null) yield* ib_destroy_qp(qp0);
  return qp1;
}

/** Domain, completion queue and queue pairs of a port; or a negative error. */
function* createParts(device: IbDevice, port: number): MaySleep<PortParts | number> {
  const smi = rdma_cap_ib_smi(device, port);
  const entries = (IB_MAD_QP_SEND_SIZE + IB_MAD_QP_RECV_SIZE) * (smi ? 2 : 1);
  const pd = yield* ib_alloc_pd(device);
  if (typeof pd === 'number') {
    dev_err(device, "Couldn't create ib_mad PD");
    return pd;
  }
  const name = `ib_mad ${portName(device, port)}`;
  const cq = yield* ib_alloc_cq(device, name, entries, 0);
  if (typeof cq === 'number') {
    dev_err(device, "Couldn't create ib_mad CQ");
    yield* ib_dealloc_pd(pd);
    return cq;
  }
  const qps = yield* createQps({ pd, cq }, port, smi);
  if (typeof qps !== 'number') return { pd, cq, qps };
  yield* releasePort({ pd, cq, qps: [] });
  return qps;
}

function* ib_mad_port_open(device: IbDevice, port_num: number): MaySleep<number> {
  const { infiniband } = device.k;
  const parts = yield* createParts(device, port_num);
  if (typeof parts === 'number') return parts;
  const instance = `ib_mad@${portName(device, port_num)} of ${device.instanceName}`;
  const wq = alloc_ordered_workqueue(device.k, `ib_mad${port_num}`, instance);
  const port: MadPort = { device, port_num, ...parts, buffers: new Map(), wq };
  yield* spin_lock_irqsave(infiniband.ib_mad_port_list_lock);
  infiniband.ib_mad_port_list.push(port);
  yield* spin_unlock_irqrestore(infiniband.ib_mad_port_list_lock);
  const err = yield* ib_mad_port_start(port);
  if (err === 0) return 0;
  dev_err(device, "Couldn't start port");
  yield* unlist(port);
  yield* destroy_workqueue(port.wq);
  yield* releasePort(port, port.buffers);
  return err;
}

function* unlist(port: MadPort): MaySleep<void> {
  const { ib_mad_port_list, ib_mad_port_list_lock } = port.device.k.infiniband;
  yield* spin_lock_irqsave(ib_mad_port_list_lock);
  ib_mad_port_list.splice(ib_mad_port_list.indexOf(port), 1);
  yield* spin_unlock_irqrestore(ib_mad_port_list_lock);
}

/** The open port of a device, or null. */
export function* ib_get_mad_port(device: IbDevice, port: number): MaySleep<MadPort | null> {
  const { ib_mad_port_list, ib_mad_port_list_lock } = device.k.infiniband;
  yield* spin_lock_irqsave(ib_mad_port_list_lock);
  const found = ib_mad_port_list.find((each) => each.device === device && each.port_num === port);
  yield* spin_unlock_irqrestore(ib_mad_port_list_lock);
  return found ?? null;
}

function* ib_mad_port_close(device: IbDevice, port_num: number): MaySleep<void> {
  const port = yield* ib_get_mad_port(device, port_num);
  if (port === null) {
    dev_err(device, `Port ${port_num} not found`);
    dev_err(device, `Couldn't close port ${port_num}`);
    return;
  }
  yield* unlist(port);
  yield* destroy_workqueue(port.wq);
  yield* releasePort(port, port.buffers);
}

function* closePort(device: IbDevice, port: number): MaySleep<void> {
  yield* ib_agent_port_close(device, port);
  yield* ib_mad_port_close(device, port);
}

function* ib_mad_init_device(device: IbDevice): MaySleep<number> {
  const ports = rdmaPorts(device).filter((port) => rdma_cap_ib_mad(device, port));
  const opened: number[] = [];
  for (const port of ports) {
    let err = yield* ib_mad_port_open(device, port);
    if (err !== 0) dev_err(device, `Couldn't open port ${port}`);
    else {
      err = yield* ib_agent_port_open(device, port);
      if (err !== 0) {
        dev_err(device, `Couldn't open port ${port} for agents`);
        yield* ib_mad_port_close(device, port);
      }
    }
    if (err !== 0) {
      for (const each of opened.toReversed()) yield* closePort(device, each);
      return err;
    }
    opened.push(port);
  }
  return opened.length === 0 ? -EOPNOTSUPP : 0;
}

function* ib_mad_remove_device(device: IbDevice): MaySleep<void> {
  for (const port of rdmaPorts(device)) {
    if (rdma_cap_ib_mad(device, port)) yield* closePort(device, port);
  }
}

/** The client that ib_core_init() registers first. */
export const makeMadClient = (): IbClient => ({
  name: 'mad',
  add: ib_mad_init_device,
  remove: ib_mad_remove_device,
});
