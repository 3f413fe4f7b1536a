// Are two events of two runs the same? Kind, task by its name, object by its text, CPU, time and
// what the value means must be equal. Numbers of texts, tasks, mailboxes and packets differ between
// runs, so they are compared by what they stand for, and what was found equal once is remembered by
// number. The place of an event is not compared, except for the name of a new task.

import { kindTable } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { chunkEnd, pieceAt } from '../record/piece.ts';
import type { Piece } from '../record/piece.ts';
import { TaskNames, valueMeaning } from '../record/words.ts';

/** What a number in a record stands for. */
const stands = { plain: 0, text: 1, task: 2, blob: 3, ignored: 4 } as const;
type Meaning = (typeof stands)[keyof typeof stands];

const objectMeanings: readonly Meaning[] = kindTable.map(({ object }) =>
  object === 'task' ? stands.task : object === 'none' ? stands.ignored : stands.text,
);

function valueMeaningOf(kind: number): Meaning {
  switch (valueMeaning(kind)) {
    case 'text':
      return stands.text;
    case 'task':
      return stands.task;
    case 'blob':
      return stands.blob;
    case 'none':
      return stands.ignored;
    default:
      return stands.plain;
  }
}

const valueMeanings: readonly Meaning[] = kindTable.map((_row, kind) => valueMeaningOf(kind));

/** Events between two words about how far the search is. */
const stepEvents = 4096;

/** True when two byte strings are equal. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Two runs, event by event. Both traces may grow between calls. */
export class Matcher {
  readonly a: Trace;
  readonly b: Trace;
  readonly namesA: TaskNames;
  readonly namesB: TaskNames;
  /** By number in `a`: the number in `b` that was found to stand for the same. */
  private readonly texts: number[] = [0];
  private readonly tasks: number[] = [0];
  private readonly blobs: number[] = [0];

  constructor(a: Trace, b: Trace) {
    this.a = a;
    this.b = b;
    this.namesA = new TaskNames(a);
    this.namesB = new TaskNames(b);
  }

  /**
   * Number of the first event from `from` on that is not the same in both; null when there is none.
   * One run that ends before the other parts from it at its end. `onEvent` is told how far the two
   * were found the same.
   */
  first(from = 0, onEvent?: (seq: number) => void): number | null {
    const { a, b } = this;
    this.namesA.refresh();
    this.namesB.refresh();
    const both = Math.min(a.count, b.count);
    for (let seq = from; seq < both;) {
      const to = Math.min(both, chunkEnd(seq), seq + stepEvents);
      const at = this.firstIn(pieceAt(a, seq, to), pieceAt(b, seq, to));
      if (at !== null) return seq + at;
      seq = to;
      onEvent?.(seq);
    }
    return a.count === b.count ? null : Math.max(from, both);
  }

  private firstIn(a: Piece, b: Piece): number | null {
    for (let at = 0; at < a.count; at++) {
      const isSame = a.f64[at * 3] === b.f64[at * 3] && this.sameRecord(a, b, at);
      if (!isSame) return at;
    }
    return null;
  }

  /** Everything but the time. */
  private sameRecord(a: Piece, b: Piece, at: number): boolean {
    const kind = a.u8[at * 24 + 22]!;
    if (kind !== b.u8[at * 24 + 22] || a.u8[at * 24 + 23] !== b.u8[at * 24 + 23]) return false;
    if (!this.sameTask(a.u16[at * 12 + 10]!, b.u16[at * 12 + 10]!)) return false;
    const word = at * 6;
    if (!this.same(objectMeanings[kind]!, a.u32[word + 2]!, b.u32[word + 2]!)) return false;
    return this.same(valueMeanings[kind]!, a.u32[word + 3]!, b.u32[word + 3]!);
  }

  private same(meaning: Meaning, a: number, b: number): boolean {
    switch (meaning) {
      case stands.text:
        return this.sameText(a, b);
      case stands.task:
        return this.sameTask(a, b);
      case stands.blob:
        return this.sameBlob(a, b);
      case stands.ignored:
        return true;
      default:
        return a === b;
    }
  }

  private sameText(a: number, b: number): boolean {
    const known = this.texts[a];
    if (known !== undefined) return known === b;
    if (this.a.text(a) !== this.b.text(b)) return false;
    this.texts[a] = b;
    return true;
  }

  /** By name: later tasks may get the name of one that has ended. */
  private sameTask(a: number, b: number): boolean {
    if (this.tasks[a] === b) return true;
    if (a === 0 || b === 0) return false;
    if (this.namesA.of(a) !== this.namesB.of(b)) return false;
    this.tasks[a] = b;
    return true;
  }

  private sameBlob(a: number, b: number): boolean {
    if (this.blobs[a] === b) return true;
    if (!equalBytes(this.a.blobBytes(a), this.b.blobBytes(b))) return false;
    this.blobs[a] = b;
    return true;
  }
}

/** True for a kind whose value is a mailbox or a packet. */
export const hasBlob = (kind: number): boolean => valueMeanings[kind] === stands.blob;
