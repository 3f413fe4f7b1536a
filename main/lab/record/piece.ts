// Events without an object for each: the records of a trace, a piece at a time, as typed arrays.
// For loops over whole runs; who looks at single events takes Trace.event().

import { chunkRecords, recordBytes } from '#trace/trace.ts';
import type { Trace } from '#trace/trace.ts';

/** Some records in a row, of one chunk of the trace. Not for keeping: the trace may move them. */
export interface Piece {
  /** Number of the first one. */
  readonly from: number;
  readonly count: number;
  /** 3 for each record: the first is the time, ns. */
  readonly f64: Float64Array;
  /** 6 for each record: at 2 the object, at 3 the value, at 4 the place. */
  readonly u32: Uint32Array;
  /** 12 for each record: at 10 the task. */
  readonly u16: Uint16Array;
  /** 24 for each record: at 22 the kind, at 23 the CPU. */
  readonly u8: Uint8Array;
}

/** Records from `from` up to `to`, or to the end of their chunk. */
export function pieceAt(trace: Trace, from: number, to: number): Piece {
  const u8 = trace.recordsAt(from, to);
  const { buffer, byteOffset, length } = u8;
  return {
    from,
    count: length / recordBytes,
    f64: new Float64Array(buffer, byteOffset, length / 8),
    u32: new Uint32Array(buffer, byteOffset, length / 4),
    u16: new Uint16Array(buffer, byteOffset, length / 2),
    u8,
  };
}

/** All records from `from` up to `to`, piece by piece. */
export function* pieces(trace: Trace, from: number, to: number): Generator<Piece, void, void> {
  for (let at = from; at < to;) {
    const piece = pieceAt(trace, at, to);
    yield piece;
    at += piece.count;
  }
}

/** The next number at which a chunk begins: pieces of two runs that stop here are equally long. */
export const chunkEnd = (seq: number): number =>
  (Math.floor(seq / chunkRecords) + 1) * chunkRecords;
