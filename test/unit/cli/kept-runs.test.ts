// Goal: the commands on kept runs, as processes: what they print, and which mistake exits how.
// Method: two runs of one small scenario in a database of this file.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Snapshot } from '#lab/fold/snapshot.ts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('../../../main/cli/mlx4-lab.mjs', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'mlx4-lab-kept-'));
const db = join(home, 'folder of its own', 'runs.db');
const scenario = join(home, 'small.yaml');

interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function lab(args: readonly string[], file = db, input = ''): Ran {
  const { status, stdout, stderr } = spawnSync(process.execPath, [launcher, ...args], {
    encoding: 'utf8',
    input,
    cwd: home,
    env: { ...process.env, NO_COLOR: '1', MLX4_LAB_DB: file },
  });
  return { status, stdout, stderr };
}

const object = (args: readonly string[]): unknown => JSON.parse(lab([...args, '--json']).stdout);

beforeAll(() => {
  writeFileSync(
    scenario,
    'version: 1\nname: small\nmachine: { autoload: false, rename: false }\n' +
      'steps:\n  - run: modprobe mlx4_core\n',
  );
  const { stdout } = lab(['run', scenario]);
  expect(stdout).toContain(`kept as run 1 in ${db}`);
  expect(object(['run', scenario, '--seed', '4'])).toMatchObject({ run: 2 });
}, 60_000);

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

test('the list has a line for each run', () => {
  const [heading, first, second] = lab(['runs']).stdout.split('\n');
  expect(heading).toMatch(/^ {2}run scenario +variant +schedule +outcome +events/);
  expect(first).toMatch(/^ +1 small +v6\.6 +until-blocked +settled +\d+$/);
  expect(second).toMatch(/^ +2 small +v6\.6 +random 4 +settled +\d+$/);
  expect(object(['runs', 'list', '--outcome', 'oops'])).toEqual([]);
  expect(lab(['runs', 'list', '--outcome', 'oops']).stdout).toBe('no run is kept here that fits\n');
});

test('labels are put on and taken off', () => {
  expect(lab(['runs', 'tag', '1', 'good', 'first']).stdout).toMatch(/^tags +first good$/m);
  expect(lab(['runs', 'tag', '1', '--', '-first']).stdout).toMatch(/^tags +good$/m);
  expect(lab(['runs', 'note', '1', 'here', '--at', '12']).stdout).toMatch(/^at 12 +here$/m);
  expect(object(['runs', 'list', '--tag', 'good'])).toMatchObject([{ run: 1 }]);
});

test('two runs are held against each other, more in a table', () => {
  const two = lab(['compare', '1', '2']);
  expect(two.status).toBe(0);
  expect(two.stdout).toMatch(/^A {2}run 1: small, v6\.6, until-blocked; /m);
  expect(two.stdout).toMatch(/^first parting step: \d+ events are the same/m);
  expect(lab(['compare', '1', '1']).stdout).toMatch(
    /^first parting step: none: all \d+ events are the same$/m,
  );
  expect(lab(['compare', '1', '2', '1']).stdout.split('\n')).toHaveLength(5);
  expect(object(['compare', '1', '2'])).toMatchObject({ runs: ['run 1', 'run 2'] });
  const other = lab(['compare', '1', '--variant', 'v6.1']).stdout;
  expect(other).toMatch(/^B {2}run 1 under v6\.1: small, v6\.1, /m);
  expect(other).toContain('driver v6.6 in A, v6.1 in B');
});

test('SQL is answered as a table and as JSON', () => {
  const sql = "SELECT run_id, count(*) AS loads FROM event WHERE kind = 'printk' GROUP BY 1";
  const rows = object(['sql', sql]) as { readonly loads: number }[];
  expect(rows).toHaveLength(2);
  const lines = lab(['sql', sql]).stdout.trimEnd().split('\n');
  expect(lines).toEqual([
    'run_id  loads',
    `1       ${rows[0]!.loads}`,
    `2       ${rows[1]!.loads}`,
  ]);
  expect(lab(['sql', 'SELECT 1 WHERE 0']).stdout).toBe('no rows\n');
});

test('a run goes out, is taken in elsewhere, and is whole there', () => {
  const other = join(home, 'other.db');
  expect(lab(['export', '2']).stdout).toBe('run 2 is in run-2.mlx4run\n');
  expect(lab(['import', 'run-2.mlx4run'], other).stdout).toBe('run-2.mlx4run is now run 1\n');
  expect(lab(['import', 'run-2.mlx4run'], other).stdout).toContain('is here already, as run 1');
  expect(lab(['runs', 'verify'], other)).toMatchObject({ status: 0, stdout: 'run 1: whole\n' });
});

test('a run goes out in the forms of other tools', () => {
  expect(lab(['export', '1', '--format', 'perfetto']).stdout).toBe('run 1 is in run-1.json\n');
  const { traceEvents } = JSON.parse(readFileSync(join(home, 'run-1.json'), 'utf8')) as {
    readonly traceEvents: readonly unknown[];
  };
  expect(traceEvents.length).toBeGreaterThan(100);
  const log = lab(['export', '1', '--format', 'dmesg', '-o', '-']).stdout;
  expect(log).toMatch(/^\[ {4}\d\.\d{6}\] .*\n/);
  expect(log).toContain('Mellanox ConnectX core driver');
});

test('what is deleted is gone', () => {
  lab(['run', scenario, '--quiet']);
  expect(lab(['runs', 'delete', '3']).stdout).toBe('deleted: 3\n');
  expect(lab(['runs', 'show', '3'])).toMatchObject({ status: 3 });
  expect(lab(['runs', 'vacuum']).stdout).toMatch(/^\d+ bytes given back\n$/);
});

