// Receiving (facts/device 6.3.5, 8.7, 9.5, 10.4): length check, multicast and VLAN filter of the
// port, steering, RX port check, RSS, scatter into the next descriptor of the queue pair or of its
// shared receive queue, completion with checksum verdict. A packet that nobody wants or has room
// for is counted.
// Left out: keep-FCS, implicit loopback between own queue pairs (only a descriptor that forces
// loopback gets it), raw checksums for other protocols.

import { readBe16 } from '#bus/bytes.ts';
import {
  EtherType,
  destinationOf,
  ethHeaderBytes,
  fcsBytes,
  removeVlan,
  vlanTci,
} from '#bus/frame.ts';
import { isMulticastAt, macBytes } from '#bus/mac.ts';
import { MLX4_CQE_STATUS } from '#prm/completion.ts';
import { MLX4_MC_STEER, MLX4_UC_STEER } from '#prm/steering.ts';
import { wqeSrqNextSegBytes } from '#prm/wqe.ts';
import type { ReceiveReport } from './completions.ts';
import type { Hca } from './hca.ts';
import { Packet } from './packet.ts';
import type { Port } from './port.ts';
import type { QueuePair } from './queue-pair.ts';
import { scatter } from './scatter.ts';
import type { SharedReceiveQueue } from './shared-receive-queue.ts';

const strideMax = 2 ** 11;
const vlanIdMask = 0xfff;
const checksumGood = 0xffff;
const tcp = 6;

/** The receive side of a card. */
export class Receiver {
  private readonly hca: Hca;
  private readonly packet = new Packet();
  private readonly descriptor = new Uint8Array(strideMax);
  private readonly report: ReceiveReport = {
    qpn: 0,
    hash: 0,
    tci: 0,
    tag: 'none',
    status: 0,
    byteCount: 0,
    wqeIndex: 0,
    checksum: 0,
  };

  constructor(hca: Hca) {
    this.hca = hca;
  }

  /** A frame came in through a physical port; `looped`: the card itself sent it. */
  receive(port: Port, frame: Uint8Array, looped = false): void {
    const { statistics, settings } = port;
    if (frame.length < ethHeaderBytes) {
      statistics.rxRunts++;
      return;
    }
    statistics.rx.count(frame, settings.mtuBytes);
    if (frame.length + fcsBytes > settings.mtuBytes) {
      statistics.rxTooLong++;
      return;
    }
    const multicast = isMulticastAt(frame);
    const mac = destinationOf(frame);
    const tci = vlanTci(frame);
    const passes =
      (!multicast || settings.multicastPasses(mac)) &&
      (tci === null || settings.vlanPasses(tci & vlanIdMask));
    if (passes) this.packet.parse(frame);
    const qpns = passes ? this.targets(port, mac, multicast, looped) : null;
    if (qpns === null) {
      statistics.rxDropped++;
      return;
    }
    statistics.rxGood++;
    this.describe();
    for (const qpn of qpns) this.deliver(port, qpn, frame, tci);
  }

