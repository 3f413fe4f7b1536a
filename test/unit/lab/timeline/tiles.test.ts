// Goal: a tile shows all of its lanes and nothing else, at any zoom: every span is in exactly one
// entry, with its time; a span that is found at a moment is in the tile of that moment.
// Method: fast-check chooses stretches and columns over a real run, held against the single spans
// that walking through each lane gives.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spanFlags, spanStyle } from '#lab/timeline/styles.ts';
import type { Tile } from '#lab/timeline/tiles.ts';
import { Timeline } from '#lab/timeline/timeline.ts';
import { count } from '#test/support/counts.ts';
import { recordScenario } from '#test/support/run-record.ts';
import { walk } from './walk.ts';

const { trace } = recordScenario('bond-deadlock', { variant: 'naive', untilNs: 30e9 });
const timeline = new Timeline(trace);
const lanes = timeline.lanes();
const spans = lanes.map(({ id }) => walk(timeline, id));

/** Any stretch of the run, from nanoseconds to all of it. */
const stretch = fc
  .tuple(fc.nat(spans.length - 1), fc.double({ min: 0, max: 1, noNaN: true }), fc.nat(100))
  .map(([lane, part, zoom]) => {
    const inLane = spans[lane]!;
    const near = inLane[Math.floor(part * (inLane.length - 1))]!;
    const length = 30e9 / 1.3 ** zoom;
    const fromNs = Math.max(0, near.sinceNs - length * part);
    return { lane, near, fromNs, toNs: Math.max(near.sinceNs, fromNs + length) + 1 };
  });

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** What a tile says of its only lane. */
const totals = ({ busy, count }: Tile): { busyNs: number; spans: number } => ({
  busyNs: sum(busy),
  spans: sum(count),
});

test('times and counts of a tile are those of the spans in it, at any zoom', () => {
  fc.assert(
    fc.property(stretch, fc.integer({ min: 1, max: 500 }), ({ lane, fromNs, toNs }, columns) => {
      const inside = spans[lane]!.filter(
        ({ sinceNs, untilNs }) => sinceNs < toNs && (sinceNs >= fromNs || untilNs > fromNs),
      );
      const tile = timeline.tile({ lanes: [lane], fromNs, toNs, columns });
      const { busyNs, spans: found } = totals(tile);
      expect(found).toBe(inside.length);
      expect(busyNs).toBeCloseTo(sum(inside.map(({ sinceNs, untilNs }) => untilNs - sinceNs)), 1);
    }),
    { numRuns: count(60, 2000) },
  );
});

test('each row of a lane has at most two entries for each column', () => {
  fc.assert(
    fc.property(stretch, fc.integer({ min: 1, max: 500 }), ({ lane, fromNs, toNs }, columns) => {
      const tile = timeline.tile({ lanes: [lane], fromNs, toNs, columns });
      const rows = new Set(spans[lane]!.map(({ row }) => row)).size;
      expect(tile.start.length).toBeLessThanOrEqual(rows * (2 * columns + 1));
    }),
    { numRuns: count(60, 2000) },
  );
});

test('a span that is found at a moment is in the tile of that moment', () => {
  fc.assert(
    fc.property(stretch, fc.integer({ min: 1, max: 500 }), (chosen, columns) => {
      const { lane, near, fromNs, toNs } = chosen;
      const tile = timeline.tile({ lanes: [lane], fromNs, toNs, columns });
      for (const found of timeline.at(lane, near.sinceNs)) {
        const endNs = found.untilNs ?? timeline.nowNs;
        const isThere = tile.start.some(
          (startNs, at) =>
            startNs <= found.sinceNs &&
            tile.end[at]! >= endNs &&
            ((tile.style[at]! & spanFlags.density) !== 0 ||
              (tile.style[at]! & 0xff) === found.style),
        );
        expect(isThere).toBe(true);
      }
    }),
    { numRuns: count(60, 2000) },
  );
});

test('lanes come in the order that was asked for, with as many entries as they say', () => {
  const asked = [14, 3, 58].map((at) => lanes[at]!.id);
  const tile = timeline.tile({ lanes: asked, fromNs: 0, toNs: 30e9, columns: 100 });
  expect([...tile.lanes]).toEqual(asked);
  expect(sum(tile.counts)).toBe(tile.start.length);
});

test('a poll that goes on for ever is one entry with its label', () => {
  const sh = lanes.find(({ name }) => name === 'sh')!;
  const query = { lanes: [sh.id], fromNs: 8e9, toNs: 10e9, columns: 4 };
  const tile = timeline.tile(query);
  expect(tile.start).toHaveLength(1);
  expect(tile.style[0]).toBe(spanStyle.stuck | spanFlags.density);
  expect(tile.texts[tile.label[0]!]).toBe('netdev eth0');
});

test('a stretch without length, no columns, and a lane that is none are refused', () => {
  const query = { lanes: [0], fromNs: 0, toNs: 1, columns: 1 };
  expect(() => timeline.tile({ ...query, toNs: 0 })).toThrow(RangeError);
  expect(() => timeline.tile({ ...query, columns: 0 })).toThrow(RangeError);
  expect(() => timeline.tile({ ...query, lanes: [lanes.length] })).toThrow(RangeError);
});
