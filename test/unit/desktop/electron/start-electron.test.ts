// The start and the end of the lab in Electron, with the stand-in and without a page.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Desk } from '#desktop/desk.ts';
import { startElectron } from '#desktop/electron/start-electron.ts';
import type { RunningLab } from '#desktop/electron/start-electron.ts';
import { Pages } from '#desktop/pages.ts';
import { ElectronStandIn } from '#test/window/support/electron-stand-in.ts';

let folder: string;
let electron: ElectronStandIn;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlx4-lab-electron-'));
  electron = new ElectronStandIn(folder);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

const start = (platform: NodeJS.Platform = 'linux'): Promise<RunningLab | null> =>
  startElectron(electron.parts, {
    makeDesk: () => new Desk(null),
    makePages: () => new Pages(folder),
    preload: 'preload.cjs',
    platform,
  });

/** Closes the window, as a person does, and waits for the end. */
async function end(): Promise<void> {
  const ended = new Promise((resolve) => electron.app.once('quit', resolve));
  electron.windows[0]!.close();
  await ended;
}

test('a second process shows the window of the first and ends', async () => {
  electron.app.isFirst = false;
  let hasQuit = false;
  electron.app.on('quit', () => (hasQuit = true));
  expect(await start()).toBeNull();
  expect(hasQuit).toBe(true);
  expect(electron.windows).toEqual([]);
});

test('everything that must be said before Electron is ready, is', async () => {
  let isReady: () => void = () => undefined;
  electron.app.whenReady = () => new Promise((resolve) => (isReady = resolve));
  const started = start();
  expect(electron.app.sandboxed).toBe(true);
  expect(electron.schemes).toEqual([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  expect(electron.app.switches).toContain('disable-background-networking');
  expect(electron.windows).toEqual([]);
  isReady();
  await started;
  expect(electron.windows).toHaveLength(1);
  await end();
});

test('it ends when the session is kept, not before', async () => {
  const lab = (await start())!;
  let isClosed = false;
  const close = lab.desk.close.bind(lab.desk);
  lab.desk.close = async () => {
    await close();
    isClosed = true;
  };
  let wasClosed = false;
  electron.app.once('quit', () => (wasClosed = isClosed));
  await end();
  expect(wasClosed).toBe(true);
});

test('the window is maximised when it was', async () => {
  const state = { x: 0, y: 0, width: 1000, height: 700, maximised: true };
  writeFileSync(join(folder, 'window.json'), '');
  const { getPath } = electron.app;
  electron.app.getPath = (name) => (name === 'userData' ? folder : getPath(name));
  writeFileSync(join(folder, 'window.json'), JSON.stringify(state));
  await start();
  expect(electron.windows[0]!.calls).toContain('maximize');
  expect(electron.windows[0]!.options).toMatchObject({ x: 0, y: 0, width: 1000, height: 700 });
  await end();
});

test('a page that keeps dying is asked about, and a clean end is none', async () => {
  await start();
  const [window] = electron.windows;
  const die = (reason: string): unknown =>
    window!.webContents.emit('render-process-gone', {}, { reason });
  const loads = (): number => window!.calls.filter((call) => call.startsWith('load')).length;
  die('clean-exit');
  expect(loads()).toBe(1);
  for (let time = 0; time < 3; time++) die('crashed');
  expect(loads()).toBe(4);
  die('oom');
  expect(loads()).toBe(4);
  expect(electron.dialogs).toMatchObject([{ buttons: ['Try again', 'End the lab'] }]);
  await expect.poll(loads).toBe(5);
  const ended = new Promise((resolve) => electron.app.once('quit', resolve));
  electron.answers.box = { response: 1 };
  for (let time = 0; time < 4; time++) die('crashed');
  await ended;
  expect(electron.windows).toEqual([]);
});

test('the menus of macOS begin with those of the program', async () => {
  await start('darwin');
  expect(electron.menu[0]).toEqual({ role: 'appMenu' });
  expect(electron.menuItem('quit')).toBeUndefined();
  // Without a page in the window there is nobody to tell.
  electron.menuItem('Import…').click!();
  await end();
});

test('contents that are gone are sent nothing', async () => {
  const lab = (await start())!;
  const { webContents } = electron.windows[0]!;
  webContents.mainFrame = { url: 'app://lab/' };
  electron.receive(webContents, 'open');
  await expect.poll(() => lab.desk.windowCount).toBe(1);
  webContents.destroyed = true;
  lab.carrier.windowOf(lab.window.webContents)!.send(Uint8Array.of(1));
  webContents.destroyed = false;
  webContents.emit('did-start-navigation', { isMainFrame: false, isSameDocument: false });
  webContents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: true });
  await expect.poll(() => lab.desk.windowCount).toBe(1);
  await end();
  expect(lab.desk.windowCount).toBe(0);
});
