// Everything that one picture of a comparison is drawn from. The caller puts it together; drawing
// changes nothing in it.

import type { Tile } from '#contract/timeline.ts';
import type { Lane, Side, Tick, View } from './axis.ts';

/** Height of a lane with both its rows. */
export const laneHeight = 48;
/** Room above the lanes: the ruler, and which row is whose. */
export const headHeight = 54;
/** Width of the switch before the seam. */
export const switchWidth = 44;

/** A row that the keyboard is at: of a lane, or of one run in it. */
export interface FocusRow {
  readonly lane: number;
  readonly part: 'lane' | Side;
}

/** Everything that is drawn. */
export interface Picture {
  readonly view: View;
  readonly width: number;
  /** Of the canvas, head and all. */
  readonly height: number;
  /** Lanes are moved up by this. */
  readonly scroll: number;
  readonly lanes: readonly Lane[];
  /** The newest tile of each run, and where its parting is in the tile's own count. */
  readonly tiles: Readonly<Record<Side, Tile | null>>;
  readonly bases: Readonly<Record<Side, number>>;
  readonly letterOf: Readonly<Record<Side, (lane: number) => string>>;
  readonly ticks: readonly Tick[];
  readonly cursor: number;
  /** What was found, since the parting. */
  readonly hits: readonly number[];
  readonly focus: FocusRow | null;
  /** Words of the head. */
  readonly words: {
    readonly part: string;
    readonly cursor: string;
    readonly before: string;
    readonly rows: readonly [string, string];
  };
}
