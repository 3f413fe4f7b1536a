// What software sends through a special queue pair on an InfiniBand port: a management datagram
// with all its headers, which the driver writes itself (mlx4_ib qp.c: build_mlx_header). On the
// lab's wire a packet is its datagram alone (fabric/ib-peer.ts): headers are read and taken off.

import {
  IB_BTH_BYTES,
  IB_DETH_BYTES,
  IB_GRH_BYTES,
  IB_LNH_IBA_GLOBAL,
  IB_LNH_IBA_LOCAL,
  ibCrcBytes,
  lrh,
  madBytes,
  managementLane,
} from '#prm/mad.ts';

/** A datagram, in bytes of its own. */
export interface IbDatagram {
  readonly bytes: Uint8Array;
  /** It is of the lane that works before the port is ACTIVE. */
  readonly subnetManagement: boolean;
}

/** The datagram in a packet; null when it has none. */
export function datagramOf(packet: Uint8Array): IbDatagram | null {
  const next = lrh.get(packet, 'link_next_header');
  if (next !== IB_LNH_IBA_LOCAL && next !== IB_LNH_IBA_GLOBAL) return null;
  const routeBytes = lrh.sizeBytes + (next === IB_LNH_IBA_GLOBAL ? IB_GRH_BYTES : 0);
  const begin = routeBytes + IB_BTH_BYTES + IB_DETH_BYTES;
  if (packet.length !== begin + madBytes + ibCrcBytes) return null;
  return {
    bytes: packet.slice(begin, begin + madBytes),
    subnetManagement: lrh.get(packet, 'virtual_lane') === managementLane,
  };
}
