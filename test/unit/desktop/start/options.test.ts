import { expect, test } from 'vitest';
import { startOptions } from '#desktop/start/options.ts';

test('without words: Electron, fetched for a minute at most', () => {
  expect(startOptions([])).toEqual({
    browser: false,
    noOpen: false,
    fetchSeconds: 60,
    help: false,
  });
});

test('each word is taken', () => {
  const words = ['--browser', '--no-open', '--help', '--fetch-seconds', '7'];
  expect(startOptions(words)).toEqual({
    browser: true,
    noOpen: true,
    fetchSeconds: 7,
    help: true,
  });
});

test.each([
  [['--nope'], "Unknown option '--nope'; --help lists the options."],
  [['file'], "Unexpected argument 'file'; --help lists the options."],
  [['--fetch-seconds', '-1'], /^[^.]*; --help lists the options\.$/],
  [['--fetch-seconds', '3601'], "--fetch-seconds wants a whole number up to 3600, not '3601'."],
  [['--fetch-seconds', '1.5'], "--fetch-seconds wants a whole number up to 3600, not '1.5'."],
  [['--browser=1'], /^[^.]*; --help lists the options\.$/],
])('%j is refused in one sentence', (words, sentence) => {
  expect(startOptions(words)).toEqual(
    typeof sentence === 'string' ? sentence : expect.stringMatching(sentence),
  );
});
