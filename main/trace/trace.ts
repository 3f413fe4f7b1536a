// The record of a run: fixed-size binary events in growing chunks, interned strings, and a side
// table for mailboxes and packets. Nothing is allocated per event. Everything that a person sees of
// a run is a function of this.
//
// Record, 24 bytes: f64 time in ns, u32 object, u32 value, u32 place, u16 task, u8 kind, u8 CPU.

import type { Kind } from './kinds.ts';

/** Bytes of one record. */
export const recordBytes = 24;
/** Records in a full chunk. */
export const chunkRecords = 65_536;
/** Records in the first chunk of a run, which grows until it is full: short runs stay small. */
const firstRecords = 4096;

/** One event, decoded. */
export interface TraceEvent {
  /** Position in the run, from 0. */
  readonly seq: number;
  readonly timeNs: number;
  readonly cpu: number;
  readonly task: number;
  readonly kind: Kind;
  readonly object: number;
  readonly value: number;
  readonly place: number;
}

/**
 * A run of records in one buffer, with one view per field width. The buffer is shared, so that the
 * recorder's thread reads records where they are: what was emitted never changes.
 */
class Chunk {
  readonly records: number;
  readonly bytes: Uint8Array;
  readonly f64: Float64Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;

  constructor(records: number) {
    const buffer = new SharedArrayBuffer(records * recordBytes);
    this.records = records;
    this.bytes = new Uint8Array(buffer);
    this.f64 = new Float64Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.u16 = new Uint16Array(buffer);
  }

  /** The same records with twice the room. */
  grown(): Chunk {
    const larger = new Chunk(2 * this.records);
    larger.bytes.set(this.bytes);
    return larger;
  }
}

/** What a stored run gives back: records in order, texts and blobs by number. */
export interface TraceParts {
  /** Whole records of recordBytes each, in pieces of any number. */
  readonly records: Iterable<Uint8Array>;
  /** From number 1 on; number 0 is the empty string. */
  readonly texts: Iterable<string>;
  /** From number 1 on; number 0 is empty. */
  readonly blobs: Iterable<Uint8Array>;
}

/** The recorder. The engine keeps nowNs, cpu and task current; everyone emits. */
export class Trace {
  /** Virtual time of the next event, ns. Written by the engine only. */
  nowNs = 0;
  /** CPU of the next event. Written by the engine only. */
  cpu = 0;
  /** Number of the task that runs. Written by the engine only. */
  task = 0;

  /** Told whenever a chunk of chunkRecords is full. */
  onChunk: () => void = () => undefined;

  private readonly chunks: Chunk[] = [new Chunk(firstRecords)];
  private current: Chunk = this.chunks[0]!;
  private used = 0;
  private readonly texts: string[] = [''];
  private readonly textNumbers = new Map<string, number>([['', 0]]);
  private readonly blobs: Uint8Array[] = [new Uint8Array(0)];

  /**
   * A trace as it was when its parts were taken. Throws RangeError for records that are cut.
   */
  static restore({ records, texts, blobs }: TraceParts): Trace {
    const trace = new Trace();
    for (const piece of records) trace.append(piece);
    for (const text of texts) trace.textNumbers.set(text, trace.texts.push(text) - 1);
    for (const blob of blobs) trace.blobs.push(blob);
    if (trace.count > 0) trace.nowNs = trace.event(trace.count - 1).timeNs;
    return trace;
  }

  private append(piece: Uint8Array): void {
    if (piece.length % recordBytes !== 0) throw new RangeError(`${piece.length} bytes of records`);
    for (let from = 0; from < piece.length;) {
      if (this.used === this.current.records) this.makeRoom();
      const room = (this.current.records - this.used) * recordBytes;
      const part = piece.subarray(from, from + Math.min(room, piece.length - from));
      this.current.bytes.set(part, this.used * recordBytes);
      this.used += part.length / recordBytes;
      from += part.length;
    }
  }

  /** Number of events so far. */
  get count(): number {
    return (this.chunks.length - 1) * chunkRecords + this.used;
  }

  /** Records an event in the present context. Numbers are unsigned 32-bit. */
  emit(kind: Kind, object: number, value: number, place = 0): void {
    if (this.used === this.current.records) this.makeRoom();
    const { f64, u32, u16, bytes } = this.current;
    const at = this.used++;
    f64[at * 3] = this.nowNs;
    const word = at * 6;
    u32[word + 2] = object;
    u32[word + 3] = value;
    u32[word + 4] = place;
    u16[at * 12 + 10] = this.task;
    bytes[at * 24 + 22] = kind;
    bytes[at * 24 + 23] = this.cpu;
  }

