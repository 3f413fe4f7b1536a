// Big-endian numbers in byte arrays, as every network header has them. Plain functions on purpose:
// a DataView per frame would cost more than the access. No bounds checks: reading past the end
// gives zero bits (undefined in integer arithmetic), so a parser checks lengths before it reads.

/** The unsigned 16-bit big-endian number at `at`. */
export function readBe16(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

/** The unsigned 32-bit big-endian number at `at`. */
export function readBe32(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

/** Writes the low 16 bits of `value` at `at`. */
export function writeBe16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 8;
  bytes[at + 1] = value;
}

/** Writes the low 32 bits of `value` at `at`. */
export function writeBe32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}
