import { expect, test } from 'vitest';
import { asideOf, flagAt } from '#renderer/compare/ruler.ts';

test('a flag is kept within the picture', () => {
  expect(flagAt(100, 40, 300)).toEqual({ left: 72, right: 128 });
  expect(flagAt(2, 40, 300)).toEqual({ left: 1, right: 57 });
  expect(flagAt(299, 40, 300)).toEqual({ left: 243, right: 299 });
});

test('the flag of the parting goes aside for the one of the cursor', () => {
  const part = { left: 100, right: 180 };
  expect(asideOf(part, null, 400)).toBe(part);
  expect(asideOf(part, { left: 190, right: 250 }, 400)).toBe(part);
  expect(asideOf(part, { left: 150, right: 210 }, 400)).toEqual({ left: 66, right: 146 });
  expect(asideOf(part, { left: 70, right: 130 }, 400)).toEqual({ left: 134, right: 214 });
});

test('where there is no room beside it, the flag of the parting is left out', () => {
  expect(asideOf({ left: 1, right: 81 }, { left: 40, right: 100 }, 400)).toBeNull();
  expect(asideOf({ left: 319, right: 399 }, { left: 300, right: 360 }, 400)).toBeNull();
});
