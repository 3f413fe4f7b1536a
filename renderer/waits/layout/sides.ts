// Waits but no cycle: holders left, things in the middle, waiters right, by the places of
// side-rows.ts. What has no room is counted; a thing that somebody waits for always has room.

import type { Edge, Thing } from '#contract/waits.ts';
import { texts } from '../texts.ts';
import { clamp, fitted, monoPx, sansPx } from './geometry.ts';
import type { Point, Size } from './geometry.ts';
import type { Fold, PlacedLine, PlacedNode, SidesPicture } from './picture-types.ts';
import type { Side, SideTable } from './side-rows.ts';

const rowPx = 38;
const firstY = 34;
const half = 16;
/** Room left at the foot for the words that count what is folded. */
const footPx = 44;

interface Plan {
  readonly size: Size;
  readonly x: Readonly<Record<Side, number>>;
  readonly rows: number;
}

function planOf(size: Size): Plan {
  const edge = clamp(size.width * 0.13, 62, 96);
  const middle = edge + clamp(size.width * 0.24, 76, 210);
  const rows = Math.max(2, Math.floor((size.height - firstY - footPx) / rowPx) + 1);
  return { size, x: { left: edge, middle, right: size.width - edge }, rows };
}

function nodeOf(thing: Thing, side: Side, row: number, { x, size }: Plan): PlacedNode {
  const point = { x: x[side], y: firstY + row * rowPx };
  const name = thing.shown;
  const halfWidth = thing.kind === 'work' && side !== 'middle' ? 23 : 17;
  const base = { id: thing.id, ...point, halfWidth, halfHeight: half };
  if (side === 'middle') {
    const room = Math.min(x.right - point.x - 90, size.width - point.x);
    const label = { x: point.x + 28, y: point.y, anchor: 'start' as const, inline: false };
    return { ...base, label: { ...label, name: fitted(name, room, monoPx), details: [] } };
  }
  const room = (side === 'left' ? point.x : size.width - point.x) * 2 - 24;
  const words = thing.kind === 'task' ? texts.states[thing.state] : thing.detail;
  const label = { x: point.x, y: point.y + half + 17, anchor: 'middle' as const, inline: false };
  const details = [fitted(words, room, sansPx)];
  return { ...base, label: { ...label, name: fitted(name, room, monoPx), details } };
}

/** Where a line meets a thing in the middle: at its shape from the left, behind its name else. */
function meetingPoint(node: PlacedNode, side: Side): Point {
  if (side === 'left') return { x: node.x - node.halfWidth, y: node.y };
  return { x: node.label.x + node.label.name.length * monoPx + 8, y: node.y };
}

function lineOf(
  edge: Edge,
  from: PlacedNode,
  to: PlacedNode,
  side: Side,
  toSide: Side,
): PlacedLine {
  const base = { id: `${edge.from} ${edge.relation} ${edge.to}`, relation: edge.relation };
  const sign = side === 'right' ? -1 : 1;
  if (toSide !== 'middle') {
    const [x1, x2] = [from.x - sign * from.halfWidth, to.x - sign * to.halfWidth];
    // Round the words that stand under the upper one: a curve comes three quarters of the way.
    const words = Math.max(from.label.name.length, to.label.name.length) * (monoPx / 2);
    const bow = Math.min(x1 * sign, x2 * sign) * sign - sign * Math.max(26, words * 1.34);
    const path = `M${x1} ${from.y}C${bow} ${from.y} ${bow} ${to.y} ${x2} ${to.y}`;
    return { ...base, path, end: { x: x2, y: to.y }, turn: side === 'right' ? 180 : 0 };
  }
  const end = meetingPoint(to, side);
  const start = { x: from.x + sign * from.halfWidth, y: from.y };
  const pull = (end.x - start.x) * 0.5;
  const [c1, c2] = [start.x + pull, end.x - pull];
  const path = `M${start.x} ${start.y}C${c1} ${start.y} ${c2} ${end.y} ${end.x} ${end.y}`;
  return { ...base, path, end, turn: sign > 0 ? 0 : 180 };
}

/** Ids that are shown, with their rows: one that is waited for takes the last row if need be. */
function shownRows(table: SideTable, edges: readonly Edge[], rows: number): SideTable {
  const wanted = new Set(
    edges.flatMap(({ relation, from, to }) => (relation === 'waitsFor' ? [from, to] : [])),
  );
  const shown = new Map([...table].filter(([, { row }]) => row < rows));
  for (const [id, { side }] of table) {
    if (shown.has(id) || !wanted.has(id)) continue;
    const reach = side === 'middle' ? 1 : 2;
    const last = rows - 1;
    const there = [...shown].filter(
      ([, place]) => place.side === side && Math.abs(place.row - last) < reach,
    );
    if (there.some(([other]) => wanted.has(other))) continue;
    for (const [other] of there) shown.delete(other);
    shown.set(id, { side, row: last });
  }
  return shown;
}

/** The three sides. `edges`: those in play. */
export function sidesOf(
  things: readonly Thing[],
  edges: readonly Edge[],
  table: SideTable,
  size: Size,
): SidesPicture {
  const plan = planOf(size);
  const shown = shownRows(table, edges, plan.rows);
  const nodes = new Map(
    things.flatMap((thing) => {
      const place = shown.get(thing.id);
      return place === undefined
        ? []
        : [[thing.id, nodeOf(thing, place.side, place.row, plan)] as const];
    }),
  );
  const lines = edges.flatMap((edge) => {
    const [from, to] = [nodes.get(edge.from), nodes.get(edge.to)];
    if (from === undefined || to === undefined) return [];
    return [lineOf(edge, from, to, table.get(edge.from)!.side, table.get(edge.to)!.side)];
  });
  const hidden = (side: Side): number =>
    [...table].filter(([id, place]) => place.side === side && !shown.has(id)).length;
  const folds = (['left', 'middle', 'right'] as const).flatMap((side): Fold[] => {
    const count = hidden(side);
    const x = side === 'middle' ? plan.x.middle - half : plan.x[side] - 30;
    return count === 0 ? [] : [{ x, y: size.height - 8, text: texts.moreHidden(count) }];
  });
  return { kind: 'sides', nodes: [...nodes.values()], lines, folds };
}
