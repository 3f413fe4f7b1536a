// DMA memory for drivers (kernel/dma/): k.memory with bounds. Touching a buffer after it was freed,
// or outside of it, is an oops; the card touching it is a fault of the IOMMU (pci-bus.ts).

import type { DmaMemory, DmaRange } from '#bus/memory.ts';
import { Oops } from '#sim/shared.ts';
import type { Kernel } from '../kernel.ts';
import type { PciDevice } from './pci-device.ts';

/** A buffer that CPU and card share. Offsets are bytes from its start. */
export class DmaBuffer implements DmaRange {
  /** Bus address. */
  readonly address: number;
  readonly sizeBytes: number;
  freed = false;
  private readonly memory: DmaMemory;

  constructor(k: Kernel, sizeBytes: number) {
    const range = k.memory.allocate(sizeBytes);
    this.memory = k.memory;
    this.address = range.address;
    this.sizeBytes = range.sizeBytes;
  }

  private at(offset: number, bytes: number): number {
    if (this.freed) throw new Oops('KASAN: use-after-free in DMA buffer');
    if (offset < 0 || offset + bytes > this.sizeBytes) {
      throw new Oops('KASAN: slab-out-of-bounds in DMA buffer');
    }
    return this.address + offset;
  }

  readU8(offset: number): number {
    return this.memory.readU8(this.at(offset, 1));
  }

  writeU8(offset: number, value: number): void {
    this.memory.writeU8(this.at(offset, 1), value);
  }

  /** A big-endian word at a multiple of 4. */
  readBe32(offset: number): number {
    return this.memory.readBe32(this.at(offset, 4));
  }

  writeBe32(offset: number, value: number): void {
    this.memory.writeBe32(this.at(offset, 4), value);
  }

  read(offset: number, into: Uint8Array): void {
    this.memory.read(this.at(offset, into.length), into);
  }

  write(offset: number, from: Uint8Array): void {
    this.memory.write(this.at(offset, from.length), from);
  }

  fill(offset: number, sizeBytes: number, byte: number): void {
    this.memory.fill(this.at(offset, sizeBytes), sizeBytes, byte);
  }
}

/** Zeroed memory, a multiple of 4 KiB, aligned to its size up to 256 KiB. */
export const dma_alloc_coherent = (pdev: PciDevice, sizeBytes: number): DmaBuffer =>
  new DmaBuffer(pdev.k, sizeBytes);

/** Gives a buffer back; a second time is an oops. */
export function dma_free_coherent(pdev: PciDevice, buffer: DmaBuffer): void {
  if (buffer.freed) throw new Oops('KASAN: double-free in DMA buffer');
  buffer.freed = true;
  pdev.k.memory.free({ address: buffer.address, sizeBytes: buffer.sizeBytes });
}
