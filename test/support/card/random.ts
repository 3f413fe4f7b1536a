// A seeded generator for fuzzing (mulberry32): equal seeds, equal cases, on every machine.

/** Numbers and choices from a seed. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number of 32 bits. */
  u32(): number {
    this.state = (this.state + 0x6d2b_79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return Math.floor((this.u32() / 2 ** 32) * below);
  }

  /** True in one of `of` cases. */
  oneIn(of: number): boolean {
    return this.below(of) === 0;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** A number that is likely to matter: small, a power of two, all ones, or anything. */
  edge(): number {
    switch (this.below(5)) {
      case 0:
        return this.below(16);
      case 1:
        return (2 ** this.below(32) - this.below(2)) >>> 0;
      case 2:
        return (0xffff_ffff - this.below(3)) >>> 0;
      default:
        return this.u32();
    }
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at += 4) {
      const word = this.u32();
      for (let i = at; i < Math.min(at + 4, length); i++) bytes[i] = word >>> (8 * (i - at));
    }
    return bytes;
  }

  /** A copy with a few bytes changed, or none. */
  spoil(bytes: Uint8Array): Uint8Array {
    const copy = bytes.slice();
    for (let i = this.below(6); i > 0 && copy.length > 0; i--) {
      const at = this.below(copy.length);
      copy[at] = this.oneIn(2) ? copy[at]! ^ (1 << this.below(8)) : this.u32();
    }
    return copy;
  }
}
