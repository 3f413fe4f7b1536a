// With waits: which side and row each thing has. Holders stand left, what is held or wanted in the
// middle, waiters right; a thing keeps its place while it has a line. A work stands with the task
// that runs it.

import type { Edge, Thing } from '#contract/waits.ts';

export type Side = 'left' | 'middle' | 'right';

export interface SidePlace {
  readonly side: Side;
  readonly row: number;
}

export type SideTable = ReadonlyMap<string, SidePlace>;

/** Lines of what is in play: an ended task's holds only when they are wanted. */
export function linesInPlay(things: readonly Thing[], edges: readonly Edge[]): readonly Edge[] {
  const ended = new Set(things.filter(({ state }) => state === 'ended').map(({ id }) => id));
  const wanted = new Set(
    edges.filter(({ relation }) => relation === 'waitsFor').map(({ to }) => to),
  );
  const main = edges.filter(
    ({ relation, from, to }) =>
      relation === 'waitsFor' || (relation === 'holds' && (!ended.has(from) || wanted.has(to))),
  );
  const drawn = new Set(main.flatMap(({ from, to }) => [from, to]));
  return edges.filter(
    (edge) =>
      main.includes(edge) ||
      (edge.relation === 'runs' && drawn.has(edge.to)) ||
      (edge.relation === 'queuedOn' && drawn.has(edge.from) && drawn.has(edge.to)),
  );
}

const isActor = (id: string): boolean => id.startsWith('task:') || id.startsWith('work:');

/** Side of an actor that comes new. */
function sideOf(id: string, edges: readonly Edge[], table: SideTable): Side {
  const waits = (actor: string): boolean =>
    edges.some(({ from, relation }) => from === actor && relation === 'waitsFor');
  const runner = edges.find(({ to, relation }) => to === id && relation === 'runs')?.from;
  if (runner !== undefined) {
    return table.get(runner)?.side ?? (waits(runner) || waits(id) ? 'right' : 'left');
  }
  return waits(id) ? 'right' : 'left';
}

/** Rows in order of their distance from a wanted one. */
function* nearest(row: number): Generator<number, void, void> {
  for (let by = 0; ; by++) {
    yield row + by;
    if (by > 0 && by <= row) yield row - by;
  }
}

/** The places with those of newcomers. */
export function withSides(before: SideTable, edges: readonly Edge[]): SideTable {
  const wanted = edges.filter(({ relation }) => relation === 'waitsFor').map(({ to }) => to);
  const ids = [...new Set([...wanted, ...edges.flatMap(({ from, to }) => [from, to])])];
  const table = new Map([...before].filter(([id]) => ids.includes(id)));
  const rowsOn = (side: Side): number[] =>
    [...table.values()].filter((place) => place.side === side).map(({ row }) => row);
  for (const id of ids) {
    if (table.has(id) || isActor(id)) continue;
    const taken = rowsOn('middle');
    let row = 0;
    while (taken.includes(row)) row++;
    table.set(id, { side: 'middle', row });
  }
  for (const id of ids) {
    if (table.has(id)) continue;
    const side = sideOf(id, edges, table);
    const rows = edges
      .filter(({ from }) => from === id)
      .flatMap(({ to }) => (isActor(to) ? [] : (table.get(to)?.row ?? [])));
    const mean = rows.length === 0 ? 0 : rows.reduce((sum, row) => sum + row, 0) / rows.length;
    const taken = rowsOn(side);
    for (const row of nearest(Math.floor(mean))) {
      // The words of an actor stand under it and take a row.
      if (taken.some((other) => Math.abs(other - row) < 2)) continue;
      table.set(id, { side, row });
      break;
    }
  }
  return table;
}
