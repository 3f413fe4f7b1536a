// Objects of an RDMA device for users in the kernel (core/verbs.c, core/cq.c): protection domain,
// completion queue, queue pair. The driver makes each on the card. A domain on a device without a
// key that always works gets a memory region over all memory, which is a command of its own.
// Left out: sending, and looking at completions. Nobody sends to this machine's special queue
// pairs, so the completion work finds no entry and asks for the next interrupt.

import type { Atomic, MaySleep } from '#sim/task.ts';
import { warn_on } from '../warn.ts';
import { cancel_work_sync, INIT_WORK, queue_work } from '../workqueue.ts';
import { opsOf } from './ib-device.ts';
import type { IbDevice } from './ib-device.ts';
import type { IbCq, IbPd, IbQp, IbQpAttr, IbQpInitAttr, IbRecvWr } from './ib-ops.ts';

/** A protection domain, or a negative error. */
export function* ib_alloc_pd(device: IbDevice): MaySleep<IbPd | number> {
  const pd: IbPd = { device, drv: null, local_dma_lkey: 0, internal_mr: null, usecnt: 0 };
  const err = yield* opsOf(device, 'alloc_pd').alloc_pd(pd);
  if (err !== 0) return err;
  if (device.attrs?.hasLocalDmaLkey === true) {
    pd.local_dma_lkey = device.local_dma_lkey;
    return pd;
  }
  const lkey = yield* opsOf(device, 'get_dma_mr').get_dma_mr(pd);
  if (lkey < 0) {
    yield* ib_dealloc_pd(pd);
    return lkey;
  }
  pd.local_dma_lkey = lkey;
  return pd;
}

export function* ib_dealloc_pd(pd: IbPd): MaySleep<void> {
  const { device } = pd;
  if (pd.internal_mr !== null) yield* opsOf(device, 'dereg_mr').dereg_mr(pd);
  pd.internal_mr = null;
  yield* opsOf(device, 'dealloc_pd').dealloc_pd(pd);
}

/** Asks for an interrupt at the next completion. */
export const ib_req_notify_cq = (cq: IbCq): Atomic<number> =>
  opsOf(cq.device, 'req_notify_cq').req_notify_cq(cq);

/**
 * IB_POLL_UNBOUND_WORKQUEUE: the work asks for the next interrupt when it has found nothing more.
 */
function* ib_cq_poll_work(cq: IbCq): MaySleep<void> {
  yield* ib_req_notify_cq(cq);
}

/** The completion interrupt of a queue. */
function* ib_cq_completion_workqueue(cq: IbCq): Atomic<void> {
  const { ib_comp_unbound_wq } = cq.device.k.infiniband;
  if (cq.work !== null) yield* queue_work(ib_comp_unbound_wq, cq.work);
}

/** A completion queue for `entries`, looked at on ib-comp-unb-wq; or a negative error. */
export function* ib_alloc_cq(
  device: IbDevice,
  name: string,
  entries: number,
  vector: number,
): MaySleep<IbCq | number> {
  const fields = { device, name, cqe: entries, comp_vector: vector };
  const cq: IbCq = { ...fields, drv: null, work: null, usecnt: 0 };
  const completed = (): Atomic<void> => ib_cq_completion_workqueue(cq);
  const err = yield* opsOf(device, 'create_cq').create_cq(cq, completed);
  if (err !== 0) return err;
  cq.work = INIT_WORK(device.k, `ib_cq_poll_work(${name})`, () => ib_cq_poll_work(cq));
  yield* ib_req_notify_cq(cq);
  return cq;
}

/** Destroys a queue that no queue pair uses any more. */
export function* ib_free_cq(cq: IbCq): MaySleep<void> {
  if (cq.usecnt > 0) {
    warn_on(cq.device.k, 'drivers/infiniband/core/cq.c:322', 'ib_free_cq');
    return;
  }
  if (cq.work !== null) yield* cancel_work_sync(cq.work);
  yield* opsOf(cq.device, 'destroy_cq').destroy_cq(cq);
}

/** A queue pair in RESET, or a negative error. */
export function* ib_create_qp(pd: IbPd, init: IbQpInitAttr): MaySleep<IbQp | number> {
  const { device } = pd;
  const { qp_type, port_num: port, send_cq, recv_cq } = init;
  const qp: IbQp = { device, pd, qp_type, port, send_cq, recv_cq, qp_num: 0, drv: null };
  const err = yield* opsOf(device, 'create_qp').create_qp(qp, init);
  if (err !== 0) return err;
  pd.usecnt++;
  send_cq.usecnt++;
  recv_cq.usecnt++;
  return qp;
}

/** Changes the state of a queue pair. 0 or a negative error. */
export function* ib_modify_qp(qp: IbQp, attr: IbQpAttr): MaySleep<number> {
  return yield* opsOf(qp.device, 'modify_qp').modify_qp(qp, attr);
}

export function* ib_destroy_qp(qp: IbQp): MaySleep<void> {
  yield* opsOf(qp.device, 'destroy_qp').destroy_qp(qp);
  qp.pd.usecnt--;
  qp.send_cq.usecnt--;
  qp.recv_cq.usecnt--;
}

/** Gives buffers to a queue pair. 0 or a negative error. */
export const ib_post_recv = (qp: IbQp, requests: readonly IbRecvWr[]): Atomic<number> =>
  opsOf(qp.device, 'post_recv').post_recv(qp, requests);
