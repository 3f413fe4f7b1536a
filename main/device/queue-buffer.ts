// A queue's buffer in host memory, found through translation entries (facts/device 6.1). The MTTs
// are read once, when the queue is created: the driver has written them by then and may write
// others later. Pages are 4 KiB or larger; one large page is common.

import { MLX4_MTT_FLAG_PRESENT, mttEntryBytes } from '#prm/contexts.ts';
import type { HostLink } from './host-link.ts';
import type { IcmSpace } from './icm.ts';

/** Largest page of a buffer: 2^(12 + this) bytes. */
const logPageMax = 18;

/** Where a context says that a buffer is. */
export interface BufferPlace {
  /** ICM address of the MTT table. */
  readonly mttBase: number;
  /** Byte offset of the first entry, 40 bits in two parts. */
  readonly offsetHigh: number;
  readonly offsetLow: number;
  /** log2(page bytes) - 12. */
  readonly logPageSize: number;
  readonly sizeBytes: number;
}

/** A buffer that DMA can reach by offset. */
export class QueueBuffer {
  private readonly link: HostLink;
  private readonly pages: Float64Array;
  private readonly pageShift: number;
  private readonly pageMask: number;

  constructor(link: HostLink, pages: Float64Array, pageShift: number) {
    this.link = link;
    this.pages = pages;
    this.pageShift = pageShift;
    this.pageMask = 2 ** pageShift - 1;
  }

  /** Copies out from `offset` (below 2^31). False outside the buffer or when DMA fails. */
  read(offset: number, into: Uint8Array): boolean {
    const within = offset & this.pageMask;
    const page = this.pages[offset >>> this.pageShift];
    if (page === undefined || page < 0) return false;
    if (within + into.length <= this.pageMask + 1) return this.link.read(page + within, into);
    const length = this.pageMask + 1 - within;
    return (
      this.link.read(page + within, into.subarray(0, length)) &&
      this.read(offset + length, into.subarray(length))
    );
  }

  /** Copies in at `offset`. */
  write(offset: number, from: Uint8Array): boolean {
    const within = offset & this.pageMask;
    const page = this.pages[offset >>> this.pageShift];
    if (page === undefined || page < 0) return false;
    if (within + from.length <= this.pageMask + 1) return this.link.write(page + within, from);
    const length = this.pageMask + 1 - within;
    return (
      this.link.write(page + within, from.subarray(0, length)) &&
      this.write(offset + length, from.subarray(length))
    );
  }
}

/**
 * The buffer that a context describes, or null when its first entry is not present or the page size
 * makes no sense. Later entries that are missing make holes: an access there fails when it happens,
 * because a context may state a queue that is never used (a TX queue pair's receive side).
 */
export function resolveBuffer(
  link: HostLink,
  icm: IcmSpace,
  place: BufferPlace,
): QueueBuffer | null {
  if (place.logPageSize > logPageMax) return null;
  const pageShift = place.logPageSize + 12;
  const count = Math.max(1, Math.ceil(place.sizeBytes / 2 ** pageShift));
  const start = place.mttBase + place.offsetHigh * 2 ** 32 + place.offsetLow;
  const pages = new Float64Array(count).fill(-1);
  const entries = new Uint8Array(count * mttEntryBytes);
  readAvailable(icm, start, entries);
  const view = new DataView(entries.buffer);
  for (let i = 0; i < count; i++) {
    const low = view.getUint32(i * mttEntryBytes + 4);
    if ((low & MLX4_MTT_FLAG_PRESENT) === 0) continue;
    pages[i] = view.getUint32(i * mttEntryBytes) * 2 ** 32 + (low - (low % 4096));
  }
  return pages[0]! < 0 ? null : new QueueBuffer(link, pages, pageShift);
}

/** Reads as far as pages are mapped; the rest stays zero (not present). */
function readAvailable(icm: IcmSpace, start: number, entries: Uint8Array): void {
  const step = 4096;
  for (let at = 0; at < entries.length;) {
    const room = step - ((start + at) % step);
    const end = Math.min(entries.length, at + room);
    const part = entries.subarray(at, end);
    if (!icm.read(start + at, part)) part.fill(0);
    at = end;
  }
}
