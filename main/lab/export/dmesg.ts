// The kernel log of a run as `dmesg` prints it: every line that printk() took, with the time since
// boot. Levels are in the trace but not in this form, and lines that `dmesg -c` cleared are here.

import { K } from '#trace/kinds.ts';
import type { RunRecord } from '../record/run-record.ts';
import { inPieces, seconds } from './text.ts';

/** The kernel log: `[    0.123456] text`. */
export const dmesgText = (record: RunRecord): Generator<string, void, void> =>
  inPieces(linesOf(record));

function* linesOf({ trace }: RunRecord): Generator<string, void, void> {
  for (const { timeNs, kind, object } of trace.events()) {
    if (kind !== K.printk) continue;
    yield `[${seconds(timeNs).padStart(12)}] ${trace.text(object)}\n`;
  }
}
