// The lab's InfiniBand wires carry bare 256-byte management datagrams. A reader of captures wants
// whole packets, so the headers that a subnet management packet has (IB specification 7.7, 9.2,
// 9.3.3: LRH on VL 15, BTH, DETH for QP 0) are put before it, both LIDs permissive, and zeros where
// the CRCs stand. Linktype 197 with an ERF header of type 21, as tshark 4.0 does not know 247.

import {
  IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE,
  IB_MGMT_CLASS_SUBN_LID_ROUTED,
  madBytes,
} from '#prm/mad.ts';

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
const udSendOnly = 0x64;
const defaultPartition = 0xffff;

/**
 * True for a management datagram: its length, version and class. (No frame of the lab's Ethernet is
 * sent to a group address 01:01:01 or 01:81:01.)
 */
export function isDatagram(bytes: Uint8Array): boolean {
  if (bytes.length !== madBytes || bytes[0] !== 1 || bytes[2] !== 1) return false;
  return (
    bytes[1] === IB_MGMT_CLASS_SUBN_LID_ROUTED || bytes[1] === IB_MGMT_CLASS_SUBN_DIRECTED_ROUTE
  );
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
  const lrh = erfHeaderBytes;
  view.setUint8(lrh, 0xf0);
  view.setUint8(lrh + 1, 0x02);
  view.setUint16(lrh + 2, permissiveLid);
  view.setUint16(lrh + 4, (packetBytes - 2) / 4);
  view.setUint16(lrh + 6, permissiveLid);
  const bth = lrh + lrhBytes;
  view.setUint8(bth, udSendOnly);
  view.setUint16(bth + 2, defaultPartition);
  // Queue pairs, sequence number and queue key of a subnet management packet are 0.
  frame.set(datagram, bth + bthBytes + dethBytes);
  return frame;
}
