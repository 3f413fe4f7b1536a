// Any moment of a run without running it: keyframes of the folded state every few thousand events,
// and the events from the nearest one on. Keyframes are made when they are first needed.

import type { Trace } from '#trace/trace.ts';
import { Fold } from './fold.ts';
import { pieces } from '../record/piece.ts';

/** Events between two keyframes. */
const keyframeEvents = 4096;

/** A run that can be looked at anywhere. */
export class Seeker {
  private readonly trace: Trace;
  private readonly keyframes: Fold[] = [new Fold()];

  constructor(trace: Trace) {
    this.trace = trace;
  }

  /** The state after the first `seq` events. Throws RangeError when there are fewer. */
  at(seq: number): Fold {
    if (seq < 0 || seq > this.trace.count) throw new RangeError(`there is no event ${seq}`);
    const number = Math.floor(seq / keyframeEvents);
    while (this.keyframes.length <= number) {
      const last = this.keyframes.at(-1)!;
      this.keyframes.push(this.advanced(last, last.seq + keyframeEvents));
    }
    return this.advanced(this.keyframes[number]!, seq);
  }

  private advanced(from: Fold, seq: number): Fold {
    const fold = from.copy();
    for (const piece of pieces(this.trace, from.seq, seq)) fold.apply(piece);
    return fold;
  }
}
