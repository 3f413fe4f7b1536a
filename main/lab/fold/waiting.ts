// Who waits: one rule for the picture, the detectors, the scheduler's cards and every count. A wait
// is one of the wait graph, for something that somebody else has; an idle worker does not wait. A
// work's turn on its queue is drawn as its place there, and is no wait of its own.

import type { Trace } from '#trace/trace.ts';
import type { Fold } from './fold.ts';
import { resourceKind } from './naming.ts';

/** A wait of a moment. Numbers are those of the trace. */
export interface Wait {
  readonly actor: number;
  readonly handle: number;
  readonly sinceNs: number;
}

/** Every wait of a moment. */
export function waitsNow(trace: Trace, fold: Fold): Wait[] {
  return [...fold.waits]
    .filter(([handle]) => resourceKind(trace, fold, handle) !== 'workqueue')
    .flatMap(([handle, waits]) => waits.map(({ actor, sinceNs }) => ({ actor, handle, sinceNs })));
}
