// Host memory that a card can reach by DMA, for hosts that are not a real emulator's RAM.
// Pages come into being when first written; a page never written reads as zeros, so a large ring
// costs nothing until it is used. Freed ranges are remembered: touching one is a fault, as with an
// IOMMU.

/** Bytes in a page. The card's ICM pages and PAGE_SIZE of the emulated kernel are both this. */
export const pageBytes = 4096;

const pageShift = 12;
const offsetMask = pageBytes - 1;
/**
 * The first address that is handed out; lower ones are never valid, so 0 is always a bad address.
 */
const firstAddress = 0x100_0000;
/** Pages come from blocks of this many, and are found through tables of this many. */
const blockPages = 32;
const tableShift = 10;
const tableMask = 2 ** tableShift - 1;
/** Pages that are kept account of at first: 64 MiB. */
const accountedPages = 2 ** 14;

/** A range of DMA memory. */
export interface DmaRange {
  readonly address: number;
  readonly sizeBytes: number;
}

/** Thrown when software touches memory that was never allocated or is already free. */
export class DmaFault extends Error {
  readonly address: number;

  constructor(address: number, what: string) {
    super(`${what} at DMA address 0x${address.toString(16)}, which is not allocated`);
    this.name = 'DmaFault';
    this.address = address;
  }
}

/**
 * Sparse RAM with an allocator. Addresses are page aligned and reused last-freed-first per size, so
 * that equal runs see equal addresses.
 */
export class DmaMemory {
  /** Pages that were written, by the upper and then the lower part of their number. */
  private readonly tables: ((Uint8Array | undefined)[] | undefined)[] = [];
  /** 1 where a page belongs to an allocated range. */
  private allocated = new Uint8Array(accountedPages);
  /** Pages of freed ranges, to be used again. */
  private readonly spare: Uint8Array[] = [];
  private block = new Uint8Array(0);
  private blockUsed = 0;
  private readonly freeBySize = new Map<number, number[]>();
  private nextAddress = firstAddress;

  /** Allocates `sizeBytes` of zeroed memory, aligned to the next power of two up to 256 KiB. */
  allocate(sizeBytes: number): DmaRange {
    const size = Math.ceil(Math.max(sizeBytes, 1) / pageBytes) * pageBytes;
    const reused = this.freeBySize.get(size)?.pop();
    const address = reused ?? this.bump(size);
    this.allocated.fill(1, address >>> pageShift, (address + size) >>> pageShift);
    return { address, sizeBytes: size };
  }

  /** Gives a range back. Its contents are gone. */
  free(range: DmaRange): void {
    const end = (range.address + range.sizeBytes) >>> pageShift;
    for (let page = range.address >>> pageShift; page < end; page++) {
      if (this.allocated[page] !== 1) throw new DmaFault(range.address, 'second free');
      this.allocated[page] = 0;
      this.drop(page);
    }
    const list = this.freeBySize.get(range.sizeBytes);
    if (list === undefined) this.freeBySize.set(range.sizeBytes, [range.address]);
    else list.push(range.address);
  }

  private bump(size: number): number {
    let align = pageBytes;
    while (align < size && align < 0x4_0000) align *= 2;
    const address = Math.ceil(this.nextAddress / align) * align;
    this.nextAddress = address + size;
    const pages = this.nextAddress >>> pageShift;
    if (pages > this.allocated.length) {
      const more = new Uint8Array(Math.max(pages, this.allocated.length * 2));
      more.set(this.allocated);
      this.allocated = more;
    }
    return address;
  }

  /** True when every byte of the range is allocated. */
  valid(address: number, sizeBytes: number): boolean {
    if (!Number.isSafeInteger(address) || address < 0 || address > 0xffff_ffff) return false;
    const last = (address + Math.max(sizeBytes, 1) - 1) >>> pageShift;
    for (let page = address >>> pageShift; page <= last; page++) {
      if (this.allocated[page] !== 1) return false;
    }
    return true;
  }

  /** Copies out. A page never written reads as zeros. */
  read(address: number, into: Uint8Array): void {
    let done = 0;
    while (done < into.length) {
      const at = address + done;
      const offset = at & offsetMask;
      const length = Math.min(pageBytes - offset, into.length - done);
      const page = this.find(this.check(at, 'read'));
      if (page === undefined) into.fill(0, done, done + length);
      else into.set(page.subarray(offset, offset + length), done);
      done += length;
    }
  }

  /** Copies in. */
  write(address: number, from: Uint8Array): void {
    let done = 0;
    while (done < from.length) {
      const at = address + done;
      const offset = at & offsetMask;
      const length = Math.min(pageBytes - offset, from.length - done);
      this.page(this.check(at, 'write')).set(from.subarray(done, done + length), offset);
      done += length;
    }
  }

  /** Fills a range with one byte. */
  fill(address: number, sizeBytes: number, byte: number): void {
    let done = 0;
    while (done < sizeBytes) {
      const at = address + done;
      const offset = at & offsetMask;
      const length = Math.min(pageBytes - offset, sizeBytes - done);
      this.page(this.check(at, 'write')).fill(byte, offset, offset + length);
      done += length;
    }
  }

  /** One byte. */
  readU8(address: number): number {
    const page = this.find(this.check(address, 'read'));
    return page === undefined ? 0 : page[address & offsetMask]!;
  }

  writeU8(address: number, value: number): void {
    this.page(this.check(address, 'write'))[address & offsetMask] = value;
  }

  /** A big-endian 32-bit word, 4-byte aligned (as every card structure is). */
  readBe32(address: number): number {
    const page = this.find(this.check(address, 'read'));
    if (page === undefined) return 0;
    const o = address & offsetMask;
    return ((page[o]! << 24) | (page[o + 1]! << 16) | (page[o + 2]! << 8) | page[o + 3]!) >>> 0;
  }

  writeBe32(address: number, value: number): void {
    const page = this.page(this.check(address, 'write'));
    const o = address & offsetMask;
    page[o] = value >>> 24;
    page[o + 1] = value >>> 16;
    page[o + 2] = value >>> 8;
    page[o + 3] = value;
  }

  private check(address: number, what: string): number {
    const page = address >>> pageShift;
    if (this.allocated[page] !== 1 || address > 0xffff_ffff) throw new DmaFault(address, what);
    return page;
  }

  private find(index: number): Uint8Array | undefined {
    return this.tables[index >>> tableShift]?.[index & tableMask];
  }

  /** A page to write to. */
  private page(index: number): Uint8Array {
    const table = (this.tables[index >>> tableShift] ??= []);
    return (table[index & tableMask] ??= this.freshPage());
  }

  private freshPage(): Uint8Array {
    const used = this.spare.pop();
    if (used !== undefined) return used.fill(0);
    if (this.blockUsed === this.block.length) {
      this.block = new Uint8Array(blockPages * pageBytes);
      this.blockUsed = 0;
    }
    const at = this.blockUsed;
    this.blockUsed += pageBytes;
    return this.block.subarray(at, at + pageBytes);
  }

  /** Forgets what is in a page. */
  private drop(index: number): void {
    const page = this.find(index);
    if (page === undefined) return;
    this.tables[index >>> tableShift]![index & tableMask] = undefined;
    this.spare.push(page);
  }
}
