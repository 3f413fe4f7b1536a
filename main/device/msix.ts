// The MSI-X vector table and its pending bits, in BAR0 at the places that the capability names
// (facts/device 1.2, 1.4). Little-endian, as PCI defines it. A masked vector that fires is
// remembered and sent when it is unmasked.

import {
  msixAddressLow,
  msixControl,
  msixControlMasked,
  msixData,
  msixAddressHigh,
  msixEntryBytes,
} from '#prm/registers.ts';
import type { ConfigSpace } from './config-space.ts';
import type { HostLink } from './host-link.ts';

const wordsPerEntry = msixEntryBytes / 4;

/** The vector table of one card. */
export class MsixTable {
  private readonly link: HostLink;
  private readonly config: ConfigSpace;
  private readonly vectors: number;
  private readonly words: Uint32Array;
  private readonly pending: boolean[];

  constructor(link: HostLink, config: ConfigSpace, vectors: number) {
    this.link = link;
    this.config = config;
    this.vectors = vectors;
    this.words = new Uint32Array(vectors * wordsPerEntry);
    this.pending = new Array<boolean>(vectors).fill(false);
    this.reset();
  }

  /** Every vector masked, nothing pending. */
  reset(): void {
    this.words.fill(0);
    this.pending.fill(false);
    for (let vector = 0; vector < this.vectors; vector++) {
      this.words[vector * wordsPerEntry + msixControl / 4] = msixControlMasked;
    }
  }

  /** A word of the table, little-endian; 0 behind its end. */
  readTable(offset: number): number {
    return this.words[offset >>> 2] ?? 0;
  }

  writeTable(offset: number, value: number): void {
    const at = offset >>> 2;
    if (at >= this.words.length) return;
    const control = at % wordsPerEntry === msixControl / 4;
    this.words[at] = control ? value & msixControlMasked : value;
    if (control) this.flush(Math.floor(at / wordsPerEntry));
  }

  /** A word of the pending bits. */
  readPending(offset: number): number {
    const first = (offset >>> 2) * 32;
    let value = 0;
    for (let bit = 0; bit < 32; bit++) if (this.pending[first + bit] === true) value |= 1 << bit;
    return value >>> 0;
  }

  /** Sends a vector's message, or remembers it. A vector that does not exist is an error. */
  trigger(vector: number): void {
    if (vector >= this.vectors) {
      this.link.error(`MSI-X vector ${vector} of ${this.vectors}`);
      return;
    }
    this.pending[vector] = true;
    this.flush(vector);
  }

  /** Sends whatever waits and may go: the function mask or enable bit changed. */
  flushAll(): void {
    for (let vector = 0; vector < this.vectors; vector++) this.flush(vector);
  }

  private flush(vector: number): void {
    if (this.pending[vector] !== true || !this.config.msixEnabled || this.config.msixMasked) return;
    const at = vector * wordsPerEntry;
    if ((this.words[at + msixControl / 4]! & msixControlMasked) !== 0) return;
    this.pending[vector] = false;
    if (!this.link.busMaster) {
      this.link.error(`MSI-X vector ${vector} without bus mastering`);
      return;
    }
    const high = this.words[at + msixAddressHigh / 4]!;
    this.link.raise({
      address: high * 2 ** 32 + this.words[at + msixAddressLow / 4]!,
      data: this.words[at + msixData / 4]!,
    });
  }
}
