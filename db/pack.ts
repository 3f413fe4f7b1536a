// Records on the disk: transposed by byte, so that the bytes of one field stand together, then
// compressed with zstd. Fields change little from event to event: 24 bytes become four to eight.

import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { chunkRecords, recordBytes } from '#trace/trace.ts';

const options = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Most bytes that the choices of one segment may come to. */
const choicesMax = 64 * 1024 * 1024;

/** Byte n of every record after byte n-1 of every record. */
function transposed(records: Uint8Array): Uint8Array {
  const count = records.length / recordBytes;
  const columns = new Uint8Array(records.length);
  for (let column = 0; column < recordBytes; column++) {
    let to = column * count;
    for (let from = column; from < records.length; from += recordBytes) {
      columns[to++] = records[from]!;
    }
  }
  return columns;
}

function untransposed(columns: Uint8Array): Uint8Array {
  const count = columns.length / recordBytes;
  const records = new Uint8Array(columns.length);
  for (let column = 0; column < recordBytes; column++) {
    let from = column * count;
    for (let to = column; to < records.length; to += recordBytes) {
      records[to] = columns[from++]!;
    }
  }
  return records;
}

/** Records as they are stored. */
export const packRecords = (records: Uint8Array): Buffer =>
  zstdCompressSync(transposed(records), options);

/**
 * Stored records as they were. Throws RangeError when they are not `count` records: a stranger's
 * file may promise anything, so nothing is made that is larger than a chunk.
 */
export function unpackRecords(packed: Uint8Array, count: number): Uint8Array {
  if (!(count >= 0 && count <= chunkRecords)) throw new RangeError(`${count} events in a segment`);
  const length = count * recordBytes;
  const columns = zstdDecompressSync(packed, { maxOutputLength: Math.max(length, 1) });
  if (columns.length !== length) throw new RangeError(`${columns.length} bytes, not ${length}`);
  return untransposed(columns);
}

/** JSON, compressed. */
export const packJson = (value: unknown): Buffer =>
  zstdCompressSync(JSON.stringify(value), options);

/** The text of compressed JSON. Throws for one of absurd size. */
export const unpackText = (packed: Uint8Array): string =>
  zstdDecompressSync(packed, { maxOutputLength: choicesMax }).toString('utf8');
