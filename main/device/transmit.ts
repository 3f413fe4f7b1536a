// Sending (facts/device 7.4, 8): a doorbell names a queue pair; the card scans its send queue by
// owner bits, gathers each packet, fills in checksums, inserts a VLAN tag and sends through the
// physical port that the port map gives. A descriptor that cannot be sent leaves an error
// completion, puts the queue pair into ERR and flushes what is behind it.
// A large send is cut into packets (segmentation.ts). On an InfiniBand port the special queue pairs
// send management datagrams, which come as whole packets too.
// Left out: services other than these: error completions, and the trace says so.

import { EtherType, fcsBytes, insertVlan, minFrameBytes } from '#bus/frame.ts';
import { MLX4_QP_ST } from '#prm/qp-context.ts';
import {
  MLX4_OPCODE_LSO,
  MLX4_OPCODE_NOP,
  MLX4_OPCODE_SEND,
  MLX4_WQE_CTRL_CQ_UPDATE,
  MLX4_WQE_CTRL_FORCE_LOOPBACK,
  MLX4_WQE_CTRL_INS_CVLAN,
  MLX4_WQE_CTRL_INS_SVLAN,
  MLX4_WQE_CTRL_IP_CSUM,
  MLX4_WQE_CTRL_SOLICITED,
  MLX4_WQE_CTRL_TCP_UDP_CSUM,
} from '#prm/wqe.ts';
import type { Syndrome } from './completions.ts';
import { Descriptor } from './descriptor.ts';
import type { Hca } from './hca.ts';
import type { Port } from './port.ts';
import { datagramOf } from './ib-packet.ts';
import { Packet } from './packet.ts';
import type { QueuePair } from './queue-pair.ts';
import { segment } from './segmentation.ts';
import { sendBurst, sendDoorbellNs, sendTurnNs } from './timing.ts';

/** Indices wrap here, a multiple of every ring size. */
const indexWrap = 0x7fff_ffff;

/** Why a send doorbell is not heard, or null. */
function doorbellRefusal(qp: QueuePair | undefined, uar: number, qpn: number): string | null {
  if (qp?.qpn !== qpn) return 'no such queue pair';
  if (qp.uar !== uar) return `its UAR is ${qp.uar}`;
  // In SQD work may be posted for later, in ERR it is flushed.
  const hears = qp.state === 'RTS' || qp.state === 'SQD' || qp.state === 'ERR';
  return hears ? null : `it is in ${qp.state}`;
}

/** The send side of a card. */
export class Transmitter {
  private readonly hca: Hca;
  private readonly descriptor: Descriptor;
  /** Kept apart: a loopback receive may flush another queue pair in the middle of a send. */
  private readonly flushed: Descriptor;
  private readonly packet = new Packet();

  constructor(hca: Hca) {
    this.hca = hca;
    this.descriptor = new Descriptor(hca.regions);
    this.flushed = new Descriptor(hca.regions);
  }

  /** A send doorbell rang in UAR page `uar`. */
  doorbell(uar: number, qpn: number): void {
    const qp = this.hca.qp(qpn);
    const why = doorbellRefusal(qp, uar, qpn);
    if (qp !== undefined && why === null) this.schedule(qp, sendDoorbellNs);
    else this.hca.refuse(`send doorbell of QP 0x${qpn.toString(16)} in UAR ${uar}`, String(why));
  }

  /** The queue pair is in RTS again: what it was told of meanwhile goes out. */
  resume(qp: QueuePair): void {
    if (!qp.sendWaits) return;
    qp.sendWaits = false;
    this.schedule(qp, sendTurnNs);
  }

  /** Completes everything that waits in both queues with "flushed": the queue pair is in ERR. */
  flush(qp: QueuePair): void {
    const { flushed } = this;
    const { completions, delivery } = this.hca;
    for (let places = 0; places < qp.sqEntries; places += flushed.places) {
      if (flushed.fetch(qp) !== 'ready') break;
      completions.failed(qp.cqnSend, qp.qpn, qp.sqIndex & 0xffff, 'send', 'WR_FLUSH_ERR');
      qp.sqIndex = (qp.sqIndex + flushed.places) & indexWrap;
    }
    delivery.flush(qp);
  }

  private schedule(qp: QueuePair, delayNs: number): void {
    if (qp.sendScheduled) return;
    qp.sendScheduled = true;
    this.hca.after(delayNs, () => {
      qp.sendScheduled = false;
      this.run(qp);
    });
  }

  /** One turn: sends until the queue is empty or others want a turn. */
  private run(qp: QueuePair): void {
    if (qp.state === 'ERR') this.flush(qp);
    if (qp.state === 'SQD') qp.sendWaits = true;
    for (let sent = 0; sent < sendBurst; sent++) {
      if (qp.state !== 'RTS' || this.isHeld(qp) || !this.sendNext(qp)) return;
    }
    this.schedule(qp, sendTurnNs);
  }

  /** The other end of the link has stopped it: it goes on when it may. */
  private isHeld(qp: QueuePair): boolean {
    return this.physicalPort(qp).flow.holds(qp.priority, qp, () => {
      this.schedule(qp, sendTurnNs);
    });
  }

  /** The port that a queue pair's frames leave by. */
  private physicalPort(qp: QueuePair): Port {
    const { hca } = this;
    return hca.port(qp.forcedPort ? qp.portNumber : hca.portMap[qp.portNumber - 1]!);
  }

