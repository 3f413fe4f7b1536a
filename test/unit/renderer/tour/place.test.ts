// A coach note is always whole in the room, and off what it speaks of wherever a side has room.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { placeNote } from '#renderer/tour/place.ts';

const room = { left: 64, top: 54, width: 1376, height: 820 };
const note = { width: 280, height: 170 };

test('it never leaves the room', () => {
  const at = fc.integer({ min: -200, max: 2000 });
  const size = fc.integer({ min: 1, max: 2000 });
  const box = fc.record({ left: at, top: at, width: size, height: size });
  fc.assert(
    fc.property(box, (anchor) => {
      const { left, top } = placeNote(anchor, note, room);
      expect(left).toBeGreaterThanOrEqual(room.left);
      expect(top).toBeGreaterThanOrEqual(room.top);
      expect(left + note.width).toBeLessThanOrEqual(room.left + room.width);
      expect(top + note.height).toBeLessThanOrEqual(room.top + room.height);
    }),
  );
});

test('where no side has room, it covers as little as it can', () => {
  const { top } = placeNote({ left: 64, top: 54, width: 1376, height: 700 }, note, room);
  expect(top).toBe(room.top + room.height - note.height - 8);
});

test.each([
  ['at the left', { left: 64, top: 54, width: 500, height: 500 }, { left: 572 }],
  ['at the right', { left: 838, top: 554, width: 602, height: 320 }, { left: 550 }],
  ['over the full width, above', { left: 64, top: 54, width: 1376, height: 500 }, { top: 562 }],
  ['over the full width, below', { left: 64, top: 400, width: 1376, height: 474 }, { top: 222 }],
])('beside a pane %s', (_where, anchor, expected) => {
  expect(placeNote(anchor, note, room)).toMatchObject(expected);
});
