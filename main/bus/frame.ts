// Ethernet II frames as byte arrays: destination MAC first, no preamble and no FCS. A VLAN tag sits
// between the addresses and the EtherType; the functions here look through up to two of them.
// Left out: 802.3 length frames with LLC (payloadType() then gives the length, below 0x600), and
// the FCS itself, which the cable models as a flag (see wire.ts).

import { readBe16, writeBe16 } from './bytes.ts';
import { macBytes, readMac, writeMac } from './mac.ts';

/** Bytes of an Ethernet II header without tag. */
export const ethHeaderBytes = 14;
/** Bytes of one VLAN tag. */
export const vlanTagBytes = 4;
/** Shortest frame on the wire, without its FCS. Shorter ones are padded with zeros. */
export const minFrameBytes = 60;
/** Bytes of the FCS that follows a frame on the wire. */
export const fcsBytes = 4;

const typeAt = 2 * macBytes;

/** EtherTypes that this project knows. */
export const EtherType = {
  ipv4: 0x0800,
  arp: 0x0806,
  vlan: 0x8100,
  ipv6: 0x86dd,
  serviceVlan: 0x88a8,
  macControl: 0x8808,
  slow: 0x8809,
  roce: 0x8915,
} as const;

/** Destination address of a frame. */
export function destinationOf(frame: Uint8Array): number {
  return readMac(frame, 0);
}

/** Source address of a frame. */
export function sourceOf(frame: Uint8Array): number {
  return readMac(frame, macBytes);
}

const isTag = (type: number) => type === EtherType.vlan || type === EtherType.serviceVlan;

/** Offset of the payload's first byte, behind the header and up to two tags. */
export function payloadOffset(frame: Uint8Array): number {
  let at = typeAt;
  if (isTag(readBe16(frame, at))) at += vlanTagBytes;
  if (isTag(readBe16(frame, at))) at += vlanTagBytes;
  return at + 2;
}

/** EtherType of the payload, behind up to two tags; 0 for a frame too short to have one. */
export function payloadType(frame: Uint8Array): number {
  const at = payloadOffset(frame);
  return at > frame.length ? 0 : readBe16(frame, at - 2);
}

/** TCI of the outer VLAN tag (priority, DEI, VLAN id), or null for a frame without tag. */
export function vlanTci(frame: Uint8Array): number | null {
  if (frame.length < ethHeaderBytes + vlanTagBytes) return null;
  return isTag(readBe16(frame, typeAt)) ? readBe16(frame, typeAt + 2) : null;
}

/** Writes a header without tag at the start of `frame`. */
export function writeEthHeader(
  frame: Uint8Array,
  destination: number,
  source: number,
  type: number,
): void {
  writeMac(frame, 0, destination);
  writeMac(frame, macBytes, source);
  writeBe16(frame, typeAt, type);
}

/** A frame around `payload`, padded to the shortest legal length. */
export function buildFrame(
  destination: number,
  source: number,
  type: number,
  payload: Uint8Array,
): Uint8Array {
  const frame = new Uint8Array(Math.max(minFrameBytes, ethHeaderBytes + payload.length));
  writeEthHeader(frame, destination, source, type);
  frame.set(payload, ethHeaderBytes);
  return frame;
}

/** A copy of the frame with a VLAN tag put in as the outer one. */
export function insertVlan(
  frame: Uint8Array,
  tci: number,
  tagType: number = EtherType.vlan,
): Uint8Array {
  const tagged = new Uint8Array(frame.length + vlanTagBytes);
  tagged.set(frame.subarray(0, typeAt));
  writeBe16(tagged, typeAt, tagType);
  writeBe16(tagged, typeAt + 2, tci);
  tagged.set(frame.subarray(typeAt), typeAt + vlanTagBytes);
  return tagged;
}

/** A copy of the frame without its outer VLAN tag; an untagged frame is copied as it is. */
export function removeVlan(frame: Uint8Array): Uint8Array {
  if (vlanTci(frame) === null) return frame.slice();
  const bare = new Uint8Array(frame.length - vlanTagBytes);
  bare.set(frame.subarray(0, typeAt));
  bare.set(frame.subarray(typeAt + vlanTagBytes), typeAt);
  return bare;
}