  private makeRoom(): void {
    if (this.current.records < chunkRecords) {
      this.current = this.current.grown();
      this.chunks[this.chunks.length - 1] = this.current;
      return;
    }
    this.current = new Chunk(chunkRecords);
    this.chunks.push(this.current);
    this.used = 0;
    this.onChunk();
  }

  /** Number of a string; equal strings have equal numbers. 0 is the empty string. */
  intern(text: string): number {
    const known = this.textNumbers.get(text);
    if (known !== undefined) return known;
    const number = this.texts.length;
    this.texts.push(text);
    this.textNumbers.set(text, number);
    return number;
  }

  /** The string with this number, or `?n` for one that was never interned. */
  text(number: number): string {
    return this.texts[number] ?? `?${number}`;
  }

  /** Keeps a copy of a mailbox or packet and gives its number. */
  blob(bytes: Uint8Array): number {
    this.blobs.push(bytes.slice());
    return this.blobs.length - 1;
  }

  /** Keeps bytes that nobody changes any more, without copying them, and gives their number. */
  keep(bytes: Uint8Array): number {
    this.blobs.push(bytes);
    return this.blobs.length - 1;
  }

  /** The bytes with this number; empty for an unknown one. */
  blobBytes(number: number): Uint8Array {
    return this.blobs[number] ?? this.blobs[0]!;
  }

  /** The event at position `seq`. Throws RangeError outside the run. */
  event(seq: number): TraceEvent {
    if (seq < 0 || seq >= this.count) throw new RangeError(`event ${seq} of ${this.count}`);
    const chunk = this.chunks[Math.floor(seq / chunkRecords)]!;
    const at = seq % chunkRecords;
    return {
      seq,
      timeNs: chunk.f64[at * 3]!,
      object: chunk.u32[at * 6 + 2]!,
      value: chunk.u32[at * 6 + 3]!,
      place: chunk.u32[at * 6 + 4]!,
      task: chunk.u16[at * 12 + 10]!,
      kind: chunk.bytes[at * 24 + 22]!,
      cpu: chunk.bytes[at * 24 + 23]!,
    };
  }

  /** True when the event at `seq` has this kind and object. Cheaper than event(). */
  matches(seq: number, kind: Kind, object: number): boolean {
    const chunk = this.chunks[Math.floor(seq / chunkRecords)]!;
    const at = seq % chunkRecords;
    return chunk.bytes[at * 24 + 22] === kind && chunk.u32[at * 6 + 2] === object;
  }

  /** How many events from `from` on, up to `to`, have this kind, object and task. */
  countMatches(from: number, to: number, kind: Kind, object: number, task: number): number {
    let count = 0;
    for (let seq = from; seq < to;) {
      const chunk = this.chunks[Math.floor(seq / chunkRecords)]!;
      const first = seq % chunkRecords;
      const end = Math.min(chunkRecords, first + to - seq);
      const { u32, u16, bytes } = chunk;
      for (let at = first; at < end; at++) {
        const isKind = bytes[at * 24 + 22] === kind && u16[at * 12 + 10] === task;
        if (isKind && u32[at * 6 + 2] === object) count++;
      }
      seq += end - first;
    }
    return count;
  }

  /** Events from `from` (0) to the end. */
  *events(from = 0): Generator<TraceEvent, void, void> {
    for (let seq = from; seq < this.count; seq++) yield this.event(seq);
  }

  /** Number of interned strings, the empty one included. */
  get textCount(): number {
    return this.texts.length;
  }

  /** Number of mailboxes and packets, the empty one included. */
  get blobCount(): number {
    return this.blobs.length;
  }

  /**
   * A view of the bytes of some records, up to the end of their chunk. They never change; a chunk
   * that grows after this moves to another buffer, and this one stays.
   */
  recordsAt(from: number, to: number): Uint8Array {
    const chunk = this.chunks[Math.floor(from / chunkRecords)]!;
    const first = from % chunkRecords;
    const end = Math.min(chunkRecords, first + to - from);
    return chunk.bytes.subarray(first * recordBytes, end * recordBytes);
  }

  /**
   * Hands every byte of the run to `update` in one fixed order (records, strings, side table), for
   * a hash. Equal runs give equal bytes, and only they: texts and blobs carry their lengths.
   */
  digest(update: (bytes: Uint8Array) => void): void {
    this.chunks.forEach((chunk, index) => {
      const records = index === this.chunks.length - 1 ? this.used : chunkRecords;
      update(chunk.bytes.subarray(0, records * recordBytes));
    });
    const encoder = new TextEncoder();
    for (const text of this.texts) {
      const bytes = encoder.encode(text);
      update(encoder.encode(`text ${bytes.length}\n`));
      update(bytes);
    }
    for (const blob of this.blobs) {
      update(encoder.encode(`blob ${blob.length}\n`));
      update(blob);
    }
  }
}
