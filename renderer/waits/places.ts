// The places that things keep while a run is looked at, and the picture that follows from them.
// Places are handed in and given back: the pictures are pure, only this class remembers.

import { columnsOf } from './layout/columns.ts';
import type { Size } from './layout/geometry.ts';
import type { GraphPicture } from './layout/picture-types.ts';
import { ringOf } from './layout/ring.ts';
import { withRows } from './layout/rows.ts';
import type { RowTable } from './layout/rows.ts';
import { linesInPlay, withSides } from './layout/side-rows.ts';
import type { SideTable } from './layout/side-rows.ts';
import { sidesOf } from './layout/sides.ts';
import type { Reading } from './describe.ts';

/** How the person wants to see it. */
export interface Wish {
  readonly size: Size;
  /** Every thing in columns, also those that nobody holds. */
  readonly allObjects: boolean;
  /** Which of several cycles. */
  readonly cycle: number;
}

export class Places {
  private rows: RowTable = new Map();
  private sides: SideTable = new Map();

  /** The picture of a moment. */
  picture(reading: Reading, { size, allObjects, cycle }: Wish): GraphPicture {
    const { waits, cycles } = reading;
    const named = allObjects
      ? waits.things
      : waits.things.filter(({ kind, state }) => state !== 'ended' && kind !== 'work');
    this.rows = withRows(this.rows, named);
    const shown = cycles[cycle] ?? cycles[0];
    if (shown !== undefined && !allObjects) {
      const { thingOf, ringDetail: detailOf } = reading;
      return ringOf({ cycle: shown, thingOf, detailOf, size });
    }
    if (allObjects || reading.linesOf('waitsFor').length === 0) {
      this.sides = new Map();
      return columnsOf(named, this.rows, size, allObjects);
    }
    const edges = linesInPlay(waits.things, waits.edges);
    this.sides = withSides(this.sides, edges);
    return sidesOf(waits.things, edges, this.sides, size);
  }
}
