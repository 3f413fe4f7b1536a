// A window that was gone comes back to where it was, in the same session only; how long it was gone
// it learns once.

import { expect, test } from 'vitest';
import { Memory } from '#renderer/state/memory.ts';

/** The storage of one window. */
function storageOf(texts: Map<string, string>): Storage {
  return {
    getItem: (key: string) => texts.get(key) ?? null,
    setItem: (key: string, text: string) => texts.set(key, text),
  } as unknown as Storage;
}

function left(texts: Map<string, string>): void {
  const before = new Memory(storageOf(texts));
  expect(before.meet(3, 100, 1000)).toBeNull();
  before.keep('cursor', { at: 'event', seq: 40 });
  before.write(120, 5000);
}

test('the same session: what was kept is there, and how long the window was gone', () => {
  const texts = new Map<string, string>();
  left(texts);
  const after = new Memory(storageOf(texts));
  expect(after.meet(3, 130, 8000)).toBe(3000);
  expect(after.recall('cursor')).toEqual({ at: 'event', seq: 40 });
  expect(after.meet(3, 140, 9000)).toBeNull();
});

test.each([
  ['another session', 4, 130],
  ['another lab, whose session has the same number', 3, 119],
])('%s: nothing of it', (_what, number, events) => {
  const texts = new Map<string, string>();
  left(texts);
  const after = new Memory(storageOf(texts));
  expect(after.meet(number, events, 8000)).toBeNull();
  expect(after.recall('cursor')).toBeNull();
});

test('a storage that was tampered with is none', () => {
  const after = new Memory(storageOf(new Map([['mlx4-lab.window', '{"session":']])));
  expect(after.meet(1, 0, 0)).toBeNull();
});