  /** Sends one descriptor. False when there is none, or the queue pair is broken now. */
  private sendNext(qp: QueuePair): boolean {
    const { descriptor } = this;
    const state = descriptor.fetch(qp);
    if (state === 'idle') return false;
    if (state === 'fault') return this.fail(qp, 'LOCAL_QP_OP_ERR', 'the send queue is unreadable');
    const { opcode } = descriptor;
    if (opcode === MLX4_OPCODE_NOP) return this.complete(qp);
    const refusal = this.refusalOf(qp, opcode);
    if (refusal !== null) return this.fail(qp, 'LOCAL_QP_OP_ERR', refusal);
    const frame = descriptor.gather(qp, minFrameBytes);
    if (!(frame instanceof Uint8Array)) return this.fail(qp, frame.syndrome, frame.why);
    if (this.hca.port(qp.portNumber).type === 'ib') return this.sendDatagram(qp, frame);
    if (opcode === MLX4_OPCODE_LSO) return this.sendLarge(qp, frame);
    this.transmit(qp, this.finish(frame));
    return this.complete(qp);
  }

  /** Sends the packets of a large send; each has its checksums. */
  private sendLarge(qp: QueuePair, whole: Uint8Array): boolean {
    const { headerBytes, mss } = this.descriptor;
    const segments = segment(whole, headerBytes, mss, this.packet);
    if (typeof segments === 'string') return this.fail(qp, 'LOCAL_QP_OP_ERR', segments);
    for (const frame of segments) this.transmit(qp, this.tagged(frame));
    return this.complete(qp);
  }

  private refusalOf(qp: QueuePair, opcode: number): string | null {
    const isSend = opcode === MLX4_OPCODE_SEND || opcode === MLX4_OPCODE_LSO;
    if (!isSend) return `opcode 0x${opcode.toString(16)} is not modelled`;
    if (qp.service !== MLX4_QP_ST.MLX) return `service type ${qp.service} is not modelled`;
    return null;
  }

  /** Until a port is ACTIVE its link drops all but subnet management, and nobody is told. */
  private sendDatagram(qp: QueuePair, packet: Uint8Array): boolean {
    const datagram = datagramOf(packet);
    if (datagram === null) return this.fail(qp, 'LOCAL_QP_OP_ERR', 'no management datagram');
    const port = this.hca.port(qp.portNumber);
    const carries = datagram.subnetManagement ? port.carrier : port.linkUp;
    if (carries) port.phy.send(datagram.bytes);
    else port.statistics.txDropped++;
    return this.complete(qp);
  }

  /** Checksums and tag. */
  private finish(frame: Uint8Array): Uint8Array {
    const { flags } = this.descriptor;
    if ((flags & (MLX4_WQE_CTRL_IP_CSUM | MLX4_WQE_CTRL_TCP_UDP_CSUM)) !== 0) {
      this.packet.parse(frame);
      if ((flags & MLX4_WQE_CTRL_TCP_UDP_CSUM) !== 0) this.packet.fillL4();
      if ((flags & MLX4_WQE_CTRL_IP_CSUM) !== 0) this.packet.fillIp();
    }
    return this.tagged(frame);
  }

  private tagged(frame: Uint8Array): Uint8Array {
    const { insVlan, vlanTci } = this.descriptor;
    if ((insVlan & MLX4_WQE_CTRL_INS_CVLAN) !== 0) return insertVlan(frame, vlanTci);
    if ((insVlan & MLX4_WQE_CTRL_INS_SVLAN) === 0) return frame;
    return insertVlan(frame, vlanTci, EtherType.serviceVlan);
  }

  private transmit(qp: QueuePair, frame: Uint8Array): void {
    const { hca } = this;
    const port = this.physicalPort(qp);
    hca.counters.countTx(qp.counter, frame.length);
    if ((this.descriptor.flags & MLX4_WQE_CTRL_FORCE_LOOPBACK) !== 0) {
      port.statistics.txLoopbackFrames++;
      port.statistics.txLoopbackOctets += frame.length;
      hca.receiver.receive(port, frame, true);
      return;
    }
    const { mtuBytes } = port.settings;
    const tooLong = frame.length + fcsBytes > mtuBytes;
    if (tooLong || port.type !== 'eth' || !port.linkUp) {
      port.statistics.txDropped++;
      return;
    }
    port.statistics.tx.count(frame, mtuBytes);
    port.phy.send(frame);
  }

  /** Moves on, with a completion when the descriptor asks for one. */
  private complete(qp: QueuePair): boolean {
    const { descriptor, hca } = this;
    const index = qp.sqIndex;
    qp.sqIndex = (index + descriptor.places) & indexWrap;
    if ((descriptor.flags & MLX4_WQE_CTRL_CQ_UPDATE) === 0) return true;
    const solicited = (descriptor.flags & MLX4_WQE_CTRL_SOLICITED) !== 0;
    const { opcode } = descriptor;
    if (hca.completions.sent(qp.cqnSend, qp.qpn, index & 0xffff, opcode, solicited)) return true;
    hca.breakQp(qp, 'WQ_CATAS_ERROR');
    return false;
  }

  private fail(qp: QueuePair, syndrome: Syndrome, why: string): false {
    const { hca, descriptor } = this;
    hca.refuse(`send of QP 0x${qp.qpn.toString(16)}`, why);
    hca.completions.failed(qp.cqnSend, qp.qpn, qp.sqIndex & 0xffff, 'send', syndrome);
    qp.sqIndex = (qp.sqIndex + descriptor.places) & indexWrap;
    hca.breakQp(qp, null);
    return false;
  }
}
