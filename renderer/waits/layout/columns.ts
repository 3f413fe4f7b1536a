// At rest: three columns, tasks, locks, and references with works and queues. Each thing stands in
// its row (rows.ts); rows for which the pane has no room fold into one line that says how many and
// how they stand.

import type { Thing } from '#contract/waits.ts';
import { restDetail } from '../names.ts';
import { texts } from '../texts.ts';
import { fitted, monoPx, sansPx } from './geometry.ts';
import type { Size } from './geometry.ts';
import type { ColumnsPicture, Fold, PlacedNode } from './picture-types.ts';
import { columnOf, shownRows } from './rows.ts';
import type { RowTable } from './rows.ts';

const headY = 22;
const firstY = 58;
const rowPx = 50;
/** Shares of the width, of the three columns. */
const shares = [0.335, 0.335, 0.33] as const;
const half = 17;

/** The longest head of a column that has room: a head is never cut. */
const fittingHead = (at: number, room: number): string =>
  texts.columns[at]!.find((head) => head.length * sansPx <= room) ?? texts.columns[at]!.at(-1)!;

/** How the things stand that have no row: `all free`, `3 in use`. */
function foldText(folded: readonly Thing[]): string {
  const inUse = folded.filter(({ state }) => !['free', 'sleeps', 'ended'].includes(state)).length;
  return texts.more(folded.length, inUse);
}

interface Column {
  readonly things: readonly Thing[];
  readonly x: number;
  readonly width: number;
}

function placed(column: Column, thing: Thing, row: number): PlacedNode {
  const y = firstY + row * rowPx;
  const x = column.x + half + 2;
  const labelX = x + half + 10;
  const room = column.width - (labelX - column.x) - 6;
  const letter = thing.kind === 'task' && thing.ps !== undefined ? room - 22 : room;
  const detail = restDetail(thing);
  return {
    id: thing.id,
    x,
    y,
    halfWidth: half + 1,
    halfHeight: half,
    label: {
      x: labelX,
      y,
      anchor: 'start',
      name: fitted(thing.shown, room, monoPx),
      details: detail === '' ? [] : [fitted(detail, letter, sansPx)],
      inline: false,
    },
  };
}

function columnNodes(
  column: Column,
  rows: RowTable,
  fits: number,
): { readonly nodes: readonly PlacedNode[]; readonly fold: Fold | null } {
  const rowIn = shownRows(rows, column.things, fits);
  const rowOf = ({ id }: Thing): number => rowIn.get(id)!;
  const isCut = column.things.some((thing) => rowOf(thing) >= fits);
  const shown = column.things.filter((thing) => rowOf(thing) < (isCut ? fits - 1 : fits));
  const folded = column.things.filter((thing) => !shown.includes(thing));
  const nodes = shown.map((thing) => placed(column, thing, rowOf(thing)));
  if (folded.length === 0) return { nodes, fold: null };
  const y = firstY + (fits - 1) * rowPx;
  return { nodes, fold: { x: column.x + 2, y, text: foldText(folded) } };
}

/** How many rows a pane of this height has. */
const rowsIn = (height: number): number =>
  Math.max(1, Math.floor((height - firstY + rowPx / 2) / rowPx));

/** Rows that every thing of the fullest column needs. */
const rowsFor = (things: readonly Thing[]): number =>
  Math.max(...[0, 1, 2].map((at) => things.filter((thing) => columnOf(thing) === at).length));

/** The three columns. With `all` nothing is folded: the picture is as high as it needs to be. */
export function columnsOf(
  things: readonly Thing[],
  rows: RowTable,
  size: Size,
  all: boolean,
): ColumnsPicture {
  const inner = size.width - 24;
  const starts = [14, 14 + inner * shares[0], 14 + inner * (shares[0] + shares[1])];
  const fits = all ? Math.max(rowsIn(size.height), rowsFor(things)) : rowsIn(size.height);
  const columns = starts.map((x, at) => {
    const column = {
      things: things.filter((thing) => columnOf(thing) === at),
      x,
      width: inner * shares[at]! - 6,
    };
    return columnNodes(column, rows, fits);
  });
  return {
    kind: 'columns',
    height: all ? Math.max(size.height, firstY + (fits - 1) * rowPx + half + 8) : size.height,
    heads: starts.map((x, at) => ({
      x: x + 2,
      y: headY,
      text: fittingHead(at, inner * shares[at]! - 6),
    })),
    rules: starts.slice(1).map((x) => x - 8),
    nodes: columns.flatMap(({ nodes }) => nodes),
    folds: columns.flatMap(({ fold }) => fold ?? []),
  };
}
