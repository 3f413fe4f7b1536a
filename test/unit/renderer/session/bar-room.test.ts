// The transport bar drops as few words as will do.

import { expect, test } from 'vitest';
import { drops, dropsThatFit } from '#renderer/session/bar-room.ts';

test('the least needed go first, and only as many as have to', () => {
  const room = (most: number) => (dropped: readonly string[]) => dropped.length >= most;
  expect(dropsThatFit(room(0))).toEqual([]);
  expect(dropsThatFit(room(2))).toEqual(drops.slice(0, 2));
  expect(dropsThatFit(() => false)).toEqual(drops);
});
