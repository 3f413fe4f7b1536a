// ICM: the card's own virtual address space, backed by pages of host memory that the driver hands
// over (facts/device 5.2, 11.3). Contexts, translation entries and multicast groups live there.
// Tolerant on purpose: mapping beyond SET_ICM_SIZE and unmapping what is not mapped are what the
// driver does.

import type { HostLink } from './host-link.ts';

/** Bytes of an ICM page. */
export const icmPageBytes = 4096;
const pageShift = 12;
/** Largest ICM that QUERY_DEV_CAP offers. */
export const icmBytesMax = 2 ** 40;

/** The address space of one card. */
export class IcmSpace {
  private readonly link: HostLink;
  /** DMA address by ICM page number. */
  private readonly pages = new Map<number, number>();

  constructor(link: HostLink) {
    this.link = link;
  }

  /** Pages that are mapped. */
  get mappedPages(): number {
    return this.pages.size;
  }

  /** Maps `count` pages from ICM address `va` to DMA address `address`. A second mapping wins. */
  map(va: number, address: number, count: number): void {
    const first = va / icmPageBytes;
    for (let i = 0; i < count; i++) this.pages.set(first + i, address + i * icmPageBytes);
  }

  /** Forgets `count` pages from ICM address `va`, mapped or not. */
  unmap(va: number, count: number): void {
    const first = Math.floor(va / icmPageBytes);
    for (let i = 0; i < count; i++) this.pages.delete(first + i);
  }

  /** Forgets everything. */
  clear(): void {
    this.pages.clear();
  }

  /** DMA address behind an ICM address, or -1. */
  translate(va: number): number {
    const page = this.pages.get(Math.floor(va / icmPageBytes));
    return page === undefined ? -1 : page + (va % icmPageBytes);
  }

  /** Copies out of the ICM. False when a page is not mapped or cannot be read. */
  read(va: number, into: Uint8Array): boolean {
    return this.copy(va, into, (address, part) => this.link.read(address, part));
  }

  /** Copies into the ICM. False when a page is not mapped or cannot be written. */
  write(va: number, from: Uint8Array): boolean {
    return this.copy(va, from, (address, part) => this.link.write(address, part));
  }

  private copy(
    va: number,
    bytes: Uint8Array,
    move: (address: number, part: Uint8Array) => boolean,
  ): boolean {
    let done = 0;
    while (done < bytes.length) {
      const address = this.translate(va + done);
      if (address < 0) return false;
      const room = icmPageBytes - ((va + done) % icmPageBytes);
      const length = Math.min(room, bytes.length - done);
      if (!move(address, bytes.subarray(done, done + length))) return false;
      done += length;
    }
    return true;
  }
}

/** log2 of the pages in one entry of a page list: the low bits of its address. */
export const blockLog = (pa: number): number => pa % 2 ** pageShift;
/** DMA address of a page list entry. */
export const blockAddress = (pa: number): number => pa - blockLog(pa);
