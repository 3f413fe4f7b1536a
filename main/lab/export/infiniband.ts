// The lab's InfiniBand wires carry bare 256-byte management datagrams. A reader of captures wants
// whole packets, so the headers that such a packet has (IB specification 7.7, 9.2, 9.3.3: LRH, BTH,
// DETH; subnet management on VL 15 between QP0s, all else on VL 0 between QP1s) are put before it,
// both LIDs permissive, and zeros where the CRCs stand. Linktype 197 with an ERF header of type 21,
// as tshark 4.0 does not know 247.

import {
  IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE,
  IB_MGMT_CLASS_SUBN_LID_ROUTED,
  IB_QP1_QKEY,
  isSubnetManagement,
  madBytes,
  managementLane,
} from '#prm/mad.ts';
import { IB_MGMT_CLASS_SUBN_ADM, IB_SA_CLASS_VERSION } from '#prm/subnet-administration.ts';

/** Packets with an Endace ERF header before them. */
export const linktypeErf = 197;

const erfTypeInfiniband = 21;
const erfHeaderBytes = 16;
/** ERF flags: the length of the record varies. */
const erfVaryingLength = 0x04;
const lrhBytes = 8;
const bthBytes = 12;
const dethBytes = 8;
/** ICRC and VCRC. */
const crcBytes = 6;
const packetBytes = lrhBytes + bthBytes + dethBytes + madBytes + crcBytes;
const permissiveLid = 0xffff;
/** Last byte of the queue pair, in BTH the destination, in DETH the source. */
const queuePairAt = 7;
const udSendOnly = 0x64;
const defaultPartition = 0xffff;

/** Version of each class that is on the lab's wires. */
const classVersions: Readonly<Record<number, number>> = {
  [IB_MGMT_CLASS_SUBN_LID_ROUTED]: 1,
  [IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE]: 1,
  [IB_MGMT_CLASS_SUBN_ADM]: IB_SA_CLASS_VERSION,
};

/**
 * True for a management datagram: its length, versions and class. (No frame of the lab's Ethernet
 * is sent to a group address 01:01:01, 01:81:01 or 01:03:02.)
 */
export function isDatagram(bytes: Uint8Array): boolean {
  return bytes.length === madBytes && bytes[0] === 1 && bytes[2] === classVersions[bytes[1]!];
}

/** A datagram as ERF record: header, local route, transport, datagram, no CRCs. */
export function erfFrame(datagram: Uint8Array, timeNs: number): Uint8Array {
  const frame = new Uint8Array(erfHeaderBytes + packetBytes);
  const view = new DataView(frame.buffer);
  // Seconds as a 32.32 fixed-point number, little-endian; everything else is big-endian.
  const secondsWhole = Math.floor(timeNs / 1e9);
  view.setUint32(0, Math.floor(((timeNs - secondsWhole * 1e9) / 1e9) * 2 ** 32), true);
  view.setUint32(4, secondsWhole, true);
  view.setUint8(8, erfTypeInfiniband);
  view.setUint8(9, erfVaryingLength);
  view.setUint16(10, frame.length);
  view.setUint16(14, packetBytes);
  const isSubnet = isSubnetManagement(datagram[1]!);
  const lrh = erfHeaderBytes;
  view.setUint8(lrh, isSubnet ? managementLane << 4 : 0);
  view.setUint8(lrh + 1, 0x02);
  view.setUint16(lrh + 2, permissiveLid);
  view.setUint16(lrh + 4, (packetBytes - 2) / 4);
  view.setUint16(lrh + 6, permissiveLid);
  const bth = lrh + lrhBytes;
  view.setUint8(bth, udSendOnly);
  view.setUint16(bth + 2, defaultPartition);
  const deth = bth + bthBytes;
  // Queue pairs, sequence number and queue key of a subnet management packet are 0.
  if (!isSubnet) {
    view.setUint8(bth + queuePairAt, 1);
    view.setUint32(deth, IB_QP1_QKEY);
    view.setUint8(deth + queuePairAt, 1);
  }
  frame.set(datagram, deth + dethBytes);
  return frame;
}
