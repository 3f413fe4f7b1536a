// The line under the hands: typing, keys, history, pasting.

import { expect, test } from 'vitest';
import { edited, emptyLine, lineMax } from '#renderer/terminal/line-editor.ts';
import type { EditedLine } from '#renderer/terminal/line-editor.ts';

const after = (...data: readonly string[]): EditedLine =>
  data.reduce((line, each) => edited(line, each).line, emptyLine);

test('keys move, insert and delete where the cursor is', () => {
  expect(after('ip ink', '\x1b[D', '\x1b[D', '\x1b[D', 'l')).toMatchObject({
    text: 'ip link',
    cursor: 4,
  });
  expect(after('abc', '\x7f')).toMatchObject({ text: 'ab', cursor: 2 });
  expect(after('abc', '\x1b[H', '\x1b[3~', '\x7f')).toMatchObject({ text: 'bc', cursor: 0 });
  expect(after('one two three', '\x17').text).toBe('one two ');
  expect(after('one two', '\x1b[1;5D', '\x0b').text).toBe('one ');
  expect(after('one two', '\x1b[1;5D', '\x15').text).toBe('two');
});

test('Enter gives the line and remembers it once', () => {
  const edit = edited(after('echo a'), '\r');
  expect(edit.entered).toEqual(['echo a']);
  expect(edit.line).toMatchObject({ text: '', history: ['echo a'] });
  expect(after('echo a', '\r', 'echo a', '\r', '  ', '\r').history).toEqual(['echo a']);
});

test('the arrows go through the history and back to the new line', () => {
  const typed = after('one', '\r', 'two', '\r', 'thr');
  const up = edited(typed, '\x1b[A').line;
  expect(up.text).toBe('two');
  expect(edited(edited(up, '\x1b[A').line, '\x1b[A').line.text).toBe('one');
  expect(edited(up, '\x1b[B').line.text).toBe('thr');
});

test('a paste of several lines enters all but the last', () => {
  const edit = edited(after('cat '), 'a\r\necho\tb\nc');
  expect(edit.entered).toEqual(['cat a', 'echo b']);
  expect(edit.line.text).toBe('c');
});

test('Ctrl C drops the line, Ctrl L leaves it, unknown keys do nothing', () => {
  expect(edited(after('abc'), '\x03')).toMatchObject({ interrupted: true, line: { text: '' } });
  expect(edited(after('abc'), '\x0c')).toMatchObject({ cleared: true, line: { text: 'abc' } });
  expect(edited(after('abc'), '\x1b[15~').line.text).toBe('abc');
  expect(after('x'.repeat(2 * lineMax)).text).toHaveLength(lineMax);
});
