// Closed panes leave their room to the others: in every row that is there, exactly one pane takes
// the rest.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { arrangementOf } from '#renderer/frame/arrangement.ts';

const panes = ['panel', 'waits', 'detectors', 'timeline', 'terminals'] as const;
const kinds = ['large', 'medium', 'small', 'narrow'] as const;

test('open panes have one place, closed ones none, and one of each row grows', () => {
  fc.assert(
    fc.property(fc.constantFrom(...kinds), fc.subarray([...panes]), (kind, open) => {
      const { upper, lower, right, strip } = arrangementOf(kind, open);
      const placed = [upper, lower, right].flatMap((row) => row.panes);
      expect([...placed, ...(strip ? ['detectors'] : [])].toSorted()).toEqual(open.toSorted());
      for (const row of [upper, lower, right]) {
        if (row.panes.length > 0) expect(row.panes).toContain(row.grows);
        else expect(row.grows).toBeNull();
      }
    }),
  );
});

test('without the waits a small window shows the whole board', () => {
  expect(arrangementOf('small', panes).strip).toBe(true);
  const without = arrangementOf('small', ['panel', 'detectors', 'timeline']);
  expect(without.strip).toBe(false);
  expect(without.upper).toEqual({ panes: ['panel', 'detectors'], grows: 'detectors' });
});
