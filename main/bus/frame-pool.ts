// Bytes for frames that a card makes. Frames are made by the thousand and live until the run ends
// (the trace keeps them), so they are cut out of large blocks: one allocation for many frames. A
// block is freed when the last frame in it is.

const blockBytes = 65_536;

/** Cuts frames out of blocks. */
export class FramePool {
  private block = new Uint8Array(0);
  private used = 0;

  /** Zeroed bytes that nobody else has. */
  take(length: number): Uint8Array {
    if (this.used + length > this.block.length) {
      this.block = new Uint8Array(Math.max(blockBytes, length));
      this.used = 0;
    }
    const bytes = new Uint8Array(this.block.buffer, this.used, length);
    this.used += length;
    return bytes;
  }
}
