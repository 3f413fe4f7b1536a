// One event with its fields taken apart, as the parts of the timeline take it, and what a part does
// with it. The same object is used for all events.

import type { KindName } from '#trace/kinds.ts';

/** An event. */
export interface LaneEvent {
  seq: number;
  timeNs: number;
  kind: number;
  task: number;
  object: number;
  value: number;
  place: number;
}

export type Take = (event: LaneEvent) => void;

/** What a part of the timeline does with its kinds. */
export type Takes = Readonly<Partial<Record<KindName, Take>>>;
