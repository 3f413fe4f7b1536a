// One number for a whole run: equal runs have equal digests, byte for byte.

import { createHash } from 'node:crypto';
import type { Trace } from '#trace/trace.ts';

/** SHA-256 of a run's records, strings and side table, in hex. */
export function digestOf(trace: Trace): string {
  const hash = createHash('sha256');
  trace.digest((bytes) => {
    hash.update(bytes);
  });
  return hash.digest('hex');
}
