// The shell's grammar: what lines mean, and what is said of those that mean nothing.

import { describe, expect, test } from 'vitest';
import type { Command, Program, SimpleCommand, Word } from '#lab/shell/ast.ts';
import { ShellSyntaxError } from '#lab/shell/lex.ts';
import { parseLine } from '#lab/shell/parse.ts';

/** A word as text: quoted parts in brackets, expansions by kind. */
function wordText(word: Word): string {
  return word
    .map((part) => {
      const mark = (text: string): string => (part.quoted ? `[${text}]` : text);
      if (part.kind === 'text') return mark(part.text);
      if (part.kind === 'parameter') {
        const operator = part.operator === null ? '' : `${part.operator}${wordText(part.word)}`;
        return mark(`$<${part.name}${operator}>`);
      }
      if (part.kind === 'arithmetic') return mark(`$((${wordText(part.expression)}))`);
      return mark(`$(${programText(part.program)})`);
    })
    .join('');
}

function simpleText(command: SimpleCommand): string {
  return [
    ...command.assignments.map(({ name, value }) => `${name}=${wordText(value)}`),
    ...command.words.map(wordText),
    ...command.redirections.map(({ fd, kind, target }) => `${fd}:${kind}:${wordText(target)}`),
  ].join(' ');
}

function commandText(command: Command): string {
  switch (command.kind) {
    case 'simple':
      return simpleText(command);
    case 'group':
    case 'subshell':
      return `${command.kind}{${programText(command.body)}}`;
    case 'if': {
      const branches = command.branches.map(
        ({ condition, body }) => `${programText(condition)}?${programText(body)}`,
      );
      const otherwise = command.otherwise === null ? '' : `:${programText(command.otherwise)}`;
      return `if{${branches.join(' else ')}${otherwise}}`;
    }
    case 'for':
      return (
        `for ${command.name} in ${command.words.map(wordText).join(' ')}` +
        `{${programText(command.body)}}`
      );
    default:
      return `${command.kind}{${programText(command.condition)}}{${programText(command.body)}}`;
  }
}

const joins = { always: '', success: '&& ', failure: '|| ' } as const;

function programText(program: Program): string {
  return program
    .map(({ pipelines, background }) => {
      const text = pipelines.map(
        ({ commands, negated, after }) =>
          `${joins[after]}${negated ? '! ' : ''}${commands.map(commandText).join(' | ')}`,
      );
      return `${text.join(' ')}${background ? ' &' : ''}`;
    })
    .join('; ');
}

describe('lines and what they mean', () => {
  test.each([
    ['echo a b', 'echo a b'],
    ['echo "a b" c', 'echo [][a][ ][b] c'],
    ["echo 'a  b'", 'echo [a  b]'],
    ['echo a\\ b', 'echo a[ ]b'],
    ['echo a#b # comment', 'echo a#b'],
    ['a && b || c', 'a && b || c'],
    ['a; b;', 'a; b'],
    ['a & b', 'a &; b'],
    ['a | b | c', 'a | b | c'],
    ['! a | b', '! a | b'],
    ['a\nb', 'a; b'],
    ['a |\n b', 'a | b'],
    ['x=1 y="2" cmd z=3', 'x=1 y=[][2] cmd z=3'],
    ['x=', 'x='],
    ['echo > f 2>&1 < g', 'echo 1:write:f 2:duplicate:1 0:read:g'],
    ['echo hi >> f 2> g', 'echo hi 1:append:f 2:write:g'],
    ['echo 2 > f', 'echo 2 1:write:f'],
    ['echo a2>f', 'echo a2 1:write:f'],
    ['>f', '1:write:f'],
    ['echo $x ${y} $? $! $$', 'echo $<x> $<y> $<?> $<!> $<$>'],
    ['echo "$x"y', 'echo [][$<x>]y'],
    ['echo $', 'echo $'],
    ['echo ${x:-a b} ${#x} ${x%.ko}', 'echo $<x:-a b> $<xlength> $<x%.ko>'],
    ['echo $(a | b)', 'echo $(a | b)'],
    ['echo "$(echo "x y")"', 'echo [][$(echo [][x][ ][y])]'],
    ['echo `a \\`b\\``', 'echo $(a $(b))'],
    ['echo $((1 + (2 * x)))', 'echo $((1 + (2 * x)))'],
    ['( a; b ) > f', 'subshell{a; b}'],
    ['{ a; b; }', 'group{a; b}'],
    ['if a; then b; elif c; then d; else e; fi', 'if{a?b else c?d:e}'],
    ['while a; do b; done', 'while{a}{b}'],
    ['until a\ndo\nb\ndone', 'until{a}{b}'],
    ['for x in 1 $y "z"; do echo $x; done', 'for x in 1 $<y> [][z]{echo $<x>}'],
    ['echo if then fi', 'echo if then fi'],
    ['', ''],
    ['   # nothing', ''],
  ])('%j', (line, meaning) => {
    expect(programText(parseLine(line))).toBe(meaning);
  });

  test('a job is remembered as it was typed', () => {
    expect(parseLine('sleep 5 | cat & echo x').map(({ source }) => source)).toEqual([
      'sleep 5 | cat',
      'echo x',
    ]);
  });
});

describe('lines that mean nothing', () => {
  test.each([
    ["echo 'a", 'Unterminated quoted string', 5],
    ['echo "a', 'Unterminated quoted string', 5],
    ['echo `a', 'EOF in backquote substitution', 5],
    ['echo $(a', "Missing ')'", 7],
    ['echo $((1)', "Missing '))'", 5],
    ['echo ${x', 'Bad substitution', 5],
    ['echo ${}', 'Bad substitution', 5],
    ['a | ; b', '";" unexpected', 4],
    ['| a', '"|" unexpected', 0],
    ['a && ', 'end of file unexpected', 5],
    ['a > ', 'end of file unexpected', 4],
    ['a > | b', '"|" unexpected', 4],
    ['a 3> f', 'Bad fd number', 2],
    ['a << b', 'here-documents are not in this shell', 2],
    [')', '")" unexpected', 0],
    ['( a', 'end of file unexpected', 3],
    ['()', '")" unexpected', 1],
    ['{ a; ', 'end of file unexpected (expecting "}")', 5],
    ['fi', '"fi" unexpected', 0],
    ['if a; fi', '"fi" unexpected (expecting "then")', 6],
    ['if a; then b;', 'end of file unexpected (expecting "fi")', 13],
    ['while a; do b', 'end of file unexpected (expecting "done")', 13],
    ['for 1 in a; do b; done', 'Bad for loop variable', 4],
    ['for x in a; b', '"b" unexpected (expecting "do")', 12],
    ['echo $(fi)', '"fi" unexpected', 7],
  ])('%j', (line, message, at) => {
    let caught: unknown;
    try {
      parseLine(line);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(ShellSyntaxError);
    expect({
      message: (caught as ShellSyntaxError).message,
      at: (caught as ShellSyntaxError).at,
    }).toEqual({
      message,
      at,
    });
  });
});
