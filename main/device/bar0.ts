// BAR0: the registers (facts/device 1.4, 2.1, 2.2, 7.7, 12.1). All are big-endian 32-bit words but
// for the MSI-X table; the bus carries little-endian values, so a whole-word access swaps the bytes
// and a narrower one picks them. Words that nobody lives at read 0; a write there is
// refused, which the trace shows.
// Left out: the comm channel (SR-IOV), crdump's access filter, the rest of the control register
// space.

import type { AccessSize } from '#bus/pci-function.ts';
import {
  MLX4_HCR_BASE,
  MLX4_HCR_SIZE,
  MLX4_OWNER_BASE,
  MLX4_RESET_BASE,
  MLX4_RESET_OFFSET,
  MLX4_RESET_VALUE,
  MLX4_SEM_OFFSET,
  clearInterruptOffset,
  errorBufferDwords,
  errorBufferOffset,
  internalClockOffset,
  msixEntryBytes,
  msixPbaOffset,
  msixTableOffset,
  msixVectorsMax,
} from '#prm/registers.ts';
import type { CommandInterface } from './hcr.ts';
import type { Interrupts } from './interrupts.ts';
import type { MsixTable } from './msix.ts';

const semaphoreAt = MLX4_RESET_BASE + MLX4_SEM_OFFSET;
const resetAt = MLX4_RESET_BASE + MLX4_RESET_OFFSET;
const errorBufferBytes = errorBufferDwords * 4;
const msixTableEnd = msixTableOffset + msixVectorsMax * msixEntryBytes;
const msixPbaEnd = msixPbaOffset + msixVectorsMax / 8;

/** Swaps the bytes of a word. */
export const swap32 = (value: number): number =>
  ((value << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;

/** What the registers act on. */
export interface RegisterBase {
  readonly msix: MsixTable;
  readonly interrupts: Interrupts;
  readonly commands: () => CommandInterface;
  /** The software reset register was written. */
  readonly reset: () => void;
  /** The free-running clock: ticks, a number below 2^53. */
  readonly clock: () => number;
  /** A write came to a word that nobody lives at, or that cannot be written. */
  readonly refuse: (offset: number) => void;
}

/** The register file of one card. */
export class Bar0 {
  /** The catastrophic error buffer; all zero while the card is healthy. */
  readonly errorBuffer = new Uint32Array(errorBufferDwords);
  /** Read-to-set: who reads 0 owns the card until 0 is written. Outlives a software reset. */
  private owner = 0;
  /** Read-to-set; the software reset frees it. */
  private semaphore = 0;
  private readonly base: RegisterBase;

  constructor(base: RegisterBase) {
    this.base = base;
  }

  /** State after a software reset. */
  reset(): void {
    this.semaphore = 0;
    this.errorBuffer.fill(0);
  }

  /** A bus read of 1, 2 or 4 bytes. */
  read(offset: number, size: AccessSize): number {
    if (size === 4 && (offset & 3) === 0) return swap32(this.readWord(offset));
    let value = 0;
    let wordAt = -1;
    let word = 0;
    for (let i = 0; i < size; i++) {
      const at = offset + i;
      if ((at & ~3) !== wordAt) {
        wordAt = at & ~3;
        word = this.readWord(wordAt);
      }
      value += ((word >>> (24 - 8 * (at & 3))) & 0xff) * 2 ** (8 * i);
    }
    return value;
  }

  /** A bus write. A narrow one changes its bytes of the word as it reads, without side effects. */
  write(offset: number, size: AccessSize, value: number): void {
    if (size === 4 && (offset & 3) === 0) {
      this.writeWord(offset, swap32(value));
      return;
    }
    for (let i = 0; i < size;) {
      const wordAt = (offset + i) & ~3;
      let word = this.peekWord(wordAt);
      for (; i < size && ((offset + i) & ~3) === wordAt; i++) {
        const shift = 24 - 8 * ((offset + i) & 3);
        const byte = (value >>> (8 * i)) & 0xff;
        word = ((word & ~(0xff << shift)) | (byte << shift)) >>> 0;
      }
      this.writeWord(wordAt, word);
    }
  }

  private readWord(offset: number): number {
    const value = this.peekWord(offset);
    if (offset === MLX4_OWNER_BASE) this.owner = 1;
    else if (offset === semaphoreAt) this.semaphore = 1;
    return value;
  }

  private peekWord(offset: number): number {
    if (offset >= MLX4_HCR_BASE && offset < MLX4_HCR_BASE + MLX4_HCR_SIZE) {
      return this.base.commands().read(offset - MLX4_HCR_BASE);
    }
    if (offset >= errorBufferOffset && offset < errorBufferOffset + errorBufferBytes) {
      return this.errorBuffer[(offset - errorBufferOffset) >>> 2]!;
    }
    if (offset >= msixTableOffset && offset < msixTableEnd) {
      return swap32(this.base.msix.readTable(offset - msixTableOffset));
    }
    if (offset >= msixPbaOffset && offset < msixPbaEnd) {
      return swap32(this.base.msix.readPending(offset - msixPbaOffset));
    }
    switch (offset) {
      case MLX4_OWNER_BASE:
        return this.owner;
      case semaphoreAt:
        return this.semaphore;
      case internalClockOffset:
        return Math.floor(this.base.clock() / 2 ** 32);
      case internalClockOffset + 4:
        return this.base.clock() % 2 ** 32;
      default:
        return 0;
    }
  }

  private writeWord(offset: number, value: number): void {
    if (offset >= MLX4_HCR_BASE && offset < MLX4_HCR_BASE + MLX4_HCR_SIZE) {
      this.base.commands().write(offset - MLX4_HCR_BASE, value);
      return;
    }
    if (offset >= msixTableOffset && offset < msixTableEnd) {
      this.base.msix.writeTable(offset - msixTableOffset, swap32(value));
      return;
    }
    switch (offset) {
      case MLX4_OWNER_BASE:
        if (value === 0) this.owner = 0;
        return;
      case semaphoreAt:
        if (value === 0) this.semaphore = 0;
        return;
      case resetAt:
        if (value === MLX4_RESET_VALUE) this.base.reset();
        else this.base.refuse(offset);
        return;
      case clearInterruptOffset:
        this.base.interrupts.clear(value, 0);
        return;
      case clearInterruptOffset + 4:
        this.base.interrupts.clear(0, value);
        return;
      default:
        this.base.refuse(offset);
    }
  }
}
