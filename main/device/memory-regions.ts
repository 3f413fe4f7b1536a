// Memory regions: the dMPT (facts/device 6.6). A region is physical (an address is a bus address,
// as mlx4_en's one region) or translated: the address is the region's own, and MTT entries in the
// ICM say which page of host memory is behind it. Every access checks key, protection domain, right
// and range. MTT entries are read at each access: software changes them in place.
// Left out: windows, remote access, fast registration, zero-based regions. SYNC_TPT reads entries
// again that software edited in place.

import { MLX4_MTT_FLAG_PRESENT, key_to_hw_index, mptEntry, mttEntryBytes } from '#prm/contexts.ts';
import { readBe32 } from '#bus/bytes.ts';
import type { HostLink } from './host-link.ts';
import type { IcmSpace } from './icm.ts';

/** One region that the hardware owns. */
export interface MemoryRegion {
  readonly index: number;
  /** Index with generation bits, as the entry states it. */
  readonly key: number;
  readonly pd: number;
  readonly physical: boolean;
  readonly localRead: boolean;
  readonly localWrite: boolean;
  /** First address, and first address behind it. */
  readonly start: number;
  readonly end: number;
  /** Byte offset of the first MTT entry from the MTT table. */
  readonly mttOffset: number;
  readonly logPageBytes: number;
}

/** The region of a dMPT entry. `index` is its slot. */
export function regionOf(index: number, entry: Uint8Array): MemoryRegion {
  const start = Number(mptEntry.get(entry, 'start'));
  return {
    index,
    key: mptEntry.get(entry, 'key'),
    pd: mptEntry.get(entry, 'pd'),
    physical: mptEntry.get(entry, 'physical'),
    localRead: mptEntry.get(entry, 'local_read'),
    localWrite: mptEntry.get(entry, 'local_write'),
    start,
    end: start + Number(mptEntry.get(entry, 'length')),
    mttOffset: mptEntry.get(entry, 'mtt_addr'),
    logPageBytes: mptEntry.get(entry, 'entity_size'),
  };
}

/** Page sizes of translated regions that make sense, log2. */
const logPageMin = 12;
const logPageMax = 30;

/** True when a region's pages can be translated at all. */
export const hasGoodPages = (region: MemoryRegion): boolean =>
  region.physical || (region.logPageBytes >= logPageMin && region.logPageBytes <= logPageMax);

/** All regions of a card. */
export class MemoryRegions {
  /** Regions by slot. */
  readonly bySlot = new Map<number, MemoryRegion>();
  /** Slots that HW2SW_MPT gave back. */
  readonly givenBack = new Set<number>();
  /** Slots are the low bits of an index. */
  slotMask = 0;
  private readonly link: HostLink;
  private readonly icm: IcmSpace;
  private mttBase = 0;
  private readonly mtt = new Uint8Array(mttEntryBytes);

  constructor(link: HostLink, icm: IcmSpace) {
    this.link = link;
    this.icm = icm;
  }

  /** INIT_HCA: where the MTT table is, and how many regions there can be. */
  configure(mttBase: number, slotMask: number): void {
    this.mttBase = mttBase;
    this.slotMask = slotMask;
  }

  /** Forgets every region. */
  clear(): void {
    this.bySlot.clear();
    this.givenBack.clear();
  }

  /**
   * Reads host memory as a queue pair of `pd` may with `lkey`. False when it may not, or cannot.
   */
  read(lkey: number, pd: number, address: number, into: Uint8Array): boolean {
    const region = this.find(lkey, pd, address, into.length);
    if (region?.localRead !== true) return false;
    if (region.physical) return this.link.read(address, into);
    return this.translated(region, address, into, (at, part) => this.link.read(at, part));
  }

  /** Writes host memory. */
  write(lkey: number, pd: number, address: number, from: Uint8Array): boolean {
    const region = this.find(lkey, pd, address, from.length);
    if (region?.localWrite !== true) return false;
    if (region.physical) return this.link.write(address, from);
    return this.translated(region, address, from, (at, part) => this.link.write(at, part));
  }

  /** The region that holds a whole range, when the key and the protection domain fit. */
  private find(lkey: number, pd: number, address: number, length: number): MemoryRegion | null {
    const index = key_to_hw_index(lkey);
    const region = this.bySlot.get((index & this.slotMask) >>> 0);
    // The entry's key field is the index itself (facts/device 6.6), not the rotated key.
    if (region?.key !== index || region.pd !== pd) return null;
    return address >= region.start && address + length <= region.end ? region : null;
  }

  /** Moves bytes page by page. */
  private translated(
    region: MemoryRegion,
    address: number,
    bytes: Uint8Array,
    move: (at: number, part: Uint8Array) => boolean,
  ): boolean {
    const pageBytes = 2 ** region.logPageBytes;
    for (let done = 0; done < bytes.length;) {
      const at = address - region.start + done;
      const page = this.pageAt(region, Math.floor(at / pageBytes));
      if (page < 0) return false;
      const within = at % pageBytes;
      const length = Math.min(pageBytes - within, bytes.length - done);
      if (!move(page + within, bytes.subarray(done, done + length))) return false;
      done += length;
    }
    return true;
  }

  /** Bus address of a region's page, or -1. */
  private pageAt(region: MemoryRegion, index: number): number {
    const { mtt } = this;
    if (!this.icm.read(this.mttBase + region.mttOffset + index * mttEntryBytes, mtt)) return -1;
    const low = readBe32(mtt, 4);
    if ((low & MLX4_MTT_FLAG_PRESENT) === 0) return -1;
    return readBe32(mtt, 0) * 2 ** 32 + (low - (low % 4096));
  }
}
