// The tasks at a moment as rows, with what each waits for and holds. Stacks are not in the trace:
// only a live machine has them.

import type { Trace } from '#trace/trace.ts';
import type { Fold } from '../fold/fold.ts';
import { resourceName } from '../fold/naming.ts';
import type { TaskNames } from '../record/words.ts';

/** A task at a moment. */
export interface TaskRow {
  /** Number of the trace, for asking more. */
  readonly task: number;
  readonly name: string;
  /** What the window calls it. */
  readonly shown: string;
  /** Its process id; empty for what no process is. */
  readonly pid: string;
  /** As `ps` has it: R, S, D, I; empty for what no process is. */
  readonly letter: string;
  /** In words: `runs`, `can run`, `waits`, `spins`. */
  readonly state: 'runs' | 'can run' | 'waits' | 'spins';
  /**
   * What it waits for in the wait graph, else what it sleeps on, in the words of the code; empty
   * for one that is idle.
   */
  readonly waitsFor: string;
  readonly holds: readonly string[];
  /** The function that it sleeps in, without the scheduler's; empty where that is not known. */
  readonly top: string;
  readonly sinceNs: number;
}

/** What is needed beside a folded state. */
export interface TaskFacts {
  readonly names: TaskNames;
  /** The function that a task sleeps in, of a live machine at its live end. */
  readonly topOf: (task: number) => string;
}

/** What a live machine knows of a task beside that (task-stack.ts). */
export interface TaskStack {
  readonly pid: number;
  /** `func+0x0/0x0`, innermost first; none for a task that does not sleep. */
  readonly stack: readonly string[];
}

/** The tasks of a moment, in the order in which they were made. */
export function taskRows(trace: Trace, fold: Fold, { names, topOf }: TaskFacts): TaskRow[] {
  names.refresh();
  const holds = new Map<number, string[]>();
  for (const [handle, holders] of fold.holds) {
    for (const { actor, count } of holders) {
      const name = resourceName(trace, fold, handle).replace(/^netdev /, '');
      const held = holds.get(actor) ?? [];
      held.push(count === 1 ? name : `${count} × ${name}`);
      holds.set(actor, held);
    }
  }
  const waits = new Map<number, string>();
  for (const [handle, waiters] of fold.waits) {
    const wanted = resourceName(trace, fold, handle).replace(/^netdev /, '');
    for (const { actor } of waiters) waits.set(actor, wanted);
  }
  return [...fold.tasks].map(([task, { name, state, object, text, sleep, sinceNs }]) => {
    const sleeps = state === 'blocked' || state === 'spinning';
    const said = sleeps ? trace.text(text === 0 ? object : text) : '';
    // Who is idle sleeps under its own name.
    const sleepsOn = said === trace.text(name) ? '' : said;
    return {
      task,
      name: trace.text(name),
      shown: names.shownOf(task),
      pid: names.pidOf(task),
      letter: state === 'blocked' ? trace.text(sleep) : 'R',
      state: stateOf(state, task === fold.running),
      waitsFor: waits.get(name) ?? sleepsOn,
      holds: holds.get(name) ?? [],
      top: topOf(task),
      sinceNs,
    };
  });
}

function stateOf(state: string, isRunning: boolean): TaskRow['state'] {
  if (state === 'blocked') return 'waits';
  if (state === 'spinning') return 'spins';
  return isRunning ? 'runs' : 'can run';
}
