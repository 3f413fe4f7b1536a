// Keys and commands: what is pressed is what is done, and letters are letters where text is typed.
// No two commands of one view share a key.

import { expect, test } from 'vitest';
import { commandOf, commandTable, keyName, printedKey } from '#renderer/frame/commands.ts';
import type { CommandRow } from '#renderer/frame/commands.ts';

const rows: readonly CommandRow[] = commandTable;
const allViews = ['session', 'card', 'runs', 'compare', 'lessons'] as const;

const pressed = (key: string, modifiers: Partial<KeyboardEvent> = {}): KeyboardEvent =>
  ({
    key,
    ctrlKey: false,
    altKey: false,
    shiftKey: false,
    metaKey: false,
    ...modifiers,
  }) as KeyboardEvent;

test('no two commands of a view have the same key', () => {
  for (const view of allViews) {
    const keys = rows
      .filter(({ views }) => views === undefined || views.includes(view))
      .flatMap((row) => row.keys);
    expect(keys.toSorted()).toEqual([...new Set(keys)].toSorted());
  }
});

test.each([
  [pressed(' '), 'Space', 'run'],
  [pressed('F5'), 'F5', 'run'],
  [pressed('>', { shiftKey: true }), '>', 'switch'],
  [pressed('F10', { shiftKey: true }), 'Shift+F10', 'switch'],
  [pressed('K', { ctrlKey: true }), 'Ctrl+k', 'palette'],
  [pressed('Z', { ctrlKey: true, shiftKey: true }), 'Ctrl+Shift+z', 'redo'],
  [pressed('1', { metaKey: true }), 'Ctrl+1', 'session'],
  [pressed('?', { shiftKey: true }), '?', 'keys'],
  [pressed('N', { shiftKey: true }), 'N', 'newRun'],
])('%# a key is called %s', (event, name, command) => {
  expect(keyName(event)).toBe(name);
  expect(commandOf(name, 'session', false)).toBe(command);
});

test('a letter that is typed into a field is no command; a function key is', () => {
  expect(commandOf('b', 'session', true)).toBeNull();
  expect(commandOf('Space', 'session', true)).toBeNull();
  expect(commandOf('F5', 'session', true)).toBe('run');
  expect(commandOf('Ctrl+k', 'session', true)).toBe('palette');
});

test('a command acts in its views only', () => {
  expect(commandOf('b', 'runs', false)).toBeNull();
  expect(commandOf('b', 'card', false)).toBe('blocked');
});

test('keys of the timeline act only while it has the focus, and not in its field', () => {
  expect(commandOf('w', 'session', false)).toBeNull();
  expect(commandOf('w', 'session', false, 'waits')).toBeNull();
  expect(commandOf('w', 'session', false, 'timeline')).toBe('zoomIn');
  expect(commandOf('ArrowLeft', 'session', false, 'timeline')).toBe('spanBack');
  expect(commandOf('Shift+ArrowLeft', 'session', false, 'timeline')).toBe('selectBack');
  for (const key of ['ArrowLeft', 'Home', 'Enter', 'Escape', 'w']) {
    expect(commandOf(key, 'session', true, 'timeline')).toBeNull();
  }
  expect(commandOf('m', 'session', false)).toBe('mark');
  expect(commandOf('Ctrl+f', 'session', true, 'timeline')).toBe('find');
});

test('keys are printed as people read them', () => {
  const keys = ['Space', 'Ctrl+k', 'Shift+F10', 'b', 'ArrowUp', 'Shift+ArrowLeft', 'Escape', ','];
  const printed = ['space', 'Ctrl K', 'Shift F10', 'b', '↑', 'Shift ←', 'esc', ','];
  expect(keys.map(printedKey)).toEqual(printed);
});
