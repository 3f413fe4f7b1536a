// `npm start` as a process: its words, its exit codes, and Ctrl-C, which keeps what ran.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listRuns } from '#db/list.ts';
import { withRuns } from '#db/open.ts';
import { rendererFolder, root } from '#desktop/renderer-build.ts';
import { serveInBrowser } from '#desktop/start/in-browser.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  await rendererFolder();
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-start-'));
  file = join(folder, 'runs.db');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs it; `onLine` is told of what it prints, and may end it. */
async function start(
  words: readonly string[],
  onLine: (line: string, end: () => void) => void = () => undefined,
): Promise<Ended> {
  const env: NodeJS.ProcessEnv = { ...process.env, MLX4_LAB_DB: file };
  delete env['DISPLAY'];
  delete env['WAYLAND_DISPLAY'];
  const child = spawn(process.execPath, [join(root, 'main/desktop/start.ts'), ...words], { env });
  let [out, err] = ['', ''];
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  child.stdout.on('data', (text: Buffer) => {
    out += text.toString();
    for (const line of text.toString().split('\n')) onLine(line, () => child.kill('SIGINT'));
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, out, err };
}

test('what it does not understand is said in one sentence', async () => {
  const { code, out, err } = await start(['--electron']);
  expect([code, out, err]).toEqual([
    2,
    '',
    "Unknown option '--electron'; --help lists the options.\n",
  ]);
});

test('it lists its options', async () => {
  const { code, out } = await start(['--help']);
  expect(code).toBe(0);
  for (const name of ['--browser', '--no-open', '--fetch-seconds']) expect(out).toContain(name);
});

test.runIf(process.platform === 'linux')(
  'without a screen it says so and serves; Ctrl-C ends it and keeps what ran',
  async () => {
    const { code, out } = await start([], (line, end) => {
      if (line.startsWith('Ctrl-C')) end();
    });
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'Electron is not used: there is no screen. The window is a page in a browser.',
      expect.stringMatching(/^Open this address yourself: http:\/\/127\.0\.0\.1:\d+\/\?token=\S+$/),
      'Ctrl-C ends the lab; what ran is kept.',
      '',
    ]);
    expect(withRuns(file, (db) => listRuns(db)).map(({ scenario }) => scenario)).toEqual(['bench']);
  },
);

test('--no-open prints the address and nothing else', async () => {
  const { code, out } = await start(['--no-open'], (line, end) => {
    if (line.startsWith('Ctrl-C')) end();
  });
  expect(code).toBe(0);
  expect(out).toMatch(/^Open this address yourself: /);
});

test('the browser that opens it is named', async () => {
  const said: string[] = [];
  const opened: string[] = [];
  const end = await serveInBrowser({
    file: join(folder, 'other.db'),
    renderer: await rendererFolder(),
    open: (address) => {
      opened.push(address);
      return 'netscape';
    },
    say: (line) => said.push(line),
  });
  expect(said[0]).toBe(`The window is in netscape: ${opened[0]!}`);
  await end();
});
