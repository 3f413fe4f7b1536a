// A queue's buffer in host memory, found through translation entries (facts/device 6.1). The MTTs
// are read once, when the queue is created: the driver has written them by then and may write
// others later. Pages are 4 KiB or larger; one large page is common.

import { readBe32 } from '#bus/bytes.ts';
import { MLX4_MTT_FLAG_PRESENT, mttEntryBytes } from '#prm/contexts.ts';
import { demand } from './command.ts';
import type { Hca } from './hca.ts';
import type { HostLink } from './host-link.ts';
import { icmPageBytes } from './icm.ts';
import type { IcmSpace } from './icm.ts';

/** Largest page of a buffer: 2^(12 + this) bytes. */
const logPageMax = 18;

/** Where a context says that a buffer is. */
export interface BufferPlace {
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
 * The buffer that a context describes. Refuses when the page size makes no sense, or the first
 * entry is not mapped or not present. Later entries that are missing make holes: an access there
 * fails when it happens, because a context may state a queue that is never used (a TX queue pair's
 * receive side).
 */
export function bufferOf(hca: Hca, place: BufferPlace): QueueBuffer {
  const { logPageSize, sizeBytes } = place;
  demand(logPageSize <= logPageMax, 'BAD_SIZE', `pages of 2^${logPageSize + 12} bytes`);
  const start = hca.tables.mtt + place.offsetHigh * 2 ** 32 + place.offsetLow;
  demand(hca.icm.translate(start) >= 0, 'ICM_ERROR', 'the MTT is not mapped');
  const pageShift = logPageSize + 12;
  const count = Math.max(1, Math.ceil(sizeBytes / 2 ** pageShift));
  const pages = new Float64Array(count).fill(-1);
  const entries = new Uint8Array(count * mttEntryBytes);
  readAvailable(hca.icm, start, entries);
  for (let i = 0; i < count; i++) {
    const low = readBe32(entries, i * mttEntryBytes + 4);
    if ((low & MLX4_MTT_FLAG_PRESENT) === 0) continue;
    pages[i] = readBe32(entries, i * mttEntryBytes) * 2 ** 32 + (low - (low % icmPageBytes));
  }
  demand(pages[0]! >= 0, 'BAD_PARAM', 'the buffer has no translation');
  return new QueueBuffer(hca.link, pages, pageShift);
}

/** Reads as far as pages are mapped; the rest stays zero (not present). */
function readAvailable(icm: IcmSpace, start: number, entries: Uint8Array): void {
  for (let at = 0; at < entries.length;) {
    const room = icmPageBytes - ((start + at) % icmPageBytes);
    const end = Math.min(entries.length, at + room);
    const part = entries.subarray(at, end);
    if (icm.translate(start + at) < 0 || !icm.read(start + at, part)) part.fill(0);
    at = end;
  }
}
