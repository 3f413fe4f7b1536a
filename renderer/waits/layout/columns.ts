// At rest and with waits that end: columns. At rest tasks stand left, locks in the middle,
// references, works and queues right. With waits holders stand left, things in the middle, waiters
// right, and a thing does not change sides while it has an edge. A row is kept for the run.

import type { Edge, Placed, Size, Thing, Waits } from './placed.ts';

/** Height of the names over the columns, px. */
const headPx = 38;
/** Distance of rows: what is comfortable, and what still can be read. */
const rowPx = 56;
const rowMinPx = 42;
const columnCount = 3;

export type Column = 0 | 1 | 2;

/** Where a thing stands when nothing happens to it. */
function homeColumn({ kind }: Thing): Column {
  if (kind === 'task') return 0;
  return kind === 'lock' ? 1 : 2;
}

/** Keeps the row of each thing for the run. */
export class Rows {
  private readonly rows = new Map<string, number>();
  private readonly columns = new Map<string, Column>();

  /** The column of a thing that has an edge stays what it was. */
  columnOf(id: string, wanted: Column, hasEdge: boolean): Column {
    const kept = this.columns.get(id);
    if (!hasEdge) this.columns.delete(id);
    else if (kept !== undefined) return kept;
    else this.columns.set(id, wanted);
    return wanted;
  }

  /** The order of some things: as they came up. */
  ordered(things: readonly Thing[]): Thing[] {
    for (const { id } of things) if (!this.rows.has(id)) this.rows.set(id, this.rows.size);
    return [...things].sort((a, b) => this.rows.get(a.id)! - this.rows.get(b.id)!);
  }
}

/** A drawing in columns. */
export interface Columns {
  readonly placed: readonly Placed[];
  /** Left edges of the columns, px. */
  readonly lefts: readonly number[];
  /** Things that did not fit. */
  readonly folded: readonly Thing[];
  /** Something waits: the columns are holders, things, waiters. */
  readonly isWaiting: boolean;
}

const touches = (edges: readonly Edge[], id: string): boolean =>
  edges.some(({ from, to }) => from === id || to === id);

function columnWithWaits(thing: Thing, edges: readonly Edge[]): Column {
  if (thing.kind !== 'task' && thing.kind !== 'work') return 1;
  const waits = edges.some(({ from, relation }) => from === thing.id && relation === 'waitsFor');
  const holds = edges.some(({ from, relation }) => from === thing.id && relation === 'holds');
  return waits && !holds ? 2 : 0;
}

/** Everything in its column; `all`: also what nobody holds or waits for. */
export function inColumns(waits: Waits, size: Size, rows: Rows, all: boolean): Columns {
  const { edges } = waits;
  const isWaiting = edges.some(({ relation }) => relation === 'waitsFor');
  const shown = waits.things.filter(({ id }) => !isWaiting || all || touches(edges, id));
  const ordered = rows.ordered(shown);
  const columnOf = (thing: Thing): Column => {
    if (!isWaiting) return homeColumn(thing);
    return rows.columnOf(thing.id, columnWithWaits(thing, edges), touches(edges, thing.id));
  };
  const lefts = Array.from(
    { length: columnCount },
    (_, column) => (column * size.width) / columnCount + (column === 0 ? 0 : 6),
  );
  const placed: Placed[] = [];
  const folded: Thing[] = [];
  for (let column = 0; column < columnCount; column++) {
    const members = ordered.filter((thing) => columnOf(thing) === column);
    const room = Math.max(1, Math.floor((size.height - headPx) / rowMinPx));
    const step = Math.min(rowPx, (size.height - headPx) / Math.min(members.length, room));
    members.slice(0, room).forEach((thing, row) => {
      const at = { x: lefts[column]! + 26, y: headPx + (row + 0.5) * step };
      placed.push({ thing, at, words: 'right' });
    });
    folded.push(...members.slice(room));
  }
  return { placed, lefts, folded, isWaiting };
}
