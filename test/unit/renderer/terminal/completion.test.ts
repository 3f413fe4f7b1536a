// What Tab makes of a line, and that a line with a space at its end, as Tab leaves it, is known
// again when the machine has begun it.

import { expect, test } from 'vitest';
import { completed } from '#renderer/terminal/completion.ts';
import { mayComplete } from '#renderer/terminal/keys.ts';
import { edited, emptyLine } from '#renderer/terminal/line-editor.ts';
import { stillWaiting } from '#renderer/terminal/screen-text.ts';

const typed = (text: string) => edited(emptyLine, text).line;
const found = (from: number, words: string[], common: string) => ({
  from,
  words,
  common,
  count: words.length,
});

test.each([
  ['the only word is ended with a space', 'ethto', found(0, ['ethtool'], 'ethtool'), 'ethtool '],
  ['a folder is not', 'cd /sy', found(3, ['/sys/'], '/sys/'), 'cd /sys/'],
  ['several: as far as they agree', 'ip e', found(3, ['eth0', 'eth1'], 'eth'), 'ip eth'],
])('%s', (_name, text, completion, after) => {
  const done = completed(typed(text), completion)!;
  expect(done.line.text).toBe(after);
  expect(done.line.cursor).toBe(after.length);
});

test('several are listed by their last part, and those that are too many are counted', () => {
  const words = Array.from({ length: 30 }, (_, n) => `/sys/class/net/eth${n}`);
  const done = completed(typed('ls /sys/class/net/'), found(3, words, '/sys/class/net/eth'))!;
  expect(done.choices.slice(0, 2)).toEqual(['eth0', 'eth1']);
  expect([done.choices.length, done.more]).toEqual([24, 6]);
});

test('nothing to complete is nothing', () => {
  expect(completed(typed('zzz'), found(0, [], 'zzz'))).toBeNull();
});

test('what stands after the cursor stays', () => {
  const line = { ...typed('ethto -i eth0'), cursor: 5 };
  expect(completed(line, found(0, ['ethtool'], 'ethtool'))!.line.text).toBe('ethtool -i eth0');
});

test.each([
  ['in a line', {}, 'ls', false, true],
  ['on an empty line', {}, ' ', false, false],
  ['after Esc', {}, 'ls', true, false],
  ['with Shift', { shiftKey: true }, 'ls', false, false],
])('a Tab %s', (_name, modifiers, text, afterEscape, completes) => {
  const event = { key: 'Tab', shiftKey: false, ctrlKey: false, altKey: false, metaKey: false };
  const pressed = { ...event, ...modifiers } as KeyboardEvent;
  expect(mayComplete(pressed, text, afterEscape)).toBe(completes);
});

test('a line that ends with a space does not wait for ever', () => {
  expect(stillWaiting(['ls ', 'ps'], [{ text: '$ ls \n', typed: true }])).toEqual(['ps']);
});
