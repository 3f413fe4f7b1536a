// Queue pairs of mlx4_ib (qp.c; facts/device 6.5): QP0 and QP1 of a port, which the MAD layer asks
// for. Their numbers on the card are fixed: the eight special ones that mlx4_core named to the
// card. So a second part on the same card cannot have them. Moving QP0 to RTR opens its InfiniBand
// port, destroying it closes the port.
// Left out: other kinds of queue pair, sending, completions.

import { EIO, ENOMEM } from '#kernel/errno.ts';
import type { IbQp, IbQpAttr, IbQpInitAttr, IbRecvWr } from '#kernel/infiniband/ib-ops.ts';
import {
  IB_EVENT_COMM_EST,
  IB_EVENT_PATH_MIG,
  IB_EVENT_PATH_MIG_ERR,
  IB_EVENT_QP_ACCESS_ERR,
  IB_EVENT_QP_FATAL,
  IB_EVENT_QP_LAST_WQE_REACHED,
  IB_EVENT_QP_REQ_ERR,
  IB_EVENT_SQ_DRAINED,
  IB_GID_TYPE_ROCE,
  IB_LINK_LAYER_ETHERNET,
  IB_MTU_4096,
  IB_QPT_SMI,
} from '#kernel/infiniband/ib-verbs.ts';
import type { IbQpState } from '#kernel/infiniband/ib-verbs.ts';
import { mutex_init, mutex_lock, mutex_unlock } from '#kernel/locking/mutex.ts';
import {
  spin_lock_init,
  spin_lock_irqsave,
  spin_unlock_irqrestore,
} from '#kernel/locking/spinlock.ts';
import {
  MLX4_QP_OPTPAR,
  MLX4_QP_ST,
  MLX4_QP_STATE,
  MLX4_SCHED_QUEUE_BASE,
  qpContext,
  queueSizeStride,
} from '#prm/qp-context.ts';
import { MLX4_EVENT_TYPE } from '#prm/events.ts';
import type { QpStateName } from '#prm/qp-context.ts';
import { wqeDataSeg } from '#prm/wqe.ts';
import type { Atomic, MaySleep } from '#sim/task.ts';
import { mlx4_alloc_hwq_res, mlx4_free_hwq_res } from '../mlx4_core/alloc.ts';
import { MLX4_DEVICE_STATE_INTERNAL_ERROR, MLX4_SINK_COUNTER_INDEX } from '../mlx4_core/mlx4.ts';
import type { mlx4_dev } from '../mlx4_core/mlx4.ts';
import { mlx4_CLOSE_PORT, mlx4_INIT_PORT } from '../mlx4_core/port.ts';
import { mlx4_qp_alloc, mlx4_qp_free, mlx4_qp_modify, mlx4_qp_remove } from '../mlx4_core/qp.ts';
import { to_mcq } from './cq.ts';
import { mlx4_ib_port_link_layer } from './main/query.ts';
import { ib_warn, maxDirectBytes, partName } from './mlx4_ib.ts';
import type { mlx4_ib_dev, mlx4_ib_qp } from './mlx4_ib.ts';
import { pdnOf } from './mr.ts';
import { madGeometry } from './qp-geometry.ts';

const MLX4_IB_DEFAULT_QP0_SCHED_QUEUE = 0x3f;
const MLX4_IB_ACK_REQ_FREQ = 8;
const MLX4_QP_PM_MIGRATED = 3;
/** Bits of a context that all kernel queue pairs have: the reserved key, fast registration. */
const reservedLkeyEnable = 1 << 4;
const fastRegistration = 1 << 11;
/** log2 of the largest datagram. */
const madMessageLog = 11;
/** feup: the source MAC is not forced. */
const noForcedMac = 1 << 7;
const roceModeShift = 6;
/** Mode of RoCE v1 in the context; v2 is 2. */
const roceMode = { [IB_GID_TYPE_ROCE]: 0 } as const;

const cardState: Readonly<Record<IbQpState, QpStateName>> = {
  RESET: 'RST',
  INIT: 'INIT',
  RTR: 'RTR',
  RTS: 'RTS',
  ERR: 'ERR',
};
const stateNumber = (state: IbQpState): number => MLX4_QP_STATE[cardState[state]];

