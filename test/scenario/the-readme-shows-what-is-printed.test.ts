// Goal: the transcript in README.md is what a reader sees who types its first line.
// Method: run that line, and look for every line of the transcript in its output, in order; `…`
// stands for lines that are left out.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const transcriptPattern = /```text\n\$ npx mlx4-lab (run .*)\n…\n([\s\S]*?)```/;

test('every line of the README’s transcript is printed, in its order', () => {
  const match = transcriptPattern.exec(readFileSync('README.md', 'utf8'));
  const [, command = '', transcript = ''] = match ?? [];
  const args = ['main/cli/mlx4-lab.mjs', ...command.split(' ')];
  const run = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const printed = run.stdout.split('\n');
  const shown = transcript.split('\n').filter((line) => line !== '' && line !== '…');
  expect(shown.length).toBeGreaterThan(10);
  let from = 0;
  for (const line of shown) {
    const at = printed.indexOf(line, from);
    expect(at, `not printed after line ${from}: ${line}`).toBeGreaterThanOrEqual(0);
    from = at + 1;
  }
}, 60_000);
