// A folded state with names in place of numbers: what a command prints and a window draws.
// Lists are in the order in which things came up, so that equal moments give equal snapshots.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { TaskNames } from '../record/words.ts';
import type { Fold } from './fold.ts';
import { lockKinds, resourceKind, resourceName } from './naming.ts';
import { isTextNote, noteKinds } from './panel.ts';
import type { NoteKind } from './panel.ts';
import type { TaskState } from './scheduling.ts';

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

/** A counted object, and who has its references. */
export interface ReferenceSnapshot {
  readonly name: string;
  readonly count: number;
  /** Those of nobody in particular are not among them. */
  readonly holders: readonly {
    readonly owner: string;
    readonly count: number;
    readonly why: string;
    readonly sinceNs: number;
  }[];
  readonly waiters: readonly string[];
}

/** A terminal. */
export interface TerminalSnapshot {
  readonly name: string;
  /** What it runs, or null at its prompt. */
  readonly line: string | null;
  readonly sinceNs: number;
  readonly alive: boolean;
}

/** What the card has and what the driver believes. */
export interface BeliefSnapshot {
  readonly what: string;
  /** 0x12 for the map (1, 2); null when nothing was said. */
  readonly card: number | null;
  readonly driver: number | null;
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
  readonly references: readonly ReferenceSnapshot[];
  readonly works: readonly WorkSnapshot[];
  readonly modules: readonly string[];
  readonly drivers: readonly { readonly device: string; readonly driver: string }[];
  readonly notes: readonly NoteSnapshot[];
  readonly terminals: readonly TerminalSnapshot[];
  readonly beliefs: readonly BeliefSnapshot[];
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
      references: this.references(fold),
      works: this.works(fold),
      modules: [...fold.modules].map((name) => trace.text(name)),
      drivers: [...fold.drivers].map(([device, driver]) => ({
        device: trace.text(device),
        driver: trace.text(driver),
      })),
      notes: noteKinds.flatMap((kind) => this.notes(fold, kind)),
      terminals: this.terminals(fold),
      beliefs: this.beliefs(fold),
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

  private locks(fold: Fold): LockSnapshot[] {
    const { trace } = this;
    const locks = [...fold.holds].filter(([object]) =>
      lockKinds.has(resourceKind(trace, fold, object)),
    );
    return locks.map(([object, holds]) => ({
      name: resourceName(trace, fold, object),
      holders: holds.map(({ actor, sinceNs, exclusive, why }) => ({
        task: trace.text(actor),
        sinceNs,
        exclusive: exclusive && trace.text(why) !== 'read',
      })),
      waiters: this.waiters(fold, object),
    }));
  }

  private waiters({ waits }: Fold, object: number): string[] {
    return [...new Set((waits.get(object) ?? []).map(({ actor }) => this.trace.text(actor)))];
  }

  private references(fold: Fold): ReferenceSnapshot[] {
    const { trace } = this;
    return [...fold.references].map(([object, count]) => ({
      name: trace.text(object),
      count,
      holders: (fold.holds.get(object) ?? []).map(({ actor, count: own, why, sinceNs }) => ({
        owner: trace.text(actor),
        count: own,
        why: trace.text(why),
        sinceNs,
      })),
      waiters: this.waiters(fold, object),
    }));
  }

  private terminals({ terminals }: Fold): TerminalSnapshot[] {
    return [...terminals].map(([name, { line, sinceNs, alive }]) => ({
      name: this.trace.text(name),
      line: line === 0 ? null : this.trace.text(line),
      sinceNs,
      alive,
    }));
  }

  private beliefs({ notes }: Fold): BeliefSnapshot[] {
    const card = notes.get(K['card.map']) ?? new Map<number, number>();
    const driver = notes.get(K['driver.state']) ?? new Map<number, number>();
    return [...new Set([...card.keys(), ...driver.keys()])].map((object) => ({
      what: this.trace.text(object),
      card: card.get(object) ?? null,
      driver: driver.get(object) ?? null,
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
    const isText = isTextNote(kind);
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