const to_mqp = (qp: IbQp): mlx4_ib_qp => qp.drv as mlx4_ib_qp;

/** QP0 of port 1 and 2, then QP1 of port 1 and 2. */
const get_sqp_num = (dev: mlx4_dev, init: Pick<IbQpInitAttr, 'qp_type' | 'port_num'>): number =>
  dev.caps.base_sqpn + (init.qp_type === IB_QPT_SMI ? 0 : 2) + init.port_num - 1;

const is_qp0 = (dev: mlx4_dev, qp: mlx4_ib_qp): boolean =>
  qp.mqp.qpn >= dev.caps.base_sqpn && qp.mqp.qpn <= dev.caps.base_sqpn + 1;

/** IB_EVENT_* of the card's events of a queue pair. */
const qpEvents: ReadonlyMap<number, number> = new Map([
  [MLX4_EVENT_TYPE.WQ_CATAS_ERROR, IB_EVENT_QP_FATAL],
  [MLX4_EVENT_TYPE.WQ_INVAL_REQ_ERROR, IB_EVENT_QP_REQ_ERR],
  [MLX4_EVENT_TYPE.WQ_ACCESS_ERROR, IB_EVENT_QP_ACCESS_ERR],
  [MLX4_EVENT_TYPE.COMM_EST, IB_EVENT_COMM_EST],
  [MLX4_EVENT_TYPE.SQ_DRAINED, IB_EVENT_SQ_DRAINED],
  [MLX4_EVENT_TYPE.PATH_MIG, IB_EVENT_PATH_MIG],
  [MLX4_EVENT_TYPE.PATH_MIG_FAILED, IB_EVENT_PATH_MIG_ERR],
  [MLX4_EVENT_TYPE.SRQ_QP_LAST_WQE, IB_EVENT_QP_LAST_WQE_REACHED],
]);

/** An event of the card about a queue pair, in a hard interrupt. */
function* mlx4_ib_qp_event(
  ibdev: mlx4_ib_dev,
  qpn: number,
  type: number,
  init: IbQpInitAttr,
): Atomic<void> {
  const event = qpEvents.get(type);
  if (event !== undefined) {
    yield* init.event_handler(event);
    return;
  }
  const number = qpn.toString(16).padStart(6, '0');
  ib_warn(ibdev.module, 'mlx4_ib_qp_event', `Unexpected event type ${type} on QP ${number}`);
}

function* create_qp_common(
  ibdev: mlx4_ib_dev,
  ibqp: IbQp,
  init: IbQpInitAttr,
): MaySleep<mlx4_ib_qp | number> {
  const { dev, k } = ibdev;
  // An entry more, for the tunnel of a virtual function, whether there are any or not.
  const cap = { ...init.cap, max_recv_sge: init.cap.max_recv_sge + 1 };
  const geometry = madGeometry(dev.caps, cap);
  if (typeof geometry === 'number') return geometry;
  const wqres = yield* mlx4_alloc_hwq_res(dev, geometry.bufBytes, {
    max_direct: maxDirectBytes,
    dbOrder: 0,
  });
  if (typeof wqres === 'number') return wqres;
  const mqp = yield* mlx4_qp_alloc(dev, get_sqp_num(dev, init));
  if (typeof mqp === 'number') {
    yield* mlx4_free_hwq_res(dev, wqres);
    return mqp;
  }
  mqp.event = (type) => mlx4_ib_qp_event(ibdev, mqp.qpn, type, init);
  const name = `${partName(ibdev)}/${ibqp.port} QP${init.qp_type}`;
  const qp: mlx4_ib_qp = {
    mqp,
    wqres,
    geometry,
    mutex: mutex_init(k, `qp.mutex(${name})`),
    rq_lock: spin_lock_init(k, `qp.rq.lock(${name})`),
    port: init.port_num,
    state: 'RESET',
    sq: { head: 0, tail: 0 },
    rq: { head: 0, tail: 0 },
    cq: to_mcq(init.send_cq),
  };
  yield* spin_lock_irqsave(ibdev.reset_flow_resource_lock);
  ibdev.qp_list.push(qp);
  yield* spin_unlock_irqrestore(ibdev.reset_flow_resource_lock);
  return qp;
}

