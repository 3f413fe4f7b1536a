// Register access through a mapped BAR (arch/x86/lib/iomem.c, include/asm-generic/io.h). Every
// access is a point and a trace event whose object names the register. A card that is gone, or
// whose memory decoding is off, reads as all ones. Touching a mapping that is not there is an oops,
// as a page fault.

import { Oops } from '#sim/shared.ts';
import { preempt } from '#sim/task.ts';
import type { Atomic } from '#sim/task.ts';
import { K } from '#trace/kinds.ts';
import type { PciDevice } from './pci-device.ts';

/** A mapped part of a BAR. */
export class IoMem {
  readonly pdev: PciDevice;
  readonly bar: number;
  /** Offset of the mapping in the BAR, bytes. */
  readonly offset: number;
  readonly sizeBytes: number;
  /** Virtual address, for oops messages. */
  readonly address: string;
  mapped = true;

  constructor(pdev: PciDevice, bar: number, offset: number, sizeBytes: number) {
    this.pdev = pdev;
    this.bar = bar;
    this.offset = offset;
    this.sizeBytes = sizeBytes;
    this.address = pdev.k.pci.mappingAddress();
  }
}

/** Maps part of a BAR; null when the BAR is missing or too small. */
export function ioremap(
  pdev: PciDevice,
  bar: number,
  offset: number,
  sizeBytes: number,
): IoMem | null {
  const resource = pdev.resources[bar] ?? null;
  if (resource === null || offset < 0 || offset + sizeBytes > resource.sizeBytes) return null;
  return new IoMem(pdev, bar, offset, sizeBytes);
}

export function iounmap(memory: IoMem): void {
  memory.mapped = false;
}

function check(memory: IoMem, offset: number, bytes: number): void {
  if (memory.mapped && offset >= 0 && offset + bytes <= memory.sizeBytes) return;
  const low = parseInt(memory.address.slice(8), 16) + offset;
  const address = `${memory.address.slice(0, 8)}${low.toString(16).padStart(8, '0')}`;
  throw new Oops(`unable to handle page fault for address: ${address}`);
}

/** Swaps the bytes of a 32-bit value. */
export const swab32 = (value: number): number =>
  (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>>
  0;

/** A 32-bit register as the bus carries it (little endian). */
export function* readl(memory: IoMem, offset: number): Atomic<number> {
  check(memory, offset, 4);
  const { pdev, bar } = memory;
  const at = memory.offset + offset;
  const value = pdev.barRead(bar, at, 4);
  if (pdev.k.sim.point(K['mmio.read'], pdev.registerName(bar, at), value)) yield preempt;
  return value;
}

export function* writel(memory: IoMem, offset: number, value: number): Atomic<void> {
  check(memory, offset, 4);
  const { pdev, bar } = memory;
  const at = memory.offset + offset;
  if (pdev.k.sim.point(K['mmio.write'], pdev.registerName(bar, at), value >>> 0)) yield preempt;
  pdev.barWrite(bar, at, 4, value >>> 0);
}

/** A 32-bit big-endian register. */
export function* ioread32be(memory: IoMem, offset: number): Atomic<number> {
  return swab32(yield* readl(memory, offset));
}

export const iowrite32be = (memory: IoMem, offset: number, value: number): Atomic<void> =>
  writel(memory, offset, swab32(value));

/** Copies bytes (a multiple of 4) to a register window, as BlueFlame does: one point for all. */
export function* __iowrite64_copy(memory: IoMem, offset: number, bytes: Uint8Array): Atomic<void> {
  check(memory, offset, bytes.length);
  const { pdev, bar } = memory;
  const at = memory.offset + offset;
  if (pdev.k.sim.point(K['mmio.write'], pdev.registerName(bar, at), bytes.length)) yield preempt;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let done = 0; done + 4 <= bytes.length; done += 4) {
    pdev.barWrite(bar, at + done, 4, view.getUint32(done, true));
  }
}
