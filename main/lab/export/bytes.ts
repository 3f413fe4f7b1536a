// Bytes in growing order, little-endian as pcapng allows and machines like it. A buffer that is
// full is handed out as it is and never written again.

/** Collects bytes. */
export class ByteWriter {
  private bytes = new Uint8Array(1 << 16);
  private view = new DataView(this.bytes.buffer);
  /** Bytes written since the last take(). */
  length = 0;

  /** Room for `count` bytes more; gives where they begin. */
  private reserve(count: number): number {
    const at = this.length;
    this.length += count;
    if (this.length > this.bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.length));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    return at;
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.reserve(2);
    this.view.setUint16(at, value, true);
  }

  u32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
  }

  /** Overwrites a number that was not known when its place was reached. */
  patchU32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  raw(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** Zeros up to the next multiple of four. */
  align(): void {
    while (this.length % 4 !== 0) this.u8(0);
  }

  /** Hands out what was written; the next byte begins anew. */
  take(): Uint8Array {
    const taken = this.bytes.slice(0, this.length);
    this.length = 0;
    return taken;
  }
}
