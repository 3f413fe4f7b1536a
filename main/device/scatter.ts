// A packet into the memory that a receive descriptor names (facts/device 8.7): segment after
// segment, empty ones skipped, up to the key that ends the list or the end of the descriptor.

import { readBe32 } from '#bus/bytes.ts';
import { MLX4_INVALID_LKEY } from '#prm/contexts.ts';
import { wqeDataBytes, wqeDataSeg } from '#prm/wqe.ts';
import type { Syndrome } from './completions.ts';
import type { MemoryRegions } from './memory-regions.ts';

const lkeyAt = wqeDataSeg.fields.lkey.offset;
const addressHighAt = wqeDataSeg.fields.addr_h.offset;
const addressLowAt = wqeDataSeg.fields.addr_l.offset;

/**
 * Copies `bytes` to the segments in `list` from `start` on; keys count in protection domain `pd`.
 * Null, or the syndrome of what is wrong.
 */
export function scatter(
  regions: MemoryRegions,
  pd: number,
  list: Uint8Array,
  start: number,
  bytes: Uint8Array,
): Syndrome | null {
  let done = 0;
  for (let at = start; at < list.length && done < bytes.length; at += wqeDataBytes) {
    const room = readBe32(list, at);
    const lkey = readBe32(list, at + lkeyAt);
    if (lkey === MLX4_INVALID_LKEY) break;
    if (room === 0) continue;
    const end = Math.min(bytes.length, done + room);
    const address =
      readBe32(list, at + addressHighAt) * 2 ** 32 + readBe32(list, at + addressLowAt);
    if (!regions.write(lkey, pd, address, bytes.subarray(done, end))) return 'LOCAL_PROT_ERR';
    done = end;
  }
  return done < bytes.length ? 'LOCAL_LENGTH_ERR' : null;
}
