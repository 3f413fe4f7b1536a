// The comment wrapper: long comment lines fit afterwards, words keep their order, code is
// untouched.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { wrapComments } from '#test/tidy/wrap-comments.ts';

const long = 'word '.repeat(30).trim();
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
const words = (text: string): string[] => text.split(/\s+/).filter((word) => !/^[/*]*$/.test(word));

test('a long line moves into the next line of its paragraph', () => {
  const wrapped = wrapComments(`// ${long}\n// end.\n\nf();\n`);
  expect(wrapped.split('\n')).toHaveLength(5);
  expect(wrapped).toMatch(/^\/\/ word.*\n\/\/ word.* end\.\n\nf\(\);\n$/);
});

test('a list item below stays a list item', () => {
  expect(wrapComments(`// ${long}\n// - item\n`)).toMatch(/\n\/\/ word[^-]*\n\/\/ - item\n$/);
});

test('a doc comment on one line becomes a block', () => {
  expect(wrapComments(`  /** ${long} */\n`)).toMatch(/^ {2}\/\*\*\n( {3}\* word.*\n)+ {3}\*\/\n$/);
});

test('code is untouched', () => {
  const code = `const text = '${long}';\n// short\n/** short */\n`;
  expect(wrapComments(code)).toBe(code);
});

test('every comment fits, and no word is lost', () => {
  const word = fc.stringMatching(/^[a-z]{1,12}$/);
  const comment = fc.array(word, { minLength: 1, maxLength: 60 }).map((all) => all.join(' '));
  fc.assert(
    fc.property(fc.array(comment, { minLength: 1, maxLength: 5 }), (comments) => {
      const text = comments.map((line) => `// ${line}`).join('\n');
      const wrapped = wrapComments(text);
      expect(widest(wrapped)).toBeLessThanOrEqual(100);
      expect(words(wrapped)).toEqual(words(text));
      expect(wrapComments(wrapped)).toBe(wrapped);
    }),
  );
});
