// The lists of inferred and of decided behaviour are true: each entry names tests that exist.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decided, inferred } from '#device/inferred.ts';
import type { Inferred } from '#device/inferred.ts';

/** Lines of a test file of this folder or below `folder` that are no comment: titles are there. */
function linesOf(file: string, folder: string): readonly string[] {
  const text = readFileSync(new URL(folder + file, import.meta.url), 'utf8');
  return text.split('\n').filter((line) => !/^\s*(\/\/|\*|\/\*)/.test(line));
}

/** Those of `file: words of a title` whose words are not there. */
function missing(named: readonly string[], folder: string): readonly string[] {
  return named.filter((each) => {
    const [, file, words] = /^(\S+\.test\.ts): (.+)$/.exec(each) ?? [];
    if (file === undefined || words === undefined) return true;
    return !linesOf(file, folder).some((line) => line.includes(words));
  });
}

test('every behaviour names a test of this folder that exists', () => {
  const named = [...inferred, ...decided].map(({ test: each }) => each);
  expect(missing(named, './')).toEqual([]);
});

test('every decided behaviour names a test with the real driver that exists', () => {
  expect(
    missing(
      decided.map(({ seen }) => seen),
      '../../guest/',
    ),
  ).toEqual([]);
});

test('every behaviour says where the facts leave it open', () => {
  const isSections = /^\d+(\.\d+)*(, \d+(\.\d+)*)*$/;
  expect([...inferred, ...decided].filter(({ facts }) => !isSections.test(facts))).toEqual([]);
});

test('every inferred behaviour was tried the other way, or says what would decide it', () => {
  const isOpen = ({ decidedBy, unnoticed, unreached }: Inferred) =>
    (decidedBy ?? unnoticed ?? unreached) === undefined;
  expect(inferred.filter(isOpen)).toEqual([]);
});

test('no behaviour is in both lists', () => {
  const open = new Set(inferred.map(({ what }) => what));
  expect(decided.filter(({ what }) => open.has(what))).toEqual([]);
});
