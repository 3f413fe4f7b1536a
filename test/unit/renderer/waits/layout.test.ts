// Goal: in no picture of the waits do two nodes overlap, things keep their places, and a ring goes
// round clockwise.
// Method: every layout over panes of all sizes, with properties.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Thing } from '#contract/waits.ts';
import { listOf, Reading } from '#renderer/waits/describe.ts';
import { meet } from '#renderer/waits/layout/geometry.ts';
import type { PlacedNode } from '#renderer/waits/layout/picture-types.ts';
import { Places } from '#renderer/waits/places.ts';
import { chainWaits, edge, ringWaits, thing } from './fixture.ts';

const sizes = fc.record({
  width: fc.integer({ min: 380, max: 1200 }),
  height: fc.integer({ min: 300, max: 900 }),
});

const boxOf = ({ x, y, halfWidth, halfHeight }: PlacedNode) => ({
  x: x - halfWidth,
  y: y - halfHeight,
  width: halfWidth * 2,
  height: halfHeight * 2,
});

function expectApart(nodes: readonly PlacedNode[]): void {
  for (const [at, a] of nodes.entries()) {
    for (const b of nodes.slice(at + 1)) {
      expect(meet(boxOf(a), boxOf(b)), `${a.id} and ${b.id}`).toBe(false);
    }
  }
}

const wish = { allObjects: false, cycle: 0 };

test('members of a ring stand apart, inside the pane, clockwise from the first', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 2, max: 14 }), (size, count) => {
      const picture = new Places().picture(new Reading(ringWaits(count), 5e9), { ...wish, size });
      if (count > 12) expect(picture.kind).toBe('list');
      if (picture.kind !== 'ring') return;
      expectApart(picture.nodes);
      const area = picture.nodes.reduce((sum, { x, y }, at) => {
        const next = picture.nodes[(at + 1) % count]!;
        return sum + x * next.y - next.x * y;
      }, 0);
      expect(area).toBeGreaterThanOrEqual(0);
      for (const { x, y } of picture.nodes) {
        expect(x >= 25 && x <= size.width - 25 && y >= 25 && y <= size.height - 25).toBe(true);
      }
    }),
  );
});

test('a ring of five has its places by the shape of the pane', () => {
  const at = (width: number, height: number) => {
    const size = { width, height };
    const picture = new Places().picture(new Reading(ringWaits(5), 5e9), { ...wish, size });
    return picture.kind === 'ring' ? picture.nodes.map(({ x, y }) => [x, y]) : [];
  };
  const wide = at(715, 330);
  expect(new Set(wide.slice(0, 3).map(([, y]) => y)).size).toBe(1);
  expect(wide[3]![1]).toBe(wide[4]![1]);
  const tall = at(584, 420);
  expect(tall[1]![0]).toBe(tall[2]![0]);
  expect(tall[2]![0]).toBe(tall[3]![0]);
});

test('holders and waiters stand apart in panes of any size', () => {
  fc.assert(
    fc.property(sizes, fc.integer({ min: 2, max: 12 }), (size, count) => {
      const picture = new Places().picture(new Reading(chainWaits(count), 5e9), { ...wish, size });
      expect(picture.kind).toBe('sides');
      if (picture.kind === 'sides') expectApart(picture.nodes);
    }),
  );
});

test('forty things at rest stand apart; those without room are counted', () => {
  const things = Array.from({ length: 40 }, (_, at) =>
    thing(`${['task', 'lock', 'reference', 'queue'][at % 4]!}:x${at}`, { state: 'free' }),
  );
  const waits = { things, edges: [], cycles: [], sentence: [] };
  fc.assert(
    fc.property(sizes, (size) => {
      const picture = new Places().picture(new Reading(waits, 5e9), { ...wish, size });
      if (picture.kind !== 'columns') throw new Error(picture.kind);
      expectApart(picture.nodes);
      const counted = picture.folds.map(({ text }) => Number.parseInt(text, 10));
      expect(counted.reduce((sum, many) => sum + many, picture.nodes.length)).toBe(40);
    }),
  );
});

test('things keep their places when another one comes', () => {
  const before = chainWaits(3);
  const places = new Places();
  const size = { width: 584, height: 420 };
  const placesOf = (waits: typeof before): Map<string, readonly number[]> => {
    const picture = places.picture(new Reading(waits, 5e9), { ...wish, size });
    if (picture.kind === 'list') throw new Error('a list');
    return new Map(picture.nodes.map(({ id, x, y }) => [id, [x, y]]));
  };
  const first = placesOf(before);
  const after = placesOf({
    ...before,
    things: [thing('lock:first'), ...before.things],
    edges: [edge('task:t0', 'holds', 'lock:first'), ...before.edges],
  });
  for (const [id, place] of first) expect(after.get(id), id).toEqual(place);
  const rest = (things: readonly Thing[]) => placesOf({ ...before, things, edges: [] });
  const quiet = rest(before.things);
  const more = rest([thing('lock:other'), ...before.things]);
  for (const [id, place] of quiet) expect(more.get(id), id).toEqual(place);
});

test('the list says each step in words', () => {
  const list = listOf(new Reading(ringWaits(4), 5e9));
  expect(list[0]).toMatch(/^Cycle of 4\. 1 of 4: t0, task A, waits for lock mutex_1 since 3\.000/);
  expect(list[1]).toMatch(/^2 of 4: lock mutex_1 is held by t2, task A since/);
  expect(list).toHaveLength(4);
});
