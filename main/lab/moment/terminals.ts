// The terminals at a moment: what each runs, since when, whether it can go on; and the text that
// stands on one, found without a walk over the trace.

import type { Fold } from '../fold/fold.ts';
import type { Cycle } from './cycles.ts';
import type { TerminalPart, TraceIndex } from './trace-index.ts';

/** A terminal of the window. */
export interface TerminalView {
  readonly name: string;
  /** Printed on its tab: 1, 2, … in the order in which they were opened. */
  readonly label: string;
  /** The line that runs, or null at the prompt. */
  readonly line: string | null;
  /** Since when it runs, or null. */
  readonly busySinceNs: number | null;
  /** Its foreground task is in a cycle that stands. */
  readonly inCycle: boolean;
  /** The shell has not left. */
  readonly alive: boolean;
}

/** A piece of a terminal's text. */
export interface TerminalText {
  readonly text: string;
  /** What was typed, and not what a program wrote. */
  readonly typed: boolean;
}

/** Most characters of a terminal that are kept. */
export const terminalCharactersMax = 65_536;

/** A shell and everybody that it has started, directly or not. */
function familyOf(fold: Fold, shell: number): ReadonlySet<number> {
  const family = new Set([shell]);
  // Children come after their parents.
  for (const [number, { parent }] of fold.tasks) if (family.has(parent)) family.add(number);
  return family;
}

/** Every terminal at a moment. */
export function terminalsOf(
  index: TraceIndex,
  fold: Fold,
  cycles: readonly Cycle[],
): TerminalView[] {
  const { trace } = index;
  const stuck = new Set(
    cycles.filter(({ stands }) => stands).flatMap(({ steps }) => steps.map(({ from }) => from)),
  );
  return [...fold.terminals].map(([name, { task, line, sinceNs, alive }], at) => ({
    name: trace.text(name),
    label: String(at + 1),
    line: line === 0 ? null : trace.text(line),
    busySinceNs: line === 0 ? null : sinceNs,
    inCycle:
      stuck.size > 0 &&
      [...familyOf(fold, task)].some((number) =>
        stuck.has(`task:${trace.text(fold.names.get(number) ?? 0)}`),
      ),
    alive,
  }));
}

/** How many parts came before the event. */
function partsBefore(parts: readonly TerminalPart[], seq: number): number {
  let [low, high] = [0, parts.length];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (parts[middle]!.seq < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What stands on a terminal before event `seq`, at most its last 64 KB. Oldest first. */
export function terminalText(index: TraceIndex, name: string, seq: number): TerminalText[] {
  const { trace, terminals } = index;
  const found = [...terminals].find(([object]) => trace.text(object) === name);
  const parts = found?.[1] ?? [];
  const pieces: TerminalText[] = [];
  let room = terminalCharactersMax;
  for (let at = partsBefore(parts, seq) - 1; at >= 0 && room > 0; at--) {
    const { text, typed } = parts[at]!;
    const kept = trace.text(text).slice(-room);
    room -= kept.length;
    pieces.push({ text: kept, typed });
  }
  return pieces.reverse();
}
