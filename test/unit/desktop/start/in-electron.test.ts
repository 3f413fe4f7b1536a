// Electron's package is a folder made up here: nothing is fetched, nothing of the real one is
// loaded. Its script and its program are small ones of ours.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { electronBinary, fetchElectron } from '#desktop/start/electron-binary.ts';
import { findElectron, hasScreen, runElectron } from '#desktop/start/in-electron.ts';
import type { StartOptions } from '#desktop/start/options.ts';

let folder: string;
const said: string[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-start-'));
  said.length = 0;
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Puts a program there, as the package's script does. */
function install(script: string): void {
  mkdirSync(join(folder, 'dist'), { recursive: true });
  writeFileSync(join(folder, 'dist', 'electron'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, 'dist', 'electron'), 0o755);
  writeFileSync(join(folder, 'path.txt'), 'electron');
}

const options = (fetchSeconds: number): StartOptions => ({
  browser: false,
  noOpen: false,
  help: false,
  fetchSeconds,
});

const find = (fetchSeconds: number, isScreen = true): ReturnType<typeof findElectron> =>
  findElectron(options(fetchSeconds), isScreen, (line) => said.push(line), folder);

const fetcher = (script: string): void => {
  writeFileSync(join(folder, 'install.js'), script);
};

test('the program counts only when it can be run', () => {
  expect(electronBinary(folder)).toBeNull();
  install('exit 0');
  expect(electronBinary(folder)).toBe(join(folder, 'dist', 'electron'));
  chmodSync(join(folder, 'dist', 'electron'), 0o644);
  expect(electronBinary(folder)).toBeNull();
});

test('what is there is used, and nothing is fetched', async () => {
  install('exit 0');
  fetcher('process.exit(1)');
  expect(await find(60)).toEqual({ binary: join(folder, 'dist', 'electron') });
  expect(said).toEqual([]);
});

test('without a screen nothing is fetched', async () => {
  expect(await find(60, false)).toEqual({ why: 'there is no screen' });
  expect(await find(0)).toEqual({ why: 'its program is not there' });
  expect(said).toEqual([]);
});

test('it is fetched by the script of its package', async () => {
  install('exit 0');
  rmSync(join(folder, 'path.txt'));
  fetcher("require('fs').writeFileSync(__dirname + '/path.txt', 'electron')");
  expect(await find(60)).toEqual({ binary: join(folder, 'dist', 'electron') });
  expect(said).toEqual([expect.stringContaining('at most 60 s')]);
});

test('a fetch that fails, brings nothing, or never ends is given up', async () => {
  fetcher('process.exit(3)');
  expect(await find(60)).toEqual({ why: 'it could not be fetched' });
  fetcher('');
  expect(await find(60)).toEqual({ why: 'it could not be fetched' });
  fetcher('setInterval(() => undefined, 1000)');
  expect(await fetchElectron(0.2, folder)).toBe('it could not be fetched within 0.2 s');
});

test('an end with an error is no start; an end by the person is one', async () => {
  const run = (script: string): Promise<string | null> => {
    install(script);
    return runElectron(electronBinary(folder)!, folder);
  };
  expect(await run('exit 0')).toBeNull();
  expect(await run('exit 7')).toBe('it ended with 7');
  expect(await run('kill -SEGV $$')).toBe('it ended with SIGSEGV');
  expect(await run('kill -TERM $$')).toBeNull();
  expect(await runElectron(join(folder, 'none'), folder)).toMatch(/ENOENT/);
});

test('Ctrl-C waits for Electron, a wish to end reaches it', async () => {
  install(`trap 'exit 0' TERM; : >"$1/up"; while :; do sleep 0.05; done`);
  const ended = runElectron(electronBinary(folder)!, folder);
  const listening = process.listenerCount('SIGTERM');
  // What a signal would do, without one: this process is the test's.
  await expect.poll(() => electronBinary(folder) !== null && isUp()).toBe(true);
  process.emit('SIGINT');
  process.emit('SIGTERM');
  expect(await ended).toBeNull();
  expect(process.listenerCount('SIGTERM')).toBe(listening - 1);
});

function isUp(): boolean {
  try {
    rmSync(join(folder, 'up'));
    return true;
  } catch {
    return false;
  }
}

test('only on Linux can a screen be missing', () => {
  expect(hasScreen('darwin', {})).toBe(true);
  expect(hasScreen('linux', {})).toBe(false);
  expect(hasScreen('linux', { DISPLAY: '' })).toBe(false);
  expect(hasScreen('linux', { DISPLAY: ':0' })).toBe(true);
  expect(hasScreen('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toBe(true);
});
