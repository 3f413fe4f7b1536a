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
