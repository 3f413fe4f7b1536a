// Everything that is shown as a list of one run: made when the run is put on the bench, filled from
// its trace when somebody asks.

import type { Trace } from '#trace/trace.ts';
import { EventIndex } from './event-index.ts';
import { Terminals } from './terminals.ts';

/** The lists of one run. */
export class Lists {
  readonly terminals: Terminals;

  constructor(trace: Trace) {
    const index = new EventIndex(trace);
    this.terminals = new Terminals(index);
  }
}
