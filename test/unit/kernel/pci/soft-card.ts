// A small card for tests of the PCI slice: configuration space, memory BARs, MSI-X with masks and
// pending bits, the INTA# pin, and DMA on request. It does nothing of itself.

import type { AccessSize, BarSpec, PciFunction, PciHost } from '#bus/pci-function.ts';

/** Where the vector table is in BAR 0. */
export const tableOffset = 0x2000;
/** Where the capabilities are, in the order of the list. */
export const expOffset = 0x60;
export const msixOffset = 0x9c;

export interface SoftCardOptions {
  readonly name?: string;
  readonly device?: number;
  readonly bars?: readonly BarSpec[];
  /** MSI-X vectors; 0 for a card without that capability. */
  readonly vectors?: number;
  /** LNKCAP and LNKSTA: speed code and width. */
  readonly link?: { readonly capable: number; readonly current: number };
}

const bar = (index: number, sizeBytes: number, is64Bit = false, prefetchable = false): BarSpec => ({
  index,
  sizeBytes,
  is64Bit,
  prefetchable,
});

/** A 64-bit register BAR of 64 KiB, and a 32-bit one of 4 KiB. */
const usualBars: readonly BarSpec[] = [bar(0, 0x1_0000, true), bar(2, 0x1000)];

export class SoftCard implements PciFunction {
  readonly name: string;
  readonly bars: readonly BarSpec[];
  readonly vectors: number;
  /** What the BARs hold, by number. */
  readonly memory = new Map<number, DataView>();
  /** BAR accesses: `r4 0+10`, `w4 0+10=ff` in hexadecimal. */
  readonly accesses: string[] = [];
  /** Called at the end of each write to a BAR, still inside of it. */
  onWrite: (bar: number, offset: number, value: number) => void = () => undefined;
  readonly pending = new Set<number>();
  host!: PciHost;
  private readonly config = new DataView(new ArrayBuffer(256));
  /** Bits that software can write. */
  private readonly writable = new DataView(new ArrayBuffer(256));

  constructor(options: SoftCardOptions = {}) {
    this.name = options.name ?? 'card0';
    this.bars = options.bars ?? usualBars;
    this.vectors = options.vectors ?? 4;
    for (const each of this.bars) {
      const buffer = new ArrayBuffer(Math.min(each.sizeBytes, 0x1_0000));
      this.memory.set(each.index, new DataView(buffer));
    }
    this.fillHeader(options.device ?? 0x1003);
    this.fillBars();
    this.fillCapabilities(options.link ?? { capable: 0x83, current: 0x83 });
    for (let n = 0; n < this.vectors; n++) {
      this.memory.get(0)?.setUint32(tableOffset + 16 * n + 12, 1, true);
    }
  }

  attach(host: PciHost): void {
    this.host = host;
  }

  configRead(offset: number, size: AccessSize): number {
    return get(this.config, offset, size);
  }

  configWrite(offset: number, size: AccessSize, value: number): void {
    const mask = get(this.writable, offset, size);
    set(this.config, offset, size, (get(this.config, offset, size) & ~mask) | (value & mask));
    this.flush();
  }

  barRead(index: number, offset: number, size: AccessSize): number {
    this.accesses.push(`r${size} ${index}+${offset.toString(16)}`);
    return get(this.memory.get(index)!, offset, size);
  }

  barWrite(index: number, offset: number, size: AccessSize, value: number): void {
    this.accesses.push(`w${size} ${index}+${offset.toString(16)}=${value.toString(16)}`);
    set(this.memory.get(index)!, offset, size, value);
    this.flush();
    this.onWrite(index, offset, value);
  }

  /** Puts a value into configuration space, and the bits of it that can be written. */
  put(offset: number, size: AccessSize, value: number, writable = 0): void {
    set(this.config, offset, size, value);
    set(this.writable, offset, size, writable);
  }

  /** A vector fires: its message goes out, or waits until it may. */
  fire(vector: number): void {
    this.pending.add(vector);
    this.flush();
  }

  /** A word of a vector's entry: 0 and 1 address, 2 data, 3 control. */
  entry(vector: number, word: number): number {
    return this.memory.get(0)!.getUint32(tableOffset + 16 * vector + 4 * word, true);
  }

  private flush(): void {
    if (this.vectors === 0 || (this.configRead(msixOffset + 2, 2) & 0xc000) !== 0x8000) return;
    for (const vector of this.pending) {
      if ((this.entry(vector, 3) & 1) !== 0) continue;
      this.pending.delete(vector);
      const address = this.entry(vector, 1) * 2 ** 32 + this.entry(vector, 0);
      this.host.raise({ address, data: this.entry(vector, 2) });
    }
  }

  private fillHeader(device: number): void {
    this.put(0, 4, device * 0x1_0000 + 0x15b3);
    this.put(4, 2, 0, 0x0406);
    this.put(6, 2, 0x10);
    this.put(8, 4, 0x0200_0001);
    this.put(0x2c, 4, 0x0055_15b3);
    this.put(0x34, 1, expOffset);
    this.put(0x3c, 2, 0x100, 0xff);
  }

  private fillBars(): void {
    for (const { index, sizeBytes, is64Bit, prefetchable } of this.bars) {
      const at = 0x10 + 4 * index;
      const low = sizeBytes >= 2 ** 32 ? 0 : -sizeBytes;
      this.put(at, 4, (is64Bit ? 4 : 0) + (prefetchable ? 8 : 0), low & ~0xf);
      if (is64Bit) this.put(at + 4, 4, 0, -Math.max(1, sizeBytes / 2 ** 32));
    }
  }

  private fillCapabilities(link: { readonly capable: number; readonly current: number }): void {
    this.put(expOffset, 1, 0x10);
    this.put(expOffset + 1, 1, this.vectors > 0 ? msixOffset : 0);
    this.put(expOffset + 8, 2, 0, 0x7fff);
    this.put(expOffset + 0x0c, 4, link.capable);
    this.put(expOffset + 0x12, 2, link.current);
    if (this.vectors === 0) return;
    this.put(msixOffset, 2, 0x11);
    this.put(msixOffset + 2, 2, this.vectors - 1, 0xc000);
    this.put(msixOffset + 4, 4, tableOffset);
    this.put(msixOffset + 8, 4, 0x3000);
  }
}

function get(view: DataView, offset: number, size: AccessSize): number {
  if (size === 4) return view.getUint32(offset, true);
  return size === 2 ? view.getUint16(offset, true) : view.getUint8(offset);
}

function set(view: DataView, offset: number, size: AccessSize, value: number): void {
  if (size === 4) view.setUint32(offset, value, true);
  else if (size === 2) view.setUint16(offset, value, true);
  else view.setUint8(offset, value);
}

/** A memory BAR, for cards with other ones. */
export const memoryBar = bar;
