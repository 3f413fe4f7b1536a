// Receiving (facts/device 6.3.5, 8.7, 9.5, 10.4): length check, multicast and VLAN filter of the
// port, steering, RX port check, RSS, scatter into the next receive descriptor, completion with
// checksum verdict. A packet that nobody wants or has room for is counted.
// Left out: shared receive queues (refused, see the trace), keep-FCS, implicit loopback between own
// queue pairs (only a descriptor that forces loopback gets it), raw checksums for other protocols.

import { readBe16, readBe32 } from '#bus/bytes.ts';
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
import { MLX4_INVALID_LKEY } from '#prm/contexts.ts';
import { MLX4_MC_STEER, MLX4_UC_STEER } from '#prm/steering.ts';
import { wqeDataBytes, wqeDataSeg } from '#prm/wqe.ts';
import type { ReceiveReport, Syndrome } from './completions.ts';
import type { Hca } from './hca.ts';
import { Packet } from './packet.ts';
import type { Port } from './port.ts';
import type { QueuePair } from './queue-pair.ts';

const strideMax = 2 ** 11;
const vlanIdMask = 0xfff;
const checksumGood = 0xffff;
const tcp = 6;
const lkeyAt = wqeDataSeg.fields.lkey.offset;
const addressHighAt = wqeDataSeg.fields.addr_h.offset;
const addressLowAt = wqeDataSeg.fields.addr_l.offset;

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
    if (qp.usesSrq) {
      hca.refuse(`receive of QP 0x${qp.qpn.toString(16)}`, 'SRQ is not modelled');
      port.statistics.rxDropped++;
      return;
    }
    if (!this.descriptorReady(qp)) {
      port.statistics.rxOverflow++;
      return;
    }
    this.store(qp, frame, tci);
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

  private store(qp: QueuePair, frame: Uint8Array, tci: number | null): void {
    const { hca, report } = this;
    const strip = tci !== null && qp.vlanStrip;
    report.tag = 'none';
    if (strip) {
      report.tci = tci;
      const service = readBe16(frame, 2 * macBytes) === EtherType.serviceVlan;
      report.tag = service ? 'svlan' : 'cvlan';
    }
    const bytes = strip ? removeVlan(frame) : frame;
    const index = qp.rqIndex;
    qp.rqIndex = (index + 1) & 0xffff;
    const syndrome = this.scatter(qp, index, bytes);
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

  /** Copies the packet to the descriptor's segments. Null, or what is wrong. */
  private scatter(qp: QueuePair, index: number, bytes: Uint8Array): Syndrome | null {
    const { hca, descriptor } = this;
    const { rqStride } = qp;
    const slot = index & (qp.rqEntries - 1);
    const list = rqStride === strideMax ? descriptor : descriptor.subarray(0, rqStride);
    if (qp.buffer === null || !qp.buffer.read(qp.rqOffset + slot * rqStride, list)) {
      return 'LOCAL_QP_OP_ERR';
    }
    let done = 0;
    for (let at = 0; at < rqStride && done < bytes.length; at += wqeDataBytes) {
      const room = readBe32(list, at);
      const lkey = readBe32(list, at + lkeyAt);
      if (lkey === MLX4_INVALID_LKEY) break;
      if (room === 0) continue;
      const end = Math.min(bytes.length, done + room);
      const address =
        readBe32(list, at + addressHighAt) * 2 ** 32 + readBe32(list, at + addressLowAt);
      const part = bytes.subarray(done, end);
      if (!hca.regions.write(lkey, qp.pd, address, part)) return 'LOCAL_PROT_ERR';
      done = end;
    }
    return done < bytes.length ? 'LOCAL_LENGTH_ERR' : null;
  }
}