  /** Queue pairs that the parsed frame goes to, or null when nobody wants it. */
  private targets(
    port: Port,
    mac: number,
    multicast: boolean,
    looped: boolean,
  ): readonly number[] | null {
    const { steering, flows } = this.hca;
    const { portNumber } = port;
    if (flows.enabled) return flows.find(portNumber, this.packet, multicast, looped);
    return steering.find(portNumber, multicast ? MLX4_MC_STEER : MLX4_UC_STEER, mac);
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

  /** Status bits and checksum of the packet; they do not depend on who gets it. */
  private describe(): void {
    const { packet, report } = this;
    report.status = 0;
    report.checksum = 0;
    if (packet.version === 0) return;
    if (packet.version === 6) report.status = MLX4_CQE_STATUS.IPV6;
    else if (packet.fragment) report.status = MLX4_CQE_STATUS.IPV4F;
    else report.status = MLX4_CQE_STATUS.IPV4;
    if (packet.options) report.status |= MLX4_CQE_STATUS.IPV4OPT;
    if (packet.ipOk()) report.status |= MLX4_CQE_STATUS.IPOK;
    if (packet.l4 === 0) return;
    report.status |= packet.l4 === tcp ? MLX4_CQE_STATUS.TCP : MLX4_CQE_STATUS.UDP;
    if (packet.l4Ok()) report.checksum = checksumGood;
  }

  /** Hands the frame to a steering target: an RSS queue pair passes it on to one of its rings. */
  private deliver(port: Port, qpn: number, frame: Uint8Array, tci: number | null): void {
    const { hca, report } = this;
    let target = qpn;
    let qp = hca.qp(qpn);
    report.hash = 0;
    if (qp?.qpn === qpn && qp.spreader !== null && this.accepts(port, qp)) {
      const spread = qp.spreader.choose(this.packet);
      report.hash = spread.hash;
      target = spread.qpn;
      qp = hca.qp(target);
    }
    // A ring is no RSS queue pair itself: a chain of them ends here.
    if (qp?.qpn !== target || qp.spreader !== null || !this.accepts(port, qp)) {
      port.statistics.rxDropped++;
      return;
    }
    if (qp.srqn !== null) {
      this.deliverShared(port, qp, qp.srqn, frame, tci);
      return;
    }
    if (!this.descriptorReady(qp)) {
      port.statistics.rxOverflow++;
      return;
    }
    this.storeOwn(qp, frame, tci);
  }

  /** The same for a queue pair with a shared receive queue. */
  private deliverShared(
    port: Port,
    qp: QueuePair,
    srqn: number,
    frame: Uint8Array,
    tci: number | null,
  ): void {
    const { hca } = this;
    const queue = hca.srq(srqn);
    if (queue === undefined) {
      hca.refuse(`receive of QP 0x${qp.qpn.toString(16)}`, `no SRQ 0x${srqn.toString(16)}`);
      port.statistics.rxDropped++;
      return;
    }
    if (!queue.ready) {
      port.statistics.rxOverflow++;
      return;
    }
    this.storeShared(port, qp, queue, frame, tci);
    if (queue.ranLow()) hca.events.postSrq('SRQ_LIMIT', srqn);
  }

  private accepts(port: Port, qp: QueuePair): boolean {
    return qp.receives && (!this.hca.rxPortCheck || qp.portNumber === port.portNumber);
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

  private storeOwn(qp: QueuePair, frame: Uint8Array, tci: number | null): void {
    const { hca } = this;
    const { rqStride } = qp;
    const index = qp.rqIndex;
    qp.rqIndex = (index + 1) & 0xffff;
    const slot = index & (qp.rqEntries - 1);
    const list = this.listOf(rqStride);
    if (qp.buffer?.read(qp.rqOffset + slot * rqStride, list) !== true) {
      hca.completions.failed(qp.cqnRecv, qp.qpn, index, 'receive', 'LOCAL_QP_OP_ERR');
      hca.breakQp(qp, null);
      return;
    }
    this.store(qp, qp.pd, list, 0, index, frame, tci);
  }

  /** A chain that leads nowhere breaks the queue, not the queue pair. */
  private storeShared(
    port: Port,
    qp: QueuePair,
    queue: SharedReceiveQueue,
    frame: Uint8Array,
    tci: number | null,
  ): void {
    const list = this.listOf(queue.stride);
    const index = queue.take(list);
    if (index < 0) {
      this.hca.events.postSrq('SRQ_CATAS_ERROR', queue.srqn);
      port.statistics.rxDropped++;
      return;
    }
    this.store(qp, queue.pd, list, wqeSrqNextSegBytes, index, frame, tci);
  }

  private listOf(stride: number): Uint8Array {
    const { descriptor } = this;
    return stride === strideMax ? descriptor : descriptor.subarray(0, stride);
  }

  /** Puts the packet where a descriptor says, and completes it. */
  private store(
    qp: QueuePair,
    pd: number,
    list: Uint8Array,
    segmentsAt: number,
    index: number,
    frame: Uint8Array,
    tci: number | null,
  ): void {
    const { hca, report } = this;
    const strip = tci !== null && qp.vlanStrip;
    report.tag = 'none';
    if (strip) {
      report.tci = tci;
      const service = readBe16(frame, 2 * macBytes) === EtherType.serviceVlan;
      report.tag = service ? 'svlan' : 'cvlan';
    }
    const bytes = strip ? removeVlan(frame) : frame;
    const syndrome = scatter(hca.regions, pd, list, segmentsAt, bytes);
    if (syndrome !== null) {
      hca.completions.failed(qp.cqnRecv, qp.qpn, index, 'receive', syndrome);
      hca.breakQp(qp, null);
      return;
    }
    hca.counters.countRx(qp.counter, bytes.length);
    report.qpn = qp.qpn;
    report.byteCount = bytes.length;
    report.wqeIndex = index;
    if (!hca.completions.received(qp.cqnRecv, report)) hca.breakQp(qp, 'WQ_CATAS_ERROR');
  }
}
