// The program that Electron runs: it is the source with its types blanked out, so a run that it
// records replays here, code places and all.

import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { listRuns } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { programHash, programVersion } from '#db/program.ts';
import { loadRun } from '#db/reader.ts';
import { workerFile } from '#db/worker-file.ts';
import { programFolder, stripped } from '#desktop/program-build.ts';
import { root } from '#desktop/renderer-build.ts';
import { replay } from '#lab/replay/replay.ts';

const run = promisify(execFile);

let program: string;
let folder: string;

beforeAll(async () => {
  program = await programFolder();
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-program-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('types are blanked out, and everything stays in its place', () => {
  const source = [
    "import type { A } from './a.ts';",
    "import { b } from '../b.ts';",
    "import { c } from '#lab/c.ts';",
    'const x: A = await import( "y" ); f<A>(b, c as A);',
    '',
  ].join('\n');
  const script = stripped(source);
  expect(script.length).toBe(source.length);
  expect(script.split('\n').map((line) => line.replace(/ +/g, ' ').trim())).toEqual([
    '',
    "import { b } from '../b.js';",
    "import { c } from '#lab/c.ts';",
    'const x = await import( "y" ); f (b, c );',
    '',
  ]);
});

test('a program that is new is not built again', async () => {
  const before = readFileSync(join(program, 'package.json'));
  expect(await programFolder()).toBe(program);
  expect(readFileSync(join(program, 'package.json'))).toEqual(before);
});

test('what the packager names is there', () => {
  const config = parse(readFileSync(`${root}electron-builder.yml`, 'utf8')) as {
    readonly extraMetadata: { readonly main: string };
    readonly asarUnpack: readonly string[];
  };
  const unpacked = config.asarUnpack.map((pattern) => pattern.replace('/**', ''));
  const paths = [config.extraMetadata.main, ...unpacked];
  expect(paths.filter((path) => !existsSync(root + path))).toEqual([]);
});

test('the thread of the database is one file, outside of the archive', () => {
  const worker = readFileSync(join(program, 'db', 'worker.js'), 'utf8');
  const imports = [...worker.matchAll(/^import .* from "(.*)";$/gm)].map(([, name]) => name!);
  expect(imports.filter((name) => !name.startsWith('node:'))).toEqual(['better-sqlite3']);
  const inside = 'file:///opt/lab/app.asar/dist/desktop/db/recorder.js';
  const outside = 'file:///opt/lab/app.asar.unpacked/dist/desktop/db/worker.js';
  expect(workerFile(inside).href).toBe(outside);
  expect(workerFile(import.meta.url).href).toMatch(/\/worker\.ts$/);
});

test('the thread of errands is the source, and all of it is outside of the archive', () => {
  const config = readFileSync(`${root}electron-builder.yml`, 'utf8');
  const { asarUnpack } = parse(config) as { readonly asarUnpack: readonly string[] };
  const table = JSON.parse(readFileSync(join(program, 'package.json'), 'utf8')) as {
    readonly imports: Readonly<Record<string, string>>;
  };
  const modules = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (modules.has(file)) return;
    modules.add(file);
    const script = readFileSync(join(program, file), 'utf8');
    for (const [, name] of script.matchAll(/^\s*(?:import|export) [^;]*?from '(.*)';$/gm)) {
      if (name!.startsWith('#')) {
        const folderName = name!.slice(0, name!.indexOf('/') + 1);
        const target = table.imports[`${folderName}*.ts`]!;
        visit(join(target.replace('*.js', ''), name!.slice(folderName.length, -3) + '.js'));
      } else if (name!.startsWith('.')) visit(join(dirname(file), name!));
      else if (!name!.startsWith('node:')) packages.add(name!);
    }
  };
  visit('main/desktop/errands/worker.js');
  expect(modules.size).toBeGreaterThan(200);
  const isUnpacked = (path: string): boolean =>
    asarUnpack.some((one) => path.startsWith(one.replace('**', '')));
  expect([...modules].filter((file) => !isUnpacked(`dist/desktop/${file}`))).toEqual([]);
  expect([...packages].filter((name) => !isUnpacked(`node_modules/${name}/`))).toEqual([]);
  const inside = 'file:///opt/lab/app.asar/dist/desktop/main/desktop/errands/errands.js';
  expect(workerFile(inside).href).toMatch(/app\.asar\.unpacked\/.*\/errands\/worker\.js$/);
});

test('a run that it records is replayed here, event by event', async () => {
  const file = join(folder, 'runs.db');
  const { stdout } = await run(
    process.execPath,
    [
      join(root, 'test', 'window', 'support', 'run-program.ts'),
      join(program, 'main', 'desktop', 'electron', 'entry.js'),
      'bond-deadlock',
    ],
    { env: { ...process.env, MLX4_LAB_DB: file, MLX4_LAB_STAND_IN: folder } },
  );
  expect(JSON.parse(stdout)).toMatchObject({ record: { kind: 'recording' }, page: 200 });
  const runs = withRuns(file, (db) => listRuns(db));
  const kept = runs.find(({ scenario }) => scenario === 'bond-deadlock')!;
  const record = withRuns(file, (db) => loadRun(db, kept.run));
  expect(record.head).toMatchObject({
    programHash: programHash(),
    engineVersion: programVersion(),
  });
  // Places in the code are part of what the run came to.
  expect(JSON.stringify(record.end)).toContain('mlx4_do_bond@driver/mlx4_core/intf/do-bond.ts:');
  expect(replay(record).difference).toBeNull();
});
