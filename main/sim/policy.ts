// What decides at a point. The engine asks by a plain call; answering "the same one" is the fast
// path.

import type { Task } from './task.ts';

/** Where the engine stands when it asks. */
export interface PointInfo {
  /**
   * Event kind of the point. When somebody must be picked: the event by which the last context
   * left, for example task.block or irq.exit; 0 when nothing has run yet.
   */
  readonly kind: number;
  /** Object number of the point; what the last context waits for, when somebody must be picked. */
  readonly object: number;
  /** Name of the context that runs, or ran last; empty before the first. */
  readonly from: string;
  /** Events of the run so far: the position after this point. */
  readonly position: number;
  /** How many such events that context had from `since` (a position) on, this one included. */
  occurrence(since: number): number;
}

/** A scheduling policy. It must be a function of its own state and the arguments only. */
export interface Policy {
  readonly name: string;
  /** Somebody looks at where contexts stand that were left at a point (Task.standsAt). */
  readonly keepsPlaces?: boolean;
  /**
   * Picks who runs next. `runnable` has two members or more, in the order in which they became
   * runnable; `current` is among them, or null when the running context blocked or ended. Null is
   * "not yet": the run pauses here, and when it goes on the same question is asked again.
   */
  choose(runnable: readonly Task[], current: Task | null, at: PointInfo): Task | null;
  /** Told when somebody had to be picked and only one could be. */
  forced?(only: Task, at: PointInfo): void;
}

/**
 * A switch that a policy made: at the k-th point of this kind on this object that `from` passed
 * since the choice before, to `to`. Names and not numbers, so that a schedule survives small
 * changes. (Not since `from` was switched in: that may happen several times between two choices, as
 * a switch with one runnable context is no choice.)
 */
export interface Choice {
  readonly from: string;
  readonly kind: number;
  readonly object: string;
  /** Counts from 1. */
  readonly occurrence: number;
  readonly to: string;
}
