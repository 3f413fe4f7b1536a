// The Internet checksum (RFC 1071): ones-complement sum of big-endian 16-bit words. Partial sums
// are plain numbers that may be added before folding, which is how checksum offload works on both
// sides.

/**
 * Partial sum of `length` bytes from `at`, added to `initial`; an odd last byte counts as the high
 * byte of a word. Not folded: exact for any frame, as long as the total stays below 2^53.
 */
export function partialSum(bytes: Uint8Array, at: number, length: number, initial = 0): number {
  let high = 0;
  let low = 0;
  let i = at;
  const end = at + length;
  const unrolledEnd = end - 7;
  for (; i < unrolledEnd; i += 8) {
    high += bytes[i]! + bytes[i + 2]! + bytes[i + 4]! + bytes[i + 6]!;
    low += bytes[i + 1]! + bytes[i + 3]! + bytes[i + 5]! + bytes[i + 7]!;
  }
  for (; i + 1 < end; i += 2) {
    high += bytes[i]!;
    low += bytes[i + 1]!;
  }
  if (i < end) high += bytes[i]!;
  return initial + high * 256 + low;
}

/** Folds a partial sum to 16 bits. 0 only for a sum of 0: other multiples of 0xffff give 0xffff. */
export function fold(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x1_0000) + Math.floor(folded / 0x1_0000);
  return folded;
}

/** The checksum field for a partial sum: its folded complement. */
export function complement(sum: number): number {
  return ~fold(sum) & 0xffff;
}

/** The Internet checksum of `length` bytes from `at`. Over data with a right checksum in it: 0. */
export function internetChecksum(
  bytes: Uint8Array,
  at: number,
  length: number,
  initial = 0,
): number {
  return complement(partialSum(bytes, at, length, initial));
}

/** Partial sum of the IPv4 pseudo header of TCP and UDP. `length` is that of header and data. */
export function pseudoHeaderSum(
  source: number,
  destination: number,
  protocol: number,
  length: number,
): number {
  return (
    (source >>> 16) +
    (source & 0xffff) +
    (destination >>> 16) +
    (destination & 0xffff) +
    protocol +
    length
  );
}

/** Takes `part` out of the folded sum `whole`, as CHECKSUM_COMPLETE needs it. Folded. */
export function subtractSum(whole: number, part: number): number {
  return fold(fold(whole) + complement(part));
}
