// Goal: a run of the real driver is kept like any other, and our driver's doing the same can be
// held against it.
// Method: the command itself, as a process, with a database of its own.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect } from 'vitest';
import { openRuns } from '#db/open.ts';
import { loadRun } from '#db/reader.ts';
import { kindTable } from '#trace/kinds.ts';
import { guestTest } from './support/guests.ts';

const launcher = fileURLToPath(new URL('../../main/cli/mlx4-lab.mjs', import.meta.url));

const script = `
modprobe mlx4_core
sleep 2
modprobe mlx4_en
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
sleep 2
ping -c 2 10.0.0.1
:pull card0 port 1
sleep 1
`;

let folder = '';
let file = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-guest-'));
  file = join(folder, 'runs.db');
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** A command with the library of the test. */
const lab = (words: readonly string[], input = '') =>
  spawnSync(process.execPath, [launcher, ...words, '--db', file], { encoding: 'utf8', input });

guestTest()('what the real driver did is kept, shown, and done again by ours', () => {
  const { status, stdout } = lab(['guest', 'run'], script);
  expect(stdout.trimEnd().split('\n').at(-1)).toBe(`kept as run 1 in ${file}`);
  expect(status).toBe(0);
  expect(lab(['runs', 'verify']).stdout).toBe('run 1: whole\n');

  const db = openRuns(file);
  const { head, inputs, end, trace } = loadRun(db, 1);
  db.close();
  expect(head).toMatchObject({ variant: expect.stringMatching(/^Linux 6\.1\./) as string });
  expect(end).toMatchObject({ outcome: 'settled', findings: [] });
  expect(inputs).toHaveLength(9);
  const texts = new Map<string, string[]>();
  for (const { kind, object } of trace.events()) {
    const { name } = kindTable[kind]!;
    texts.set(name, [...(texts.get(name) ?? []), trace.text(object)]);
  }
  // The log comes by a line of its own, from the first message of the driver on.
  expect(texts.get('printk')?.[0]).toBe('mlx4_core: Mellanox ConnectX core driver v4.0-0');
  expect(texts.get('printk')).toContain('mlx4_en: eth0: Link Down');
  for (const kind of ['fw.command', 'mmio.write', 'mmio.read', 'irq.raise', 'packet.send']) {
    expect([kind, (texts.get(kind) ?? []).length > 10]).toEqual([kind, true]);
  }
  expect(texts.get('packet.receive')).toContain('card0 port 1');

  const compared = lab(['compare', '1', '--variant', 'v6.1', '--json']);
  const { comparison } = JSON.parse(compared.stdout) as {
    comparison: { commands: { counts: { a: number }; only: { a: { count: number } } } };
  };
  const { counts, only } = comparison.commands;
  expect(counts.a).toBeGreaterThan(150);
  // What is looked up now and then depends on two clocks; the rest is the same.
  expect(only.a.count).toBeLessThan(counts.a / 10);

  const replayed = lab(['replay', '1']);
  expect(replayed.status).toBe(3);
  expect(replayed.stderr).toContain('does not run the same way twice');
});

guestTest()('two guests: one recording, with the terminal of every line; ours cannot do it', () => {
  const both = 'echo one\n@card1 echo two\n:pull card1 port 2\n@card1 :fault dropInterrupt\n';
  expect(lab(['guest', 'run', '--guests', '2'], both).status).toBe(0);
  expect(lab(['runs', 'verify']).stdout).toBe('run 1: whole\n');

  const db = openRuns(file);
  const { inputs, trace } = loadRun(db, 1);
  db.close();
  expect(inputs.map(({ input }) => input)).toEqual([
    { kind: 'type', terminal: 'main', line: 'echo one' },
    { kind: 'type', terminal: 'main of card1', line: 'echo two' },
    { kind: 'cable', action: 'pull', port: 'card1 port 2', other: null },
    {
      kind: 'fault',
      fault: { on: 'card', fault: { name: 'dropInterrupt' }, card: 'card1' },
    },
  ]);
  const printed = [...trace.events()]
    .filter(({ kind }) => kindTable[kind]!.name === 'tty.text')
    .map(({ object, value }) => [trace.text(object), trace.text(value)]);
  expect(printed).toEqual([
    ['main', 'one\n'],
    ['main of card1', 'two\n'],
  ]);
  for (const words of [
    ['replay', '1'],
    ['compare', '1', '--variant', 'v6.1'],
  ]) {
    const { status, stderr } = lab(words);
    expect(status).toBe(3);
    expect(stderr).toContain('nobody is there for "main of card1$ echo two"');
  }
});
