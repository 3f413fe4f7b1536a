// A folded state with names in place of numbers: what a command prints and a window draws.
// Lists are in the order in which things came up, so that equal moments give equal snapshots.

import { K, kindTable } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { TaskNames } from '../record/words.ts';
import { noteKinds } from './fold.ts';
import type { Fold, NoteKind, TaskState } from './fold.ts';

/** A task at a moment. */
export interface TaskSnapshot {
  readonly name: string;
  readonly state: TaskState | 'running';
  /** What it waits for, in the words of the code that waits; empty for one that does not. */
  readonly waitsFor: string;
  readonly sinceNs: number;
}

/** A lock that somebody has. */
export interface LockSnapshot {
  readonly name: string;
  readonly holders: readonly {
    readonly task: string;
    readonly sinceNs: number;
    readonly exclusive: boolean;
  }[];
  readonly waiters: readonly string[];
}

/** A work that is queued or executed. */
export interface WorkSnapshot {
  readonly name: string;
  /** Queue in which it waits, or null. */
  readonly queuedOn: string | null;
  /** Task that executes it, or null. */
  readonly executedBy: string | null;
}

/** The last word about an object. */
export interface NoteSnapshot {
  readonly kind: NoteKind;
  readonly object: string;
  /** Mb/s for a link, 0 when it is down. */
  readonly value: string | number;
}

/** Everything at a moment. */
export interface Snapshot {
  /** Events before it. */
  readonly seq: number;
  /** Time of the last of them, ns. */
  readonly timeNs: number;
  readonly tasks: readonly TaskSnapshot[];
  readonly locks: readonly LockSnapshot[];
  readonly references: readonly { readonly name: string; readonly count: number }[];
  readonly works: readonly WorkSnapshot[];
  readonly modules: readonly string[];
  readonly drivers: readonly { readonly device: string; readonly driver: string }[];
  readonly notes: readonly NoteSnapshot[];
  readonly findings: readonly { readonly timeNs: number; readonly text: string }[];
}

/** Gives snapshots of one run. */
export class Snapshots {
  private readonly trace: Trace;
  private readonly names: TaskNames;

  constructor(trace: Trace) {
    this.trace = trace;
    this.names = new TaskNames(trace);
    this.names.refresh();
  }

  of(fold: Fold): Snapshot {
    const { trace } = this;
    return {
      seq: fold.seq,
      timeNs: fold.timeNs,
      tasks: this.tasks(fold),
      locks: this.locks(fold),
      references: [...fold.references].map(([object, count]) => ({
        name: trace.text(object),
        count,
      })),
      works: this.works(fold),
      modules: [...fold.modules].map((name) => trace.text(name)),
      drivers: [...fold.drivers].map(([device, driver]) => ({
        device: trace.text(device),
        driver: trace.text(driver),
      })),
      notes: noteKinds.flatMap((kind) => this.notes(fold, kind)),
      findings: fold.findings.map((seq) => this.finding(seq)),
    };
  }

  private tasks({ tasks, running }: Fold): TaskSnapshot[] {
    return [...tasks].map(([number, { state, object, text, sinceNs }]) => ({
      name: this.names.of(number),
      state: number === running && state === 'runnable' ? 'running' : state,
      waitsFor: this.trace.text(text === 0 ? object : text),
      sinceNs,
    }));
  }

  private locks({ locks, tasks }: Fold): LockSnapshot[] {
    return [...locks].map(([object, holds]) => ({
      name: this.trace.text(object),
      holders: holds.map(({ task, sinceNs, exclusive }) => ({
        task: this.names.of(task),
        sinceNs,
        exclusive,
      })),
      waiters: [...tasks]
        .filter(([, task]) => task.object === object && task.state !== 'runnable')
        .map(([number]) => this.names.of(number)),
    }));
  }

  private works({ works }: Fold): WorkSnapshot[] {
    return [...works].map(([object, { queue, task }]) => ({
      name: this.trace.text(object),
      queuedOn: queue === 0 ? null : this.trace.text(queue),
      executedBy: task === 0 ? null : this.names.of(task),
    }));
  }

  private notes({ notes }: Fold, kind: NoteKind): NoteSnapshot[] {
    const isText = kindTable[K[kind]]?.value === 'text';
    return [...(notes.get(K[kind]) ?? [])].map(([object, value]) => ({
      kind,
      object: this.trace.text(object),
      value: isText ? this.trace.text(value) : value,
    }));
  }

  private finding(seq: number): Snapshot['findings'][number] {
    const { kind, object, value, timeNs } = this.trace.event(seq);
    return { timeNs, text: this.trace.text(kind === K.finding ? value : object) };
  }
}
