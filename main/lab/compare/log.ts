// The kernel logs of two runs, line by line. Times do not count, texts and levels do. Who printed a
// line does not count either.

import { align } from './aligned.ts';
import type { Alignment, Readings } from './aligned.ts';
import type { Reading } from './reading.ts';

const lineAt = ({ trace }: Reading, seq: number): string => trace.text(trace.event(seq).object);

/** Lines that only one of the two logs has. */
export const compareLogs = (readings: Readings): Alignment =>
  align(readings, readings.a.log, readings.b.log, lineAt);
