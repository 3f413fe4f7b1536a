// Lock holds of a run as async spans: one row for each lock, a span from getting it to giving it
// back, with the holder's name. Several readers of an rwsem, and several holders of a semaphore,
// have a row each. A hold that never ended is a span without end.
//
// A lock is given back a moment after mutex.unlock and rwsem.release say so: the engine may switch
// in between.

import { K } from '#trace/kinds.ts';
import type { TraceEvent } from '#trace/trace.ts';
import type { TraceJson } from './trace-json.ts';

/** Kinds of events that begin a hold, with the lock's sort. */
export const holdBegins: ReadonlyMap<number, string> = new Map([
  [K['mutex.acquired'], 'mutex'],
  [K['rwsem.acquired'], 'rwsem'],
  [K['spin.acquired'], 'spinlock'],
  [K['sem.acquired'], 'semaphore'],
]);

/** Kinds of events that end a hold, with the lock's sort. */
export const holdEnds: ReadonlyMap<number, string> = new Map([
  [K['mutex.unlock'], 'mutex'],
  [K['rwsem.release'], 'rwsem'],
  [K['spin.unlock'], 'spinlock'],
  [K['sem.up'], 'semaphore'],
]);

/** Rows that a lock may have at once, for numbering. */
const rowsMax = 65_536;

/** Nobody holds a lock in this row. */
const free = -1;

/** Draws lock holds. */
export class LockSpans {
  private readonly out: TraceJson;
  private readonly quoted: (text: number) => string;
  private readonly named: (task: number) => string;
  /** Holders by row, by lock. */
  private readonly holders = new Map<number, number[]>();

  constructor(out: TraceJson, quoted: (text: number) => string, named: (task: number) => string) {
    this.out = out;
    this.quoted = quoted;
    this.named = named;
  }

  private idOf(lock: number, row: number): string {
    return `0x${(lock * rowsMax + row).toString(16)}`;
  }

  /** A lock was got. */
  begins({ kind, object, value, task, timeNs }: TraceEvent): void {
    let rows = this.holders.get(object);
    if (rows === undefined) this.holders.set(object, (rows = []));
    const unused = rows.indexOf(free);
    const row = unused < 0 ? rows.length : unused;
    rows[row] = task;
    const as = kind === K['rwsem.acquired'] ? `,"as":"${value === 1 ? 'writer' : 'reader'}"` : '';
    const args = `"by":${this.named(task)}${as}`;
    const sort = holdBegins.get(kind)!;
    this.out.spanBegin(this.idOf(object, row), timeNs, sort, this.quoted(object), args);
  }

  /** A lock was given back: by its holder, a semaphore by anybody. */
  ends({ kind, object, task, timeNs }: TraceEvent): void {
    const rows = this.holders.get(object);
    if (rows === undefined) return;
    let row = rows.indexOf(task);
    if (row < 0 && kind === K['sem.up']) row = rows.findIndex((holder) => holder !== free);
    if (row < 0) return;
    rows[row] = free;
    this.out.spanEnd(this.idOf(object, row), timeNs, holdEnds.get(kind)!, this.quoted(object));
  }
}
