// The rows of the columns: a thing takes the next free row of its column when it comes first, and
// keeps it for the run, while there is room for all. Only tasks and works come and go in numbers:
// their rows are given to others once they have gone. Everything else has its row for itself.

import type { Thing } from '#contract/waits.ts';

/** Row of each thing so far, by id. */
export type RowTable = ReadonlyMap<string, number>;

export const columnOf = ({ kind }: Pick<Thing, 'kind'>): 0 | 1 | 2 =>
  kind === 'task' ? 0 : kind === 'lock' ? 1 : 2;

const kindOf = (id: string): Thing['kind'] => id.slice(0, id.indexOf(':')) as Thing['kind'];

const passes = (id: string): boolean => ['task', 'work'].includes(kindOf(id));

/**
 * The rows of the things that are there. While all have room, each keeps its own, also beside rows
 * that others have left. Else they close up, in their order; those that last stand before those
 * that only happen to be in play, so that what folds is what comes and goes.
 */
export function shownRows(
  rows: RowTable,
  things: readonly Thing[],
  fits: number,
): ReadonlyMap<string, number> {
  const rowOf = ({ id }: Thing): number => rows.get(id) ?? Number.POSITIVE_INFINITY;
  const ordered = things.toSorted((a, b) => rowOf(a) - rowOf(b));
  if (ordered.every((thing) => rowOf(thing) < fits)) {
    return new Map(ordered.map((thing) => [thing.id, rowOf(thing)]));
  }
  const isFleeting = ({ lasts }: Thing): boolean => lasts === false;
  const closed = [
    ...ordered.filter((thing) => !isFleeting(thing)),
    ...ordered.filter((thing) => isFleeting(thing)),
  ];
  return new Map(closed.map(({ id }, row) => [id, row]));
}

/** The rows with those of newcomers. */
export function withRows(before: RowTable, things: readonly Thing[]): RowTable {
  const present = new Set(things.map(({ id }) => id));
  const rows = new Map(before);
  const taken = [new Set<number>(), new Set<number>(), new Set<number>()] as const;
  for (const [id, row] of before) {
    if (passes(id) && !present.has(id)) rows.delete(id);
    else taken[columnOf({ kind: kindOf(id) })].add(row);
  }
  for (const thing of things) {
    if (rows.has(thing.id)) continue;
    const column = taken[columnOf(thing)];
    let row = 0;
    while (column.has(row)) row++;
    column.add(row);
    rows.set(thing.id, row);
  }
  return rows;
}
