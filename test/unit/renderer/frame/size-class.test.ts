// Splitters have limits: whatever was stored and whatever a hand wants, the panes that are shown
// fit into the view, and each keeps a rest that can be used.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultSizes, fittedSizes, sizeClassOf } from '#renderer/frame/size-class.ts';

const pixels = fc.integer({ min: 0, max: 5000 });
const wanted = fc.record({ panel: pixels, waits: pixels, right: pixels, bottom: pixels });
const window = fc.record({
  width: fc.integer({ min: 720, max: 3000 }),
  height: fc.integer({ min: 450, max: 2000 }),
});

test('whatever is wanted, rows and columns fit into the view', () => {
  fc.assert(
    fc.property(wanted, window, (sizes, { width, height }) => {
      const kind = sizeClassOf(width, height);
      const room = { width: width - 64, height: height - 80 };
      const { sizes: fitted, limits } = fittedSizes(kind, sizes, room);
      expect(room.height - fitted.bottom).toBeGreaterThanOrEqual(90);
      if (kind === 'narrow') return;
      const row = kind === 'large' ? room.width - fitted.right : room.width;
      expect(row - fitted.panel).toBeGreaterThanOrEqual(240);
      expect(room.width - fitted.right).toBeGreaterThanOrEqual(240);
      if (kind === 'medium') {
        expect(row - fitted.panel - fitted.waits).toBeGreaterThanOrEqual(284);
      }
      for (const [which, { min, max }] of Object.entries(limits)) {
        expect(fitted[which as keyof typeof fitted]).toBeGreaterThanOrEqual(min);
        expect(fitted[which as keyof typeof fitted]).toBeLessThanOrEqual(max);
      }
    }),
  );
});

test('sizes that fit stay as they are', () => {
  const room = { width: 1376, height: 820 };
  const sizes = defaultSizes('medium', room);
  expect(fittedSizes('medium', sizes, room).sizes).toEqual(sizes);
});

test('in a narrow window the lower pane has a share of the height, not a number of pixels', () => {
  const [low, high] = [400, 800].map(
    (height) => defaultSizes('narrow', { width: 900, height }).bottom,
  );
  expect(high).toBe(2 * low!);
});
