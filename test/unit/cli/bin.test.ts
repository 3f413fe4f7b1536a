// The launcher, in a package of its own with a small main.ts: exit codes, arguments and signals
// reach their end under a new Node, through an old one, and an old one alone says what to do; a
// guest gets a Node with options of its own. The old Node is the system's where there is one, and
// always this Node told to call itself old.

import { spawn, spawnSync } from 'node:child_process';
import type { SpawnSyncReturns } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const launcher = fileURLToPath(new URL('../../../main/cli/mlx4-lab.mjs', import.meta.url));

const mainText = `
export async function main(argv: string[]): Promise<number> {
  if (argv[0] === 'wait') {
    process.on('SIGTERM', () => process.exit(7));
    console.log('ready');
    await new Promise((done) => setTimeout(done, 60_000));
  }
  if (argv[0] === 'much') {
    for (let n = 0; n < 100_000; n++) console.log('line', n);
    return 4;
  }
  if (argv[0] === 'guest') console.log(process.execArgv.join());
  console.log(JSON.stringify(argv), process.versions.node);
  return Number(argv.at(-1) ?? 0);
}
`;

const oldText = `
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.20.2' } });
`;

const home = mkdtempSync(join(tmpdir(), 'mlx4-lab-bin-'));

/** A package with the launcher, with or without a Node of its own. */
function makePackage(name: string, withNode: boolean): string {
  const root = join(home, name);
  mkdirSync(join(root, 'main/cli'), { recursive: true });
  cpSync(launcher, join(root, 'main/cli/mlx4-lab.mjs'));
  writeFileSync(join(root, 'main/cli/main.ts'), mainText);
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'old.mjs'), oldText);
  if (withNode) {
    mkdirSync(join(root, 'node_modules/.bin'), { recursive: true });
    symlinkSync(process.execPath, join(root, 'node_modules/.bin/node'));
  }
  return root;
}

const versionOf = (node: string): string =>
  spawnSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).stdout?.trim() ?? '';

const isOld = (version: string): boolean => /^(1\d|20|21)\./.test(version);

/** Nodes on the PATH outside node_modules that are too old. */
const systemNodes = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .filter((node) => isOld(versionOf(node)))
  .slice(0, 1);

interface OldNode {
  readonly name: string;
  readonly command: (root: string) => readonly string[];
}

const oldNodes: readonly OldNode[] = [
  {
    name: 'a Node that calls itself old',
    command: (root) => [process.execPath, '--import', join(root, 'old.mjs')],
  },
  ...systemNodes.map((node) => ({ name: `Node ${versionOf(node)}`, command: () => [node] })),
];

const environment = (): NodeJS.ProcessEnv => {
  const { NODE_OPTIONS: _options, ...rest } = process.env;
  return rest;
};

function launch(
  command: readonly string[],
  root: string,
  args: readonly string[],
): SpawnSyncReturns<string> {
  const [node = '', ...before] = command;
  const all = [...before, join(root, 'main/cli/mlx4-lab.mjs'), ...args];
  return spawnSync(node, all, { encoding: 'utf8', env: environment() });
}

let root = '';
let bare = '';

beforeAll(() => {
  root = makePackage('whole', true);
  bare = makePackage('bare', false);
});

afterAll(() => {
  rmSync(home, { recursive: true, force: true });
});

test('a new Node runs main.ts: arguments in, exit code out', () => {
  const ran = launch([process.execPath], root, ['--two words', '', '3']);
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toBe(`["--two words","","3"] ${process.versions.node}\n`);
  expect(ran.status).toBe(3);
  expect(launch([process.execPath], bare, []).status).toBe(0);
});

test('a guest: the same, in a Node whose code for v86 is made by the quick compiler alone', () => {
  const ran = launch([process.execPath], root, ['guest', 'run', '6']);
  expect(ran.stderr).toBe('');
  expect(ran.stdout).toBe(`--liftoff-only\n["guest","run","6"] ${process.versions.node}\n`);
  expect(ran.status).toBe(6);
});

test('a reader that goes away early changes nothing', () => {
  const script = join(root, 'main/cli/mlx4-lab.mjs');
  const command = `set -o pipefail; "${process.execPath}" "${script}" much | head -1`;
  const ran = spawnSync('bash', ['-c', command], { encoding: 'utf8', env: environment() });
  expect(ran.stdout).toBe('line 0\n');
  expect(ran.stderr).toBe('');
  expect(ran.status).toBe(4);
});

describe.each(oldNodes)('$name', ({ command }) => {
  test('hands over: same arguments, same exit code, the new Node', () => {
    const ran = launch(command(root), root, ['a b', '5']);
    expect(ran.stderr).toBe('');
    expect(ran.stdout).toBe(`["a b","5"] ${process.versions.node}\n`);
    expect(ran.status).toBe(5);
  });

  test('hands over once for a guest, too', () => {
    const ran = launch(command(root), root, ['guest', '5']);
    expect(ran.stdout).toBe(`--liftoff-only\n["guest","5"] ${process.versions.node}\n`);
    expect(ran.status).toBe(5);
  });

  test('without a Node of its own says one sentence and gives up with 2', () => {
    const ran = launch(command(bare), bare, ['5']);
    expect(ran.status).toBe(2);
    expect(ran.stdout).toBe('');
    expect(ran.stderr.trim().split('\n')).toHaveLength(1);
    expect(ran.stderr).toMatch(/needs Node 22\.18 or newer and this is \d+\.\d+.*`npm ci`/);
  });

  test('does not hand over for ever', () => {
    const [node = '', ...before] = command(root);
    const all = [...before, join(root, 'main/cli/mlx4-lab.mjs')];
    const env = { ...environment(), MLX4_LAB_HANDED_OVER: '1' };
    const ran = spawnSync(node, all, { encoding: 'utf8', env });
    expect(ran.status).toBe(2);
  });

  test('passes signals through', async () => {
    const [node = '', ...before] = command(root);
    const all = [...before, join(root, 'main/cli/mlx4-lab.mjs'), 'wait'];
    const child = spawn(node, all, { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
    child.stdout.once('data', () => child.kill('SIGTERM'));
    const status = await new Promise((resolve) => child.on('exit', resolve));
    expect(status).toBe(7);
  });
});
