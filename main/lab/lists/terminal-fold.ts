// What the events before a moment come to for terminals: which line runs on each and which tasks
// belong to it, who waits in the wait graph, and who is caught in a deadlock.

import { K } from '#trace/kinds.ts';
import type { KindName } from '#trace/kinds.ts';
import type { TraceEvent } from '#trace/trace.ts';

/** A terminal; numbers are those of the trace. */
export interface FoldedTerminal {
  readonly shell: number;
  /** Text of the line that runs; 0 for none. */
  line: number;
  /** The shell, and what the line has started. */
  readonly tasks: Set<number>;
  /** The shell has not left. */
  alive: boolean;
}

/** The state after some events. */
export class TerminalFold {
  /** In the order in which they were opened. */
  readonly terminals = new Map<number, FoldedTerminal>();
  /** Open waits: since when, by actor and by what is waited for. */
  readonly waits = new Map<number, Map<number, number>>();
  /** Waiters of the deadlocks that stand, by sentence. */
  private readonly deadlocks = new Map<number, number[]>();
  private latest: number[] = [];

  apply(event: TraceEvent): void {
    changes[event.kind]?.(this, event);
  }

  /** Actors in a deadlock. */
  get trapped(): Set<number> {
    return new Set([...this.deadlocks.values()].flat());
  }

  open(name: number, shell: number): void {
    this.terminals.set(name, { shell, line: 0, tasks: new Set([shell]), alive: true });
  }

  /** A terminal runs a line, or has nothing to run: text 0. */
  run(name: number, line: number): void {
    const terminal = this.terminals.get(name);
    if (terminal === undefined) return;
    terminal.line = line;
    terminal.tasks.clear();
    terminal.tasks.add(terminal.shell);
  }

  close(name: number): void {
    this.run(name, 0);
    const terminal = this.terminals.get(name);
    if (terminal !== undefined) terminal.alive = false;
  }

  /** A program is a child of the shell, or of another one of the line. */
  born(task: number, parent: number): void {
    for (const { line, tasks } of this.terminals.values()) {
      if (line !== 0 && tasks.has(parent)) tasks.add(task);
    }
  }

  ended(task: number): void {
    for (const { shell, tasks } of this.terminals.values()) if (task !== shell) tasks.delete(task);
  }

  wait(actor: number, object: number, timeNs: number): void {
    const waits = this.waits.get(actor) ?? new Map<number, number>();
    this.waits.set(actor, waits.set(object, timeNs));
  }

  endWait(actor: number, object: number): void {
    const waits = this.waits.get(actor);
    waits?.delete(object);
    if (waits?.size === 0) this.waits.delete(actor);
  }

  beginDeadlock(sentence: number): void {
    this.latest = [];
    this.deadlocks.set(sentence, this.latest);
  }

  inDeadlock(actor: number): void {
    this.latest.push(actor);
  }

  endDeadlock(sentence: number): void {
    this.deadlocks.delete(sentence);
  }
}

type Apply = (fold: TerminalFold, event: TraceEvent) => void;

const byName: Readonly<Partial<Record<KindName, Apply>>> = {
  'tty.open': (fold, { object, value }) => {
    fold.open(object, value);
  },
  'tty.run': (fold, { object, value }) => {
    fold.run(object, value);
  },
  'tty.done': (fold, { object }) => {
    fold.run(object, 0);
  },
  'tty.close': (fold, { object }) => {
    fold.close(object);
  },
  'task.create': (fold, { object, task }) => {
    fold.born(object, task);
  },
  'task.exit': (fold, { object }) => {
    fold.ended(object);
  },
  'wait.begin': (fold, { object, value, timeNs }) => {
    fold.wait(value, object, timeNs);
  },
  'wait.end': (fold, { object, value }) => {
    fold.endWait(value, object);
  },
  deadlock: (fold, { object }) => {
    fold.beginDeadlock(object);
  },
  'deadlock.wait': (fold, { value }) => {
    fold.inDeadlock(value);
  },
  'deadlock.end': (fold, { object }) => {
    fold.endDeadlock(object);
  },
};

/** By number of the kind. */
const changes: readonly (Apply | undefined)[] = (() => {
  const list: Apply[] = [];
  for (const [name, apply] of Object.entries(byName)) list[K[name as KindName]] = apply;
  return list;
})();
