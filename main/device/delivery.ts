// The last step of every receive (facts/device 6.3.5, 6.4, 8.7): what came goes where the next
// descriptor says, one of the queue pair's own or of its shared receive queue, and is completed.
// What there is no descriptor for is counted.

import { wqeSrqNextSegBytes } from '#prm/wqe.ts';
import type { ReceiveReport } from './completions.ts';
import type { Hca } from './hca.ts';
import type { Port } from './port.ts';
import type { QueuePair } from './queue-pair.ts';
import { scatter } from './scatter.ts';
import type { SharedReceiveQueue } from './shared-receive-queue.ts';

const strideMax = 2 ** 11;

/** Fills the receive descriptors of a card. */
export class Delivery {
  private readonly hca: Hca;
  private readonly descriptor = new Uint8Array(strideMax);

  constructor(hca: Hca) {
    this.hca = hca;
  }

  /**
   * Puts bytes into the queue pair's next descriptor and completes it. `report` says what is
   * special about them; how many they are and where they went is filled in here. True when they are
   * in memory.
   */
  put(port: Port, qp: QueuePair, bytes: Uint8Array, report: ReceiveReport): boolean {
    report.qpn = qp.qpn;
    report.byteCount = bytes.length;
    if (qp.srqn !== null) return this.putShared(port, qp, qp.srqn, bytes, report);
    if (this.descriptorReady(qp)) return this.storeOwn(qp, bytes, report);
    port.statistics.rxOverflow++;
    return false;
  }

  /** Completes the descriptors that wait with "flushed". */
  flush(qp: QueuePair): void {
    const { completions } = this.hca;
    if (qp.rqEntries === 0) return;
    for (let i = 0; i < qp.rqEntries && this.descriptorReady(qp); i++) {
      completions.failed(qp.cqnRecv, qp.qpn, qp.rqIndex & 0xffff, 'receive', 'WR_FLUSH_ERR');
      qp.rqIndex = (qp.rqIndex + 1) & 0xffff;
    }
  }

  /** The doorbell record is read only when the card knows of no descriptor. */
  private descriptorReady(qp: QueuePair): boolean {
    if (qp.rqEntries === 0) return false;
    if (qp.rqProducer !== qp.rqIndex) return true;
    const record = this.hca.link.readBe32(qp.dbRecord);
    if (record < 0) return false;
    qp.rqProducer = record & 0xffff;
    return qp.rqProducer !== qp.rqIndex;
  }

  private storeOwn(qp: QueuePair, bytes: Uint8Array, report: ReceiveReport): boolean {
    const { hca } = this;
    const { rqStride } = qp;
    const index = qp.rqIndex;
    qp.rqIndex = (index + 1) & 0xffff;
    const slot = index & (qp.rqEntries - 1);
    const list = this.listOf(rqStride);
    if (qp.buffer?.read(qp.rqOffset + slot * rqStride, list) !== true) {
      hca.completions.failed(qp.cqnRecv, qp.qpn, index, 'receive', 'LOCAL_QP_OP_ERR');
      hca.breakQp(qp, null);
      return false;
    }
    report.wqeIndex = index;
    return this.store(qp, qp.pd, list, 0, bytes, report);
  }

  private putShared(
    port: Port,
    qp: QueuePair,
    srqn: number,
    bytes: Uint8Array,
    report: ReceiveReport,
  ): boolean {
    const { hca } = this;
    const queue = hca.srq(srqn);
    if (queue === undefined) {
      hca.refuse(`receive of QP 0x${qp.qpn.toString(16)}`, `no SRQ 0x${srqn.toString(16)}`);
      port.statistics.rxDropped++;
      return false;
    }
    if (!queue.ready) {
      port.statistics.rxOverflow++;
      return false;
    }
    const stored = this.storeShared(port, qp, queue, bytes, report);
    if (queue.ranLow()) hca.events.postSrq('SRQ_LIMIT', srqn);
    return stored;
  }

  /** A chain that leads nowhere breaks the queue, not the queue pair. */
  private storeShared(
    port: Port,
    qp: QueuePair,
    queue: SharedReceiveQueue,
    bytes: Uint8Array,
    report: ReceiveReport,
  ): boolean {
    const list = this.listOf(queue.stride);
    const index = queue.take(list);
    if (index < 0) {
      this.hca.events.postSrq('SRQ_CATAS_ERROR', queue.srqn);
      port.statistics.rxDropped++;
      return false;
    }
    report.wqeIndex = index;
    return this.store(qp, queue.pd, list, wqeSrqNextSegBytes, bytes, report);
  }

  private listOf(stride: number): Uint8Array {
    const { descriptor } = this;
    return stride === strideMax ? descriptor : descriptor.subarray(0, stride);
  }

  /** Puts the bytes where a descriptor says, and completes it. */
  private store(
    qp: QueuePair,
    pd: number,
    list: Uint8Array,
    segmentsAt: number,
    bytes: Uint8Array,
    report: ReceiveReport,
  ): boolean {
    const { hca } = this;
    const syndrome = scatter(hca.regions, pd, list, segmentsAt, bytes);
    if (syndrome !== null) {
      hca.completions.failed(qp.cqnRecv, qp.qpn, report.wqeIndex, 'receive', syndrome);
      hca.breakQp(qp, null);
      return false;
    }
    if (!hca.completions.received(qp.cqnRecv, report)) hca.breakQp(qp, 'WQ_CATAS_ERROR');
    return true;
  }
}
