// Letters come with the cast of a moment; as long as nobody has joined they are the very same, so
// that nothing is drawn again.

import { expect, test } from 'vitest';
import { lettersOf } from '#renderer/state/letters.ts';

const cast = [
  { name: 'sh', letter: 'A' },
  { name: 'worker of mlx4', letter: 'E' },
];

test('letters are kept until somebody joins', () => {
  const first = lettersOf(cast, null);
  expect([...first]).toEqual([
    ['sh', 'A'],
    ['worker of mlx4', 'E'],
  ]);
  expect(lettersOf(cast, first)).toBe(first);
  expect(lettersOf([...cast, { name: 'ping', letter: 'F' }], first).get('ping')).toBe('F');
  expect(lettersOf(cast, null)).not.toBe(first);
});
