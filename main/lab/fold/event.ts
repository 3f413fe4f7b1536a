// One event with its fields taken apart, as the parts of the fold take it, and what they are: one
// function for each kind that changes something.

import type { KindName } from '#trace/kinds.ts';
import type { Fold } from './fold.ts';

/** An event; the same object is used for all of them. */
export interface FoldedEvent {
  timeNs: number;
  kind: number;
  task: number;
  object: number;
  value: number;
  place: number;
}

export type Apply = (fold: Fold, event: FoldedEvent) => void;

/** What a part of the fold does with its kinds. */
export type Applies = Readonly<Partial<Record<KindName, Apply>>>;
