// Goal: a line goes to the guest that a trainee means, and a name that is none is found before
// anything runs.
// Method: lines and scripts, without a guest.

import { describe, expect, test } from 'vitest';
import { BadFile } from '#cli/bad-file.ts';
import { GuestLines, scriptLines } from '#cli/guest-lines.ts';

/** Where each of some lines goes, and as what. */
function taken(count: number, ...lines: readonly string[]): unknown[] {
  const session = new GuestLines(count);
  return lines.map((text) => {
    const line = session.take(text);
    return typeof line === 'string' ? line : [line.guest, line.line];
  });
}

describe('a line', () => {
  test('goes to the first guest unless it has a name; a name alone sends the rest there', () => {
    expect(taken(3, 'ls', '@card1 ls', 'ls', '@card2', 'ls', '@card0 ls', 'ls')).toEqual([
      [0, 'ls'],
      [1, 'ls'],
      [0, 'ls'],
      [2, ''],
      [2, 'ls'],
      [0, 'ls'],
      [2, 'ls'],
    ]);
  });

  test('is left as it is behind its name: quotes, blanks, hands', () => {
    const line = `echo "a  b" | grep '@card0'`;
    expect(
      taken(2, `@card1 ${line}`, line, '  @card1\t:pull card1 port 1  ', '@card1  # here'),
    ).toEqual([
      [1, line],
      [0, line],
      [1, ':pull card1 port 1  '],
      [1, ''],
    ]);
  });

  test('for nobody says who is there, and what makes the one that is meant', () => {
    expect(taken(1, '@card1 ls')).toEqual([
      '@card1 is no guest: there is card0 alone (--guests 2 makes it)',
    ]);
    expect(taken(2, '@card3', '@card4 ls', '@crad1 ls', '@ ls', 'ls')).toEqual([
      '@card3 is no guest: there are card0 and card1 (--guests 4 makes it)',
      '@card4 is no guest: there are card0 and card1',
      '@crad1 is no guest: there are card0 and card1',
      '@ is no guest: there are card0 and card1',
      [0, 'ls'],
    ]);
    expect(taken(3, '@card9')).toEqual(['@card9 is no guest: there are card0, card1 and card2']);
  });

  test('of one that is alone may have its name, and need not', () => {
    expect(taken(1, '@card0 ls', ' ls')).toEqual([
      [0, 'ls'],
      [0, ' ls'],
    ]);
  });
});

describe('a script', () => {
  test('is its lines without comments, empty ones and names alone', () => {
    const script = '# two\n\nls\n@card1\n  # not here\npwd\n@card0 ls\n:pull card1 port 1\n';
    expect(scriptLines(script, 2, 'two.sh')).toEqual([
      { guest: 0, line: 'ls' },
      { guest: 1, line: 'pwd' },
      { guest: 0, line: 'ls' },
      { guest: 1, line: ':pull card1 port 1' },
    ]);
  });

  test('with names that are none says all of them, with their places', () => {
    const script = 'ls\n\n@card2 ls\n@card1 ls\n@x\n';
    expect(() => scriptLines(script, 2, 'two.sh')).toThrow(BadFile);
    expect(() => scriptLines(script, 2, 'two.sh')).toThrow(
      'two.sh:3: @card2 is no guest: there are card0 and card1 (--guests 3 makes it)\n' +
        'two.sh:5: @x is no guest: there are card0 and card1',
    );
  });
});