describe('a kept run is run again', () => {
  test('and is the same', () => {
    const ran = lab(['replay', '2']);
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(
      /^the same: run 2, small under v6\.6: \d+ events, every one the same/,
    );
    expect(object(['replay', '2'])).toMatchObject({ same: true, difference: null });
  });

  test('under another driver, and is not', () => {
    const ran = lab(['replay', '1', '--variant', 'v6.1']);
    expect(ran.status).toBe(1);
    expect(ran.stdout).toMatch(/^not the same: run 1, .* events are the same, then event \d+/s);
  });

  test('or only looked at, at a moment', () => {
    const state = object(['state', '1', '--at', '1.03s']) as Snapshot;
    expect(state.modules).toEqual(['mlx4_core']);
    expect(state.tasks).toContainEqual(expect.objectContaining({ name: 'init', state: 'blocked' }));
    const lines = lab(['state', '1', '--at', '1.03s']).stdout;
    expect(lines).toMatch(/^before event \d+, at 1\.0\d\d s\n\ntasks\n/);
    expect(lines).toMatch(/^ {2}0000:06:00\.0 +mlx4_core$/m);
  });

  test('up to a moment, and goes on from there', () => {
    const forks = join(home, 'forks.db');
    lab(['run', scenario, '--quiet'], forks);
    const ran = lab(['fork', '1', '--at', '1.03s'], forks, 'echo from here\n');
    expect(ran.stdout).toMatch(/^forked off run 1 before event \d+, at 1\.0\d\d s$/m);
    expect(ran.stdout).toMatch(/^from here$/m);
    expect(lab(['runs', 'show', '2'], forks).stdout).toMatch(/^forked off +run 1, event \d+$/m);
    expect(lab(['replay', '2'], forks).status).toBe(0);
    const onward = lab(['fork', '1', '--at', '500', '--run', '--seed', '2', '--json'], forks);
    expect(JSON.parse(onward.stdout)).toMatchObject({ outcome: 'settled', run: 3, seed: 2 });
    expect(lab(['replay', '3'], forks).status).toBe(0);
  });
});

describe('a run that is not kept', () => {
  test('by wish', () => {
    const ran = lab(['run', scenario, '--quiet', '--no-record'], join(home, 'never.db'));
    expect(ran.stdout).not.toContain('kept as');
    expect(lab(['runs'], join(home, 'never.db')).stdout).toBe('no run is kept here that fits\n');
  });

  test('for want of a place: it is run all the same, with a warning', () => {
    const ran = lab(['run', scenario, '--quiet'], scenario);
    expect(ran.status).toBe(0);
    expect(ran.stderr).toContain(`this run is not kept: ${scenario}: it is no database`);
  });

  test('in a place that was named: it is not run', () => {
    const ran = lab(['run', scenario, '--quiet', '--db', scenario]);
    expect(ran).toMatchObject({ status: 3, stdout: '' });
    expect(ran.stderr).toContain('it is no database');
  });
});

test('a session is kept as well', () => {
  const lines = 'echo hi\n:time 1s\n:recording\n';
  const ran = lab(['shell', '--scenario', scenario], join(home, 'shell.db'), lines);
  expect(ran.stdout).toMatch(/^kept in .*shell\.db: /m);
  expect(ran.stdout).toContain('kept as run 1');
  const list = JSON.parse(lab(['runs', '--json'], join(home, 'shell.db')).stdout) as unknown[];
  expect(list).toMatchObject([{ live: true, outcome: 'settled' }]);
});

describe('mistakes', () => {
  test.each([
    [['runs', 'show', '99'], 3, 'there is no run 99; `mlx4-lab runs list` shows all'],
    [['runs', 'show', 'x'], 2, 'write the number of a run or event'],
    [['runs', 'tag', '1'], 2, "missing required argument 'names'"],
    [['runs', 'note', '1', 'x', '--at', '999999999'], 3, 'run 1 has no event 999999999'],
    [['sql', 'SELEC 1'], 2, 'sql: near "SELEC": syntax error'],
    [['sql', 'DELETE FROM run'], 2, 'only queries are answered'],
    [['sql', 'SELECT * FROM event WHERE run = 99'], 3, 'there is no run 99'],
    [['compare', '1', '99'], 3, 'there is no run 99'],
    [['compare', '1', '2', '--variant', 'v6.1'], 2, 'give the number of that run only'],
    [['compare'], 2, "missing required argument 'runs'"],
    [['replay', '99'], 3, 'there is no run 99'],
    [['fork', '1'], 2, "required option '--at <moment>'"],
    [['state', '1', '--at', 'noon'], 2, 'or a time with a unit: 6.1s'],
    [['fork', '1', '--at', 'noon'], 2, 'or a time with a unit: 6.1s'],
    [['export', '99'], 3, 'there is no run 99'],
    [['export', '1', '-o', 'small.yaml'], 3, 'there is a file already'],
    [['export', '1', '--format', 'dmesg', '-o', 'small.yaml'], 3, 'there is a file already'],
    [['export', '1', '--format', 'zip'], 2, 'choose mlx4run (a run to import) or'],
    [['export', '1', '-o', '-'], 2, 'is a file; give its name'],
    [['import', 'none.mlx4run'], 3, 'there is no such file'],
    [['import', 'small.yaml'], 3, 'it is no database'],
    [['runs', '--db', 'small.yaml'], 3, 'it is no database'],
  ] as const)('%j', (args, status, said) => {
    const ran = lab(args);
    expect(ran.stderr).toContain(said);
    expect(ran).toMatchObject({ status, stdout: '' });
  });
});
