// The terminals at a moment: what each runs, and whether it can go on. A line hangs when its shell,
// or a program that it started, waits in the wait graph; a `sleep` or a `ping` that takes its time
// does not.

import type { Trace } from '#trace/trace.ts';
import type { Fold } from '../fold/fold.ts';
import type { FoldedTerminal } from '../fold/told.ts';

/** A terminal of the window. */
export interface TerminalView {
  readonly name: string;
  /** Printed on its tab: 1, 2, … in the order in which they were opened. */
  readonly label: string;
  /** The line that runs, or null at the prompt. */
  readonly line: string | null;
  /** Since when its foreground waits for what it cannot get by itself, or null. */
  readonly waitsSinceNs: number | null;
  /** Its foreground is in a cycle that stands. */
  readonly inCycle: boolean;
  /** The shell has not left. */
  readonly alive: boolean;
}

/** Names of those who carry out the line: the shell, and whom it has started since it runs. */
function foregroundOf(fold: Fold, { task, line, sinceNs }: FoldedTerminal): ReadonlySet<number> {
  if (line === 0) return new Set();
  const family = new Set([task]);
  // Children come after their parents.
  for (const [number, { parent, bornNs }] of fold.tasks) {
    if (bornNs >= sinceNs && family.has(parent)) family.add(number);
  }
  return new Set([...family].map((number) => fold.names.get(number) ?? 0));
}

/** Since when each actor waits for something. */
function waitsOf({ waits }: Fold): ReadonlyMap<number, number> {
  const since = new Map<number, number>();
  for (const { actor, sinceNs } of [...waits.values()].flat()) {
    since.set(actor, Math.min(sinceNs, since.get(actor) ?? Infinity));
  }
  return since;
}

/** Every terminal at a moment. */
export function terminalsOf(trace: Trace, fold: Fold): TerminalView[] {
  const trapped = new Set(
    fold.deadlocks
      .filter(({ stands }) => stands)
      .flatMap(({ steps }) => steps.map(({ waiter }) => waiter)),
  );
  const waits = waitsOf(fold);
  return [...fold.terminals].map(([name, terminal], at) => {
    const actors = [...foregroundOf(fold, terminal)];
    const since = actors.flatMap((actor) => waits.get(actor) ?? []);
    return {
      name: trace.text(name),
      label: String(at + 1),
      line: terminal.line === 0 ? null : trace.text(terminal.line),
      waitsSinceNs: since.length === 0 ? null : Math.min(...since),
      inCycle: actors.some((actor) => trapped.has(actor)),
      alive: terminal.alive,
    };
  });
}
