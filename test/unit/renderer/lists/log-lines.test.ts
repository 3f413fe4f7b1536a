// Goal: nothing of a line of the kernel log is cut, and its rows keep the order of the events.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { eventOf, logLines, wrapped } from '#renderer/lists/log-lines.ts';

const line = (seq: number, text: string) => ({ seq, timeNs: 0, level: 1, text });

test('a long line goes on in the next row, parted at a space', () => {
  const text = 'unregister_netdevice: waiting for eth0 to become free. Usage count = 257';
  expect(wrapped(text, 60)).toEqual([
    'unregister_netdevice: waiting for eth0 to become free. Usage',
    'count = 257',
  ]);
});

test('no letter is lost, and no row is too long', () => {
  const anyText = fc.string({ maxLength: 300 });
  fc.assert(
    fc.property(anyText, fc.integer({ min: 1, max: 80 }), (text, lettersMax) => {
      const rows = wrapped(text, lettersMax);
      for (const row of rows) expect(row.length).toBeLessThanOrEqual(lettersMax);
      expect(rows.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    }),
  );
});

test('rows of a line lie between its event and the next, and lead back to it', () => {
  const rows = logLines([line(7, 'a b c d'), line(8, 'one\ntwo')], 1);
  const seqs = rows.map(({ seq }) => seq);
  expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
  expect(new Set(seqs).size).toBe(seqs.length);
  expect(rows.filter(({ isFirst }) => isFirst).map(({ text }) => text)).toEqual(['a', 'o']);
  expect(new Set(rows.map(eventOf))).toEqual(new Set([7, 8]));
});
