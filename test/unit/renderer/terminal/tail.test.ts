// What stands under the machine's text, laid out for a screen of some columns.

import { expect, test } from 'vitest';
import { columnAfter, move, tailOf } from '#renderer/terminal/tail.ts';
import { lineBegun, stillWaiting } from '#renderer/terminal/screen-text.ts';
import { nextTerminal, tabsOf } from '#renderer/terminal/tabs.ts';

const parts = { waiting: [], prompt: 'lab# ', text: '', cursor: 0 };

test('the cursor stands in the line, and a full row wraps', () => {
  const tail = tailOf({ ...parts, text: 'abcde', cursor: 2 }, 0, 80, '');
  expect(tail).toMatchObject({ cursor: { row: 0, column: 7 }, end: { row: 0, column: 10 } });
  const wrapped = tailOf({ ...parts, text: 'abcde', cursor: 5 }, 0, 10, '');
  expect(wrapped.end).toEqual({ row: 1, column: 0 });
  expect(wrapped.text.endsWith('abcde\r\n')).toBe(true);
});

test('lines that wait stand above, and the tail may begin in the middle of a row', () => {
  const tail = tailOf({ ...parts, waiting: ['ls'], prompt: '', text: 'x', cursor: 1 }, 3, 80, '');
  expect(tail).toMatchObject({ text: 'ls\r\n\x1b[0mx'.replace('\x1b[0m', ''), end: { row: 1 } });
  expect(move({ row: 2, column: 4 }, { row: 0, column: 3 })).toBe('\x1b[2A\r\x1b[3C');
});

test('colours take no room, tabs go to the next stop', () => {
  expect(columnAfter('\x1b[32mlab# \x1b[0m', 0, 80)).toBe(5);
  expect(columnAfter('one\r\na\tb', 7, 80)).toBe(9);
  expect(columnAfter('x'.repeat(85), 0, 80)).toBe(5);
});

test('a line waits until the machine begins it', () => {
  const begun = { text: '$ ls\n', typed: true };
  expect(lineBegun(begun)).toBe('ls');
  expect(lineBegun({ text: '$ ls\n', typed: false })).toBeNull();
  expect(stillWaiting(['ls', 'ps'], [{ text: 'x', typed: false }, begun])).toEqual(['ps']);
});

const row = { name: 'main', label: '1', line: 'x', waitsSinceNs: 1e9, inCycle: false, alive: true };
const other = { ...row, name: 'tty2', label: '2', line: null, waitsSinceNs: null };

test('a terminal hangs after two seconds; the other is alive then', () => {
  const badges = (timeNs: number, inCycle: boolean) =>
    tabsOf([{ ...row, inCycle }, other], [], timeNs)
      .slice(0, 2)
      .map(({ standing, badge }) => `${standing} ${badge}`);
  expect(badges(2.9e9, false)).toEqual(['quiet ', 'quiet ']);
  expect(badges(241e9, false)).toEqual(['hangs hangs 240 s', 'alive alive']);
  expect(badges(241e9, true)).toEqual(['cycle hangs 240 s', 'alive alive']);
});

test('tabs are there before the machine knows of them', () => {
  expect(tabsOf([], [], 0).map(({ label }) => label)).toEqual([
    '1',
    'dmesg',
    'firmware',
    'packets',
    'tasks',
  ]);
  expect(tabsOf([row], ['tty2', 'main'], 0)[1]).toMatchObject({ label: '2', terminal: 'tty2' });
  expect(nextTerminal(['main'])).toBe('tty2');
});
