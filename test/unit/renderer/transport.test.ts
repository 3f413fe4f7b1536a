// The speed slider: what is set is shown, powers of ten catch, and the right end is as fast as it
// goes.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sliderOf, speedAt } from '#renderer/state/speed.ts';

test('the ends of the slider', () => {
  expect(speedAt(0)).toBe(1e-3);
  expect(speedAt(1)).toBeNull();
  expect(sliderOf(null)).toBe(1);
  expect(sliderOf(1e-3)).toBe(0);
});

test.each([-3, -2, -1, 0, 1, 2, 3])('ten to the %i is a detent', (exponent) => {
  const speed = 10 ** exponent;
  expect(speedAt(sliderOf(speed) + 0.005)).toBe(speed);
  expect(speedAt(Math.max(0, sliderOf(speed) - 0.005))).toBe(speed);
});

test('further to the right is never slower, and a position shows where it is', () => {
  const position = fc.double({ min: 0, max: 0.96, noNaN: true });
  fc.assert(
    fc.property(position, position, (a, b) => {
      const [low, high] = [speedAt(Math.min(a, b))!, speedAt(Math.max(a, b))!];
      expect(low).toBeLessThanOrEqual(high);
      expect(Math.abs(sliderOf(speedAt(a)) - a)).toBeLessThan(0.02);
    }),
  );
});
