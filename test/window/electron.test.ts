// The lab in Electron: what the page may do, what survives it, menus and dialogs. Electron itself
// is a stand-in here; `electron-itself.test.ts` runs in the real one where it is.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openElectronWindow } from './support/electron-window.ts';
import type { ElectronWindow } from './support/electron-window.ts';
import { standInOrigin } from './support/electron-page.ts';
import { countEvents } from './support/page-probe.ts';

/** An address that no test reaches. */
const elsewhere = 'https://example.org/';

let opened: ElectronWindow;

beforeAll(async () => {
  opened = await openElectronWindow();
});

afterAll(() => opened.close());

test('the window runs the machine over IPC', async () => {
  const page = opened.page();
  await page.getByRole('button', { name: /^Run$/ }).first().click();
  await expect.poll(() => opened.lab.desk.bench.state.timeNs).toBeGreaterThan(10e6);
  opened.lab.desk.bench.machine.pause();
  expect(opened.complaints).toEqual([]);
  expect(opened.requests.filter((url) => !url.startsWith(`${standInOrigin}/`))).toEqual([]);
});

test('the page sees two functions of the preload and nothing of Electron', async () => {
  const seen = await opened.page().evaluate(() => {
    const { mlx4Lab, require, process } = globalThis as Record<string, unknown>;
    return {
      names: Object.keys(mlx4Lab as object),
      require: typeof require,
      process: typeof process,
    };
  });
  expect(seen).toEqual({ names: ['open', 'send'], require: 'undefined', process: 'undefined' });
});

test('it is sandboxed, without Node, and knows no page but its own', async () => {
  expect(opened.electron.app.sandboxed).toBe(true);
  expect(opened.window.options).toMatchObject({
    minWidth: 960,
    minHeight: 600,
    webPreferences: { sandbox: true, contextIsolation: true, nodeIntegration: false },
  });
  const { session } = opened.electron;
  const asked: boolean[] = [];
  for (const permission of ['geolocation', 'media', 'clipboard-read', 'openExternal']) {
    session.permission(null, permission, (may) => asked.push(may));
  }
  expect([...asked, session.permissionCheck(), session.devicePermission()]).not.toContain(true);
  const bare = await opened.electron.serve(new Request('app://lab/../package.json'));
  const other = await opened.electron.serve(new Request('app://other/'));
  const posted = await opened.electron.serve(new Request('app://lab/', { method: 'POST' }));
  const head = await opened.electron.serve(new Request('app://lab/', { method: 'HEAD' }));
  expect([bare, other, posted, head].map(({ status }) => status)).toEqual([404, 403, 405, 200]);
  expect(await head.text()).toBe('');
});

test('the page goes nowhere, opens nothing, and loads nothing from elsewhere', async () => {
  const page = opened.page();
  const before = page.url();
  await page.evaluate(`window.open('${elsewhere}'); location.href = '${elsewhere}';`);
  await page.evaluate(`{
    const frame = document.createElement('iframe');
    frame.src = '${elsewhere}';
    document.body.append(frame);
  }`);
  await expect.poll(() => page.context().pages().length).toBe(1);
  expect(page.url()).toBe(before);
  const loaded = await page.evaluate(`fetch('${elsewhere}').then(() => 'yes', () => 'refused')`);
  expect(loaded).toBe('refused');
  await page.evaluate("document.querySelector('iframe').remove()");
  for (const name of ['will-redirect', 'will-attach-webview']) {
    let isPrevented = false;
    opened.window.webContents.emit(name, { preventDefault: () => (isPrevented = true) });
    expect(isPrevented, name).toBe(true);
  }
  let isDownloaded = true;
  opened.electron.session.emit('will-download', { preventDefault: () => (isDownloaded = false) });
  expect(isDownloaded).toBe(false);
  opened.complaints.length = 0;
});

test('when the page dies it comes back, and the session has not noticed', async () => {
  const { desk } = opened.lab;
  const { number } = desk.bench.state;
  desk.bench.machine.start(1);
  const died = opened.page();
  await died.goto('chrome://crash').catch(() => undefined);
  await expect.poll(() => opened.page() !== died).toBe(true);
  await expect.poll(() => opened.lab.carrier.windowOf(opened.lab.window.webContents)).toBeDefined();
  await opened.page().getByRole('button', { name: /Pause/ }).first().waitFor();
  expect(opened.page()).not.toBe(died);
  expect(desk.bench.state).toMatchObject({ number, running: true });
  desk.bench.machine.pause();
});

test('menus tell the window', async () => {
  const page = opened.page();
  const heard = await countEvents(page, 'menu');
  for (const name of ['New run…', 'Import…', 'Export…', 'Commands', 'Keys']) {
    opened.electron.menuItem(name).click!();
  }
  await expect.poll(heard).toEqual(['newRun', 'import', 'export', 'palette', 'keys']);
  expect(opened.electron.menuItem('reload').role).toBe('reload');
});

test('a second start shows the window of the first', () => {
  opened.window.minimised = true;
  opened.electron.app.emit('second-instance');
  expect(opened.window.calls.slice(-2)).toEqual(['restore', 'focus']);
});

test('a file is written only where the person said, and read only when he chose it', async () => {
  const { desk } = opened.lab;
  const window = opened.lab.carrier.windowOf(opened.lab.window.webContents)!;
  const { answers } = opened.electron;
  const { save, open } = window.host!;
  expect(window.host!.state).toEqual({ kind: 'electron', dialogs: true });
  expect(await save('run.mlx4run', Uint8Array.of(1, 2))).toBeNull();
  expect(await open()).toBeNull();
  const filePath = join(opened.folder, 'saved.mlx4run');
  answers.save = { canceled: false, filePath };
  expect(await save('run.mlx4run', Uint8Array.of(1, 2))).toBe(filePath);
  expect([...readFileSync(filePath)]).toEqual([1, 2]);
  answers.open = { canceled: false, filePaths: [filePath] };
  expect(await open()).toEqual({ name: 'saved.mlx4run', bytes: Uint8Array.of(1, 2) });
  answers.open = { canceled: false, filePaths: [join(opened.folder, 'none')] };
  await expect(open()).rejects.toThrow(/could not be read: ENOENT/);
  answers.save = { canceled: false, filePath: join(opened.folder, 'none', 'x') };
  await expect(save('x', Uint8Array.of(1))).rejects.toThrow(/could not be saved: ENOENT/);
  expect(desk.windowCount).toBe(1);
});

test('a state file that is none is no reason not to start', () => {
  writeFileSync(join(opened.folder, 'window.json'), '{');
  expect(opened.window.calls).toContain('show');
});
