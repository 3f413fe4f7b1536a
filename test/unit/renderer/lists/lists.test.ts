// Rows of a list in the window: put together, found, written.

import { expect, test } from 'vitest';
import { groupedCount, timeText, tookText } from '#renderer/ui/numbers.ts';
import { merged, rowsBefore, rowsMax, visibleRows } from '#renderer/lists/merge.ts';

const rows = (...seqs: readonly number[]) => seqs.map((seq) => ({ seq, text: `old ${seq}` }));

test('a new row takes the place of the old one of its event', () => {
  const added = [
    { seq: 5, text: 'new 5' },
    { seq: 9, text: 'new 9' },
  ];
  const { rows: all } = merged(rows(1, 5, 7), added);
  expect(all.map(({ text }) => text)).toEqual(['old 1', 'new 5', 'old 7', 'new 9']);
  expect(merged(rows(1), []).rows).toEqual(rows(1));
});

test('no more rows are kept than are allowed', () => {
  const many = rows(...Array.from({ length: rowsMax }, (_, seq) => seq));
  const { rows: all, dropped } = merged(many, rows(rowsMax, rowsMax + 1));
  expect([all.length, dropped, all[0]!.seq]).toEqual([rowsMax, 2, 2]);
});

test('only rows in sight are drawn, and the cursor is found', () => {
  expect(visibleRows(1000, 24, 2400, 240)).toEqual({ start: 96, end: 114 });
  expect(visibleRows(3, 24, 0, 240)).toEqual({ start: 0, end: 3 });
  expect(rowsBefore(rows(1, 5, 7), 6)).toBe(2);
});

test('numbers have thin spaces and units', () => {
  expect(timeText(12_509_402_118)).toBe('12.509\u202f402');
  expect(groupedCount(31_977)).toBe('31\u202f977');
  expect([300, 5000, 300_000, 18_100_000, 240e9].map(tookText)).toEqual([
    '300 ns',
    '5.0 µs',
    '0.3 ms',
    '18.1 ms',
    '240 s',
  ]);
});
