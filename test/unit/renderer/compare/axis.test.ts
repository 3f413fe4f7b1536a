// The axis of a comparison: places and what they stand for are each other's inverse, the ruler is
// round on both sides of the seam, and turning from time to events says where both machines are.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  afterAt,
  afterText,
  panned,
  placeOf,
  rulerTicks,
  showing,
  turnedAfter,
  zoomed,
} from '#renderer/compare/axis.ts';
import type { Compared } from '#renderer/compare/axis.ts';

const view = { from: -30e6, to: 100e6 };
const width = 1200;

const run = (events: number, virtualNs: number) => ({ events, virtualNs });
const compared = {
  at: { a: { seq: 100, timeNs: 1e9 }, b: { seq: 110, timeNs: 1e9 } },
  runs: { a: run(1000, 9e9), b: run(500, 3e9) },
} as Compared;
const place = (seq: number, timeNs: number) => ({ seq, timeNs });

test('what is at a place is where it is', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: width, noNaN: true }), (x) => {
      expect(placeOf(afterAt(x, view, width), view, width)).toBeCloseTo(x, 6);
    }),
  );
});

test('zooming keeps what is under the pointer, and stops at ten points', () => {
  const closer = zoomed(view, 0.5, 20e6, 'time');
  expect(placeOf(20e6, closer, width)).toBeCloseTo(placeOf(20e6, view, width), 6);
  expect(closer.to - closer.from).toBe((view.to - view.from) / 2);
  const closest = zoomed(view, 1e-12, 0, 'time');
  expect(closest.to - closest.from).toBeCloseTo(1000, 6);
  expect(panned(view, 0.5)).toEqual({ from: 35e6, to: 165e6 });
});

test('a cursor that leaves the view comes to its middle; one inside moves nothing', () => {
  expect(showing(view, 20e6)).toBe(view);
  expect(showing(view, 300e6)).toEqual({ from: 235e6, to: 365e6 });
});

test('the ruler counts from the seam on, and before it says the run’s own time', () => {
  const ticks = rulerTicks(view, width, 12.45e9, 'time');
  const before = ticks.filter(({ after }) => after < 0);
  const later = ticks.filter(({ after }) => after > 0);
  expect(before.map(({ text }) => text)).toEqual(['12.42 s', '12.43 s', '12.44 s']);
  expect(later[0]?.text).toBe('+10 ms');
  expect(ticks.every(({ after }) => after !== 0)).toBe(true);
});

test('the ruler of events counts whole events', () => {
  const ticks = rulerTicks({ from: -300, to: 1000 }, width, 18_219, 'events');
  expect(ticks.map(({ text }) => text)).toContain('+200');
  expect(ticks[0]?.text).toBe('18\u202f000');
  const close = rulerTicks({ from: 0, to: 10 }, width, 0, 'events');
  expect(close.every(({ after }) => Number.isInteger(after))).toBe(true);
});

test.each([
  [0, 'events', '0'],
  [1234, 'events', '+1\u202f234'],
  [-5, 'events', '−5'],
  [61.2e6, 'time', '+61.2\u202fms'],
] as const)('%d of %s is said %s', (after, scale, said) => {
  expect(afterText(after, scale)).toBe(said);
});

test('turning to events, the run that has done more says where both are; back, the sooner', () => {
  const places = { a: place(150, 1.05e9), b: place(300, 1.05e9) };
  expect(turnedAfter(compared, places, 50e6, 'events')).toBe(190);
  const byEvents = { a: place(290, 1.4e9), b: place(300, 1.05e9) };
  expect(turnedAfter(compared, byEvents, 190, 'time')).toBe(0.05e9);
});

test('a run that has ended does not say where both are', () => {
  const places = { a: place(900, 8e9), b: place(500, 3e9) };
  expect(turnedAfter(compared, places, 800, 'time')).toBe(7e9);
  expect(turnedAfter(compared, places, 7e9, 'events')).toBe(800);
});

test('before the seam the runs are one', () => {
  const places = { a: place(60, 0.9e9), b: place(70, 0.9e9) };
  expect(turnedAfter(compared, places, -0.1e9, 'events')).toBe(-40);
});
