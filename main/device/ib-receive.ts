// What comes over an InfiniBand link (facts/device 6.3.4, 6.5.5; IB specification 13.5): management
// datagrams. Those of subnet management are for the firmware's agent (subnet-agent.ts). All others
// are for QP1 of the port, once it is ACTIVE: into its descriptor go 40 bytes for a global route
// header, zeros as no packet here has one, and the datagram. What nobody takes is counted.
// The lab's wire carries no headers (fabric/ib-peer.ts). Nobody but the node of the port's subnet
// manager sends such datagrams, so the sender is QP1 there: LID and service level are what the port
// was told of its manager, the partition is the first one of the table.

import { IB_GRH_BYTES, isSubnetManagement, mad, madBytes } from '#prm/mad.ts';
import { newReport } from './completions.ts';
import type { ReceiveReport } from './completions.ts';
import type { Hca } from './hca.ts';
import type { Port } from './port.ts';
import type { QueuePair } from './queue-pair.ts';

/** The special queue pairs are QP0 of ports 1 and 2, then QP1 of each (qp.c: get_sqp_num). */
const generalServicesOffset = 2;
const generalServicesQpn = 1;

/** The receive side of a card's InfiniBand ports. */
export class IbReceiver {
  private readonly hca: Hca;
  private readonly packet = new Uint8Array(IB_GRH_BYTES + madBytes);
  private readonly report: ReceiveReport = newReport();

  constructor(hca: Hca) {
    this.hca = hca;
  }

  /** A packet came in through a port. */
  receive(port: Port, datagram: Uint8Array): void {
    if (datagram.length !== madBytes) {
      port.statistics.rxDropped++;
      return;
    }
    const isForAgent = isSubnetManagement(mad.get(datagram, 'mgmt_class'));
    if (isForAgent) this.hca.subnetAgent.received(port, datagram);
    else this.deliver(port, datagram);
  }

  private deliver(port: Port, datagram: Uint8Array): void {
    const qp = port.linkUp ? this.generalServices(port) : null;
    if (qp === null || !qp.receives) {
      port.statistics.rxDropped++;
      return;
    }
    const { packet, report } = this;
    const { smLid, smSl } = port.ib;
    packet.set(datagram, IB_GRH_BYTES);
    report.remote = { qpn: generalServicesQpn, lid: smLid, serviceLevel: smSl };
    this.hca.delivery.put(port, qp, packet, report);
  }

  /** QP1 of a port, or null. */
  private generalServices({ portNumber }: Port): QueuePair | null {
    const { specialQpBase } = this.hca;
    if (specialQpBase === 0) return null;
    const qpn = specialQpBase + generalServicesOffset + portNumber - 1;
    const qp = this.hca.qp(qpn);
    return qp?.qpn === qpn ? qp : null;
  }
}