/** 0 or a negative error: -EEXIST when another part has this special queue pair. */
export function* mlx4_ib_create_qp(
  ibdev: mlx4_ib_dev,
  ibqp: IbQp,
  init: IbQpInitAttr,
): MaySleep<number> {
  const qp = yield* create_qp_common(ibdev, ibqp, init);
  if (typeof qp === 'number') return qp;
  ibqp.drv = qp;
  ibqp.qp_num = init.qp_type;
  return 0;
}

/** Path of the way to RTR: port, schedule, counter. */
function pathToRtr(ibdev: mlx4_ib_dev, ibqp: IbQp, qp: mlx4_ib_qp): Record<string, number> {
  const { dev, counters_table } = ibdev;
  const counter = counters_table[qp.port]!.default_counter;
  const isSmi = ibqp.qp_type === IB_QPT_SMI;
  const queue = isSmi ? MLX4_IB_DEFAULT_QP0_SCHED_QUEUE : MLX4_SCHED_QUEUE_BASE;
  const ethernet = mlx4_ib_port_link_layer(ibdev, qp.port) === IB_LINK_LAYER_ETHERNET;
  return {
    path_sched_queue: ((qp.port - 1) << 6) | queue,
    path_counter_index: (counter === -1 ? MLX4_SINK_COUNTER_INDEX(dev) : counter) & 0xff,
    path_feup: ethernet && !isSmi ? noForcedMac : 0,
  };
}

/** The context of a change of state. */
function buildContext(
  ibdev: mlx4_ib_dev,
  ibqp: IbQp,
  attr: IbQpAttr,
): { readonly context: Uint8Array; readonly optpar: number } {
  const qp = to_mqp(ibqp);
  const { geometry } = qp;
  const first = qp.state === 'RESET' && attr.qp_state === 'INIT';
  const toRtr = qp.state === 'INIT' && attr.qp_state === 'RTR';
  let optpar = 0;
  if (attr.pkey_index !== undefined) optpar |= MLX4_QP_OPTPAR.PKEY_INDEX;
  if (attr.qkey !== undefined) optpar |= MLX4_QP_OPTPAR.Q_KEY;
  if (toRtr && ibdev.counters_table[qp.port]!.default_counter !== -1) {
    optpar |= MLX4_QP_OPTPAR.COUNTER_INDEX;
  }
  const roce = toRtr && ibqp.qp_type !== IB_QPT_SMI ? roceMode[IB_GID_TYPE_ROCE] : 0;
  const context = qpContext.make({
    state: stateNumber(attr.qp_state),
    service_type: MLX4_QP_ST.MLX,
    pm_state: MLX4_QP_PM_MIGRATED,
    pd: pdnOf(ibqp.pd),
    mtu_msgmax: (IB_MTU_4096 << 5) | madMessageLog,
    rq_size_stride: queueSizeStride(geometry.rqEntries, 2 ** geometry.rqShift),
    sq_size_stride: queueSizeStride(geometry.sqEntries, 2 ** geometry.sqShift),
    rlkey_roce_mode: (first ? reservedLkeyEnable : 0) | (roce << roceModeShift),
    usr_page: ibdev.priv_uar.index,
    path_pkey_index: attr.pkey_index ?? 0,
    params1: ((MLX4_IB_ACK_REQ_FREQ << 28) | fastRegistration) >>> 0,
    next_send_psn: attr.sq_psn ?? 0,
    cqn_send: to_mcq(ibqp.send_cq).mcq.cqn,
    cqn_recv: to_mcq(ibqp.recv_cq).mcq.cqn,
    db_rec_addr: first ? qp.wqres.db.dma : 0,
    qkey: attr.qkey ?? 0,
  });
  if (toRtr) qpContext.write(context, pathToRtr(ibdev, ibqp, qp));
  return { context, optpar };
}

