// Receiving Ethernet (facts/device 6.3.5, 9.5, 10.4): length check, multicast and VLAN filter of
// the port, steering, RX port check, RSS, VLAN stripping, and what the completion says: tag, hash,
// checksum verdict. Into memory it goes by delivery.ts. A frame that nobody wants is counted.
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
import { newReport } from './completions.ts';
import type { ReceiveReport } from './completions.ts';
import type { Hca } from './hca.ts';
import { Packet } from './packet.ts';
import type { Port } from './port.ts';
import type { QueuePair } from './queue-pair.ts';

const vlanIdMask = 0xfff;
const checksumGood = 0xffff;
const tcp = 6;

/** The receive side of a card. */
export class Receiver {
  private readonly hca: Hca;
  private readonly packet = new Packet();
  private readonly report: ReceiveReport = newReport();

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
    const bytes = this.strip(qp, frame, tci);
    const stored = hca.delivery.put(port, qp, bytes, report);
    if (stored) hca.counters.countRx(qp.counter, bytes.length);
  }

  private accepts(port: Port, qp: QueuePair): boolean {
    return qp.receives && (!this.hca.rxPortCheck || qp.portNumber === port.portNumber);
  }

  /** The frame without its tag, which goes to the completion, if the queue pair wants it so. */
  private strip(qp: QueuePair, frame: Uint8Array, tci: number | null): Uint8Array {
    const { report } = this;
    report.tag = 'none';
    if (tci === null || !qp.vlanStrip) return frame;
    report.tci = tci;
    const service = readBe16(frame, 2 * macBytes) === EtherType.serviceVlan;
    report.tag = service ? 'svlan' : 'cvlan';
    return removeVlan(frame);
  }
}
