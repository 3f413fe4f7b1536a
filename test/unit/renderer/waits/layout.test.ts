// Goal: in no picture of the waits do two nodes overlap, things keep their places, and a ring goes
// round clockwise.
// Method: every layout over panes of all sizes, with properties.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Thing } from '#contract/waits.ts';
import { listOf, Reading, tooltipOf } from '#renderer/waits/describe.ts';
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

const rest = (things: readonly Thing[]) =>
  new Reading({ things, edges: [], cycles: [], sentence: [] }, 5e9);

test('rows close up before any of them folds, and what lasts is shown first', () => {
  const places = new Places();
  const size = { width: 584, height: 400 };
  const passing = Array.from({ length: 9 }, (_, at) =>
    thing(`lock:passing${at}`, { state: 'held', lasts: false }),
  );
  const lasting = ['rtnl_mutex', 'intf_mutex', 'bond_mutex'].map((name) =>
    thing(`lock:${name}`, { state: 'free', lasts: true }),
  );
  places.picture(rest([...passing, ...lasting]), { ...wish, size });
  const after = places.picture(rest([passing[8]!, ...lasting]), { ...wish, size });
  if (after.kind !== 'columns') throw new Error(after.kind);
  expect(after.folds).toEqual([]);
  const rows = after.nodes.toSorted((a, b) => a.y - b.y).map(({ id }) => id);
  expect(rows).toEqual([...lasting.map(({ id }) => id), 'lock:passing8']);
});

test('a fold counts a reference that somebody has as in use', () => {
  const references = Array.from({ length: 12 }, (_, at) =>
    thing(`reference:netdev e${at}`, { state: at === 11 ? 'free' : 'held', count: 6 }),
  );
  const picture = new Places().picture(rest(references), {
    ...wish,
    size: { width: 584, height: 400 },
  });
  if (picture.kind !== 'columns') throw new Error(picture.kind);
  expect(picture.folds.map(({ text }) => text)).toEqual(['6 more, 5 in use']);
});

test('with all objects nothing folds: the picture is as high as they need', () => {
  const things = Array.from({ length: 30 }, (_, at) => thing(`lock:x${at}`, { state: 'free' }));
  const size = { width: 584, height: 400 };
  const picture = new Places().picture(rest(things), { ...wish, allObjects: true, size });
  if (picture.kind !== 'columns') throw new Error(picture.kind);
  expect(picture.folds).toEqual([]);
  expect(picture.nodes).toHaveLength(30);
  const lowest = Math.max(...picture.nodes.map(({ y, halfHeight }) => y + halfHeight));
  expect(picture.height).toBeGreaterThan(lowest);
});

test('heads of columns have room', () => {
  for (const width of [360, 400, 584, 900]) {
    const picture = new Places().picture(rest([]), { ...wish, size: { width, height: 400 } });
    if (picture.kind !== 'columns') throw new Error(picture.kind);
    for (const [at, { x, text }] of picture.heads.entries()) {
      const end = picture.heads[at + 1]?.x ?? width;
      expect(x + text.length * 6.4, `${text} at ${width}`).toBeLessThan(end);
    }
  }
});

test('the middle of a ring says what it means in every size of the window', () => {
  // Panes of the waits, with and without the verdict over them: large, medium, small.
  const panes = [
    [780, 560],
    [780, 500],
    [584, 420],
    [584, 360],
    [715, 330],
  ] as const;
  for (const [width, height] of panes) {
    const picture = new Places().picture(new Reading(ringWaits(5), 5e9), {
      ...wish,
      size: { width, height },
    });
    if (picture.kind !== 'ring') throw new Error(picture.kind);
    expect(picture.centre?.lines.join(' '), `${width}×${height}`).toBe(
      'Each can only be released by the next.',
    );
  }
});

test('a line between a worker and its work goes round the words under it', () => {
  const things = [
    thing('task:kworker/u8:0', { state: 'running' }),
    thing('work:W31', { state: 'executed' }),
    thing('lock:m0'),
    thing('reference:eth0'),
    thing('task:sh:5'),
  ];
  const edges = [
    edge('task:kworker/u8:0', 'holds', 'lock:m0'),
    edge('work:W31', 'holds', 'reference:eth0'),
    edge('task:kworker/u8:0', 'runs', 'work:W31'),
    edge('task:sh:5', 'waitsFor', 'lock:m0'),
  ];
  const reading = new Reading({ things, edges, cycles: [], sentence: [] }, 5e9);
  const picture = new Places().picture(reading, { ...wish, size: { width: 584, height: 420 } });
  if (picture.kind !== 'sides') throw new Error(picture.kind);
  const node = picture.nodes.find(({ id }) => id === 'task:kworker/u8:0')!;
  const [, x1, , c1] = /^M([-\d.]+) ([-\d.]+)C([-\d.]+) /
    .exec(picture.lines.find(({ relation }) => relation === 'runs')!.path)!
    .map(Number);
  const leftmost = x1! + 0.75 * (c1! - x1!);
  expect(leftmost).toBeLessThan(node.x - (node.label.name.length * 7.8) / 2 + 2);
});

test('a tooltip has at most two lines', () => {
  const long = 'device_lock(mlx4_core.eth.0)';
  const things = [
    thing('task:a', { shown: 'kworker/u16:31' }),
    thing('task:b', { shown: 'modprobe:1234', letter: 'AB' }),
    thing(`lock:${long}`, { letter: 'DL' }),
  ];
  const edges = [
    edge('task:a', 'holds', `lock:${long}`),
    edge('task:b', 'waitsFor', `lock:${long}`),
  ];
  const reading = new Reading({ things, edges, cycles: [], sentence: [] }, 5e9);
  // Two lines of the tooltip's width in the narrowest pane, with room for the break.
  for (const { id } of things) expect(tooltipOf(reading, id).length).toBeLessThan(110);
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
  const atRest = (things: readonly Thing[]) => placesOf({ ...before, things, edges: [] });
  const quiet = atRest(before.things);
  const more = atRest([thing('lock:other'), ...before.things]);
  for (const [id, place] of quiet) expect(more.get(id), id).toEqual(place);
});

test('the list says each step in words', () => {
  const list = listOf(new Reading(ringWaits(4), 5e9));
  expect(list[0]).toMatch(/^Cycle of 4\. 1 of 4: t0, task A, waits for lock mutex_1 since 3\.000/);
  expect(list[1]).toMatch(/^2 of 4: lock mutex_1 is held by t2, task A since/);
  expect(list).toHaveLength(4);
});
