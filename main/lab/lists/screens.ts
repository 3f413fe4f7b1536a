// What stands on the screens of the terminals: pieces of text, typed or written, from the trace.
// How a terminal itself stands is part of the moment (lab/moment/terminals.ts).

import { K } from '#trace/kinds.ts';
import type { Trace } from '#trace/trace.ts';
import { lowerBound } from '../timeline/columns.ts';
import type { EventIndex } from './event-index.ts';

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

/** Most characters of a screen that are given at once; a longer piece is given all the same. */
const partCharactersMax = 64 * 1024;

/** Answers for one trace. */
export class Screens {
  private readonly index: EventIndex;
  /** Events with pieces of each screen, by terminal. */
  private readonly screens = new Map<string, number[]>();
  private seen = 0;

  constructor(index: EventIndex) {
    this.index = index;
  }

  private get trace(): Trace {
    return this.index.trace;
  }

  /**
   * What stands on a terminal before event `seq`, from a piece on. `lines`: the pieces with so many
   * lines at the end are enough. Not more than 64 K characters are given.
   */
  part(name: string, seq: number, from: number, lines = Infinity): ScreenPart {
    this.refresh();
    const all = this.screens.get(name) ?? [];
    const end = lowerBound(all, seq, 0, all.length);
    let first = end;
    for (let [characters, ends] = [0, 0]; first > from && ends < lines; first--) {
      const { text } = this.piece(all[first - 1]!);
      characters += text.length;
      ends += text.split('\n').length - 1;
      if (characters > partCharactersMax && first < end) break;
    }
    return { from: first, pieces: all.slice(first, end).map((each) => this.piece(each)) };
  }

  private piece(seq: number): ScreenPiece {
    const { kind, value } = this.trace.event(seq);
    return { text: this.trace.text(value), typed: kind === K['tty.typed'] };
  }

  private refresh(): void {
    const list = this.index.of('screens');
    for (; this.seen < list.length; this.seen++) {
      const seq = list.at(this.seen);
      const name = this.trace.text(this.trace.event(seq).object);
      const ofTerminal = this.screens.get(name);
      if (ofTerminal === undefined) this.screens.set(name, [seq]);
      else ofTerminal.push(seq);
    }
  }
}
