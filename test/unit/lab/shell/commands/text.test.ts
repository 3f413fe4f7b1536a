// Text programs and the shell's own small ones, in the words of coreutils, grep and dash.

import { beforeAll, expect, test } from 'vitest';
import { quietLab } from '#test/support/lab.ts';
import type { Lab } from '#test/support/lab.ts';

let lab: Lab;

beforeAll(() => {
  lab = quietLab();
  lab.out("printf 'one\\ntwo\\nthree\\nfour\\n' > /tmp/four");
  lab.out("printf 'a b\\nc\\n' > /tmp/two");
});

test.each([
  ['cat /tmp/two', 'a b\nc\n', 0],
  ['cat /nosuch /tmp/two', 'cat: /nosuch: No such file or directory\na b\nc\n', 1],
  ['cat /sys', 'cat: /sys: Is a directory\n', 1],
  ['cat < /tmp/two | cat -', 'a b\nc\n', 0],
  ['cat', '', 0],
  ['cat -x', "cat: invalid option -- 'x'\n", 1],
  ['head -n 2 /tmp/four', 'one\ntwo\n', 0],
  ['head -2 /tmp/four', 'one\ntwo\n', 0],
  ['head -n1 /tmp/two /tmp/four', '==> /tmp/two <==\na b\n\n==> /tmp/four <==\none\n', 0],
  ['head -n x', "head: invalid number of lines: 'x'\n", 1],
  ['tail -n 2 /tmp/four', 'three\nfour\n', 0],
  ['tail -n +3 /tmp/four', 'three\nfour\n', 0],
  ['tail -n 9 /tmp/four', 'one\ntwo\nthree\nfour\n', 0],
  ['wc /tmp/two', '2 3 6 /tmp/two\n', 0],
  ['wc -l /tmp/two', '2 /tmp/two\n', 0],
  ['wc /tmp/two /tmp/four', ' 2  3  6 /tmp/two\n 4  4 19 /tmp/four\n 6  7 25 total\n', 0],
  ['cat /tmp/two | wc', '      2       3       6\n', 0],
  ['cat /tmp/two | wc -l', '2\n', 0],
  ['sort /tmp/four', 'four\none\nthree\ntwo\n', 0],
  ['sort -r /tmp/four | head -1', 'two\n', 0],
  ["printf '10\\n9\\n9\\n' | sort -nu", '9\n10\n', 0],
  ["printf 'x 2\\ny 1\\n' | sort -k 2", 'y 1\nx 2\n', 0],
  ["printf 'a\\na\\nb\\n' | uniq -c", '      2 a\n      1 b\n', 0],
  ['echo hi | tee /tmp/t; cat /tmp/t', 'hi\nhi\n', 0],
  ['echo more | tee -a /tmp/t > /dev/null; cat /tmp/t', 'hi\nmore\n', 0],
  ['rm /tmp/t /tmp/t', "rm: cannot remove '/tmp/t': No such file or directory\n", 1],
  ['rm -f /tmp/t', '', 0],
  ['rm /proc/uptime', "rm: cannot remove '/proc/uptime': Permission denied\n", 1],
] as const)('%s', (line, output, status) => {
  expect(lab.line(line)).toEqual({ output, status });
});

test.each([
  ['grep o /tmp/four', 'one\ntwo\nfour\n', 0],
  ['grep -v o /tmp/four', 'three\n', 0],
  ['grep -c o /tmp/four /tmp/two', '/tmp/four:3\n/tmp/two:0\n', 0],
  ['grep -n ^t /tmp/four', '2:two\n3:three\n', 0],
  ['grep -i ONE /tmp/four', 'one\n', 0],
  ['grep -e one -e four /tmp/four', 'one\nfour\n', 0],
  ['grep -n -A1 -B1 three /tmp/four', '2-two\n3:three\n4-four\n', 0],
  ["printf 'a\\nx\\nx\\nx\\na\\n' | grep -A1 a", 'a\nx\n--\na\n', 0],
  ['grep -q one /tmp/four; echo $?', '0\n', 0],
  ['grep nothing /tmp/four', '', 1],
  ['grep -o t..e /tmp/four', 'thre\n', 0],
  ['grep -o thr /tmp/four', 'thr\n', 0],
  ["printf 'x+y\\nxxy\\n' | grep x+y", 'x+y\n', 0],
  ["printf 'x+y\\nxxy\\n' | grep -E x+y", 'xxy\n', 0],
  ["printf 'x+y\\nxxy\\n' | grep 'x\\+y'", 'xxy\n', 0],
  ["printf 'a.c\\nabc\\n' | grep -F a.c", 'a.c\n', 0],
  ["printf 'ab\\nabc\\n' | grep -x ab", 'ab\n', 0],
  ["printf 'ab cd\\nabcd\\n' | grep -w ab", 'ab cd\n', 0],
  ["printf 'a1\\n' | grep '[[:digit:]]'", 'a1\n', 0],
  ['grep -l one /tmp/four /tmp/two', '/tmp/four\n', 0],
  ['grep -m 1 o /tmp/four', 'one\n', 0],
  ['grep -r release /proc/sys/kernel', '', 1],
  ['grep -r 6.1 /proc/sys/kernel', '/proc/sys/kernel/osrelease:6.12.0\n', 0],
  ['grep x /nosuch', 'grep: /nosuch: No such file or directory\n', 2],
  ["grep '[' /tmp/four", 'grep: Invalid regular expression: [\n', 2],
  ['grep', 'Usage: grep [OPTION]... PATTERNS [FILE]...\n', 2],
] as const)('%s', (line, output, status) => {
  expect(lab.line(line)).toEqual({ output, status });
});

