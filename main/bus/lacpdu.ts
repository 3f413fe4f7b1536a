// The LACPDU of IEEE 802.3ad-2000 clause 43.4.2: a fixed 110-byte payload with an actor, a partner
// and a collector TLV. Facts: facts/driver.md 10.7. The Marker protocol (subtype 2) is left out:
// bonding and switches answer markers only when asked, and nobody here asks.

import { readBe16, writeBe16 } from './bytes.ts';
import { EtherType, ethHeaderBytes, payloadOffset, payloadType, writeEthHeader } from './frame.ts';
import { readMac, writeMac } from './mac.ts';

/** 01:80:c2:00:00:02, where all slow protocols go. */
export const slowProtocolsMac = 0x0180_c200_0002;
/** Payload bytes of a LACPDU. */
export const lacpduBytes = 110;
/** Subtype of LACP among the slow protocols. */
export const lacpSubtype = 1;

/** Bits of a port's LACP state. */
export const LacpState = {
  activity: 0x01,
  timeout: 0x02,
  aggregation: 0x04,
  synchronization: 0x08,
  collecting: 0x10,
  distributing: 0x20,
  defaulted: 0x40,
  expired: 0x80,
} as const;

/** What one side says about itself, or about the other side. */
export interface LacpParty {
  readonly systemPriority: number;
  /** System MAC, a 48-bit number. */
  readonly system: number;
  readonly key: number;
  readonly portPriority: number;
  readonly port: number;
  /** LacpState bits. */
  readonly state: number;
}

/** A LACPDU. */
export interface Lacpdu {
  readonly version: number;
  readonly actor: LacpParty;
  readonly partner: LacpParty;
  /** In units of 10 microseconds. */
  readonly collectorMaxDelay: number;
}

const actorAt = 2;
const partnerAt = 22;
const collectorAt = 42;

function readParty(bytes: Uint8Array, at: number): LacpParty {
  return {
    systemPriority: readBe16(bytes, at + 2),
    system: readMac(bytes, at + 4),
    key: readBe16(bytes, at + 10),
    portPriority: readBe16(bytes, at + 12),
    port: readBe16(bytes, at + 14),
    state: bytes[at + 16]!,
  };
}

function writeParty(bytes: Uint8Array, at: number, type: number, party: LacpParty): void {
  bytes[at] = type;
  bytes[at + 1] = 20;
  writeBe16(bytes, at + 2, party.systemPriority);
  writeMac(bytes, at + 4, party.system);
  writeBe16(bytes, at + 10, party.key);
  writeBe16(bytes, at + 12, party.portPriority);
  writeBe16(bytes, at + 14, party.port);
  bytes[at + 16] = party.state;
}

/** True for a frame with a slow-protocols payload of subtype LACP, whatever its address. */
export function isLacpFrame(frame: Uint8Array): boolean {
  return payloadType(frame) === EtherType.slow && frame[payloadOffset(frame)] === lacpSubtype;
}

/** Reads the LACPDU at `at`, or null when it is short or its TLVs are not where they belong. */
export function parseLacpdu(bytes: Uint8Array, at: number): Lacpdu | null {
  if (bytes.length < at + lacpduBytes || bytes[at] !== lacpSubtype) return null;
  const tlv = (offset: number) => readBe16(bytes, at + offset);
  if (tlv(actorAt) !== 0x0114 || tlv(partnerAt) !== 0x0214) return null;
  if (tlv(collectorAt) !== 0x0310) return null;
  return {
    version: bytes[at + 1]!,
    actor: readParty(bytes, at + actorAt),
    partner: readParty(bytes, at + partnerAt),
    collectorMaxDelay: readBe16(bytes, at + collectorAt + 2),
  };
}

/** A whole LACPDU frame from `sourceMac`; the terminator and the reserved bytes are zeros. */
export function buildLacpduFrame(sourceMac: number, pdu: Lacpdu): Uint8Array {
  const frame = new Uint8Array(ethHeaderBytes + lacpduBytes);
  writeEthHeader(frame, slowProtocolsMac, sourceMac, EtherType.slow);
  const at = ethHeaderBytes;
  frame[at] = lacpSubtype;
  frame[at + 1] = pdu.version;
  writeParty(frame, at + actorAt, 1, pdu.actor);
  writeParty(frame, at + partnerAt, 2, pdu.partner);
  frame[at + collectorAt] = 3;
  frame[at + collectorAt + 1] = 16;
  writeBe16(frame, at + collectorAt + 2, pdu.collectorMaxDelay);
  return frame;
}

/** Names of the state bits that are set, in bit order: `Activity, Aggregation`. */
export function formatLacpState(state: number): string {
  const names = Object.entries(LacpState).filter(([, bit]) => (state & bit) !== 0);
  return names.map(([name]) => name[0]!.toUpperCase() + name.slice(1)).join(', ') || 'none';
}
