// Goal: `mlx4-lab guest run` and `guest shell` are what a person expects of a shell on a machine.
// Method: the command itself, as a process, with lines from a pipe.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { guestTest } from './support/guests.ts';

const launcher = fileURLToPath(new URL('../../main/cli/mlx4-lab.mjs', import.meta.url));

function lab(words: readonly string[], input: string): { status: number | null; stdout: string } {
  const { status, stdout } = spawnSync(
    process.execPath,
    [launcher, 'guest', ...words, '--no-record'],
    {
      encoding: 'utf8',
      input,
    },
  );
  return { status, stdout };
}

guestTest()('run: each line with what it prints; the last one decides', () => {
  const script = '# a comment\necho one; printf two\n\n:pull card0 port 1\nls /nowhere\n';
  const { status, stdout } = lab(['run'], script);
  const lines = stdout.split('\n');
  expect(lines.slice(0, 5)).toEqual([
    '# echo one; printf two',
    'one',
    'two',
    '# :pull card0 port 1',
    '# ls /nowhere',
  ]);
  expect(stdout).toContain('No such file');
  expect(status).toBe(1);
  const asJson = lab(['run', '--json'], 'false\nuname -r\n');
  expect(asJson.status).toBe(0);
  expect(JSON.parse(asJson.stdout)).toMatchObject([
    { line: 'false', output: '', code: 1 },
    { line: 'uname -r', output: expect.stringMatching(/^6\.1\.0-\d+-686$/) as string, code: 0 },
  ]);
});

guestTest()('shell: lines from a pipe, hands, and the end of input', () => {
  const { status, stdout } = lab(['shell'], 'echo hello\n:pull card0 port 1\n:nonsense\necho end');
  expect(stdout.split('\n').slice(1)).toEqual([
    'hello',
    'done',
    'nonsense: unknown; :help lists what there is',
    'end',
    '',
  ]);
  expect(status).toBe(0);
});

const pair = `
modprobe mlx4_core && modprobe mlx4_en
ip addr add 10.0.0.2/24 dev eth0 && ip link set eth0 up
@card1
modprobe mlx4_core && modprobe mlx4_en
ip addr add 10.0.0.3/24 dev eth0 && ip link set eth0 up
(sleep 2; echo behind) &
@card0 for i in $(seq 50); do ping -c 1 -W 1 10.0.0.3 > /dev/null && break; sleep 0.2; done
@card0 sleep 3
@card0 ping -c 2 10.0.0.3
ping -c 2 10.0.0.2
:pull card1 port 1
@card0 ping -c 1 -W 1 10.0.0.3
`;

/** What a ping says last, of each. */
const losses = (text: string): string[] => text.match(/\d+% packet loss/g) ?? [];

guestTest()('two guests: each line where it belongs, and they ping each other', () => {
  const { status, stdout } = lab(['run', '--guests', '2'], pair);
  const lines = stdout.split('\n');
  expect(lines.filter((line) => /^card\d# /.test(line))).toEqual([
    'card0# modprobe mlx4_core && modprobe mlx4_en',
    'card0# ip addr add 10.0.0.2/24 dev eth0 && ip link set eth0 up',
    'card1# modprobe mlx4_core && modprobe mlx4_en',
    'card1# ip addr add 10.0.0.3/24 dev eth0 && ip link set eth0 up',
    'card1# (sleep 2; echo behind) &',
    expect.stringMatching(/^card0# for i in /) as string,
    'card0# sleep 3',
    'card0# ping -c 2 10.0.0.3',
    'card1# ping -c 2 10.0.0.2',
    'card1# :pull card1 port 1',
    'card0# ping -c 1 -W 1 10.0.0.3',
  ]);
  expect(losses(stdout)).toEqual(['0% packet loss', '0% packet loss', '100% packet loss']);
  // It came while another guest's line ran.
  expect(lines).toContain('card1: behind');
  expect(status).toBe(1);
});

guestTest()('two guests: whose it is is said in JSON, in the shell, and by a mistake', () => {
  const asJson = lab(['run', '--guests', '2', '--json'], 'false\n@card1 uname -s\n:pull host0\n');
  expect(JSON.parse(asJson.stdout)).toEqual([
    { guest: 'card0', line: 'false', output: '', code: 1 },
    { guest: 'card1', line: 'uname -s', output: 'Linux', code: 0 },
    { guest: 'card0', line: ':pull host0', output: '', code: 0 },
  ]);
  const typed = '@card1 echo > /tmp/here\n@card1\nls /tmp/here\n@card2\n@card0 ls /tmp/here\n';
  const { stdout } = lab(['shell', '--guests', '2'], typed);
  expect(stdout.split('\n').slice(1)).toEqual([
    'card1# echo > /tmp/here',
    'card1# ls /tmp/here',
    '/tmp/here',
    '@card2 is no guest: there are card0 and card1 (--guests 3 makes it)',
    'card0# ls /tmp/here',
    'ls: /tmp/here: No such file or directory',
    '',
  ]);
  expect(lab(['run', '--guests', '2'], 'echo one\n@card7 ls\n')).toEqual({ status: 3, stdout: '' });
  expect(lab(['run', '--guests', '0'], 'echo one\n')).toEqual({ status: 2, stdout: '' });
});
