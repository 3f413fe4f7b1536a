// Goal: spans, flags, stretches and finds are said as ui.md says them, with letters where the
// window shows letters; the table has the span at the cursor as its current cell.
// Method: made-up spans.

import { expect, test } from 'vitest';
import { spanStyle } from '#contract/timeline.ts';
import type { LaneAround, SpanWords } from '#contract/timeline.ts';
import { firstHit, foundText } from '#renderer/timeline/find.svelte.ts';
import { laneHeights, rowsOf } from '#renderer/timeline/layout.ts';
import { denseTip, laneName, markTip, spanSentence, tipOf } from '#renderer/timeline/spans.ts';
import { countsText } from '#renderer/timeline/stretch.svelte.ts';
import { spanAtCursor, tableOf } from '#renderer/timeline/table.ts';

const thin = '\u202f';
const names = new Map([
  ['sh', { shown: 'sh:5', letter: 'A' }],
  ['kworker', { shown: 'kworker/u8:0', letter: 'B' }],
  ['intf_mutex', { shown: 'intf_mutex', letter: '' }],
]);

const span = (over: Partial<SpanWords>): SpanWords => ({
  lane: 1,
  style: spanStyle.run,
  name: 'kworker',
  state: 'runs',
  fate: '',
  label: '',
  value: 0,
  sinceNs: 12.531e9,
  untilNs: null,
  seq: 10,
  ...over,
});

const stuck = span({
  style: spanStyle.stuck,
  state: 'waits for intf_mutex',
  label: 'intf_mutex',
  fate: 'cannot end',
});
const held = span({
  lane: 2,
  style: spanStyle.hold,
  name: 'intf_mutex',
  state: 'is held by sh',
  label: 'sh',
  sinceNs: 12.43e9,
});
const wanted = span({
  lane: 2,
  style: spanStyle.wanted,
  name: 'intf_mutex',
  state: 'is wanted by kworker',
  label: 'kworker',
  seq: 30,
});

test('a span is one sentence, as exact as it is long', () => {
  expect(spanSentence(stuck, names)).toBe(
    `kworker/u8:0 B waits for intf_mutex, from 12.531${thin}s, cannot end.`,
  );
  expect(spanSentence(held, names)).toBe(`intf_mutex is held by sh:5 A, from 12.430${thin}s.`);
  expect(spanSentence(span({ untilNs: 12.531_044e9 }), names)).toBe(
    `kworker/u8:0 B runs, from 12.531${thin}000${thin}s to 12.531${thin}044${thin}s.`,
  );
  expect(spanSentence(span({ state: 'ends', untilNs: 12.531e9 }), names)).toMatch(/ends, at 12/);
  expect(laneName('nobody', names)).toBe('nobody');
});

test('a tooltip has name, state, since when, who else, one next act', () => {
  expect(tipOf([held, wanted], names)).toBe(
    `intf_mutex, held by A since 12.430${thin}s, wanted by B. Double click: go to when A took it.`,
  );
  expect(tipOf([stuck], names)).toBe(
    `kworker/u8:0, waits for intf_mutex, cannot end since 12.531${thin}s. ` +
      'Double click: go to when the wait began.',
  );
  expect(tipOf([], names)).toBe('');
  expect(denseTip(3200)).toBe(`3${thin}200 events here, zoom in`);
  expect(markTip({ kind: 'own', seq: 1, timeNs: 2e9, text: 'look', number: 0 })).toBe(
    `your mark at 2.000${thin}s: look. Click: change or remove it.`,
  );
});

test('a stretch is counted in words, without what there is none of', () => {
  const none = { events: 0, switches: 0, locks: 0, works: 0, commands: 0, packets: 0 };
  expect(countsText(none)).toEqual(['0 events']);
  expect(countsText({ ...none, events: 3200, switches: 1, packets: 2 })).toEqual([
    `3${thin}200 events`,
    '1 switch',
    '2 packets',
  ]);
});

test('what was found is counted, and walking begins at the cursor', () => {
  const hits = [5, 9, 20].map((seq) => ({ seq, timeNs: seq, lane: null }));
  const found = { hits, total: 3, lanes: [], said: null };
  expect(foundText(found, null)).toBe('3 hits');
  expect(foundText(found, 1)).toBe('2 of 3');
  expect(foundText({ ...found, total: 1003 }, 0)).toBe(`1 of 3, 1${thin}000 more: narrow it`);
  expect(foundText({ ...found, hits: [], total: 0 }, null)).toBe('no hits');
  expect(foundText({ ...found, said: 'Write it so.' }, null)).toBe('Write it so.');
  expect([0, 9, 99].map((seq) => firstHit(hits, seq, 1))).toEqual([0, 1, 0]);
  expect([0, 9, 99].map((seq) => firstHit(hits, seq, -1))).toEqual([2, 0, 2]);
});

test('the table: rows by their places, the cell at the cursor, its neighbours', () => {
  const lane = (id: number, name: string, group: 'tasks' | 'objects') =>
    ({ id, name, shown: name, group, kind: 'task', firstSeq: 0, lastSeq: 0, weight: 0 }) as const;
  const lanes = [lane(1, 'kworker', 'tasks'), lane(2, 'intf_mutex', 'objects')];
  const rows = rowsOf(lanes, [2], laneHeights.normal);
  expect(rows.map(({ title, lane: of }) => of?.name ?? title)).toEqual([
    'Pinned',
    'intf_mutex',
    'Tasks',
    'kworker',
  ]);
  const before = span({ sinceNs: 1e9, untilNs: 2e9, seq: 3 });
  const around: LaneAround[] = [
    { lane: 2, before: null, at: [held, wanted], after: null },
    { lane: 1, before, at: [], after: stuck },
  ];
  const cursor = { timeNs: 12.531e9, seq: wanted.seq + 1 };
  const table = tableOf(rows, ({ title }) => title !== 'Tasks', around, cursor, names);
  expect(table.map(({ index, name }) => [index, name])).toEqual([
    [1, 'Pinned'],
    [2, 'intf_mutex'],
    [4, 'kworker/u8:0 B'],
  ]);
  expect(table[1]!.current?.span).toBe(wanted);
  expect(table[2]!.cells.map(({ span: of }) => of)).toEqual([before, null, stuck]);
  expect(table[2]!.current?.text).toBe(`kworker/u8:0 B: nothing at 12.531${thin}s.`);
  const ids = table.flatMap(({ cells }) => cells.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
});

test('the cursor is at the span that it went to, else at the first', () => {
  const at = [held, { ...wanted, seq: 77 }];
  const around: LaneAround = { lane: 2, before: null, at, after: null };
  expect(spanAtCursor(around, 78)).toBe(at[1]);
  expect(spanAtCursor(around, 12)).toBe(at[0]);
  expect(spanAtCursor(undefined, 12)).toBeNull();
});
