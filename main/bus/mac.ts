// MAC addresses. Three forms: six bytes in a frame, text `00:02:c9:a0:b0:c1`, and a 48-bit number
// (below 2^53, so an ordinary number), which is what tables are keyed by and headers are built
// from.

/** Bytes of a MAC address. */
export const macBytes = 6;
/** ff:ff:ff:ff:ff:ff as a number. */
export const broadcastMac = 0xffff_ffff_ffff;

const upper = 0x1_0000_0000;

/** The MAC address at `at` as a 48-bit number. */
export function readMac(bytes: Uint8Array, at = 0): number {
  const high = (bytes[at]! << 8) | bytes[at + 1]!;
  const low =
    (bytes[at + 2]! << 24) | (bytes[at + 3]! << 16) | (bytes[at + 4]! << 8) | bytes[at + 5]!;
  return high * upper + (low >>> 0);
}

/** Writes a 48-bit number as six bytes at `at`. */
export function writeMac(bytes: Uint8Array, at: number, mac: number): void {
  const high = Math.floor(mac / upper);
  const low = mac % upper;
  bytes[at] = high >>> 8;
  bytes[at + 1] = high;
  bytes[at + 2] = low >>> 24;
  bytes[at + 3] = low >>> 16;
  bytes[at + 4] = low >>> 8;
  bytes[at + 5] = low;
}

/** Six bytes for a 48-bit number. */
export function macToBytes(mac: number): Uint8Array {
  const bytes = new Uint8Array(macBytes);
  writeMac(bytes, 0, mac);
  return bytes;
}

/** `00:02:c9:a0:b0:c1`, lower case, for a 48-bit number. */
export function formatMac(mac: number): string {
  const digits = mac.toString(16).padStart(12, '0');
  return digits.replace(/..(?!$)/g, '$&:');
}

/** Text of the six bytes at `at`. */
export function formatMacAt(bytes: Uint8Array, at = 0): string {
  return formatMac(readMac(bytes, at));
}

/** The 48-bit number for `00:02:c9:a0:b0:c1` (either case). Throws RangeError for anything else. */
export function parseMac(text: string): number {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
    throw new RangeError(`not a MAC address: ${JSON.stringify(text)}`);
  }
  return Number.parseInt(text.replaceAll(':', ''), 16);
}

/** True for a group address (multicast or broadcast): the lowest bit of the first byte is set. */
export function isMulticastAt(bytes: Uint8Array, at = 0): boolean {
  return (bytes[at]! & 1) === 1;
}

/** True for ff:ff:ff:ff:ff:ff. */
export function isBroadcastAt(bytes: Uint8Array, at = 0): boolean {
  for (let i = at; i < at + macBytes; i++) if (bytes[i] !== 0xff) return false;
  return true;
}

/** True for a group address given as a number. */
export function isMulticast(mac: number): boolean {
  return (Math.floor(mac / 0x100_0000_0000) & 1) === 1;
}

/**
 * True for 01:80:c2:00:00:0x, the addresses that a bridge never forwards (LACP, pause, LLDP, STP).
 */
export function isLinkLocalAt(bytes: Uint8Array, at = 0): boolean {
  return (
    bytes[at] === 0x01 &&
    bytes[at + 1] === 0x80 &&
    bytes[at + 2] === 0xc2 &&
    bytes[at + 3] === 0 &&
    bytes[at + 4] === 0 &&
    bytes[at + 5]! < 0x10
  );
}
