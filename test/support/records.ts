// The records of a trace as bytes in one piece: for tests that cut a run short or hold two against
// each other byte by byte.

import { recordBytes } from '#trace/trace.ts';
import type { Trace } from '#trace/trace.ts';

/** A copy of the bytes of some records. */
export function copyRecords(trace: Trace, from: number, to: number): Uint8Array {
  const bytes = new Uint8Array((to - from) * recordBytes);
  for (let seq = from; seq < to;) {
    const part = trace.recordsAt(seq, to);
    bytes.set(part, (seq - from) * recordBytes);
    seq += part.length / recordBytes;
  }
  return bytes;
}