test.each([
  ['echo -n a; echo b', 'ab\n'],
  ["echo 'a\\tb'", 'a\tb\n'],
  ["printf '%s-%05d|%x|%-4s|%c\\n' a 7 255 b xyz", 'a-00007|ff|b   |x\n'],
  ["printf '%s,' a b c", 'a,b,c,'],
  ["printf '%3d|%+d|%o\\n' 5 6 8", '  5|+6|10\n'],
  ["printf '%b' 'a\\nb\\n'", 'a\nb\n'],
  ["printf '%.2f %.3s\\n' 3.14159 abcdef", '3.14 abc\n'],
  ["printf '100%%\\n'", '100%\n'],
  ['printf "%d\\n" x', '0\nsh: N: printf: x: expected numeric value\n'],
  ['type ip echo nope', 'ip is /usr/bin/ip\necho is a shell builtin\nnope: not found\n'],
  ['cd /nosuch', "sh: N: cd: can't cd to /nosuch\n"],
  ['export 1a', 'sh: N: export: 1a: bad variable name\n'],
  ['exit x', 'sh: N: exit: Illegal number: x\n'],
])('%s', (line, output) => {
  expect(lab.line(line).output.replace(/sh: \d+/g, 'sh: N')).toBe(output);
});

test.each([
  ['-e /sys', 0],
  ['-d /proc -a ! -f /proc', 0],
  ['-f /proc/uptime', 0],
  ['-L /sys', 1],
  ['-w /proc/uptime', 1],
  ['-n a', 0],
  ['-z a', 1],
  ['a = a', 0],
  ['a != a', 1],
  ['2 -lt 10', 0],
  ['2 -ge 10', 1],
  ['', 1],
  ['x', 0],
  ['! x', 1],
  ['a = b -o c = c', 0],
  ['3 -gt x', 2],
  ['a b', 2],
])('[ %s ]', (expression, status) => {
  expect(lab.line(`[ ${expression} ]`).status).toBe(status);
  expect(lab.line(`test ${expression}`).status).toBe(status);
});

test.each([
  ['ls /', 'dev  proc  sys  tmp\n', 0],
  ['ls / | cat', 'dev\nproc\nsys\ntmp\n', 0],
  ['ls -1 /', 'dev\nproc\nsys\ntmp\n', 0],
  ['ls -a / | head -3', '.\n..\ndev\n', 0],
  ['ls -F /', 'dev/  proc/  sys/  tmp/\n', 0],
  ['ls -d /sys /proc', '/sys  /proc\n', 0],
  ['ls /dev /tmp', '/dev:\nkmsg  null\n\n/tmp:\nfour  two\n', 0],
  ['ls -l /proc/uptime', '-r--r--r--  1 root root    0 Aug 21 08:00 /proc/uptime\n', 0],
  ['ls -l /sys/kernel', "ls: cannot access '/sys/kernel': No such file or directory\n", 2],
  ['ls -z', "ls: invalid option -- 'z'\n", 2],
] as const)('%s', (line, output, status) => {
  expect(lab.line(line)).toEqual({ output, status });
});

test('names that do not fit in one line are put in columns', () => {
  lab.out('for n in 1 2 3 4 5 6 7 8 9; do echo > /tmp/a_rather_long_name_$n; done');
  expect(lab.out('ls /tmp/a*').split('\n').slice(0, 3)).toEqual([
    '/tmp/a_rather_long_name_1  /tmp/a_rather_long_name_4  /tmp/a_rather_long_name_7',
    '/tmp/a_rather_long_name_2  /tmp/a_rather_long_name_5  /tmp/a_rather_long_name_8',
    '/tmp/a_rather_long_name_3  /tmp/a_rather_long_name_6  /tmp/a_rather_long_name_9',
  ]);
});

test('help lists every program', () => {
  const { commands } = lab.machine.terminal('main').state;
  expect(lab.out('help').trimEnd().split('\n')).toHaveLength(commands.size);
});
