// What decides at a point. The engine asks by a plain call; answering "the same one" is the fast
// path.

import type { Task } from './task.ts';

/** Where the engine stands when it asks. */
export interface PointInfo {
  /** Event kind of the point; 0 when nothing runs and somebody must be picked. */
  readonly kind: number;
  /** Object number of the point. */
  readonly object: number;
  /** How many such points the running context had since it was switched in, this one included. */
  occurrence(): number;
}

/** A scheduling policy. It must be a function of its own state and the arguments only. */
export interface Policy {
  readonly name: string;
  /**
   * Picks who runs next. `runnable` has two members or more, in the order in which they became
   * runnable; `current` is among them, or null when the running context blocked or ended.
   */
  choose(runnable: readonly Task[], current: Task | null, at: PointInfo): Task;
}

/**
 * A switch that a policy made: at the k-th point of this kind on this object since `from` was
 * switched in, to `to`. Names and not numbers, so that a schedule survives small changes.
 */
export interface Choice {
  readonly from: string;
  readonly kind: number;
  readonly object: string;
  /** Counts from 1. */
  readonly occurrence: number;
  readonly to: string;
}
