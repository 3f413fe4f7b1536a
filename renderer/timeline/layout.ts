// Where the lanes are: rows from top to bottom under the ruler, a heading before each group that
// needs one. The pinned ones stay on top while the others are moved up under them. The list of
// names beside the canvas has the same rows.

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
  /** It stays where it is, however far the others are moved up. */
  readonly stays: boolean;
}

/** Lanes that are seen below the pinned ones at least; where there is no room, none stays. */
const lanesBelow = 3;

/** Rows for these lanes, the pinned ones first, in a room of this height. */
export function rowsOf(
  lanes: readonly Lane[],
  pinned: readonly number[],
  laneHeight: number,
  room = Infinity,
): Row[] {
  const rows: Row[] = [];
  const onTop = lanes.filter(({ id }) => pinned.includes(id));
  // With their heading.
  const hasRoom = (onTop.length + 1 + lanesBelow) * laneHeight <= room;
  let stays = hasRoom;
  let y = 0;
  const add = (title: string, lane: Lane | null): void => {
    rows.push({ y, height: laneHeight, title, lane, stays });
    y += laneHeight;
  };
  const addGroup = (name: LaneGroup | 'pinned', members: readonly Lane[]): void => {
    if (members.length === 0) return;
    if (headed.has(name)) add(titles[name], null);
    for (const lane of members) add('', lane);
  };
  addGroup('pinned', onTop);
  stays = false;
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

/** Height of the rows that stay. */
export const stayingHeight = (rows: readonly Row[]): number =>
  heightOf(rows.filter(({ stays }) => stays));

/** Where a row stands below the ruler, when the rows are moved up by `scroll`. */
export const topOf = ({ y, stays }: Row, scroll: number): number => (stays ? y : y - scroll);

/** A part of the row can be seen, in a room of this height below the ruler. */
export function isInSight(row: Row, scroll: number, room: number, staying: number): boolean {
  const top = topOf(row, scroll);
  return top < room && top + row.height > (row.stays ? 0 : staying);
}

/** How far rows have to be moved up so that this one is whole, from where they are. */
export function scrollTo(row: Row, scroll: number, room: number, staying: number): number {
  if (row.stays) return scroll;
  // A heading above it is seen too.
  const most = row.y - row.height - staying;
  const least = row.y + row.height - room;
  return most < scroll ? most : Math.max(scroll, least);
}

/** The row at a height below the ruler; null for none. */
export function rowAt(rows: readonly Row[], y: number, scroll: number): Row | null {
  const isOnTop = y < stayingHeight(rows);
  const isHere = (row: Row): boolean => {
    const top = topOf(row, scroll);
    return row.stays === isOnTop && y >= top && y < top + row.height;
  };
  return rows.find(isHere) ?? null;
}
