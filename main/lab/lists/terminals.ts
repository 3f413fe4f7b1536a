// The terminals of a machine as they were at a moment: what stands on each, which line runs, and
// whether it can go on. A line hangs when its shell, or a program that it started, has an open wait
// in the wait graph; a `sleep` or a `ping` that takes its time has none.

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { TaskNames } from '../record/words.ts';
import type { EventIndex } from './event-index.ts';
import { TerminalFold } from './terminal-fold.ts';
import type { FoldedTerminal } from './terminal-fold.ts';

/** A terminal at a moment. */
export interface TerminalRow {
  readonly name: string;
  /** What its tab is called: `1`, `2`, … in the order in which they were opened. */
  readonly label: string;
  /** The line that runs, or null. */
  readonly line: string | null;
  /** Since when its foreground task waits for what it cannot get by itself, or null. */
  readonly waitsSinceNs: number | null;
  /** That task is part of a deadlock. */
  readonly inCycle: boolean;
  /** Its shell has not left. */
  readonly alive: boolean;
}

/** A piece of a screen: what was typed, or what a program wrote. */
export interface ScreenPiece {
  readonly text: string;
  readonly typed: boolean;
}

/** A part of what stands on a terminal. */
export interface ScreenPart {
  /** Number of the first piece; larger than asked for when the rest is too long. */
  readonly from: number;
  readonly pieces: readonly ScreenPiece[];
}

/** Most characters of a screen that are given at once. */
const partCharactersMax = 64 * 1024;

/** Answers for one trace. */
export class Terminals {
  private readonly index: EventIndex;
  private readonly names: TaskNames;
  /** The state at the last question, and events of the index that it is made of. */
  private fold = new TerminalFold();
  private folded = 0;
  /** Events with pieces of each screen, by terminal. */
  private readonly screens = new Map<string, number[]>();
  private screensSeen = 0;

  constructor(index: EventIndex) {
    this.index = index;
    this.names = new TaskNames(index.trace);
  }

  private get trace(): Trace {
    return this.index.trace;
  }

  /** The terminals before event `seq`. */
  at(seq: number): TerminalRow[] {
    this.names.refresh();
    const fold = this.foldAt(seq);
    const { trapped } = fold;
    return [...fold.terminals].map(([name, terminal], position) => ({
      name: this.trace.text(name),
      label: `${position + 1}`,
      ...this.standing(terminal, fold, trapped),
    }));
  }

  /** Goes on from the last question; only a look back begins anew. */
  private foldAt(seq: number): TerminalFold {
    const list = this.index.of('standing');
    const end = list.below(seq);
    if (end < this.folded) [this.fold, this.folded] = [new TerminalFold(), 0];
    for (; this.folded < end; this.folded++) {
      this.fold.apply(this.trace.event(list.at(this.folded)));
    }
    return this.fold;
  }

  private standing(
    { line, tasks, alive }: FoldedTerminal,
    { waits }: TerminalFold,
    trapped: ReadonlySet<number>,
  ): Pick<TerminalRow, 'line' | 'waitsSinceNs' | 'inCycle' | 'alive'> {
    const actors = line === 0 ? [] : [...tasks].map((task) => this.names.textOf(task));
    const since = actors.flatMap((actor) => [...(waits.get(actor)?.values() ?? [])]);
    return {
      line: line === 0 ? null : this.trace.text(line),
      waitsSinceNs: since.length === 0 ? null : Math.min(...since),
      inCycle: actors.some((actor) => trapped.has(actor)),
      alive,
    };
  }

  /** What stands on a terminal before event `seq`, from a piece on. */
  screen(name: string, seq: number, from: number): ScreenPart {
    this.refreshScreens();
    const all = this.screens.get(name) ?? [];
    let end = all.length;
    while (end > 0 && all[end - 1]! >= seq) end--;
    let first = end;
    for (let characters = 0; first > from; first--) {
      characters += this.piece(all[first - 1]!).text.length;
      if (characters > partCharactersMax) break;
    }
    return { from: first, pieces: all.slice(first, end).map((each) => this.piece(each)) };
  }

  private piece(seq: number): ScreenPiece {
    const { kind, value } = this.trace.event(seq);
    return { text: this.trace.text(value), typed: kind === K['tty.typed'] };
  }

  private refreshScreens(): void {
    const list = this.index.of('screens');
    for (; this.screensSeen < list.length; this.screensSeen++) {
      const seq = list.at(this.screensSeen);
      const name = this.trace.text(this.trace.event(seq).object);
      const ofTerminal = this.screens.get(name);
      if (ofTerminal === undefined) this.screens.set(name, [seq]);
      else ofTerminal.push(seq);
    }
  }
}
