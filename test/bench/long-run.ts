// A run of a million events for benches: the story of the deadlock, ten times in a row, so that its
// records, texts and mailboxes are those that real runs have.

import type { RunRecord } from '#lab/record/run-record.ts';
import { recordBytes, Trace } from '#trace/trace.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { copyRecords } from '#test/support/records.ts';

/** A copy of records, later by `shiftNs`. */
function later(records: Uint8Array, shiftNs: number): Uint8Array {
  const copy = records.slice();
  const view = new DataView(copy.buffer);
  for (let at = 0; at < copy.length; at += recordBytes) {
    view.setFloat64(at, view.getFloat64(at, true) + shiftNs, true);
  }
  return copy;
}

/** The run; `times` 10 gives a little over a million events. */
export function longRun(times = 10, seed?: number): RunRecord {
  const record = recordScenario('bond-deadlock', {
    variant: 'naive',
    ...(seed === undefined ? {} : { seed }),
  });
  const { trace } = record;
  const numbers = (count: number): number[] => Array.from({ length: count - 1 }, (_, at) => at + 1);
  const records = copyRecords(trace, 0, trace.count);
  return {
    ...record,
    trace: Trace.restore({
      records: Array.from({ length: times }, (_, round) => later(records, round * 400e9)),
      texts: numbers(trace.textCount).map((number) => trace.text(number)),
      blobs: numbers(trace.blobCount).map((number) => trace.blobBytes(number)),
    }),
  };
}
