// The marks that a person has put on the session's timeline, each with a note. They are bookmarks
// of the run in the database. While it is recorded the disk is behind the machine: a mark waits
// here until its moment is there. Of a run that is not kept they are here only, and go with it.

import { addNote, changeNote } from '#db/labels.ts';
import type { Bookmark } from '#db/list.ts';
import { StoreError } from '#db/store-error.ts';
import type { OwnMark } from '#lab/timeline/marks.ts';
import type { Library } from '../library/library.ts';
import { Refused } from './refused.ts';

/** What is kept of a session so far. */
export interface KeptSoFar {
  /** Number of the run in the library. */
  readonly run: number;
  /** Events on the disk. */
  readonly events: number;
}

/** A mark; `note` is its number in the database, null before it is there. */
interface Held extends OwnMark {
  note: number | null;
}

/** The marks of one session. */
export class OwnMarks {
  private readonly library: Library;
  private held: readonly Held[];
  private next: number;
  /** Why they could not be written down last, or null. */
  failure: string | null = null;

  /** `known`: those that the run has already. */
  constructor(library: Library, known: readonly Bookmark[] = []) {
    this.library = library;
    this.held = known.map(({ number: note, seq, text }, number) => ({ number, seq, text, note }));
    this.next = known.length;
  }

  get all(): readonly OwnMark[] {
    return this.held;
  }

  /** Marks the moment before an event. */
  add(seq: number, text: string, kept: KeptSoFar | null): OwnMark {
    const mark: Held = { number: this.next++, seq, text, note: null };
    this.held = [...this.held, mark];
    this.failure = null;
    this.keep(kept);
    return mark;
  }

  /** Takes a mark away. Throws Refused when it is not there. */
  remove(number: number, kept: KeptSoFar | null): void {
    const mark = this.held.find((one) => one.number === number);
    if (mark === undefined) throw new Refused('This mark is not there any more.');
    const { note } = mark;
    if (note !== null && kept !== null) {
      this.library.with((db) => {
        changeNote(db, kept.run, note, null);
      });
      this.library.changed();
    }
    this.held = this.held.filter((one) => one !== mark);
  }

  /**
   * Writes down what waits for its moment to be on the disk. The machine goes on when that fails:
   * the mark stays here, and the next one tries again.
   */
  keep(kept: KeptSoFar | null): void {
    if (kept === null || this.failure !== null) return;
    const ready = this.held.filter(({ note, seq }) => note === null && seq <= kept.events);
    if (ready.length === 0) return;
    try {
      this.library.with((db) => {
        for (const mark of ready) mark.note = addNote(db, kept.run, mark.text, mark.seq);
      });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.failure = error.message;
    }
    this.library.changed();
  }
}
