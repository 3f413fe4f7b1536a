// Goal: times and places are two sides of one thing, with folds and without; zooming keeps what is
// under the pointer there; steps of the ruler leave room for their words.
// Method: fast-check chooses views and folds.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stepFor, tickSince, tickTime, ticksOf, rulerText } from '#renderer/timeline/ticks.ts';
import {
  pan,
  piecesOf,
  show,
  timeAt,
  travel,
  viewNs,
  widened,
  xOf,
  zoomAt,
} from '#renderer/timeline/view.ts';
import type { View } from '#renderer/timeline/view.ts';

/** Views of a run of 400 s, with up to three folds. */
const views: fc.Arbitrary<View> = fc
  .record({
    fromNs: fc.integer({ min: 0, max: 300e9 }),
    scale: fc.double({ min: 0, max: 8, noNaN: true }),
    width: fc.integer({ min: 200, max: 2000 }),
    cuts: fc.uniqueArray(fc.integer({ min: 1, max: 399 }), { maxLength: 6 }),
  })
  .map(({ fromNs, scale, width, cuts }) => {
    const sorted = [...cuts].sort((a, b) => a - b);
    const gaps = [];
    for (let at = 0; at + 1 < sorted.length; at += 2) {
      const [from, to] = [sorted[at]!, sorted[at + 1]!];
      gaps.push({ fromNs: from * 1e9, toNs: to * 1e9, warnings: 0, said: '' });
    }
    return { fromNs, nsPerPixel: 10 ** scale, width, gaps, endNs: 400e9 };
  });

test('pieces lie side by side and fill the width', () => {
  fc.assert(
    fc.property(views, (view) => {
      const pieces = piecesOf(view);
      let x = 0;
      for (const piece of pieces) {
        expect(piece.x).toBeCloseTo(x, 6);
        x += piece.width;
      }
      expect(x).toBeGreaterThanOrEqual(view.width - 1e-6);
    }),
  );
});

test('what is in sight stays in sight when the view gets another width', () => {
  const sizes = fc.integer({ min: 200, max: 2000 });
  fc.assert(
    fc.property(views, fc.double({ min: 0, max: 1, noNaN: true }), sizes, (view, part, width) => {
      const timeNs = timeAt(piecesOf(view), part * (view.width - 1));
      fc.pre(timeNs <= view.endNs);
      const next = widened(view, width, timeNs);
      expect(next.width).toBe(width);
      const x = xOf(piecesOf(next), timeNs);
      expect(x).toBeGreaterThanOrEqual(-1e-3);
      expect(x).toBeLessThanOrEqual(width + 1e-3);
    }),
  );
  const view = { fromNs: 1e9, nsPerPixel: 1e6, width: 800, gaps: [], endNs: 400e9 };
  expect(widened(view, 400, 9e9)).toEqual({ ...view, width: 400 });
  expect(widened(view, 400, null)).toEqual({ ...view, width: 400 });
});

test('a place has a time, and the time has that place', () => {
  fc.assert(
    fc.property(views, fc.double({ min: 0, max: 1, noNaN: true }), (view, part) => {
      const pieces = piecesOf(view);
      const x = part * (view.width - 1);
      expect(xOf(pieces, timeAt(pieces, x))).toBeCloseTo(x, 2);
    }),
  );
});

test('zooming keeps the time under the pointer where it is', () => {
  fc.assert(
    fc.property(views, fc.double({ min: 0.2, max: 0.95, noNaN: true }), (view, factor) => {
      const x = view.width / 2;
      const piece = piecesOf(view).find((one) => x >= one.x && x < one.x + one.width)!;
      const timeNs = timeAt(piecesOf(view), x);
      const isPlain = piece.kind === 'time' && timeNs < 400e9 && timeNs > viewNs(view);
      fc.pre(isPlain && view.nsPerPixel > 10);
      const zoomed = zoomAt(view, x, factor);
      // An edge within a fold stands at the fold's edge.
      expect(Math.abs(xOf(piecesOf(zoomed), timeNs) - x)).toBeLessThan(27);
      if (view.gaps.length === 0) expect(xOf(piecesOf(zoomed), timeNs)).toBeCloseTo(x, 3);
    }),
  );
});

test('there and back again is where it began', () => {
  fc.assert(
    fc.property(views, fc.integer({ min: -3000, max: 3000 }), (view, pixels) => {
      const { gaps, fromNs } = view;
      fc.pre(gaps.every((gap) => fromNs < gap.fromNs || fromNs >= gap.toNs));
      const there = travel(view, fromNs, pixels);
      const back = travel(view, there, -pixels);
      expect(Math.abs(back - fromNs) / view.nsPerPixel).toBeLessThan(27);
    }),
  );
});

test('a view stays within the run, and shows what it is told to show', () => {
  const view: View = { fromNs: 0, nsPerPixel: 1e6, width: 1000, gaps: [], endNs: 400e9 };
  expect(pan(view, -50).fromNs).toBe(0);
  expect(pan(view, 1e9).fromNs).toBeLessThan(400e9);
  const pieces = piecesOf(show(view, 6e9, 7e9));
  expect(xOf(pieces, 6e9)).toBeCloseTo(50, 6);
  expect(xOf(pieces, 7e9)).toBeCloseTo(950, 6);
  expect(viewNs(zoomAt(view, 500, 1e9))).toBe(500e9);
});

test('steps are 1, 2 or 5, and their words fit between them', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 9, noNaN: true }), fc.nat(400), (scale, near) => {
      const nsPerPixel = 10 ** scale;
      const ruler = { originNs: null };
      const stepNs = stepFor(nsPerPixel, ruler, near * 1e9);
      expect(['1', '2', '5']).toContain(String(stepNs).replace(/(e\+\d+)|0/g, ''));
      const text = rulerText(ruler, near * 1e9, stepNs);
      expect(stepNs / nsPerPixel).toBeGreaterThan(text.length * 7);
    }),
  );
});

test('times and lengths are said with as many digits as they need', () => {
  expect(tickTime(12.4205e9, 4)).toBe('12.420\u202f5 s');
  expect(tickTime(252.6e9, 3)).toBe('252.600 s');
  expect(tickSince(20e6, 20e6)).toBe('+20 ms');
  expect(tickSince(104.8e6, 1e5)).toBe('+104.8 ms');
  expect(tickSince(-1e3, 1e3)).toBe('−1 µs');
  expect(ticksOf(1.5e9, 4.2e9, 1e9)).toEqual([2e9, 3e9, 4e9]);
  expect(ticksOf(1.5e9, 3e9, 1e9, 0.25e9)).toEqual([2.25e9]);
});
