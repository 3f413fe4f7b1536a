// Memory regions: the dMPT (facts/device 6.6). The data path knows physical regions only (no
// translation), which is what mlx4_en uses; a work request with a translated region's key is
// refused with a protection error. SYNC_TPT reads entries again that software edited in place.

import { key_to_hw_index, mptEntry } from '#prm/contexts.ts';

/** One region that the hardware owns. */
export interface MemoryRegion {
  readonly index: number;
  /** Whole key, generation bits included. */
  readonly key: number;
  readonly pd: number;
  readonly physical: boolean;
  readonly localRead: boolean;
  readonly localWrite: boolean;
}

/** The region of a dMPT entry. `index` is its slot. */
export const regionOf = (index: number, entry: Uint8Array): MemoryRegion => ({
  index,
  key: mptEntry.get(entry, 'key'),
  pd: mptEntry.get(entry, 'pd'),
  physical: mptEntry.get(entry, 'physical'),
  localRead: mptEntry.get(entry, 'local_read'),
  localWrite: mptEntry.get(entry, 'local_write'),
});

/** All regions of a card. */
export class MemoryRegions {
  /** Regions by slot. */
  readonly bySlot = new Map<number, MemoryRegion>();
  /** Slots that HW2SW_MPT gave back. */
  readonly givenBack = new Set<number>();
  /** Slots are the low bits of an index. */
  slotMask = 0;

  /**
   * True when a queue pair of `pd` may reach host memory with `lkey`, reading or writing. Addresses
   * of a physical region are DMA addresses.
   */
  allows(lkey: number, pd: number, access: 'read' | 'write'): boolean {
    const index = key_to_hw_index(lkey);
    const region = this.bySlot.get((index & this.slotMask) >>> 0);
    if (region === undefined || !region.physical || region.pd !== pd) return false;
    // The entry's key field is the index itself (facts/device 6.6), not the rotated key.
    if (region.key !== index) return false;
    return access === 'read' ? region.localRead : region.localWrite;
  }
}
