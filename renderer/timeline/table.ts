// The table behind the picture: a row for each row that can be seen, in it the spans around the
// cursor. The cell that the keyboard is at is the span at the cursor; where there is none, a cell
// that says so.

import type { LaneAround, SpanWords } from '#contract/timeline.ts';
import { secondsText } from '../ui/numbers.ts';
import type { Row } from './layout.ts';
import { laneName, spanSentence } from './spans.ts';
import type { Names } from './spans.ts';
import { texts } from './texts.ts';

/** A cell. */
export interface TableCell {
  readonly id: string;
  readonly text: string;
  readonly span: SpanWords | null;
}

/** A row: a heading, or a lane with its cells. */
export interface TableRow {
  readonly id: string;
  /** From 1, among all rows, seen or not. */
  readonly index: number;
  readonly name: string;
  readonly lane: number | null;
  readonly cells: readonly TableCell[];
  /** The cell at the cursor. */
  readonly current: TableCell | null;
}

/** The span of a lane that the cursor is at: the one it went to, else the first. */
export const spanAtCursor = (around: LaneAround | undefined, seq: number): SpanWords | null =>
  around?.at.find((span) => span.seq === seq - 1) ?? around?.at[0] ?? null;

const cellOf = (span: SpanWords, names: Names): TableCell => ({
  id: `cell-${span.lane}-${span.seq}-${span.style}`,
  text: spanSentence(span, names),
  span,
});

function laneCells(
  lane: number,
  name: string,
  around: LaneAround | undefined,
  { timeNs, seq }: Cursor,
  names: Names,
): Pick<TableRow, 'cells' | 'current'> {
  const { before = null, at = [], after = null } = around ?? {};
  const here = at.map((span) => cellOf(span, names));
  const span = spanAtCursor(around, seq);
  const nothing: TableCell = {
    id: `cell-${lane}-none-${timeNs}`,
    text: texts.nothing(laneName(name, names), secondsText(timeNs)),
    span: null,
  };
  const middle = here.length === 0 ? [nothing] : here;
  const sides = [before, after].map((one) => (one === null ? [] : [cellOf(one, names)]));
  const cells = [...sides[0]!, ...middle, ...sides[1]!];
  return { cells, current: middle.find((cell) => cell.span === span) ?? middle[0]! };
}

/** Where the cursor is. */
export interface Cursor {
  readonly timeNs: number;
  /** Events before it. */
  readonly seq: number;
}

/** Rows of the table for those rows of the picture that `isShown` names. */
export function tableOf(
  rows: readonly Row[],
  isShown: (row: Row) => boolean,
  around: readonly LaneAround[],
  cursor: Cursor,
  names: Names,
): TableRow[] {
  const byLane = new Map(around.map((one) => [one.lane, one]));
  return rows.flatMap((row, at) => {
    if (!isShown(row)) return [];
    const { lane, title } = row;
    const index = at + 1;
    if (lane === null) {
      return { id: `row-${title}`, index, name: title, lane: null, cells: [], current: null };
    }
    const cells = laneCells(lane.id, lane.name, byLane.get(lane.id), cursor, names);
    const name = laneName(lane.name, names);
    return { id: `row-${lane.id}`, index, name, lane: lane.id, ...cells };
  });
}
