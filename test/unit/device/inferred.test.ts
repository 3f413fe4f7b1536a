// The list of inferred behaviour is true: each entry names a test that exists.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { inferred } from '#device/inferred.ts';

test('every inferred behaviour names a test of this folder that exists', () => {
  const missing = inferred.filter(({ test: named }) => {
    const at = named.indexOf(': ');
    const text = readFileSync(new URL(named.slice(0, at), import.meta.url), 'utf8');
    return !text.includes(named.slice(at + 2));
  });
  expect(missing).toEqual([]);
});

test('every inferred behaviour says where the facts leave it open', () => {
  expect(inferred.filter(({ facts }) => !/^\d+(\.\d+)*(, \d+(\.\d+)*)*$/.test(facts))).toEqual([]);
});
