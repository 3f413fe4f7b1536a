// Goal: pinned lanes stay on top, whatever the others are moved by; what is seen at a place is what
// is hit there; a lane is brought into sight from under the pinned ones.
// Method: twenty lanes of which two are pinned, in a room of ten rows.

import { expect, test } from 'vitest';
import type { Lane } from '#contract/timeline.ts';
import {
  heightOf,
  isInSight,
  rowAt,
  rowsOf,
  scrollTo,
  stayingHeight,
  topOf,
} from '#renderer/timeline/layout.ts';
import type { Row } from '#renderer/timeline/layout.ts';

const lane = (id: number): Lane => ({
  id,
  name: `lane ${id}`,
  shown: `lane ${id}`,
  group: 'tasks',
  kind: 'task',
  firstSeq: 0,
  lastSeq: 0,
  weight: 0,
});
const lanes = Array.from({ length: 20 }, (_, id) => lane(id));
const high = 20;
const room = 10 * high;
const rows = rowsOf(lanes, [12, 4], high, room);
const staying = stayingHeight(rows);
const most = heightOf(rows) - room;
const nameOf = ({ lane: of, title }: Row): string => of?.name ?? title;
const seen = (scroll: number): string[] =>
  rows.filter((row) => isInSight(row, scroll, room, staying)).map(nameOf);

test('the pinned lanes and their heading stay; the others go under them', () => {
  expect(staying).toBe(3 * high);
  const pinned = ['Pinned', 'lane 4', 'lane 12'];
  expect(seen(0)).toEqual([...pinned, 'Tasks', ...[0, 1, 2, 3, 5, 6].map((id) => `lane ${id}`)]);
  expect(seen(most).slice(0, 4)).toEqual([...pinned, 'lane 13']);
  expect(seen(most).at(-1)).toBe('lane 19');
});

test('at each place the row is hit that is seen there, and none of those under it', () => {
  for (const scroll of [0, 7, 33, most]) {
    for (let y = 0; y < room; y++) {
      const row = rowAt(rows, y, scroll)!;
      expect(row.stays).toBe(y < staying);
      expect(y - topOf(row, scroll)).toBeGreaterThanOrEqual(0);
      expect(y - topOf(row, scroll)).toBeLessThan(high);
      expect(seen(scroll)).toContain(nameOf(row));
    }
  }
});

test('a lane is brought into sight from above and from below, a pinned one moves nothing', () => {
  for (const row of rows) {
    for (const scroll of [0, 7, 100, most]) {
      const to = Math.max(0, Math.min(scrollTo(row, scroll, room, staying), most));
      if (row.stays) expect(to).toBe(scroll);
      else {
        expect(topOf(row, to)).toBeGreaterThanOrEqual(staying);
        expect(topOf(row, to) + row.height).toBeLessThanOrEqual(room);
      }
    }
  }
});

test('so many are pinned that nothing would be left: they go with the others', () => {
  const all = rowsOf(
    lanes,
    lanes.map(({ id }) => id),
    high,
    room,
  );
  expect(stayingHeight(all)).toBe(0);
});
