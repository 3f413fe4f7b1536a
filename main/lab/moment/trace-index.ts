// What single events of a run cannot tell and a look at all of them can, kept while the run grows:
// the letters of tasks, works and locks, and what `ps` calls a task.
// Letters are given when a thing first comes into play (holds, waits, runs a work, has a terminal),
// and never change. A is kept for the shell of the first terminal.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { pieces } from '../record/piece.ts';
import type { Piece } from '../record/piece.ts';
import { psName } from '../record/ps-name.ts';
import { LockLetters, taskLetter } from './letters.ts';

/** One event, as the handlers below take it. */
interface Seen {
  seq: number;
  task: number;
  object: number;
  value: number;
  place: number;
}

type Look = (index: TraceIndex, seen: Seen) => void;

/** Letter of a work without a number. */
export const unnumbered = 'W';

/** A task that has been in play. */
export interface CastMember {
  /** In the trace, lists and lanes. */
  readonly name: string;
  /** What the window calls it. */
  readonly shown: string;
  readonly letter: string;
}

/** The index of one run; look at what is new with refresh(). */
export class TraceIndex {
  readonly trace: Trace;
  /** What the window calls a task, by the number of its name. */
  private readonly shownTasks = new Map<number, string>();
  /** Tasks that have ever executed a work, by name. */
  readonly workers = new Set<number>();
  readonly locks: LockLetters;
  /** Names by task number. */
  readonly names = new Map<number, number>();
  private readonly tasks = new Map<number, string>();
  private readonly works = new Map<number, string>();
  private firstShell = 0;
  private seen = 0;

  constructor(trace: Trace) {
    this.trace = trace;
    this.locks = new LockLetters(trace);
  }

  /** Looks at what has been added to the trace, or at some of it: up to event `to`. */
  refresh(to = this.trace.count): void {
    for (const piece of pieces(this.trace, this.seen, Math.max(this.seen, to))) this.take(piece);
    this.seen = Math.max(this.seen, to);
  }

  private take({ from, count, u32, u16, u8 }: Piece): void {
    const seen: Seen = { seq: 0, task: 0, object: 0, value: 0, place: 0 };
    for (let at = 0; at < count; at++) {
      const look = looks[u8[at * 24 + 22]!];
      if (look === undefined) continue;
      seen.seq = from + at;
      seen.task = u16[at * 12 + 10]!;
      seen.object = u32[at * 6 + 2]!;
      seen.value = u32[at * 6 + 3]!;
      seen.place = u32[at * 6 + 4]!;
      look(this, seen);
    }
  }

  /** What the window calls a task, by its name. */
  shownTask(name: number): string {
    return this.shownTasks.get(name) ?? this.trace.text(name);
  }

  /** A task has been given its comm and pid. */
  show(name: number, shown: string): void {
    this.shownTasks.set(name, shown);
  }

  /** Every task that has been in play, with its letter. */
  get cast(): CastMember[] {
    return [...this.tasks].map(([name, letter]) => ({
      name: this.trace.text(name),
      shown: this.shownTask(name),
      letter,
    }));
  }

  /** Letter of a task by its name; empty for one that has not been in play. */
  letterOfTask(name: number): string {
    return this.tasks.get(name) ?? '';
  }

  /** `W3`, or without a number for a work that has not held anything or waited so far. */
  letterOfWork(name: number): string {
    return this.works.get(name) ?? unnumbered;
  }

  /** The name is that of a work. */
  isWork(name: number): boolean {
    return this.works.has(name);
  }

  /** A task is in play. */
  play(name: number): void {
    if (name === 0 || this.tasks.has(name) || this.works.has(name)) return;
    const others = this.tasks.size - (this.tasks.has(this.firstShell) ? 1 : 0);
    this.tasks.set(name, taskLetter(others + 1));
  }

  openTerminal(shell: number): void {
    if (this.firstShell === 0) {
      this.firstShell = shell;
      if (!this.tasks.has(shell)) this.tasks.set(shell, taskLetter(0));
    } else this.play(shell);
  }

  numberWork(name: number): void {
    if (!this.works.has(name)) this.works.set(name, `W${this.works.size + 1}`);
  }
}

const plays: Look = (index, { task }) => {
  index.play(index.names.get(task) ?? 0);
};

/** Every lock has letters from its first mention on: a padlock without any says nothing. */
const seesLock: Look = ({ locks }, { object }) => {
  locks.see(object);
};

const takesLock: Look = (index, seen) => {
  index.locks.see(seen.object);
  plays(index, seen);
};

const byKind: ReadonlyMap<number, Look> = new Map<number, Look>([
  [
    K['task.create'],
    ({ names }, { object, place }) => {
      names.set(object, place);
    },
  ],
  [
    K['task.comm'],
    (index, { object, value, place }) => {
      const { trace, names } = index;
      index.show(names.get(object) ?? 0, psName(trace.text(value), trace.text(place)));
    },
  ],
  [K['mutex.acquired'], takesLock],
  [K['rwsem.acquired'], takesLock],
  [K['sem.acquired'], takesLock],
  [K['spin.acquired'], seesLock],
  [K['mutex.lock'], seesLock],
  [K['rwsem.read'], seesLock],
  [K['rwsem.write'], seesLock],
  [K['sem.down'], seesLock],
  [K['spin.lock'], seesLock],
  [
    K['work.actor'],
    (index, { object }) => {
      index.numberWork(object);
    },
  ],
  [
    K['hold.begin'],
    (index, { value }) => {
      index.play(value);
    },
  ],
  [
    K['wait.begin'],
    (index, { value }) => {
      index.play(value);
    },
  ],
  [
    K['work.start'],
    (index, seen) => {
      index.workers.add(index.names.get(seen.task) ?? 0);
      plays(index, seen);
    },
  ],
  [
    K['tty.open'],
    (index, { value }) => {
      index.openTerminal(index.names.get(value) ?? 0);
    },
  ],
]);

const looks: readonly (Look | undefined)[] = Array.from({ length: 256 }, (_, kind) =>
  byKind.get(kind),
);
