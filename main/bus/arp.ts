// ARP for IPv4 over Ethernet (RFC 826): requests, replies, gratuitous announcements.
// Left out: other hardware and protocol types; parseArp() gives null for them.

import { readBe16, readBe32, writeBe16, writeBe32 } from './bytes.ts';
import { EtherType, ethHeaderBytes, minFrameBytes, writeEthHeader } from './frame.ts';
import { broadcastMac, readMac, writeMac } from './mac.ts';

/** Bytes of an ARP packet. */
export const arpBytes = 28;

/** Operation codes. */
export const ArpOperation = { request: 1, reply: 2 } as const;

/** An ARP packet. MACs are 48-bit, addresses 32-bit numbers. */
export interface ArpPacket {
  readonly operation: number;
  readonly senderMac: number;
  readonly senderIp: number;
  readonly targetMac: number;
  readonly targetIp: number;
}

/** Reads the ARP packet at `at`, or null when it is short or not IPv4 over Ethernet. */
export function parseArp(bytes: Uint8Array, at: number): ArpPacket | null {
  if (bytes.length < at + arpBytes) return null;
  if (readBe16(bytes, at) !== 1 || readBe16(bytes, at + 2) !== EtherType.ipv4) return null;
  if (readBe16(bytes, at + 4) !== 0x0604) return null;
  return {
    operation: readBe16(bytes, at + 6),
    senderMac: readMac(bytes, at + 8),
    senderIp: readBe32(bytes, at + 14),
    targetMac: readMac(bytes, at + 18),
    targetIp: readBe32(bytes, at + 24),
  };
}

/** A whole frame with an ARP packet from its sender to `destination`. */
export function buildArpFrame(destination: number, packet: ArpPacket): Uint8Array {
  const frame = new Uint8Array(minFrameBytes);
  writeEthHeader(frame, destination, packet.senderMac, EtherType.arp);
  const at = ethHeaderBytes;
  writeBe16(frame, at, 1);
  writeBe16(frame, at + 2, EtherType.ipv4);
  writeBe16(frame, at + 4, 0x0604);
  writeBe16(frame, at + 6, packet.operation);
  writeMac(frame, at + 8, packet.senderMac);
  writeBe32(frame, at + 14, packet.senderIp);
  writeMac(frame, at + 18, packet.targetMac);
  writeBe32(frame, at + 24, packet.targetIp);
  return frame;
}

/** The broadcast frame that asks who has `targetIp`. */
export function buildArpRequest(senderMac: number, senderIp: number, targetIp: number): Uint8Array {
  const operation = ArpOperation.request;
  return buildArpFrame(broadcastMac, { operation, senderMac, senderIp, targetMac: 0, targetIp });
}

/** The frame that answers `request`: `senderMac` has the address that was asked for. */
export function buildArpReply(request: ArpPacket, senderMac: number): Uint8Array {
  return buildArpFrame(request.senderMac, {
    operation: ArpOperation.reply,
    senderMac,
    senderIp: request.targetIp,
    targetMac: request.senderMac,
    targetIp: request.senderIp,
  });
}

/** A gratuitous ARP: a broadcast request for the sender's own address, as bonding sends it. */
export function buildGratuitousArp(mac: number, ip: number): Uint8Array {
  return buildArpRequest(mac, ip, ip);
}

/** True for an announcement: sender and target address are the same. */
export function isGratuitous(packet: ArpPacket): boolean {
  return packet.senderIp === packet.targetIp;
}
