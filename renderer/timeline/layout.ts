// Where the lanes are: rows from top to bottom under the ruler, a heading before each group that
// needs one. The list of names beside the canvas has the same rows.

import type { Lane, LaneGroup } from '#contract/timeline.ts';

/** Height of the ruler, CSS pixels. */
export const rulerHeight = 34;

/** Heights that go with the window's size. */
export const laneHeights = { normal: 19, large: 25 } as const;

const titles: Readonly<Record<LaneGroup | 'pinned', string>> = {
  pinned: 'Pinned',
  tasks: 'Tasks',
  objects: 'Objects',
  ports: 'Ports',
  bond: 'Bond',
  firmware: 'Firmware',
};

/** Groups that have a heading; the others follow on what is above. */
const headed: ReadonlySet<string> = new Set(['pinned', 'tasks', 'objects']);

const order: readonly LaneGroup[] = ['tasks', 'objects', 'ports', 'bond', 'firmware'];

/** A heading or a lane. */
export interface Row {
  readonly y: number;
  readonly height: number;
  /** Words of a heading; empty for a lane. */
  readonly title: string;
  readonly lane: Lane | null;
}

/** Rows for these lanes, the pinned ones first. */
export function rowsOf(
  lanes: readonly Lane[],
  pinned: readonly number[],
  laneHeight: number,
): Row[] {
  const rows: Row[] = [];
  let y = 0;
  const add = (title: string, lane: Lane | null): void => {
    rows.push({ y, height: laneHeight, title, lane });
    y += laneHeight;
  };
  const addGroup = (name: LaneGroup | 'pinned', members: readonly Lane[]): void => {
    if (members.length === 0) return;
    if (headed.has(name)) add(titles[name], null);
    for (const lane of members) add('', lane);
  };
  addGroup(
    'pinned',
    lanes.filter(({ id }) => pinned.includes(id)),
  );
  for (const group of order) {
    addGroup(
      group,
      lanes.filter((lane) => lane.group === group && !pinned.includes(lane.id)),
    );
  }
  return rows;
}

/** Height of all rows. */
export const heightOf = (rows: readonly Row[]): number => {
  const last = rows.at(-1);
  return last === undefined ? 0 : last.y + last.height;
};

/** The row at a height below the ruler; null for none. */
export const rowAt = (rows: readonly Row[], y: number): Row | null =>
  rows.find((row) => y >= row.y && y < row.y + row.height) ?? null;
