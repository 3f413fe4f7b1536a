// One event with its fields taken apart, as the parts of the timeline take it, and what a part does
// with it. The same object is used for all events.

import type { KindName } from '#trace/kinds.ts';
import type { FoldedEvent } from '../fold/event.ts';

/** An event, and where it is in the run. */
export interface LaneEvent extends FoldedEvent {
  seq: number;
}

export type Take = (event: LaneEvent) => void;

/** What a part of the timeline does with its kinds. */
export type Takes = Readonly<Partial<Record<KindName, Take>>>;
