// Patterns and arithmetic of the shell.

import { describe, expect, test } from 'vitest';
import { evaluate } from '#lab/shell/arithmetic.ts';
import { ShellError } from '#lab/shell/control.ts';
import { patternExpression, trimPattern } from '#lab/shell/pattern.ts';
import { baseName, resolvePath } from '#lab/shell/paths.ts';

test.each([
  ['*.ko', 'mlx4.ko', true],
  ['*.ko', 'mlx4_ko', false],
  ['mlx4_port?', 'mlx4_port1', true],
  ['mlx4_port?', 'mlx4_port1_mtu', false],
  ['[ab]x', 'bx', true],
  ['[!ab]x', 'bx', false],
  ['[0-9]', '7', true],
  ['a+b', 'a+b', true],
  ['a\\*b', 'a*b', true],
  ['a\\*b', 'axb', false],
  ['[', '[', true],
])('the pattern %s and the text %s', (pattern, text, matches) => {
  expect(patternExpression(pattern).test(text)).toBe(matches);
});

test.each([
  ['a.b.c', '.*', '%', 'a.b'],
  ['a.b.c', '.*', '%%', 'a'],
  ['/sys/class/net', '*/', '#', 'sys/class/net'],
  ['/sys/class/net', '*/', '##', 'net'],
  ['abc', 'x', '%', 'abc'],
] as const)('%s without %s by %s', (text, pattern, operator, rest) => {
  expect(trimPattern(text, pattern, operator)).toBe(rest);
});

test('paths are worked out as text', () => {
  expect(resolvePath('/sys/class', '../bus/./pci/')).toBe('/sys/bus/pci');
  expect(resolvePath('/sys', '/proc//net')).toBe('/proc/net');
  expect(resolvePath('/', '../..')).toBe('/');
  expect(baseName('/sbin/ip')).toBe('ip');
});

describe('arithmetic', () => {
  const values = new Map([
    ['x', '5'],
    ['word', 'abc'],
  ]);
  const variables = {
    value: (name: string) => values.get(name) ?? '',
    set: (name: string, value: string) => void values.set(name, value),
  };

  test.each([
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['x - 1 - 1', 3],
    ['-x + +1', -4],
    ['7 / 2 % 2', 1],
    ['-7 / 2', -3],
    ['0x10', 16],
    ['x == 5 && x != 4', 1],
    ['x < 5 || x >= 6', 0],
    ['!x', 0],
    ['nothing', 0],
    ['', 0],
    ['y = x + 1', 6],
    ['y += 4', 10],
  ])('%s is %d', (expression, value) => {
    expect(evaluate(expression, variables)).toBe(value);
  });

  test.each([
    ['1 +', 'arithmetic expression: expecting primary: "1 +"'],
    ['1 2', 'arithmetic expression: expecting EOF: "1 2"'],
    ['(1', 'arithmetic expression: expecting \')\': "(1"'],
    ['1 / 0', 'arithmetic expression: division by zero: "1 / 0"'],
    ['word', 'Illegal number: abc'],
  ])('%s makes no sense', (expression, message) => {
    expect(() => evaluate(expression, variables)).toThrow(new ShellError(message));
  });
});
