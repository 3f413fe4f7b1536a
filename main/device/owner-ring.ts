// A ring of 32-byte entries with owner bits: event queues and completion queues (facts/device
// 6.2.2,
// 6.3.2). The driver takes an entry as valid when its owner bit equals the parity of the pass, 0 on
// the first; its memory is zeroed, so every entry must get the bit set before the driver can look
// at it.
//
// The card does that lazily: the driver looks at the entry behind the last one it consumed and at
// no other, so it is enough that the entry after the producer is marked. Pages are marked one at a
// time, before the producer gets there. A completion EQ has 65,536 entries: 2 MiB, of which an idle
// machine then touches 4 KiB.

import { eqeBytes, eqeOwnerOffset, ownerBit } from '#prm/events.ts';
import type { QueueBuffer } from './queue-buffer.ts';

const blockBytes = 4096;
const blockEntries = blockBytes / eqeBytes;

/** One block of entries that the card owns, on the first pass. */
const freshBlock: Readonly<Uint8Array> = Uint8Array.from({ length: blockBytes }, (_, at) =>
  at % eqeBytes === eqeOwnerOffset ? ownerBit : 0,
);

/** The ring and its producer. */
export class OwnerRing {
  readonly entries: number;
  /** Entries written since the beginning. */
  producer = 0;
  /** Entries of the first pass whose owner bit is set; for tests. */
  markedEntries = 0;
  private readonly buffer: QueueBuffer;
  private readonly indexMask: number;

  /** `entries` is a power of two. */
  constructor(buffer: QueueBuffer, entries: number) {
    this.buffer = buffer;
    this.entries = entries;
    this.indexMask = entries - 1;
  }

  /** Marks the first block. False when the memory cannot be written. */
  start(): boolean {
    return this.markNext();
  }

  /**
   * Writes one entry: sets its owner bit (`keep`: the other bits of that byte) and moves on. False
   * when the memory cannot be written.
   */
  put(entry: Uint8Array, keep = 0): boolean {
    const { producer } = this;
    if (this.markedEntries < this.entries && producer + 2 > this.markedEntries) {
      if (!this.markNext()) return false;
    }
    const odd = (producer & this.entries) !== 0;
    entry[eqeOwnerOffset] = odd ? keep | ownerBit : keep & ~ownerBit;
    if (!this.buffer.write((producer & this.indexMask) * eqeBytes, entry)) return false;
    // 2^31 is a multiple of every ring size, so wrapping there keeps index and parity.
    this.producer = (producer + 1) & 0x7fff_ffff;
    return true;
  }

  private markNext(): boolean {
    const count = Math.min(blockEntries, this.entries - this.markedEntries);
    const block = freshBlock.subarray(0, count * eqeBytes);
    if (!this.buffer.write(this.markedEntries * eqeBytes, block)) return false;
    this.markedEntries += count;
    return true;
  }
}