/** The part of mlx4_ib_modify_qp() under the queue pair's mutex. */
function* __mlx4_ib_modify_qp(ibdev: mlx4_ib_dev, ibqp: IbQp, attr: IbQpAttr): MaySleep<number> {
  const { dev } = ibdev;
  const qp = to_mqp(ibqp);
  const { context, optpar } = buildContext(ibdev, ibqp, attr);
  const [from, to] = [stateNumber(qp.state), stateNumber(attr.qp_state)];
  const options = { optpar };
  const err = yield* mlx4_qp_modify(dev, qp.wqres.mtt, from, to, context, qp.mqp, options);
  if (err !== 0) return err;
  const before = qp.state;
  qp.state = attr.qp_state;
  if (!is_qp0(dev, qp)) return 0;
  if (before !== 'RTR' && attr.qp_state === 'RTR') {
    if ((yield* mlx4_INIT_PORT(dev, qp.port)) !== 0) {
      ib_warn(ibdev.module, '__mlx4_ib_modify_qp', `INIT_PORT failed for port ${qp.port}`);
    }
  }
  const wasUp = before !== 'RESET' && before !== 'ERR';
  if (wasUp && (attr.qp_state === 'RESET' || attr.qp_state === 'ERR')) {
    yield* mlx4_CLOSE_PORT(dev, qp.port);
  }
  return 0;
}

export function* mlx4_ib_modify_qp(
  ibdev: mlx4_ib_dev,
  ibqp: IbQp,
  attr: IbQpAttr,
): MaySleep<number> {
  const { mutex } = to_mqp(ibqp);
  yield* mutex_lock(mutex);
  const err = yield* __mlx4_ib_modify_qp(ibdev, ibqp, attr);
  yield* mutex_unlock(mutex);
  return err;
}

function* destroy_qp_common(ibdev: mlx4_ib_dev, qp: mlx4_ib_qp): MaySleep<void> {
  const { dev, qp_list, reset_flow_resource_lock } = ibdev;
  if (qp.state !== 'RESET') {
    const [from, to] = [stateNumber(qp.state), MLX4_QP_STATE.RST];
    if ((yield* mlx4_qp_modify(dev, null, from, to, null, qp.mqp)) !== 0) {
      const number = qp.mqp.qpn.toString(16).padStart(6, '0');
      ib_warn(ibdev.module, 'destroy_qp_common', `modify QP ${number} to RESET failed.`);
    }
  }
  yield* spin_lock_irqsave(reset_flow_resource_lock);
  qp_list.splice(qp_list.indexOf(qp), 1);
  yield* mlx4_qp_remove(dev, qp.mqp);
  yield* spin_unlock_irqrestore(reset_flow_resource_lock);
  yield* mlx4_qp_free(dev, qp.mqp);
  yield* mlx4_free_hwq_res(dev, qp.wqres);
}

export function* mlx4_ib_destroy_qp(ibdev: mlx4_ib_dev, ibqp: IbQp): MaySleep<void> {
  const qp = to_mqp(ibqp);
  if (is_qp0(ibdev.dev, qp)) yield* mlx4_CLOSE_PORT(ibdev.dev, qp.port);
  yield* destroy_qp_common(ibdev, qp);
}

/**
 * Writes descriptors and then how far the queue is filled. 0, -EIO on a dead card, -ENOMEM when it
 * is full.
 */
export function* mlx4_ib_post_recv(
  ibdev: mlx4_ib_dev,
  ibqp: IbQp,
  requests: readonly IbRecvWr[],
): Atomic<number> {
  const { rq, rq_lock, geometry, wqres } = to_mqp(ibqp);
  let err = 0;
  yield* spin_lock_irqsave(rq_lock);
  if ((ibdev.dev.persist.state & MLX4_DEVICE_STATE_INTERNAL_ERROR) !== 0) err = -EIO;
  else if (rq.head - rq.tail + requests.length > geometry.rqEntries) err = -ENOMEM;
  else {
    for (const { addr, length, lkey } of requests) {
      const slot = rq.head++ & (geometry.rqEntries - 1);
      const [addr_h, addr_l] = [Math.floor(addr / 2 ** 32), addr % 2 ** 32];
      const descriptor = wqeDataSeg.make({ byte_count: length, lkey, addr_h, addr_l });
      wqres.buf.write(geometry.rqOffset + (slot << geometry.rqShift), descriptor);
    }
    wqres.db.write(0, rq.head & 0xffff);
  }
  yield* spin_unlock_irqrestore(rq_lock);
  return err;
}
